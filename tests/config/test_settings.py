"""Settings and their sources (interface.md, "Configuration")."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker_tui.config.folders import find_folders
from tracker_tui.config.settings import Config, config_without_settings, load_config
from tracker_tui.errors import ConfigError

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


def test_one_folder_holds_everything(home: Path) -> None:
    folders = load(home).folders
    assert all(home in folder.parents for folder in folders)
    assert len(set(folders)) == 4


def test_nothing_configured_means_the_embedded_database(home: Path) -> None:
    config = load(home)
    assert config.is_default_database
    assert config.database.parent == config.folders.data
    assert config.profile is None
    assert config.member


def test_loading_creates_no_folder_and_no_file(tmp_path: Path) -> None:
    load(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_tilde_in_tracker_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    monkeypatch.setenv("USERPROFILE", "/somebody")
    assert find_folders({"TRACKER_HOME": "~/guild"}).data == Path("/somebody/guild/data").absolute()


def test_system_folders_are_used_without_a_tracker_home() -> None:
    folders = find_folders({})
    *ours, downloads = folders
    assert all(folder.is_absolute() and "tracker-tui" in folder.parts for folder in ours)
    assert downloads is None


def test_a_file_url_names_the_database(home: Path, tmp_path: Path) -> None:
    for name in ("guild.db", "with blank.db", "%20.db", "ünï★.db", "a?mode=ro", "a#b.db"):
        config = load(home, TURSO_DATABASE_URL=f"file:{tmp_path}/{name}")
        assert config.database == tmp_path / name
        assert not config.is_default_database
    assert load(home, TURSO_DATABASE_URL="file:///srv/guild.db").database == srv("guild.db")


def test_config_toml_names_the_database_and_the_environment_another(home: Path) -> None:
    write_config(home, 'TURSO_DATABASE_URL = "file:/srv/guild.db"\n')
    assert load(home).database == srv("guild.db")
    assert not load(home).is_default_database
    config = load(home, TURSO_DATABASE_URL="file:/srv/of-environment.db")
    assert config.database == srv("of-environment.db")
    write_config(home, 'theme = "dark"\n[keys]\nundo = "u"\n[view]\nsort = 3\n')
    assert load(home).is_default_database


def test_an_empty_url_counts_as_missing(home: Path) -> None:
    assert load(home, TURSO_DATABASE_URL="").is_default_database
    write_config(home, 'TURSO_DATABASE_URL = ""\n')
    assert load(home).is_default_database


PROFILES = """
TURSO_DATABASE_URL = "file:/srv/main.db"
[profiles.other]
TURSO_DATABASE_URL = "file:/srv/other.db"
[profiles.bare]
theme = "dark"
"""


def test_a_profile_has_its_own_database(home: Path) -> None:
    write_config(home, PROFILES)
    config = load(home, "other")
    assert config.database == srv("other.db")
    assert config.profile == "other"
    assert load(home).database == srv("main.db")


def test_a_profiles_settings_come_from_it_alone(home: Path) -> None:
    write_config(home, PROFILES)
    environment = "file:/srv/of-environment.db"
    assert load(home, "other", TURSO_DATABASE_URL=environment).database == srv("other.db")
    bare = load(home, "bare", TURSO_DATABASE_URL=environment).database
    assert bare not in (srv("main.db"), srv("of-environment.db"))


def test_an_unknown_profile_is_an_error(home: Path) -> None:
    for profile in ["nobody", "theme", "OTHER"]:
        write_config(home, PROFILES)
        assert f"[profiles.{profile}]" in refusal(home, profile)


def test_a_profile_needs_a_plain_name(home: Path) -> None:
    for profile in ["", "../up", "a.b", "a b", "x" * 41, "-x", "ü", "a\nb", "a]"]:
        write_config(home, PROFILES)
        assert "profile" in refusal(home, profile)


def test_profiles_that_are_not_tables_are_an_error(home: Path) -> None:
    for profiles in ["profiles = 3", "profiles = []", "[profiles]\nother = 'x'"]:
        write_config(home, profiles)
        assert "[profiles.other]" in refusal(home, "other")


def test_broken_toml_is_an_error_without_a_quotation(home: Path) -> None:
    for text in [
        *(f"TURSO_AUTH_TOKEN = {TOKEN}", f'TURSO_AUTH_TOKEN = "{TOKEN}'),
        *(f'TURSO_AUTH_TOKEN "{TOKEN}"', f'TURSO_AUTH_TOKEN = "{TOKEN}" "{TOKEN}"'),
        *(f'TURSO_AUTH_TOKEN = "\\q{TOKEN}"', f"{TOKEN}", f"{TOKEN} = 1\n{TOKEN} = 2"),
        *(f"[{TOKEN}]\n[{TOKEN}]", f"x = {{ {TOKEN} = 1, {TOKEN} = 2 }}"),
        *(f"{TOKEN} = 1\n[{TOKEN}.y]", f'TURSO_AUTH_TOKEN = """{TOKEN}'),
        *(f'TURSO_AUTH_TOKEN = "{TOKEN}\x00"', "=" * 10_000),
    ]:
        write_config(home, text)
        message = refusal(home)
        assert "config.toml" in message
        assert TOKEN not in message
        assert "=====" not in message


def test_broken_toml_is_an_error_with_its_position(home: Path) -> None:
    write_config(home, f'TURSO_DATABASE_URL = "file:/x"\n\nTURSO_AUTH_TOKEN = {TOKEN}\n')
    assert "line 3" in refusal(home)


def test_toml_that_no_parser_accepts_is_rejected_too(home: Path) -> None:
    for text in ("x = " + "[" * 50_000, "x = " + "9" * 5_000, "d = 2024-13-45", "x = 1e999999\ny"):
        write_config(home, text)
        assert "config.toml" in refusal(home)


def test_a_file_that_is_not_utf_8_is_an_error(home: Path) -> None:
    for data in [b"\xff\xfe\x00x", b'TURSO_AUTH_TOKEN = "\xe9t\xe9"']:
        write_config(home, data)
        assert "UTF-8" in refusal(home)


def test_an_unreadable_config_is_an_error(home: Path) -> None:
    (home / "config" / "config.toml").mkdir()
    assert "cannot be read" in refusal(home)


def test_a_setting_that_is_not_text_is_an_error(home: Path) -> None:
    for value in ["5", "true", "[]", "{}", "1.5", "2024-01-01"]:
        write_config(home, f"TURSO_DATABASE_URL = {value}")
        assert "TURSO_DATABASE_URL" in refusal(home)


def test_a_setting_is_named_in_one_line_whatever_its_name(home: Path) -> None:
    write_config(home, '"A\\nB\\u001b[31M" = 3')
    assert "\x1b" not in refusal(home)


def test_keys_can_be_remapped(home: Path) -> None:
    write_config(home, '[keys]\nundo = "ctrl+z"\n[profiles.other]\n')
    assert load(home).keys == {"undo": "ctrl+z"}
    assert load(home, "other").keys == {"undo": "ctrl+z"}


def test_keys_that_are_not_text_are_an_error(home: Path) -> None:
    for text in ["keys = 3", "keys = []", "[keys]\nundo = 3"]:
        write_config(home, text)
        assert "config.toml" in refusal(home)


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


def test_a_missing_home_is_an_error(home: Path) -> None:
    # pathlib raises a RuntimeError for an unknown user.
    refusal(home, TURSO_DATABASE_URL="file:~nobody-of-this-name/guild.db")
    with pytest.raises(ConfigError):
        load_config({"TRACKER_HOME": "~nobody-of-this-name"})


def test_a_byte_order_mark_is_accepted(home: Path) -> None:
    write_config(home, "\ufeffTURSO_DATABASE_URL = 'file:/srv/guild.db'\n".encode())
    assert load(home).database == srv("guild.db")
    assert load(home).warnings == ()
