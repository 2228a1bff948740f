"""Settings and their sources (interface.md, "Configuration"), of a file and of a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker_tui.config.folders import find_folders
from tracker_tui.config.settings import Auth, Config, Remote, config_without_settings, load_config
from tracker_tui.errors import ConfigError
from tracker_tui.guild.database_factory import name_of

TOKEN = "eyJhbGciOiJFZERTQSJ9secret"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "config").mkdir(parents=True)
    return folder


def write_config(home: Path, text: str | bytes) -> None:
    data = text.encode("utf-8") if isinstance(text, str) else text
    (home / "config" / "config.toml").write_bytes(data)


def srv(name: str) -> Path:
    # On Windows, this path gets a drive.
    return Path("/srv", name).absolute()


def load(home: Path, profile: str | None = None, **environ: str) -> Config:
    return load_config({"TRACKER_HOME": str(home), **environ}, profile)


def refusal(home: Path, profile: str | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as rejected:
        load(home, profile, **environ)
    message = str(rejected.value)
    assert message.splitlines() == [message]
    return message


def test_nothing_configured_means_the_embedded_database(home: Path, tmp_path: Path) -> None:
    config = load(home)
    assert all(home in folder.parents for folder in config.folders)
    assert len(set(config.folders)) == 4
    assert config.is_default_database
    assert config.database.parent == config.folders.data
    assert config.profile is None
    assert config.member
    # An empty URL counts as missing.
    assert load(home, TURSO_DATABASE_URL="").is_default_database
    write_config(home, 'TURSO_DATABASE_URL = ""\n')
    assert load(home).is_default_database
    # Loading creates no folder and no file.
    load(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_tracker_home_is_expanded_and_without_it_system_folders_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *ours, downloads = find_folders({})
    assert all(folder.is_absolute() and "tracker-tui" in folder.parts for folder in ours)
    assert downloads is None
    monkeypatch.setenv("HOME", "/somebody")
    monkeypatch.setenv("USERPROFILE", "/somebody")
    assert find_folders({"TRACKER_HOME": "~/guild"}).data == Path("/somebody/guild/data").absolute()
    # pathlib raises a RuntimeError for an unknown user.
    with pytest.raises(ConfigError):
        load_config({"TRACKER_HOME": "~nobody-of-this-name"})


def test_a_file_url_names_the_database(home: Path, tmp_path: Path) -> None:
    for name in ("guild.db", "with blank.db", "%20.db", "ünï★.db", "a?mode=ro", "a#b.db"):
        config = load(home, TURSO_DATABASE_URL=f"file:{tmp_path}/{name}")
        assert config.database == tmp_path / name
        assert not config.is_default_database
    assert load(home, TURSO_DATABASE_URL="file:///srv/guild.db").database == srv("guild.db")


def test_config_toml_names_the_database_and_the_environment_another(home: Path) -> None:
    # A byte-order mark is accepted.
    write_config(home, "\ufeffTURSO_DATABASE_URL = 'file:/srv/guild.db'\n".encode())
    assert load(home).database == srv("guild.db")
    assert load(home).warnings == ()
    assert not load(home).is_default_database
    config = load(home, TURSO_DATABASE_URL="file:/srv/of-environment.db")
    assert config.database == srv("of-environment.db")
    write_config(home, 'theme = "dark"\n[keys]\nundo = "u"\n[view]\nsort = 3\n')
    assert load(home).is_default_database


PROFILES = """
TURSO_DATABASE_URL = "file:/srv/main.db"
[profiles.other]
TURSO_DATABASE_URL = "file:/srv/other.db"
[profiles.bare]
theme = "dark"
"""


def test_a_profiles_settings_come_from_it_alone(home: Path) -> None:
    write_config(home, PROFILES)
    assert load(home).database == srv("main.db")
    environment = "file:/srv/of-environment.db"
    config = load(home, "other", TURSO_DATABASE_URL=environment)
    assert (config.database, config.profile) == (srv("other.db"), "other")
    bare = load(home, "bare", TURSO_DATABASE_URL=environment).database
    assert bare not in (srv("main.db"), srv("of-environment.db"))


def test_an_unknown_or_malformed_profile_is_an_error(home: Path) -> None:
    write_config(home, PROFILES)
    for profile in ["nobody", "theme", "OTHER"]:
        assert f"[profiles.{profile}]" in refusal(home, profile)
    for profile in ["", "../up", "a b", "x" * 41, "-x", "ü", "a\nb", "a]"]:
        assert "profile" in refusal(home, profile)
    for profiles in ["profiles = 3", "profiles = []", "[profiles]\nother = 'x'"]:
        write_config(home, profiles)
        assert "[profiles.other]" in refusal(home, "other")


def test_an_unreadable_file_is_an_error_without_a_quotation(home: Path) -> None:
    for text in [
        *(f"TURSO_AUTH_TOKEN = {TOKEN}", f'TURSO_AUTH_TOKEN = "{TOKEN}'),
        *(f'TURSO_AUTH_TOKEN = "{TOKEN}" "{TOKEN}"', f'TURSO_AUTH_TOKEN = "\\q{TOKEN}"'),
        *(f"{TOKEN} = 1\n{TOKEN} = 2", f"[{TOKEN}]\n[{TOKEN}]", f"{TOKEN} = 1\n[{TOKEN}.y]"),
        *(f"x = {{ {TOKEN} = 1, {TOKEN} = 2 }}", f'TURSO_AUTH_TOKEN = "{TOKEN}\x00"', "=" * 10_000),
        *("x = " + "[" * 50_000, "x = " + "9" * 5_000, "d = 2024-13-45"),
        *("keys = 3", "keys = []", "[keys]\nundo = 3"),
    ]:
        write_config(home, text)
        message = refusal(home)
        assert "config.toml" in message
        assert TOKEN not in message
        assert "=====" not in message
    write_config(home, f'TURSO_DATABASE_URL = "file:/x"\n\nTURSO_AUTH_TOKEN = {TOKEN}\n')
    assert "line 3" in refusal(home)
    write_config(home, b'TURSO_AUTH_TOKEN = "\xe9t\xe9"')
    assert "UTF-8" in refusal(home)
    (home / "config" / "config.toml").unlink()
    (home / "config" / "config.toml").mkdir()
    assert "cannot be read" in refusal(home)


def test_a_setting_that_is_not_text_is_an_error(home: Path) -> None:
    for value in ["5", "true", "[]", "{}", "1.5", "2024-01-01"]:
        write_config(home, f"TURSO_DATABASE_URL = {value}")
        assert "TURSO_DATABASE_URL" in refusal(home)
    # In one line, whatever its name.
    write_config(home, '"A\\nB\\u001b[31M" = 3')
    assert "\x1b" not in refusal(home)


def test_keys_can_be_remapped(home: Path) -> None:
    write_config(home, '[keys]\nundo = "ctrl+z"\n[profiles.other]\n')
    assert load(home).keys == {"undo": "ctrl+z"}
    assert load(home, "other").keys == {"undo": "ctrl+z"}


def test_the_demo_ignores_settings(home: Path) -> None:
    write_config(home, "this is no TOML")
    environ = {"TRACKER_HOME": str(home), "TURSO_DATABASE_URL": "libsql://guild.turso.io"}
    assert config_without_settings(environ).folders == find_folders(environ)


def test_no_file_of_the_current_folder_is_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "hostile"
    for folder in (hostile, hostile / "config"):
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text('TURSO_DATABASE_URL = "file:/srv/evil.db"\n')
        (folder / ".env").write_text("TURSO_DATABASE_URL=file:/srv/evil.db\n")
        (folder / "tracker.db").write_bytes(b"")
    monkeypatch.chdir(hostile)
    config = load(home)
    assert config.is_default_database
    assert home in config.database.parents
    # TRACKER_HOME is missing or empty.
    for environ in ({}, {"TRACKER_HOME": ""}):
        *folders, downloads = find_folders(environ)
        assert not any(folder.is_relative_to(hostile) for folder in folders)
        assert downloads is None


def test_other_urls_are_rejected_with_what_to_write(home: Path) -> None:
    for url in (
        *("sqlite:///srv/guild.db", "/srv/guild.db", "guild.db", ":memory:"),
        f"ftp://{TOKEN}@guild",
    ):
        message = refusal(home, TURSO_DATABASE_URL=url)
        assert "TURSO_DATABASE_URL" in message
        assert "file:" in message
        assert TOKEN not in message
    assert "file:PATH" in refusal(home, TURSO_DATABASE_URL="file:")
    refusal(home, TURSO_DATABASE_URL="file:~nobody-of-this-name/guild.db")


# A database on a server

URL = "libsql://guild-me.turso.io"
SERVERS = """
TURSO_DATABASE_URL = "libsql://of-file.turso.io"
TURSO_AUTH_TOKEN = "of-file"
[profiles.other]
TURSO_DATABASE_URL = "https://other.turso.io"
TURSO_AUTH_TOKEN = "of-profile"
TRACKER_AUTH = "none"
[profiles.bare]
TURSO_DATABASE_URL = "https://bare.turso.io"
"""


def remote(config: Config) -> tuple[str, str | None]:
    assert isinstance(config.database, Remote)
    token = config.database.token
    return config.database.url, None if token is None else token.reveal()


def test_url_and_token_always_come_from_one_source(home: Path) -> None:
    write_config(home, SERVERS)
    of_file = ("libsql://of-file.turso.io", "of-file")
    assert remote(load(home)) == of_file
    assert remote(load(home, TURSO_AUTH_TOKEN="of-environment")) == of_file
    assert remote(load(home, TURSO_DATABASE_URL=URL)) == (URL, None)
    both = {"TURSO_DATABASE_URL": URL, "TURSO_AUTH_TOKEN": "of-environment"}
    assert remote(load(home, **both)) == (URL, "of-environment")
    assert remote(load(home, "other", **both)) == ("https://other.turso.io", "of-profile")
    assert remote(load(home, "bare", **both)) == ("https://bare.turso.io", None)
    for scheme in ["libsql", "https", "http", "wss", "ws", "LIBSQL"]:
        url = f"{scheme}://guild.example"
        config = load(home, TURSO_DATABASE_URL=url, TURSO_AUTH_TOKEN="eyJsecret")
        assert remote(config) == (url, "eyJsecret")
        assert "eyJsecret" not in f"{config!r} {config} {config.database!r}"


def test_a_guilds_database_needs_discord_by_default_and_a_file_never(home: Path) -> None:
    write_config(home, SERVERS)
    assert load(home, TURSO_DATABASE_URL=URL).auth is Auth.DISCORD
    assert load(home, TURSO_DATABASE_URL=URL, TRACKER_AUTH="none").auth is Auth.NONE
    assert load(home, "other").auth is Auth.NONE
    assert load(home, "bare", TRACKER_AUTH="none").auth is Auth.DISCORD
    file = {"TURSO_DATABASE_URL": "file:/srv/guild.db", "TRACKER_AUTH": "discord"}
    assert load(home, **file).auth is Auth.NONE
    assert "TRACKER_AUTH" in refusal(home, TURSO_DATABASE_URL=URL, TRACKER_AUTH="nobody")


def test_only_a_1_allows_plain_text_over_the_network(home: Path) -> None:
    for value, allowed in (("1", True), ("0", False), ("yes", False), ("", False)):
        config = load(home, TURSO_DATABASE_URL=URL, TRACKER_INSECURE=value)
        assert isinstance(config.database, Remote)
        assert config.database.allow_plain is allowed


def test_a_server_is_called_by_its_name_and_an_address_as_it_is(home: Path) -> None:
    for url, name in [
        *(("libsql://guild-me.turso.io", "guild-me"), ("http://127.0.0.1:8080", "127.0.0.1")),
        *(("https://192.168.1.20", "192.168.1.20"), ("http://[::1]:8080/dev/guild", "::1")),
        ("http://localhost:8080", "localhost"),
    ]:
        assert name_of(load(home, TURSO_DATABASE_URL=url)) == name
