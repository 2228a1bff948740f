"""`tracker-tui login`: the code, and outages of Discord."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
    ME,
    MEMBER,
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
from helpers.discord import FakeDiscord, Fault
from helpers.listening import SECONDS
from helpers.membership import settings
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
def test_public_client_sends_no_secret(run: Run, discord: FakeDiscord) -> None:
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    (asked,) = discord.requests_to(AUTHORIZE)
    assert asked.form == {
        "client_id": discord.client_id,
        "scope": "identify guilds.members.read",
    }


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
    # No wait goes beyond the end of the code. A busy machine takes some seconds of its own.
    assert 280 < sum(waits.seconds[:-1]) < 301


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


FAULTS = {
    "500": (Fault.status(500),),
    "429": (Fault.too_many(4.2),),
    "three of a kind": (Fault.status(500), Fault.hang_up(), Fault.garbage(b"nonsense")),
}


@pytest.mark.usefixtures("settings_of_guild")
def test_outages_during_the_sign_in_are_survived(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    for path, name in product((TOKEN, ME, MEMBER), FAULTS):
        discord.seen.clear()
        discord.fail(path, *FAULTS[name])
        ran = run("login")
        assert last_line(ran) == WELCOME, (path, name)
        # One code was enough.
        assert len(CODE.findall(ran.out)) == 1, (path, name)
        assert len(discord.requests_to(path)) == len(FAULTS[name]) + 1, (path, name)
        assert session(home)["name"] == NICKNAME
        session_file(home).unlink()


def code_with_link(link: str) -> Fault:
    return Fault.status(200, {"device_code": "d", "user_code": "U", "verification_uri": link})


BEGINNINGS = {
    "hangs up": (Fault.hang_up(), "cannot be reached"),
    "429": (Fault.too_many(30.0), "asks for a pause of 30 s"),
    "500": (Fault.status(500), "in trouble (500)"),
    "garbage": (Fault.garbage(b"{"), "no usable answer"),
    "elsewhere": (Fault.redirect("http://127.0.0.1:1/"), "(302)"),
    "a link that is not https": (code_with_link("http://discord.com/"), "not https"),
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
