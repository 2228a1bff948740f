"""Signing in from the terminal: the code, its entry, and failures."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest
from textual.geometry import Size

from helpers.discord import FakeDiscord, Fault
from helpers.qr_reader import read_qr
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ui.preferences import Preferences, preferences_path, save_preferences
from tracker_tui.ui.resources.resource_list import View
from tracker_tui.ui.sign_in.large_code import LargeCode
from tracker_tui.ui.sign_in.sign_in_screen import SignInScreen
from tracker_tui.ui.themes import THEMES
from ui.conftest import screen_strips
from ui.sign_in.player import (
    AT_ONCE,
    AUTHORIZE,
    ENTERED,
    HANGS,
    LINK,
    ME,
    TOKEN,
    Browser,
    at_sign_in,
    background_work_ends,
    device_codes,
    sees_code,
    user_code,
)

FRESH = "The code expired; this is a new one."
NOBODY = "The code was not entered in time. r fetches a new one."


SIZES = [(40, 12), (60, 20), (67, 24), (74, 24), (80, 23), (80, 24)]
"""From 67 to 74 columns the QR code fits, but not the whole link beside it."""


async def test_code_link_and_time_left_are_shown_at_every_size_and_a_phone_reads_them(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = THEMES[-1].name
    save_preferences(
        preferences_path(load_config(os.environ)), Preferences(view=View(), theme=theme)
    )
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen._TICK_SECONDS", 0.2)
    async with at_sign_in() as visitor:
        assert visitor.app.theme == theme
        code = await sees_code(visitor, discord)
        for size in SIZES:
            await visitor.resize(*size)
            await visitor.reads("#sign-in-how", f"open {LINK} and enter")
            await visitor.reads("#sign-in-code", code)
            await visitor.reads("#sign-in-left", "good for ")
            await visitor.reads("#sign-in-link", f"{LINK}?user_code={code}")
            visitor.assert_laid_out()
            has_room = size[0] >= 75 and size[1] >= 24
            assert read_qr(screen_strips(visitor.app)) == (
                f"{LINK}?user_code={code}" if has_room else None
            )
            assert ("scan this" in visitor.text()) == has_room
            if size in ((40, 12), (60, 20)):
                assert not any(char in visitor.text() for char in "▀▄█")
        await visitor.sees("Sign in with Discord · sietch-tabr", "good for ", "y Copy the code")
        for part in ("qr", "large", "how", "code", "left", "link"):
            visitor.whole(f"#sign-in-{part}")
        large = visitor.app.screen.query_one(LargeCode)
        assert large.text == code
        assert large.region.size == large.needed == Size(26, 9)
        # The time left counts down.
        screen = visitor.app.screen
        assert isinstance(screen, SignInScreen)
        assert screen._code is not None
        ends, passed = screen._code.expires_at, 0.0
        monkeypatch.setattr(
            "tracker_tui.ui.sign_in.sign_in_screen.monotonic", lambda: ends - 300.0 + passed
        )
        for passed, time_left in ((0.0, "5:00"), (61.0, "3:59"), (299.0, "0:01"), (400.0, "0:00")):  # noqa: B007
            await visitor.sees(f"good for {time_left}, waiting")


async def test_entering_the_code_signs_in_despite_short_failures(discord: FakeDiscord) -> None:
    discord.slow_down_next(2)
    discord.fail(TOKEN, Fault.hang_up(), Fault.status(503), Fault.garbage(b"{"))
    discord.fail(ME, Fault.status(503), Fault.hang_up())
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.until(lambda: len(discord.requests_to(TOKEN)) > 3)
        assert visitor.message == ""
        discord.approve()
        # Under the palette, too.
        await visitor.press("ctrl+p")
        session_store = SessionStore(load_config(os.environ))
        await visitor.until(lambda: session_store.load() is not None, "the session")
        await background_work_ends()
        await visitor.press("escape")
        await visitor.ends()
        assert visitor.navigation_request == ENTERED
    assert len(discord.requests_to(AUTHORIZE)) == 1
    membership = guild_membership_of(load_config(os.environ))
    assert membership.is_admitted
    assert membership.member.name == "Muad'Dib"


def fall_over() -> bool:
    raise OSError("no such browser: /opt/secret/path")


async def test_keys_copy_open_and_renew_the_code(discord: FakeDiscord, browser: Browser) -> None:
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        link = f"{LINK}?user_code={code}"
        await visitor.sees("⏎ Open the browser")
        assert browser.opened == []
        await visitor.press("enter")
        await visitor.until(lambda: browser.opened == [link], "the browser")
        visitor.click(*visitor.place("?user_code="))
        await visitor.until(lambda: browser.opened == [link, link], "the browser again")
        assert visitor.message == ""
        await visitor.press("y")
        await visitor.sees("Copied the code.")
        assert visitor.app.clipboard == code
        # A new code replaces the old one.
        await visitor.press("r")
        await visitor.until(lambda: len(discord._codes) == 2)
        fresh = await sees_code(visitor, discord)
        assert fresh != code
        assert code not in visitor.text()
        _, device_code = discord._codes
        await visitor.until(lambda: device_codes(discord)[-3:] == [device_code] * 3)
        # A browser that fails is reported.
        for number, fails in enumerate((lambda: False, fall_over), 3):
            browser.opens = fails
            await visitor.press("enter")
            await visitor.sees("No browser opened. Open the link yourself, on any machine.")
            await visitor.press("r")
            await visitor.until(lambda number=number: len(discord._codes) == number)
            await sees_code(visitor, discord)
            assert "No browser opened." not in visitor.text()
        # Pressed again and again, it ends with the newest.
        visitor.burst("rrrrr")
        polls = len(discord.requests_to(TOKEN))
        await visitor.until(lambda: len(discord.requests_to(TOKEN)) > polls + 3, "the polls")
        await visitor.until(lambda: user_code(discord) in visitor.text(), "the newest code")
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


@pytest.mark.parametrize("finds", [lambda: None, fall_over], ids=["none", "falls over"])
async def test_without_a_browser_enter_does_nothing_and_remapped_keys_work(
    discord: FakeDiscord, home: Path, monkeypatch: pytest.MonkeyPatch, finds: object
) -> None:
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", finds)
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text('[keys]\n"sign-in.renew" = "f5"\n')
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        await visitor.until(
            lambda: all(w.is_finished for w in visitor.app.workers if w.group == "browser"),
            "an end of the search for a browser",
        )
        assert "Open the browser" not in visitor.text()
        await visitor.press("enter")
        visitor.click(*visitor.place("?user_code="))
        await visitor.pilot.pause()
        assert visitor.message == ""
        assert code in visitor.text()
        await visitor.sees("f5 New code")
        await visitor.press("r", "f5")
        await visitor.until(lambda: len(discord._codes) > 1, "a fresh code")
        await sees_code(visitor, discord)
        assert len(discord._codes) == 2


async def test_an_expired_code_is_replaced_and_a_denial_is_shown(discord: FakeDiscord) -> None:
    async with at_sign_in() as visitor:
        for number in (1, 2, 3):
            await visitor.until(lambda number=number: len(discord._codes) == number)
            code = await sees_code(visitor, discord)
            if number > 1:
                await visitor.sees(FRESH)
            else:
                assert FRESH not in visitor.text()
            discord.expire(code)
        await visitor.sees(NOBODY)
        assert code not in visitor.text()
        assert "good for" not in visitor.text()
        assert read_qr(screen_strips(visitor.app)) is None
        assert len(discord.requests_to(AUTHORIZE)) == 3
        await visitor.press("r")
        await visitor.until(lambda: len(discord._codes) == 4)
        code = await sees_code(visitor, discord)
        assert NOBODY not in visitor.text()
        discord.deny()
        await visitor.sees("The sign-in was declined in the browser. r tries again.")
        assert code not in visitor.text()
        await visitor.press("r")
        await visitor.sees_no("declined in the browser")
        await visitor.until(lambda: len(discord._codes) == 5)
        await sees_code(visitor, discord)


FAULTS = {
    "down": (Fault.hang_up(), "Discord cannot be reached."),
    "busy": (Fault.too_many(6.5), "Discord asks for a pause of 7 s."),
    "elsewhere": (Fault.redirect("http://evil.invalid"), "sign members in (302)"),
    "forbidden": (
        Fault.status(403, {"message": "[bold]no[/bold]\x1b[31m\n" * 90}),
        "sign members in (403: [bold]no[/bold] [31m [bold]no",
    ),
}


async def test_failures_are_explained_in_one_line_and_r_tries_again(discord: FakeDiscord) -> None:
    discord.fail(AUTHORIZE, *(happens for happens, _ in FAULTS.values()))
    async with at_sign_in() as visitor:
        for _, message in FAULTS.values():
            await visitor.reads("#sign-in-message", message, "r tries again.")
            assert visitor.message.endswith("r tries again.")
            assert "good for" not in visitor.text()
            visitor.assert_laid_out()
            # Without a code there is nothing to copy.
            assert "Copy the code" not in visitor.text()
            await visitor.press("y", "enter")
            assert visitor.app.clipboard == ""
            assert "Copied" not in visitor.text()
            await visitor.press("r")
        await sees_code(visitor, discord)
        assert visitor.message == ""
        # A poll that is rejected ends the sign-in.
        discord.fail(TOKEN, Fault.status(403, {"error": "invalid_scope"}))
        message = "does not let you in (403: invalid_scope). r tries again."
        await visitor.reads("#sign-in-message", message)
        visitor.assert_secret(*discord.issued)
        # A wrong application fails at the start or at the first poll.
        for path in (AUTHORIZE, TOKEN):
            discord.fail(path, Fault.status(401, {"error": "invalid_client"}))
            await visitor.press("r")
            await visitor.reads("#sign-in-message", "Check DISCORD_CLIENT_ID", "be a public client")
            visitor.assert_secret(*discord.issued)
            visitor.assert_laid_out()


@pytest.mark.parametrize(("hangs", "key"), [("", "escape"), (AUTHORIZE, "ctrl+q"), (ME, "q")])
async def test_quitting_is_immediate_and_leaves_no_session_and_no_traceback(
    discord: FakeDiscord, caplog: pytest.LogCaptureFixture, hangs: str, key: str
) -> None:
    if hangs:
        discord.fail_always(hangs, Fault.hang(HANGS))
    async with at_sign_in() as visitor:
        if hangs == AUTHORIZE:
            await visitor.sees("asking Discord")
            visitor.assert_laid_out()
        else:
            await sees_code(visitor, discord)
        if hangs == ME:
            discord.approve()
        if hangs:
            await visitor.until(lambda: bool(discord.requests_to(hangs)), "the request")
        await visitor.press(key)
        assert await visitor.ends() < AT_ONCE
        assert visitor.navigation_request is None
        if not hangs:
            await background_work_ends()
        gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
    assert SessionStore(load_config(os.environ)).load() is None


async def test_a_session_that_is_damaged_or_not_saved_is_reported(discord: FakeDiscord) -> None:
    path = SessionStore(load_config(os.environ)).path
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 1, "name": "[bold]')
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        message = "The session that is kept on this machine is damaged."
        await visitor.reads("#sign-in-message", message)
        shutil.rmtree(path.parent)
        path.parent.write_text("a file where the folder should be")
        discord.approve()
        await visitor.until(lambda: visitor.message.endswith("r tries again."), "the reason")
        assert "Something in the program" not in visitor.message
        visitor.assert_secret(*discord.issued)
        visitor.assert_laid_out()
        path.parent.unlink()
        await visitor.press("r")
        await sees_code(visitor, discord)
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED
