"""Settings of a database on a server: URL and token from one source, and its sign-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker_tui.config.settings import Auth, Config, Remote, load_config
from tracker_tui.errors import ConfigError
from tracker_tui.guild.database_factory import name_of

URL = "libsql://guild-me.turso.io"
FILE = """
TURSO_DATABASE_URL = "libsql://of-file.turso.io"
TURSO_AUTH_TOKEN = "of-file"
[profiles.other]
TURSO_DATABASE_URL = "https://other.turso.io"
TURSO_AUTH_TOKEN = "of-profile"
TRACKER_AUTH = "none"
[profiles.bare]
TURSO_DATABASE_URL = "https://bare.turso.io"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path


def load(home: Path, profile: str | None = None, **environ: str) -> Config:
    return load_config({"TRACKER_HOME": str(home), **environ}, profile)


def remote(config: Config) -> tuple[str, str | None]:
    assert isinstance(config.database, Remote)
    token = config.database.token
    return config.database.url, None if token is None else token.reveal()


def test_every_url_scheme_of_a_server_is_accepted(home: Path) -> None:
    for scheme in ["libsql", "https", "http", "wss", "ws", "LIBSQL"]:
        url = f"{scheme}://guild.example"
        assert remote(load(home, TURSO_DATABASE_URL=url, TURSO_AUTH_TOKEN="t")) == (url, "t")


def test_url_and_token_always_come_from_one_source(home: Path) -> None:
    (home / "config" / "config.toml").write_text(FILE)
    of_file = ("libsql://of-file.turso.io", "of-file")
    assert remote(load(home)) == of_file
    assert remote(load(home, TURSO_AUTH_TOKEN="of-environment")) == of_file
    assert remote(load(home, TURSO_DATABASE_URL=URL)) == (URL, None)
    both = {"TURSO_DATABASE_URL": URL, "TURSO_AUTH_TOKEN": "of-environment"}
    assert remote(load(home, **both)) == (URL, "of-environment")
    assert remote(load(home, "other", **both)) == ("https://other.turso.io", "of-profile")
    assert remote(load(home, "bare", **both)) == ("https://bare.turso.io", None)


def test_a_guilds_database_needs_discord_by_default(home: Path) -> None:
    (home / "config" / "config.toml").write_text(FILE)
    assert load(home, TURSO_DATABASE_URL=URL).auth is Auth.DISCORD
    assert load(home, TURSO_DATABASE_URL=URL, TRACKER_AUTH="none").auth is Auth.NONE
    assert load(home, "other").auth is Auth.NONE
    assert load(home, "bare", TRACKER_AUTH="none").auth is Auth.DISCORD


def test_a_file_never_needs_a_sign_in(home: Path) -> None:
    config = load(home, TURSO_DATABASE_URL="file:/srv/guild.db", TRACKER_AUTH="discord")
    assert config.auth is Auth.NONE


def test_an_unknown_sign_in_method_is_rejected(home: Path) -> None:
    with pytest.raises(ConfigError, match="TRACKER_AUTH"):
        load(home, TURSO_DATABASE_URL=URL, TRACKER_AUTH="nobody")


def test_only_a_1_allows_plain_text_over_the_network(home: Path) -> None:
    for value, allowed in (("1", True), ("0", False), ("yes", False), ("", False)):
        config = load(home, TURSO_DATABASE_URL=URL, TRACKER_INSECURE=value)
        assert isinstance(config.database, Remote)
        assert config.database.allow_plain is allowed


def test_printing_the_settings_does_not_print_the_token(home: Path) -> None:
    config = load(home, TURSO_DATABASE_URL=URL, TURSO_AUTH_TOKEN="eyJsecret")
    for shown in (repr(config), str(config), repr(config.database), f"{config}"):
        assert "eyJsecret" not in shown


def test_a_server_is_called_by_its_name_and_an_address_as_it_is(tmp_path: Path) -> None:
    for url, name in [
        *(("libsql://guild-me.turso.io", "guild-me"), ("http://127.0.0.1:8080", "127.0.0.1")),
        *(("https://192.168.1.20", "192.168.1.20"), ("http://[::1]:8080/dev/guild", "::1")),
        ("http://localhost:8080", "localhost"),
    ]:
        assert name_of(load(tmp_path, TURSO_DATABASE_URL=url)) == name
