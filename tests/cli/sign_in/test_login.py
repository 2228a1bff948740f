"""`tracker-tui login`: the code, outages, denied members, wrong settings."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
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
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, settings, sign_in
from helpers.proxy import Proxy
from tracker_tui.auth.sign_in import wait_for_tokens

ONE_MORE = "The code expired. Here is another one."
CODE = re.compile(r"^and enter ([A-Z0-9]{8})$", re.MULTILINE)
# The code


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


@pytest.mark.usefixtures("settings_of_guild")
def test_code_is_printed_before_the_first_wait(
    run: Run, discord: FakeDiscord, waits: Waits, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def look_at_the_screen() -> None:
        seen.append(capsys.readouterr().out)
        discord.approve(CODE.findall(seen[0])[0])

    waits.bring(look_at_the_screen)
    assert last_line(run("login")) == WELCOME
    assert "https://discord.com/activate?user_code=" in seen[0]


@pytest.mark.usefixtures("settings_of_guild")
def test_polling_follows_the_interval(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    discord.interval = 7
    waits.bring(nothing, nothing, discord.approve)
    assert last_line(run("login")) == WELCOME
    assert waits.seconds == [7, 7, 7]
    assert len(discord.requests_to(TOKEN)) == 3


@pytest.mark.usefixtures("settings_of_guild")
def test_public_client_sends_no_secret(run: Run, discord: FakeDiscord) -> None:
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    (asked,) = discord.requests_to(AUTHORIZE)
    assert asked.form == {
        "client_id": discord.client_id,
        "scope": "identify guilds.members.read",
    }


def test_confidential_client_signs_in(
    run: Run, home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord.client_secret, discord.approves_at_once = "hush", True
    for name, value in settings(discord, "http://localhost:1").items():
        monkeypatch.setenv(name, value)
    assert last_line(run("login")) == WELCOME
    assert all(not seen.query for seen in discord.seen)


# Declined, expired, cancelled


@pytest.mark.usefixtures("settings_of_guild")
def test_declined_code_does_not_sign_in(
    run: Run, home: Path, discord: FakeDiscord, waits: Waits
) -> None:
    waits.bring(nothing, discord.deny)
    ran = run("login")
    assert ran.status == 1
    assert ran.err == "tracker-tui: The sign-in was declined in the browser.\n"
    assert not session_file(home).exists()


@pytest.mark.usefixtures("settings_of_guild")
def test_expired_code_is_replaced(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    waits.bring(discord.expire, discord.approve)
    ran = run("login")
    assert last_line(ran) == WELCOME
    first, second = CODE.findall(ran.out)
    assert first != second
    assert ONE_MORE in ran.err


@pytest.mark.usefixtures("settings_of_guild")
def test_three_expired_codes_end_the_command(
    run: Run, home: Path, discord: FakeDiscord, waits: Waits
) -> None:
    waits.bring_always(discord.expire)
    ran = run("login")
    assert ran.status == 1
    assert len(set(CODE.findall(ran.out))) == 3
    assert ran.err.splitlines() == [
        *[f"tracker-tui: {ONE_MORE}"] * 2,
        "tracker-tui: The code expired. Ask for a new one.",
    ]
    assert len(discord.requests_to(AUTHORIZE)) == 3
    assert not session_file(home).exists()


@pytest.mark.usefixtures("settings_of_guild")
def test_code_that_expires_during_an_outage_is_replaced(
    run: Run, discord: FakeDiscord, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord.fail_always(TOKEN, Fault.status(503))

    def moved_on() -> float:
        # Only the first code ages with the waits.
        is_first = len(discord.requests_to(AUTHORIZE)) == 1
        return time.monotonic() + (sum(waits.seconds) if is_first else 0.0)

    def come_back() -> None:
        if len(discord.requests_to(AUTHORIZE)) == 2:
            discord.heal()
            discord.approve()

    monkeypatch.setitem(wait_for_tokens.__kwdefaults__, "clock", moved_on)
    waits.bring_always(come_back)
    ran = run("login")
    assert last_line(ran) == WELCOME
    assert ONE_MORE in ran.err
    # No wait goes beyond the end of the code.
    assert sum(waits.seconds[:-1]) == pytest.approx(300, abs=1)


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize("moment", ["the code", "the answer"])
def test_ctrl_c_stores_nothing(
    run: Run, home: Path, discord: FakeDiscord, waits: Waits, moment: str
) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    if moment == "the answer":
        # The code was entered, but Discord does not tell yet who entered it.
        discord.fail_always("/users/@me", Fault.status(500))
        waits.bring(discord.approve, leave)
    else:
        waits.bring(nothing, leave)
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


FAULTS = {
    "429": (Fault.too_many(4.2),),
    "500": (Fault.status(500),),
    "503 in words": (Fault.status(503, b"<html>upstream</html>"),),
    "no JSON": (Fault.garbage(b"<html>"),),
    "JSON of another kind": (Fault.garbage(b"[1]"),),
    "an object with nothing in it": (Fault.garbage(b"{}"),),
    "no text": (Fault.garbage(b"\xff\xfe\x00"),),
    "far too much": (Fault.huge(300_000),),
    "hangs up": (Fault.hang_up(),),
    "three of a kind": (Fault.status(500), Fault.hang_up(), Fault.garbage(b"nonsense")),
}


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize("path", [TOKEN, "/users/@me", MEMBER])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_outages_during_the_sign_in_are_survived(
    run: Run, home: Path, discord: FakeDiscord, path: str, faults: tuple[Fault, ...]
) -> None:
    discord.approves_at_once = True
    discord.fail(path, *faults)
    ran = run("login")
    assert last_line(ran) == WELCOME
    # One code was enough.
    assert len(CODE.findall(ran.out)) == 1
    assert len(discord.requests_to(path)) == len(faults) + 1
    assert session(home)["name"] == NICKNAME


@pytest.mark.usefixtures("settings_of_guild")
def test_slow_down_lasts(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    waits.bring(lambda: discord.slow_down_next(2), nothing, nothing, discord.approve)
    assert last_line(run("login")) == WELCOME
    assert waits.seconds == [1, 6, 11, 11]


@pytest.mark.usefixtures("settings_of_guild")
def test_retry_after_is_respected(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    discord.fail(TOKEN, Fault.too_many(17.25))
    waits.bring(nothing, nothing, discord.approve)
    assert last_line(run("login")) == WELCOME
    assert waits.seconds == [1, 17.25, 1]


@pytest.mark.usefixtures("settings_of_guild")
def test_polling_backs_off_on_server_errors(run: Run, discord: FakeDiscord, waits: Waits) -> None:
    discord.fail(TOKEN, *[Fault.hang_up()] * 7)
    waits.bring(*[nothing] * 7, discord.approve)
    assert last_line(run("login")) == WELCOME
    assert waits.seconds == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.usefixtures("settings_of_guild")
def test_lasting_outage_after_the_code_is_reported(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    discord.fail_always("/users/@me", Fault.status(502))
    ran = run("login")
    assert ran.status == 1
    assert ran.err == "tracker-tui: Discord is in trouble (502). Try again later.\n"
    assert not session_file(home).exists()


BEGINNINGS = {
    "hangs up": (Fault.hang_up(), "cannot be reached"),
    "429": (Fault.too_many(30.0), "asks for a pause of 30 s"),
    "500": (Fault.status(500), "in trouble (500)"),
    "garbage": (Fault.garbage(b"{"), "no usable answer"),
    "elsewhere": (Fault.redirect("http://127.0.0.1:1/"), "(302)"),
    "a link that is not https": (
        Fault.status(
            200, {"device_code": "d", "user_code": "U", "verification_uri": "http://discord.com/"}
        ),
        "not https",
    ),
    "another kind of link": (
        Fault.status(
            200, {"device_code": "d", "user_code": "U", "verification_uri": "javascript:alert(1)"}
        ),
        "not https",
    ),
    "control characters": (
        Fault.status(
            200,
            {"device_code": "d", "user_code": "U", "verification_uri": "https://d.com/\x1b[2J"},
        ),
        "not https",
    ),
}


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize(("fault", "said"), BEGINNINGS.values(), ids=BEGINNINGS)
def test_missing_code_is_explained_in_one_line(
    run: Run, home: Path, discord: FakeDiscord, fault: Fault, said: str
) -> None:
    discord.fail_always(AUTHORIZE, fault)
    ran = run("login")
    assert ran.status == 1
    assert said in ran.error
    assert not session_file(home).exists()


@pytest.mark.usefixtures("settings_of_guild")
def test_control_characters_in_the_code_are_harmless(run: Run, discord: FakeDiscord) -> None:
    handed = {
        "device_code": "d",
        "user_code": "AB\x1b]0;owned\x07\nCD",
        "verification_uri": "https://discord.com/activate",
    }
    discord.fail(AUTHORIZE, Fault.status(200, handed))
    discord.fail(TOKEN, Fault.status(400, {"error": "access_denied"}))
    ran = run("login")
    assert ran.status == 1
    assert not {"\x1b", "\x07"} & set(ran.out + ran.err)
    assert len(ran.out.splitlines()) == 4


# Denied


NOT_IN_GUILD = (
    "tracker-tui: Paul Atreides is not in this guild on Discord, so nothing is shown. Join it "
    "there, or log out and sign in as somebody else.\n"
)
# Only roles with access are named, highest first.
NO_ROLE = (
    f"tracker-tui: {NICKNAME} has no role that may enter. Only Mahdi, Naib or Fremen may see this "
    "guild's resources. Ask one of them.\n"
)


@pytest.mark.parametrize(
    ("membership", "said"),
    [
        (None, NOT_IN_GUILD),
        (Membership(roles=[]), NO_ROLE),
        (Membership(roles=[GUEST_ROLE, "4711"]), NO_ROLE),
    ],
    ids=["not in the guild", "no role", "other roles"],
)
def test_denied_member_learns_why_and_is_not_recorded(
    run: Run,
    guild: Books,
    proxy: Proxy,
    discord: FakeDiscord,
    membership: Membership | None,
    said: str,
) -> None:
    before = guild.everything()
    discord.membership, discord.approves_at_once = membership, True
    ran = run("login")
    assert (ran.status, ran.err) == (3, said)
    assert "Signed in" not in ran.out
    assert proxy.count == 0
    assert guild.everything() == before


@pytest.mark.parametrize("membership", [None, Membership(roles=[])], ids=["left", "no role"])
def test_role_given_later_admits_without_a_new_code(
    run: Run, home: Path, guild: Books, discord: FakeDiscord, membership: Membership | None
) -> None:
    discord.membership, discord.approves_at_once = membership, True
    assert run("login").status == 3
    assert session_file(home).exists()
    assert run("list").status == 3
    assert guild.rows("user_sessions") == []
    discord.membership = Membership(roles=[MEMBER_ROLE])
    assert "Spice" in run("list").out
    (row,) = guild.rows("user_sessions")
    assert (row["id"], json.loads(row["roles"])) == (session(home)["row_id"], [MEMBER_ROLE])
    assert len(discord.requests_to(AUTHORIZE)) == 1


@pytest.mark.usefixtures("settings_of_guild")
def test_denied_member_may_sign_in_as_another(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord)
    discord.membership = None
    first = sign_in(discord)
    assert not first.is_in_guild
    discord.person.id, discord.person.username = "4711", "chani"
    discord.membership = Membership(nick=None, roles=[MEMBER_ROLE])
    discord.person.global_name = None
    discord.approves_at_once = True
    assert last_line(run("login")) == f"Signed in as chani. You may {MEMBERS_MAY}."
    assert session(home)["member_id"] == "4711"


# Already signed in


@pytest.mark.usefixtures("settings_of_guild")
def test_signed_in_member_is_not_signed_in_again(
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


@pytest.mark.usefixtures("settings_of_guild")
def test_damaged_session_is_replaced(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord)
    session_file(home).write_bytes(b"{ nonsense")
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    assert session(home)["name"] == NICKNAME


# Wrong settings


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize("wrong", ["another id", "not a public client"])
def test_wrong_client_id_is_explained(
    run: Run, home: Path, discord: FakeDiscord, wrong: str
) -> None:
    if wrong == "another id":
        discord.client_id = "1"
    else:
        discord.client_secret = "hush"
    ran = run("login")
    assert ran.status == 1
    assert "invalid_client" in ran.error
    assert "DISCORD_CLIENT_ID" in ran.err
    assert "public client" in ran.err
    assert not session_file(home).exists()


@pytest.mark.parametrize("command", ["login", "logout"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"TURSO_DATABASE_URL": "file:guild.db"},
        {"TURSO_DATABASE_URL": "http://localhost:1", "TRACKER_AUTH": "none"},
    ],
    ids=["nothing", "a file", "none"],
)
def test_own_database_needs_no_sign_in(
    run: Run,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    command: str,
) -> None:
    for name, value in (settings(discord, "") | {"TURSO_DATABASE_URL": ""} | given).items():
        monkeypatch.setenv(name, value)
    ran = run(command)
    assert ran.status == 2
    assert "needs no sign-in" in ran.error
    assert "tracker-tui join" in ran.err
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize("command", ["login", "logout", "whoami", "list", "invite"])
@pytest.mark.parametrize("name", ["DISCORD_CLIENT_ID", "DISCORD_GUILD_ID", "DISCORD_ROLES_CONFIG"])
def test_missing_setting_is_named(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.delenv(name)
    ran = run(command)
    assert ran.status == 3
    assert f"{name} is not set" in ran.error
    assert "tracker-tui join" in ran.err
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_CLIENT_ID", "twelve"),
        ("DISCORD_CLIENT_ID", "1" * 21),
        ("DISCORD_GUILD_ID", "../../users"),
        ("DISCORD_ROLES_CONFIG", "{"),
        ("DISCORD_ROLES_CONFIG", '[{"id": 4711}]'),
        ("DISCORD_API_URL", "ftp://discord.com"),
        ("DISCORD_API_URL", "https://paul:hush@discord.com"),
        ("DISCORD_API_URL", "http://discord.invalid/api"),
        ("DISCORD_API_URL", "http://127.0.0.1:1/api"),
        ("TRACKER_AUTH", "discrod"),
    ],
)
def test_malformed_setting_is_named_without_a_request(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    discord.approves_at_once = True
    ran = run("login")
    assert ran.status == 2
    assert name in ran.error
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
