"""Adding a guild's settings to config.toml, without changing anything else in the file.

Players write config.toml by hand: comments, order, line ends and a byte-order mark stay. The result
is parsed and compared with what it should say before it is written; a file that can't be edited
safely is left alone, and the player is asked to do it.

It lives here, rather than in `config`, because it writes with `local`, which lies above `config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracker_tui.config.settings import PROFILE_NAME, parse_toml
from tracker_tui.errors import ConfigError, LocalFileError
from tracker_tui.local.private_file import read_private, write_private

if TYPE_CHECKING:
    from tomlkit.container import Container
    from tomlkit.items import Item, Key, String

    Body = list[tuple[Key | None, Item]]

_BOM: Final = b"\xef\xbb\xbf"
"""The byte-order mark that editors on Windows put first; it stays."""
_OF_A_GUILD: Final = ("TURSO_", "DISCORD_", "TRACKER_")
"""Prefixes of the settings that belong to one guild."""


def has_settings(path: Path, profile: str | None) -> bool:
    """Whether a guild has settings at the top level or in [profiles.NAME], even empty ones.

    Raises ConfigError.
    """
    return _has_settings(_table(path, parse_toml(path, _text(path)), profile))


def require_free(path: Path, profile: str | None) -> None:
    """Raise ConfigError if a guild has settings there already."""
    _require_free(path, parse_toml(path, _text(path)), profile)


def add_settings(path: Path, profile: str | None, settings: Mapping[str, str]) -> None:
    """Write a guild's settings at the top level or in [profiles.NAME].

    Creates the file if there is none, readable by the user alone, and writes through a symbolic
    link. Raises ConfigError if a guild has settings there, LocalFileError if writing fails.
    """
    # Read again: the file may have changed while the player was asked.
    text = _text(path)
    _require_free(path, parse_toml(path, text), profile)
    content = _with_settings(path, text, profile, settings)
    # A link stays one: it may lead to somebody's dotfiles.
    write_private(path.resolve(), (_BOM if _has_bom(path) else b"") + content)


def _has_settings(table: Mapping[str, Any] | None) -> bool:
    return any(name.startswith(_OF_A_GUILD) for name in table or {})


def _require_free(path: Path, document: dict[str, Any], profile: str | None) -> None:
    if not _has_settings(_table(path, document, profile)):
        return
    if profile is None:
        message = f"{path} already has a guild. Put this one into a profile: --profile NAME."
    else:
        message = (
            f"[profiles.{profile}] of {path} already has a guild. Choose another --profile NAME."
        )
    raise ConfigError(message)


def _text(path: Path) -> str:
    """Return the text of the file, with its line ends; raises ConfigError."""
    try:
        return _content(path).removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} isn't UTF-8 text. Correct it there.") from None


def _has_bom(path: Path) -> bool:
    return _content(path).startswith(_BOM)


def _content(path: Path) -> bytes:
    try:
        return read_private(path) or b""
    except LocalFileError as error:
        raise ConfigError(str(error)) from error


def _table(path: Path, document: dict[str, Any], profile: str | None) -> dict[str, Any] | None:
    """Return the table for the settings; None if the profile doesn't exist yet."""
    if profile is None:
        return document
    if not PROFILE_NAME.fullmatch(profile):
        raise ConfigError("A profile's name has up to 40 letters, digits, - and _.")
    profiles = document.get("profiles", {})
    chosen = profiles.get(profile, {}) if isinstance(profiles, dict) else None
    if not isinstance(chosen, dict):
        raise ConfigError(f"{path}: [profiles.{profile}] must be a table. Correct it there.")
    return chosen if profile in profiles else None


def _with_settings(
    path: Path, text: str, profile: str | None, settings: Mapping[str, str]
) -> bytes:
    """Return the content of the file with the settings added; raises ConfigError."""
    from tomlkit.exceptions import TOMLKitError

    before = parse_toml(path, text)
    edit = _with_new_profile if _table(path, before, profile) is None else _with_more
    try:
        after = edit(_ended(text), profile, settings)
        # TOML has many ways to write a table: make sure that the result means what it should.
        if parse_toml(path, after) == _expected(before, profile, settings):
            return after.encode("utf-8")
    except (TOMLKitError, ConfigError, ValueError, RecursionError):
        pass
    where = "its top" if profile is None else f"[profiles.{profile}]"
    message = f"{path} can't be edited automatically. Add the settings yourself, at {where}."
    raise ConfigError(message)


def _expected(
    before: dict[str, Any], profile: str | None, settings: Mapping[str, str]
) -> dict[str, Any]:
    document = deepcopy(before)
    table = document
    if profile is not None:
        table = document.setdefault("profiles", {}).setdefault(profile, {})
    table.update(settings)
    return document


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"


def _with_new_profile(text: str, profile: str | None, settings: Mapping[str, str]) -> str:
    from tomlkit import document

    added = document()
    added.body.extend(_lines(settings))
    begin = f"{text}\n" if text else ""
    return f"{begin}[profiles.{profile}]\n{added.as_string()}"


def _with_more(text: str, profile: str | None, settings: Mapping[str, str]) -> str:
    from tomlkit import parse
    from tomlkit.container import Container
    from tomlkit.items import Table

    document = parse(text)
    if document.as_string() != text:
        raise ValueError("tomlkit would change other parts of the file")
    table = document if profile is None else document["profiles"][profile]
    if isinstance(table, Table):
        table = table.value
    if isinstance(table, Container):
        _put_in(table, settings)
    else:
        table.update(settings)
    return document.as_string()


def _put_in(container: Container, settings: Mapping[str, str]) -> None:
    from tomlkit import nl

    place = _place(container.body)
    is_last = place == len(container.body)
    container.body[place:place] = _lines(settings) + ([] if is_last else [(None, nl())])


def _place(body: Body) -> int:
    """Return where to insert settings: after the others, above the comments of the next table."""
    from tomlkit.items import AoT, Comment, Table

    tables = (
        number
        for number, (key, item) in enumerate(body)
        if isinstance(item, (Table, AoT)) and key is not None and not key.is_dotted()
    )
    place = next(tables, len(body))
    while place and isinstance(body[place - 1][1], Comment):
        place -= 1
    return place


def _lines(settings: Mapping[str, str]) -> Body:
    from tomlkit import key

    return [(key(name), _string(value)) for name, value in settings.items()]


def _string(value: str) -> String:
    """Return a text as TOML, in single quotes if that keeps JSON readable."""
    from tomlkit import string

    is_literal = '"' in value and "'" not in value and value.isascii() and value.isprintable()
    return string(value, literal=is_literal)
