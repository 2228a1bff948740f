"""`tracker-tui login`: the code, and outages of Discord."""

from __future__ import annotations

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
