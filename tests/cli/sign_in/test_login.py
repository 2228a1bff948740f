"""`tracker-tui login`: the code, outages of Discord, denied members, and wrong settings."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
    ME,
    MEMBER,
    MEMBERS_MAY,
    NICKNAME,
    TOKEN,
    WELCOME,
    Waits,
    last_line,
    nothing,
    session,
    session_file,
)
from helpers.commands import Run, environment
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, configure, settings, sign_in
from helpers.proxy import Proxy

NOT_IN_GUILD = (
    "tracker-tui: Paul Atreides is not in this guild on Discord, so nothing is shown. Join it "
    "there, or log out and sign in as somebody else.\n"
)
# Only roles with access are named, highest first.
NO_ROLE = (
    f"tracker-tui: {NICKNAME} has no role that may enter. Only Mahdi, Naib or Fremen may see this "
    "guild's resources. Ask one of them.\n"
)

CODE = re.compile(r"^and enter ([A-Z0-9]{8})$", re.MULTILINE)


@pytest.mark.usefixtures("guild")
def test_login_prints_code_links_and_member(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    waits.bring(discord.approve)
    ran = run("login")
    assert (ran.status, ran.err) == (0, "")
    (code,) = CODE.findall(ran.out)
    assert ran.out.splitlines() == [
        "Open      https://discord.com/activate",
        f"and enter {code}",
        f"or open   https://discord.com/activate?user_code={code}",
        "The code expires in 5 min. Waiting; Ctrl+C stops.",
        WELCOME,
    ]
    # A public client sends no secret.
    (asked,) = discord.requests_to(AUTHORIZE)
    assert asked.form == {
        "client_id": discord.client_id,
        "scope": "identify guilds.members.read",
    }


# Declined, expired, cancelled


@pytest.mark.usefixtures("settings_of_guild")
def test_a_declined_code_or_three_expired_ones_end_the_command(
    run: Run, home: Path, discord: FakeDiscord, waits: Waits
) -> None:
    waits.bring(nothing, discord.deny)
    ran = run("login")
    assert ran.status == 1
    assert ran.err == "tracker-tui: The sign-in was declined in the browser.\n"
    discord.seen.clear()
    waits.bring_always(discord.expire)
    ran = run("login")
    assert ran.status == 1
    assert len(set(CODE.findall(ran.out))) == 3
    assert ran.err.splitlines() == [
        *["tracker-tui: The code expired. Here is another one."] * 2,
        "tracker-tui: The code expired. Ask for a new one.",
    ]
    assert len(discord.requests_to(AUTHORIZE)) == 3
    assert not session_file(home).exists()


@pytest.mark.usefixtures("settings_of_guild")
def test_ctrl_c_stores_nothing(run: Run, home: Path, discord: FakeDiscord, waits: Waits) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    # While waiting for the code, and after it was entered, but before Discord tells by whom.
    for happening in (nothing, discord.approve):
        discord.fail_always(ME, Fault.status(500))
        waits.bring(happening, leave)
        ran = run("login")
        assert (ran.status, ran.err) == (130, "")
        assert WELCOME not in ran.out
        assert not session_file(home).exists()
    assert run("whoami").status == 3


# In a background job SIGINT may be ignored, and processes inherit that.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("tracker_tui", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_ends_the_process_without_a_traceback(
    home: Path, tmp_path: Path, discord: FakeDiscord
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "login"],
        cwd=tmp_path,
        env=environment(home, **settings(discord, "http://localhost:1")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        # Each line is flushed at once.
        lines = [process.stdout.readline() for _ in range(4)]
        assert "Ctrl+C stops" in lines[-1]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, "")
    assert not session_file(home).exists()


# Outages


@pytest.mark.usefixtures("settings_of_guild")
def test_outages_during_the_sign_in_are_survived(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    discord.fail(TOKEN, Fault.status(500), Fault.hang_up(), Fault.garbage(b"nonsense"))
    discord.fail(ME, Fault.too_many(4.2), Fault.hang_up())
    discord.fail(MEMBER, Fault.status(500))
    ran = run("login")
    assert last_line(ran) == WELCOME
    # One code was enough.
    assert len(CODE.findall(ran.out)) == 1
    requests = [len(discord.requests_to(path)) for path in (TOKEN, ME, MEMBER)]
    assert requests == [4, 4, 2]
    assert session(home)["name"] == NICKNAME


def code_with_link(link: str) -> Fault:
    return Fault.status(200, {"device_code": "d", "user_code": "U", "verification_uri": link})


BEGINNINGS = {
    "hangs up": (Fault.hang_up(), "cannot be reached"),
    "429": (Fault.too_many(30.0), "asks for a pause of 30 s"),
    "garbage": (Fault.garbage(b"{"), "no usable answer"),
    "control characters": (code_with_link("https://d.com/\x1b[2J"), "not https"),
}


@pytest.mark.usefixtures("settings_of_guild")
def test_missing_code_is_explained_in_one_line(run: Run, home: Path, discord: FakeDiscord) -> None:
    for name, (fault, said) in BEGINNINGS.items():
        discord.heal()
        discord.fail_always(AUTHORIZE, fault)
        ran = run("login")
        assert ran.status == 1, name
        assert said in ran.error, name
        assert not session_file(home).exists(), name


# Denied or signed in


def test_denied_member_learns_why_and_a_role_given_later_admits_without_a_new_code(
    run: Run, home: Path, guild: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    before = guild.everything()
    discord.approves_at_once = True
    for membership, said in (
        (Membership(roles=[GUEST_ROLE, "4711"]), NO_ROLE),
        (None, NOT_IN_GUILD),
    ):
        discord.membership = membership
        ran = run("login")
        assert (ran.status, ran.err) == (3, said)
        assert "Signed in" not in ran.out
        assert session_file(home).exists()
        assert run("list").status == 3
    assert proxy.count == 0
    assert guild.everything() == before
    discord.membership = Membership(roles=[MEMBER_ROLE])
    assert "Spice" in run("list").out
    (row,) = guild.rows("user_sessions")
    assert (row["id"], json.loads(row["roles"])) == (session(home)["row_id"], [MEMBER_ROLE])
    assert len(discord.requests_to(AUTHORIZE)) == 2


@pytest.mark.usefixtures("settings_of_guild")
def test_a_session_is_replaced_only_if_it_is_damaged_or_denied(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    sign_in(discord)
    before = session_file(home).read_bytes()
    discord.seen.clear()
    ran = run("login")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"You are signed in as {NICKNAME} already: tracker-tui logout first.\n"
    assert discord.seen == []
    assert session_file(home).read_bytes() == before
    session_file(home).write_bytes(b"{ nonsense")
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    discord.membership = None
    assert not sign_in(discord).is_in_guild
    discord.person = Person(id="4711", username="chani", global_name=None)
    discord.membership = Membership(nick=None, roles=[MEMBER_ROLE])
    assert last_line(run("login")) == f"Signed in as chani. You may {MEMBERS_MAY}."
    assert session(home)["member_id"] == "4711"


# Wrong settings


def test_own_database_needs_no_sign_in(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in (
        {"TURSO_DATABASE_URL": ""},
        {"TURSO_DATABASE_URL": "file:guild.db"},
        {"TURSO_DATABASE_URL": "http://localhost:1", "TRACKER_AUTH": "none"},
    ):
        configure(monkeypatch, settings(discord, "") | given)
        for command in ("login", "logout"):
            ran = run(command)
            assert ran.status == 2, (given, command)
            assert "needs no sign-in" in ran.error, (given, command)
            assert "tracker-tui join" in ran.err, (given, command)
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
def test_missing_or_malformed_setting_is_named_without_a_request(
    run: Run, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    for command, name in (
        ("login", "DISCORD_CLIENT_ID"),
        ("whoami", "DISCORD_ROLES_CONFIG"),
        ("list", "DISCORD_GUILD_ID"),
    ):
        with pytest.MonkeyPatch.context() as without:
            without.delenv(name)
            ran = run(command)
        assert ran.status == 3, command
        assert f"{name} is not set" in ran.error, command
        assert "tracker-tui join" in ran.err, command
    for name, value in (
        ("DISCORD_GUILD_ID", "../../users"),
        ("DISCORD_ROLES_CONFIG", '[{"id": 4711}]'),
        ("DISCORD_API_URL", "ftp://discord.com"),
        ("DISCORD_API_URL", "https://paul:hush@discord.com"),
        ("DISCORD_API_URL", "http://discord.invalid/api"),
        ("TRACKER_AUTH", "discrod"),
    ):
        with pytest.MonkeyPatch.context() as malformed:
            malformed.setenv(name, value)
            ran = run("login")
        assert ran.status == 2, (name, value)
        assert name in ran.error, (name, value)
        assert "hush" not in ran.err
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
def test_sign_in_is_not_recorded_over_plain_http(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", "http://guild.invalid")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "some-token")
    discord.approves_at_once = True
    ran = run("login")
    assert last_line(ran) == WELCOME
    assert "TRACKER_INSECURE=1" in ran.err
