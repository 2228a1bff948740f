"""The settings: environment variables first, then config.toml, then defaults.

    load_config(os.environ)                      the guild at the top of config.toml
    load_config(os.environ, profile="raiders")   [profiles.raiders], without the environment

A token always comes from the same source as its URL, and a client secret from the same source as
its client id: mixing them would send a secret to the wrong server. Files in the current folder are
never read.

The values are named tuples, because `edit` loads them at every start and a dataclass takes ten
times as long to define. Build them with keywords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from tracker_tui.config.folders import Folders, absolute_path, find_folders
from tracker_tui.config.setting_names import DATABASE, DISCORD_APPLICATION, OTHERS, warnings_of
from tracker_tui.config.timeouts import TIMEOUTS, Timeouts
from tracker_tui.domain.text import is_utf8, one_line
from tracker_tui.errors import ConfigError

DATABASE_NAME: Final = "tracker.db"
_SECRETS: Final = (DATABASE[1], DISCORD_APPLICATION[1])
DISCORD_API_URL: Final = "https://discord.com/api/v10"
_REMOTE_SCHEMES: Final = frozenset({"libsql", "https", "http", "wss", "ws"})
PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class Secret:
    """A text that no traceback, log or screen shows by accident."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, to send it to its server."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"


class Remote(NamedTuple):
    """A database on a server."""

    url: str
    token: Secret | None
    allow_plain: bool = False
    """Whether the token may be sent unencrypted to another machine (TRACKER_INSECURE)."""


class Auth(StrEnum):
    """How players are identified (TRACKER_AUTH)."""

    DISCORD = "discord"
    """Members of a guild sign in; their roles decide."""
    NONE = "none"
    """A database of your own: no guild, all rights, under the local user's name."""


class DiscordSettings(NamedTuple):
    """The guild's Discord application and roles as configured; `auth.guild_config` checks them."""

    client_id: str = ""
    client_secret: Secret | None = None
    guild_id: str = ""
    roles: str = ""
    """DISCORD_ROLES_CONFIG: JSON, see the data contract, "Who may do what"."""
    api_url: str = DISCORD_API_URL
    allow_plain: bool = False


class Config(NamedTuple):
    """All settings of one run."""

    folders: Folders
    database: Path | Remote
    is_default_database: bool
    """Whether nothing is configured; the first start then creates the embedded database."""
    member: str
    """The name under which changes are written: a Discord id, or the local user's name."""
    profile: str | None = None
    keys: Mapping[str, str] = {}
    """Remapped keys, from binding id to keys: the table [keys] of config.toml."""
    busy_seconds: float | None = None
    """How long to wait for a server, in total; None: as long as the dashboard does."""
    until: float | None = None
    """The deadline of a command that makes one change, by `time.monotonic`: for the database, for
    Discord and for files that other programs hold. None: no deadline."""
    timeouts: Timeouts = TIMEOUTS
    auth: Auth = Auth.NONE
    origin: str = ""
    """The source of the database setting, in words; empty if nothing is configured."""
    is_demo: bool = False
    """Whether the database is deleted at the end."""
    discord: DiscordSettings = DiscordSettings()
    warnings: tuple[str, ...] = ()
    """Sentences about unknown names in config.toml, each with the name that was probably meant."""


def config_without_settings(environ: Mapping[str, str]) -> Config:
    """Return the defaults, whatever is configured: the demo belongs to no guild."""
    folders = find_folders(environ)
    return Config(
        folders=folders,
        database=folders.data / DATABASE_NAME,
        is_default_database=True,
        member=_local_user(),
    )


def load_config(environ: Mapping[str, str], profile: str | None = None) -> Config:
    """Return the settings of a profile, or those at the top level; raises ConfigError."""
    folders = find_folders(environ)
    path = folders.config / "config.toml"
    document = _document(path)
    settings = _settings(path, document, profile)
    # A profile is another guild; the environment describes the one at the top level.
    if profile is None:
        settings = _over(settings, environ)
    url = settings.get("TURSO_DATABASE_URL")
    database = _database(url, settings) if url else folders.data / _default_name(profile)
    auth = _auth(settings) if isinstance(database, Remote) else Auth.NONE
    keys = _texts(path, document.get("keys", {}), are_all_texts=True)
    origin = _origin(path, profile, environ) if url else ""
    return Config(
        folders=folders,
        database=database,
        is_default_database=not url,
        member=_local_user(),
        profile=profile,
        keys=keys,
        timeouts=TIMEOUTS,
        auth=auth,
        origin=origin,
        discord=_discord(settings),
        warnings=tuple(warnings_of(path, document, profile)),
    )


def _discord(settings: Mapping[str, str]) -> DiscordSettings:
    def text(name: str) -> str:
        return settings.get(name, "").strip()

    secret = text("DISCORD_CLIENT_SECRET")
    return DiscordSettings(
        client_id=text("DISCORD_CLIENT_ID"),
        client_secret=Secret(secret) if secret else None,
        guild_id=text("DISCORD_GUILD_ID"),
        roles=text("DISCORD_ROLES_CONFIG"),
        api_url=text("DISCORD_API_URL") or DISCORD_API_URL,
        allow_plain=settings.get("TRACKER_INSECURE") == "1",
    )


def _origin(path: Path, profile: str | None, environ: Mapping[str, str]) -> str:
    if profile is not None:
        return f"[profiles.{profile}] of {path}"
    return "the environment" if environ.get("TURSO_DATABASE_URL") else str(path)


def _over(settings: Mapping[str, str], environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings, overridden by those of the environment."""
    chosen = dict(settings)
    # Both names of a pair come from one source: see the module's docstring.
    for owner, secret in (DATABASE, DISCORD_APPLICATION):
        if environ.get(owner):
            chosen.pop(secret, None)
            chosen |= {name: environ[name] for name in (owner, secret) if environ.get(name)}
    return chosen | {name: environ[name] for name in OTHERS if environ.get(name)}


def _database(url: str, settings: Mapping[str, str]) -> Path | Remote:
    scheme = url.strip().partition("://")[0].lower()
    if scheme not in _REMOTE_SCHEMES:
        return _sqlite_path(url)
    token = settings.get("TURSO_AUTH_TOKEN", "").strip()
    allow_plain = settings.get("TRACKER_INSECURE") == "1"
    return Remote(url=url.strip(), token=Secret(token) if token else None, allow_plain=allow_plain)


def _auth(settings: Mapping[str, str]) -> Auth:
    chosen = settings.get("TRACKER_AUTH", Auth.DISCORD.value).strip().lower()
    try:
        return Auth(chosen)
    except ValueError:
        raise ConfigError("TRACKER_AUTH is discord or none.") from None


def _default_name(profile: str | None) -> str:
    # Each profile has its own embedded database.
    return DATABASE_NAME if profile is None else f"tracker-{profile}.db"


def profile_names(folders: Folders) -> list[str]:
    """Return the profiles in config.toml, sorted; raises ConfigError."""
    profiles = _document(folders.config / "config.toml").get("profiles")
    names = profiles if isinstance(profiles, dict) else {}
    return sorted(name for name in names if PROFILE_NAME.fullmatch(name))


def holds_secret(path: Path) -> bool:
    """Whether config.toml contains a token or a client secret of any guild; raises ConfigError."""
    document = _document(path)
    profiles = document.get("profiles")
    tables = [document, *(profiles.values() if isinstance(profiles, dict) else ())]
    return any(name in table for table in tables if isinstance(table, dict) for name in _SECRETS)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        # utf-8-sig: editors on Windows put a byte-order mark first.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read. Check its permissions, and that it is UTF-8 text."
        raise ConfigError(message) from error
    return parse_toml(path, text)


def _settings(path: Path, document: Mapping[str, Any], profile: str | None) -> Mapping[str, str]:
    if profile is None:
        return _texts(path, document)
    if not PROFILE_NAME.fullmatch(profile):
        raise ConfigError("A profile's name has up to 40 letters, digits, - and _.")
    profiles = document.get("profiles")
    chosen = profiles.get(profile) if isinstance(profiles, dict) else None
    if not isinstance(chosen, dict):
        message = f"There is no profile {profile}. Add [profiles.{profile}] to {path}."
        raise ConfigError(message)
    return _texts(path, chosen)


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Parse the text of config.toml; raises ConfigError, which quotes nothing from it."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Only the position: the parser's message may quote the line, which may hold a token.
        place = re.search(r"\(at [^)]*\)\s*$", str(error))
        message = f"{path} isn't valid TOML {place[0] if place else ''}. Correct it there."
        raise ConfigError(message) from None


def _texts(path: Path, table: object, *, are_all_texts: bool = False) -> Mapping[str, str]:
    """Return the text values of a table; names that aren't ours may have any type."""
    if not isinstance(table, dict):
        message = f"{path}: [keys] must be a table of key names in quotes."
        raise ConfigError(message)
    texts = {}
    for name, value in table.items():
        if not isinstance(value, str) and (name.isupper() or are_all_texts):
            message = f"{path}: {one_line(name, 60)} must be a text in quotes."
            raise ConfigError(message)
        if isinstance(value, str):
            texts[name] = value
    return texts


def _sqlite_path(url: str) -> Path:
    scheme, colon, rest = url.partition(":")
    if not colon or scheme != "file":
        message = (
            "TURSO_DATABASE_URL starts with file:, libsql://, https://, http://, wss:// or ws://. "
            "Unset it for the embedded database."
        )
        raise ConfigError(message)
    path = rest.removeprefix("//") if rest.startswith("///") else rest
    if not path:
        raise ConfigError("TURSO_DATABASE_URL names no file: write file:PATH.")
    return absolute_path(path, "TURSO_DATABASE_URL")


def _local_user() -> str:
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "me"
    if not is_utf8(name):
        # Older systems store names in Latin-1.
        name = one_line(name.encode("utf-8", "surrogateescape").decode("latin-1"))
    return name or "me"
