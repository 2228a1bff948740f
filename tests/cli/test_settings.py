"""Arguments and settings: usage, help, debugging, the URL, profiles, and bytes that are no text."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.guild import make_guild, quantities
from tracker_tui import __version__
from tracker_tui.sync.local_store import pending_elsewhere

UNUSABLE = (
    "libsql://guild.turso.io?authToken=eyJsecret",
    "https://eyJsecret@guild.turso.io",
    "http://guild.turso.io",
    "libsql://guild.turso.io?tls=0",
    "http://[eyJsecret",
)


def test_an_invalid_url_is_rejected_without_quoting_storing_or_queueing(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in UNUSABLE:
        monkeypatch.setenv("TURSO_DATABASE_URL", url)
        for argv in (["list"], ["edit", "iron", "+5"], ["init"]):
            ran = run(*argv)
            assert ran.status == 2, url
            assert "TURSO_DATABASE_URL" in ran.error, url
            assert "eyJsecret" not in ran.error, url
    # This URL is valid, but belongs to a guild, and no member is signed in.
    monkeypatch.setenv("TURSO_DATABASE_URL", "libsql://guild.turso.io")
    assert run("edit", "iron", "+5").status == 3
    # No other database is created instead, and no edit is sent later.
    assert not (home / "data" / "tracker.db").exists()
    assert list(pending_elsewhere(home / "data" / "guilds")) == []
    kept = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not [data for data in kept if b"eyjsecret" in data.lower()]


def test_a_profile_is_another_guild(run: Run, guild: Path, home: Path) -> None:
    other = guild.with_name("other.db")
    make_guild(other)
    write_config(home, f"[profiles.other]\nTURSO_DATABASE_URL = 'file:{other}'\n")
    edit, profile = ["edit", "iron", "+5"], ["--profile", "other"]
    assert run(*profile, *edit).status == run(*edit, *profile).status == 0
    assert quantities(other, "iron") == (1_010, 500)
    assert quantities(guild, "iron") == (1_000, 500)
    ran = run("--profile", "nobody", "list")
    assert ran.status == 2
    assert "nobody" in ran.error


def test_debug_shows_the_traceback_and_logs_it(run: Run, guild: Path, home: Path) -> None:
    for argv in (["--debug", "edit", "Copper", "+5"], ["edit", "Copper", "+5", "--debug"]):
        ran = run(*argv)
        assert ran.status == 1
        assert "Traceback" in ran.err
        assert "Copper" in ran.err
    logs = [path for path in (home / "state").rglob("*") if path.is_file()]
    assert any("Traceback" in path.read_text(encoding="utf-8") for path in logs)


def write_config(home: Path, text: str) -> None:
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "config.toml").write_text(text, encoding="utf-8")


def test_a_misspelt_setting_is_a_warning_with_the_nearest_name(run: Run, home: Path) -> None:
    write_config(home, 'TURSO_DATABSE_URL = "libsql://eyJsecret"\n[profile.x]\nk = "eyJsecret"\n')
    for argv in (["list"], ["edit", "Plastone", "+5"], ["history"], ["leaderboard"], ["init"]):
        ran = run(*argv)
        assert ran.status == 0
        first, second = ran.err.splitlines()
        assert "config.toml names profile, which nothing reads. Is it profiles?" in first
        assert "names TURSO_DATABSE_URL, which nothing reads. Is it TURSO_DATABASE_URL?" in second
        assert "eyJsecret" not in ran.err
    ran = run("edit", "Plastone", "+5", "--json")
    assert (ran.status, ran.document["outcome"]) == (0, "applied")
    assert "TURSO_DATABASE_URL?" in ran.err
    ran = run("doctor")
    assert ran.status == 0
    assert ran.out.count("Is it ") == 2
    assert ran.err == ""


def test_unknown_settings_are_warnings_that_quote_no_secret(run: Run, home: Path) -> None:
    for line, said in (
        ('HTTPS_PROXY = "x"', "HTTPS_PROXY is read from the environment only. Set it there."),
        ('colour = "blue"', "names colour, which nothing reads. Remove it."),
        ("tracker_auth = 'none'", "names tracker_auth, which nothing reads. Is it TRACKER_AUTH?"),
        ('"eyJ secret" = 1', "names something, which nothing reads."),
        ("eyJ" + "x" * 200 + " = 1", "names something, which nothing reads."),
    ):
        write_config(home, line)
        err = run("list").err
        assert said in err
        assert "eyJ" not in err
    # The names in a profile are checked when it is used.
    write_config(home, "[profiles.x]\nTRACKER_AUT = 'none'\n[keys]\nx = 'y'\n")
    assert run("list").err == ""
    assert "Is it TRACKER_AUTH?" in run("--profile", "x", "list").err


def test_the_doctor_reports_a_misspelt_variable_unless_the_right_one_is_set(
    run: Run, guild: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABSE_URL", "libsql://eyJsecret")
    monkeypatch.setenv("DISCORD_GUID_ID", "1")
    monkeypatch.setenv("DISCORD_BOT_OWNER", "somebody else's")
    found = [each for each in run("doctor", "--json").document if each["check"] == "spelling"]
    assert [(each["state"], each["found"]) for each in found] == [
        ("note", "DISCORD_GUID_ID is set, but nothing reads it. Is it DISCORD_GUILD_ID?")
    ]
    monkeypatch.delenv("TURSO_DATABASE_URL")
    assert "Is it TURSO_DATABASE_URL?" in run("doctor").out


# Bytes that are not UTF-8

BAD = os.fsdecode(b"\xff\xe9")
no_such_bytes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bytes")


@no_such_bytes
def test_an_argument_that_is_not_utf_8_is_rejected(run: Run, home: Path) -> None:
    for argv in (
        ["edit", BAD, "+5"],
        ["edit", "Plastone", "+5", "--reason", BAD],
        ["--profile", BAD, "list"],
    ):
        ran = run(*argv)
        assert ran.status == 2, argv
        assert "is not UTF-8 text" in ran.error, argv
        assert not home.exists()


@no_such_bytes
def test_a_setting_or_a_folder_that_is_not_utf_8_is_an_error(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("TRACKER_HOME", f"{tmp_path}/{BAD}"),
        ("TURSO_DATABASE_URL", f"file:{tmp_path}/{BAD}.db"),
    ):
        with monkeypatch.context() as environment:
            environment.setenv(name, value)
            for argv in (["list"], ["edit", "Plastone", "+5", "--debug"]):
                ran = run(*argv)
                assert ran.status == 2, (name, argv)
                assert f"{name} in the environment isn't UTF-8" in ran.err, (name, argv)
                assert "UnicodeEncodeError" not in ran.err
    (tmp_path / BAD).mkdir()
    monkeypatch.chdir(tmp_path / BAD)
    monkeypatch.setenv("TURSO_DATABASE_URL", "file:guild.db")
    assert "isn't UTF-8" in run("list").error


@no_such_bytes
def test_a_user_name_that_is_not_utf_8_is_read_as_older_systems_wrote_it(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER"):
        monkeypatch.setenv(name, os.fsdecode("caf\u00e9".encode("latin-1")))
    ran = run("edit", "Plastone", "+5", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.document["resource"]["updated_by"] == "caf\u00e9"
    # The first start has added the starter catalogue.
    assert len(run("list", "--json").document) > 50


# Usage

WRONG = (
    ["edit"],
    ["edit", "iron"],
    ["edit", "iron", "+5", "--at", "moon"],
    ["edit", "iron", "+5", "--at"],
    ["edit", "iron", "+5", "--if"],
    ["nonsense"],
    ["list", "--nonsense"],
    ["list", "two", "words"],
    ["history", "two", "words"],
    ["history", "--limit"],
    ["history", "--since"],
    ["leaderboard", "chani"],
    ["leaderboard", "--period", "90d"],
    ["init", "now"],
    ["--nonsense"],
    ["--profile"],
)


def test_a_usage_error_is_one_line(run: Run, guild: Path) -> None:
    for argv in WRONG:
        ran = run(*argv)
        assert ran.status == 2, argv
        assert "tracker-tui" in ran.error, argv


def test_version_and_help_succeed(run: Run) -> None:
    assert run("--version") == (0, f"tracker-tui {__version__}\n", "")
    for command in ([], ["edit"], ["list"], ["history"], ["leaderboard"], ["init"], ["demo"]):
        ran = run(*command, "--help")
        assert (ran.status, ran.err) == (0, "")
        assert "--profile" in ran.out
        assert "--debug" in ran.out
    text = run("edit", "--help").out
    for example in ("'+500'", "'-20'", "'=1200'", "'>300'", "'<300'", "add 500", "remove", "set"):
        assert example in text
    assert "to-deep-desert" in text
    assert "to-hagga" in text
