"""Adding a guild to a config.toml that was written by hand."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.config.settings import Remote, load_config
from tracker_tui.errors import ConfigError, LocalFileError
from tracker_tui.guild.settings_file import add_settings, has_settings

TOKEN = "eyJhbGciOiJFZERTQSJ9secret"
ROLES = json.dumps([{"id": "1", "name": "Member", "canAccessResources": True}])
GUILD = {
    "TURSO_DATABASE_URL": "libsql://guild.turso.io",
    "TURSO_AUTH_TOKEN": TOKEN,
    "DISCORD_CLIENT_ID": "1234567890123456789",
    "DISCORD_GUILD_ID": "9876543210987654321",
    "DISCORD_ROLES_CONFIG": ROLES,
}
ADDED = f"""\
TURSO_DATABASE_URL = "libsql://guild.turso.io"
TURSO_AUTH_TOKEN = "{TOKEN}"
DISCORD_CLIENT_ID = "1234567890123456789"
DISCORD_GUILD_ID = "9876543210987654321"
DISCORD_ROLES_CONFIG = '{ROLES}'
"""
SHAPES = {
    "empty": "",
    "comments": "# mine\n# and mine\n",
    "no line break at the end": 'theme = "dark"',
    "a comment without a line break": "# mine",
    "keys": "# about keys\n[keys]\nundo = 'u'  # as elsewhere\n",
    "a header": '# Header\n\ntheme = "dark" # or light\n\n# about keys\n[keys]\nundo = "u"\n',
    "another profile": "[profiles.x]\nTURSO_DATABASE_URL = 'file:x.db'\n\n# the end\n",
    "profiles with a table of their own": "[profiles]\nz = 1\n[profiles.x]\na = 1\n[keys]\n",
    "profiles in many places": "[profiles.a]\nz = 1\n[keys]\nq = 'x'\n[profiles.b]\nz = 1\n",
    "profiles as dotted keys": "profiles.x.a = 1\ntheme = 'x'\n[keys]\n",
    "what looks like a table": 'a = [\n  [1],\n]\nb = """\n[keys]\n"""\n[keys]\n',
    "carriage returns": "theme = 'x'\r\n\r\n# keys\r\n[keys]\r\nundo = 'u'\r\n",
    "non-ASCII": 'theme = "ü★"\n# ключ\n',
    "lower-case names": 'turso_database_url = "x"\n',
}
OTHER_PLACES = {
    "theme": "[profiles.n]\ntheme = 'x'\n\n# of another\n[profiles.m]\nz = 1\n",
    "the last": "[keys]\n[profiles.n]\ntheme = 'x'",
    "with a table": "[profiles.n]\ntheme = 'x'\n\n# of the view\n[profiles.n.view]\nz = 1\n",
    "a table only": "[profiles.n.view]\nz = 1\n[keys]\n",
    "quoted": '["profiles"."n"]\nz = 1\n',
    "dotted": "profiles.n.theme = 'x'\nprofiles.n.more = 1\n[keys]\n",
    "in two places": "[profiles.n]\nz = 1\n[keys]\n[profiles.n.view]\nz = 1\n[other]\n",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "config"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8"))
    return path


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def with_guild(text: str, profile: str | None, guild: dict[str, str]) -> dict[str, Any]:
    document = tomllib.loads(text)
    table = document
    if profile is not None:
        table = document.setdefault("profiles", {}).setdefault(profile, {})
    table.update(guild)
    return document


def assert_lines_stay(before: str, after: str) -> None:
    lines = iter(after.splitlines(keepends=True))
    for line in (before if before.endswith("\n") else before + "\n").splitlines(keepends=True):
        assert before == "" or line in lines


def rejection(path: Path, profile: str | None = None) -> str:
    before = path.read_bytes()
    with pytest.raises(ConfigError) as rejected:
        add_settings(path, profile, GUILD)
    assert path.read_bytes() == before
    message = str(rejected.value)
    assert message.splitlines() == [message]
    assert TOKEN not in message
    return message


# Placing


def test_a_guild_is_added_and_everything_else_stays(path: Path) -> None:
    for profile, text in product([None, "n"], SHAPES.values()):
        add_settings(written(path, text), profile, GUILD)
        assert tomllib.loads(read(path)) == with_guild(text, profile, GUILD)
        assert ADDED in read(path)
        assert_lines_stay(text, read(path))
        assert has_settings(path, profile)


def test_a_guild_is_added_to_a_profile_without_one(path: Path) -> None:
    for text in OTHER_PLACES.values():
        assert not has_settings(written(path, text), "n")
        add_settings(path, "n", GUILD)
        assert tomllib.loads(read(path)) == with_guild(text, "n", GUILD)
        assert_lines_stay(text, read(path))
    text = "# mine\nprofiles.n = { theme = 'x' }\n"  # gets more on that line
    add_settings(written(path, text), "n", GUILD)
    assert tomllib.loads(read(path)) == with_guild(text, "n", GUILD)
    # A byte-order mark stays where it is.
    add_settings(written(path, "\ufefftheme = 'x'\n"), None, GUILD)
    assert read(path).startswith("\ufefftheme = 'x'\n")
    assert read(path).count("\ufeff") == 1
    assert has_settings(path, None)


def test_a_missing_file_is_created(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config" / "config.toml"
    assert not has_settings(path, None)
    add_settings(path, None, GUILD)
    assert read(path) == ADDED
    for profile in ("n", "b-2", "3"):
        add_settings(path, profile, GUILD)
    assert read(path).startswith(f"{ADDED}\n[profiles.n]\n{ADDED}")
    assert tomllib.loads(read(path))["profiles"] == dict.fromkeys(("n", "b-2", "3"), GUILD)


def test_settings_go_above_the_comment_of_the_next_table(path: Path) -> None:
    add_settings(written(path, SHAPES["a header"]), None, GUILD)
    above, below = '# Header\n\ntheme = "dark" # or light\n\n', '# about keys\n[keys]\nundo = "u"\n'
    assert read(path) == f"{above}{ADDED}\n{below}"
    add_settings(written(path, OTHER_PLACES["theme"]), "n", GUILD)
    above, below = "[profiles.n]\ntheme = 'x'\n\n", "# of another\n[profiles.m]\nz = 1\n"
    assert read(path) == f"{above}{ADDED}\n{below}"


# Reading it back


@pytest.mark.parametrize("profile", [None, "n"])
def test_the_configuration_is_read_back(path: Path, profile: str | None) -> None:
    add_settings(written(path, SHAPES["a header"]), profile, GUILD)
    config = load_config({"TRACKER_HOME": str(path.parents[1])}, profile)
    assert isinstance(config.database, Remote)
    assert config.database.url == GUILD["TURSO_DATABASE_URL"]
    assert config.database.token is not None
    assert config.database.token.reveal() == TOKEN
    assert config.discord.client_id == GUILD["DISCORD_CLIENT_ID"]
    assert config.discord.guild_id == GUILD["DISCORD_GUILD_ID"]
    assert config.discord.roles == ROLES
    assert config.keys == {"undo": "u"}


def test_roles_of_any_name_are_read_back(path: Path) -> None:
    for name in ('"""', "'''", "\\'", "Muad'Dib ★", "#[]=", "", "\x00\x1b\x7f\x85\u2028\u202e"):
        for is_ascii in (True, False):
            roles = json.dumps([{"id": "1", "name": name}], ensure_ascii=is_ascii)
            add_settings(path, None, {**GUILD, "DISCORD_ROLES_CONFIG": roles})
            assert load_config({"TRACKER_HOME": str(path.parents[1])}).discord.roles == roles
            path.unlink()
    with pytest.raises(ConfigError):
        add_settings(path, None, {"DISCORD_ROLES_CONFIG": "\ud800"})
    assert not path.exists()


NAMES = st.sampled_from(["theme", "a-b", "turso", "view.sort", '"x.y"', "'é'"])
VALUES = st.sampled_from(["1", "'x'", '"""\n[a]\n# b\n"""', "[\n[1], # c\n]", "{ a = 1 }", "true"])
LINES = st.one_of(
    st.builds("{} = {}".format, NAMES, VALUES),
    st.sampled_from(["", "  ", "# comment", "\t# more", "[keys]", "[profiles.x]", "[profiles.n]"]),
    st.sampled_from(
        ["[profiles]", "[[list]]", "[profiles.n.sub]", "[profiles.x.sub] # s", "[q.r]"]
    ),
    st.sampled_from(["profiles.n.a = 1", "profiles.x.a = 1", "profiles.y = { a = 1 }"]),
)
DOCUMENTS = st.lists(LINES, max_size=10).map("\n".join)


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


@given(DOCUMENTS.filter(is_toml), st.sampled_from([None, "n"]), st.text(max_size=20))
@example("[profiles.n]\n[q.r]\n[profiles.n.sub]\n[keys]", "n", '"')
def test_any_file_gets_its_guild_or_stays(text: str, profile: str | None, roles: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "config.toml"), text)
        guild = {**GUILD, "DISCORD_ROLES_CONFIG": roles}
        try:
            add_settings(path, profile, guild)
        except ConfigError:
            assert read(path) == text
        else:
            assert tomllib.loads(read(path)) == with_guild(text, profile, guild)
            assert_lines_stay(text, read(path))


# Rejected files


def test_a_guild_is_never_overwritten(path: Path) -> None:
    for name in ("TURSO_DATABASE_URL", "DISCORD_GUILD_ID", "TRACKER_AUTH"):
        for value in ("'x'", "''", "3"):
            written(path, f"{name} = {value}\n[profiles.n]\n{name} = {value}\n[profiles.m]\n")
            assert has_settings(path, None)
            assert has_settings(path, "n")
            assert not has_settings(path, "m")
            assert "--profile NAME" in rejection(path)
            assert "[profiles.n]" in rejection(path, "n")
            add_settings(path, "m", GUILD)


def test_a_profile_needs_a_plain_name_and_a_table(path: Path) -> None:
    for profile in ["", "../up", "a b", "x" * 41, "-x", "ü", "a\nb", "a]"]:
        assert "name" in rejection(written(path, ""), profile)
        with pytest.raises(ConfigError):
            has_settings(path, profile)
    for value in ("profiles = 3", "profiles = []", "profiles.n = 'x'", "[[profiles.n]]"):
        assert "[profiles.n]" in rejection(written(path, value), "n")
        with pytest.raises(ConfigError):
            has_settings(path, "n")
    for text in ["profiles = { x = { a = 1 } }", "a = nan"]:
        assert "yourself" in rejection(written(path, text), "n")


def test_an_unreadable_file_is_an_error_without_a_quotation(path: Path) -> None:
    for text in (f'TURSO_AUTH_TOKEN = "{TOKEN}', f"[{TOKEN}]\n[{TOKEN}]", "x = " + "[" * 50_000):
        assert "isn't valid TOML" in rejection(written(path, text))
        with pytest.raises(ConfigError):
            has_settings(path, None)
    assert "(at line 3, column 5)" in rejection(written(path, "a = 1\n\nb = ?\n"))
    for content in [b"a = '\xe9'", b"# a\n" * 300_000]:
        path.write_bytes(content)
        assert "config.toml" in rejection(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        add_settings(path, None, GUILD)
    with pytest.raises(ConfigError, match="cannot be read"):
        has_settings(path, None)


# Writing

no_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


@no_modes
def test_the_file_becomes_private_whatever_it_was_before(path: Path, tmp_path: Path) -> None:
    for mode in (0o644, 0o600, 0o400, 0o666):
        path.unlink(missing_ok=True)
        written(path, "theme = 'x'\n").chmod(mode)
        add_settings(path, None, GUILD)
        assert path.stat().st_mode & 0o777 == 0o600
    path = tmp_path / "new" / "config.toml"
    add_settings(path, None, GUILD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def linked(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system does not allow symbolic links")


def test_a_link_is_written_through(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "tracker.toml"
    target.parent.mkdir()
    for link, is_there in ((target, True), (Path("..", "..", "dotfiles", target.name), False)):
        linked(path, link)
        if is_there:
            written(target, "[keys]\n")
        add_settings(path, None, GUILD)
        assert path.is_symlink()
        assert not target.is_symlink()
        assert ADDED in read(target)
        assert ("[keys]" in read(target)) is is_there
        assert [found.name for found in path.parent.iterdir()] == [path.name]
        path.unlink()
        target.unlink()
    linked(path, path)
    with pytest.raises(ConfigError):
        add_settings(path, None, GUILD)


def test_a_file_that_cannot_be_written_stays_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path, SHAPES["a header"])
    for call, number in (("open", errno.EACCES), ("open", errno.EROFS), ("fsync", errno.ENOSPC)):

        def fail(*_: object, number: int = number, **__: object) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as failing:
            failing.setattr(os, call, fail)
            with pytest.raises(LocalFileError) as failed:
                add_settings(path, None, GUILD)
        assert TOKEN not in str(failed.value)
        assert read(path) == SHAPES["a header"]
        assert [found.name for found in path.parent.iterdir()] == [path.name]
