"""Signing in from the terminal: the code, its entry, and failures."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from textual.geometry import Size

from helpers.discord import FakeDiscord, Fault, Person
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
from ui.sign_in_player import (
    AT_ONCE,
    AUTHORIZE,
    ENTERED,
    HANGS,
    ME,
    TOKEN,
    Browser,
    Visitor,
    at_sign_in,
    background_work_ends,
    browser,
    discord,
    harmless,
    quick_polls,
)

__all__ = ["browser", "discord", "harmless", "quick_polls"]

LINK = "https://discord.com/activate"
FRESH = "The code expired; this is a new one."
NOBODY = "The code was not entered in time. r fetches a new one."


def user_code(discord: FakeDiscord) -> str:
    """Return the newest code."""
    return list(discord._codes.values())[-1].user_code


def device_codes(discord: FakeDiscord) -> list[str]:
    """Return the codes that were polled, in order."""
    return [seen.form["device_code"] for seen in discord.requests_to(TOKEN)]


async def sees_code(visitor: Visitor, discord: FakeDiscord) -> str:
    """Wait until the newest code is on screen, and return it."""
    await visitor.until(
        lambda: bool(discord._codes) and user_code(discord) in visitor.text(), "the code"
    )
    return user_code(discord)


async def reads_all(visitor: Visitor, code: str) -> None:
    """Wait until code, links and time are fully on screen."""
    await visitor.reads("#sign-in-how", f"open {LINK} and enter")
    await visitor.reads("#sign-in-code", code)
    await visitor.reads("#sign-in-left", "good for ")
    await visitor.reads("#sign-in-link", f"{LINK}?user_code={code}")


def answers_with(discord: FakeDiscord, **given: object) -> None:
    """Make Discord issue a different code once."""
    usual = {
        "device_code": "device-of-hostile-hands",
        "user_code": "ZAW6C586",
        "verification_uri": LINK,
        "verification_uri_complete": f"{LINK}?user_code=ZAW6C586",
        "expires_in": 300,
        "interval": 5,
    }
    discord.fail(AUTHORIZE, Fault.status(200, usual | given))
    discord.fail_always(TOKEN, Fault.status(400, {"error": "authorization_pending"}))


# The code and the link


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_a_small_screen_shows_everything_and_a_phone_reads_it(
    discord: FakeDiscord, theme: str
) -> None:
    save_preferences(
        preferences_path(load_config(os.environ)), Preferences(view=View(), theme=theme)
    )
    async with at_sign_in((80, 24)) as visitor:
        assert visitor.app.theme == theme
        code = await sees_code(visitor, discord)
        await visitor.sees("Sign in with Discord · sietch-tabr", "good for ", "y Copy the code")
        await reads_all(visitor, code)
        for part in ("qr", "large", "how", "code", "left", "link"):
            visitor.whole(f"#sign-in-{part}")
        large = visitor.app.screen.query_one(LargeCode)
        assert large.text == code
        assert large.region.size == large.needed == Size(26, 9)
        assert read_qr(screen_strips(visitor.app)) == f"{LINK}?user_code={code}"
        visitor.assert_laid_out()


async def test_the_time_left_counts_down(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = 0.0

    def left() -> float:
        return 300.0 - passed

    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen._TICK_SECONDS", 0.2)
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        screen = visitor.app.screen
        assert isinstance(screen, SignInScreen)
        assert screen._code is not None
        ends = screen._code.expires_at
        monkeypatch.setattr(
            "tracker_tui.ui.sign_in.sign_in_screen.monotonic", lambda: ends - left()
        )
        for passed, time_left in ((0.0, "5:00"), (61.0, "3:59"), (299.0, "0:01"), (400.0, "0:00")):  # noqa: B007
            await visitor.sees(f"good for {time_left}, waiting")


SIZES = [(40, 12), (120, 40), (60, 20), (66, 24), (67, 24), (74, 24), (80, 23), (80, 24), (40, 24)]
"""From 67 to 74 columns the QR code fits, but not the whole link beside it."""


async def test_code_and_link_are_shown_at_every_size(discord: FakeDiscord) -> None:
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        for size in SIZES:
            await visitor.resize(*size)
            await reads_all(visitor, code)
            visitor.assert_laid_out()
            has_room = size[0] >= 75 and size[1] >= 24
            assert read_qr(screen_strips(visitor.app)) == (
                f"{LINK}?user_code={code}" if has_room else None
            )
            assert ("scan this" in visitor.text()) == has_room
            if size in ((40, 12), (60, 20)):
                assert not any(char in visitor.text() for char in "▀▄█")


# Entering the code


async def test_entering_the_code_signs_in_despite_many_slow_downs(
    discord: FakeDiscord,
) -> None:
    discord.slow_down_next(2)
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED
    membership = guild_membership_of(load_config(os.environ))
    assert membership.is_admitted
    assert membership.member.name == "Muad'Dib"


async def test_a_short_failure_after_the_code_was_entered_needs_no_second_code(
    discord: FakeDiscord,
) -> None:
    discord.fail(ME, Fault.status(503), Fault.hang_up())
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED
    assert len(discord.requests_to(AUTHORIZE)) == 1


async def test_a_member_without_access_sees_why_after_signing_in(discord: FakeDiscord) -> None:
    discord.membership = None
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        discord.approve()
        await visitor.sees("Paul Atreides is not in this guild on Discord", "r Ask again")
        await visitor.press("escape")
        await visitor.ends()
        assert visitor.navigation_request is None


# Keys


async def test_without_a_code_there_is_nothing_to_copy(discord: FakeDiscord) -> None:
    discord.fail_always(AUTHORIZE, Fault.status(503))
    async with at_sign_in() as visitor:
        await visitor.sees("Discord is in trouble (503).")
        await visitor.sees_no("Copy the code")
        await visitor.press("y", "enter")
        assert visitor.app.clipboard == ""
        assert "Copied" not in visitor.text()


async def test_y_copies_the_code_enter_and_clicks_open_the_link(
    discord: FakeDiscord, browser: Browser
) -> None:
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


async def test_without_a_browser_enter_is_not_offered_and_does_nothing(
    discord: FakeDiscord,
) -> None:
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        await browser_search_ends(visitor)
        assert "Open the browser" not in visitor.text()
        await visitor.press("enter")
        visitor.click(*visitor.place("?user_code="))
        await visitor.pilot.pause()
        assert visitor.message == ""
        assert code in visitor.text()


async def browser_search_ends(visitor: Visitor) -> None:
    """Wait until the search for a browser has ended."""
    await visitor.until(
        lambda: all(w.is_finished for w in visitor.app.workers if w.group == "browser"),
        "an answer",
    )


def refuse() -> bool:
    return False


def fall_over() -> bool:
    raise OSError("no such browser: /opt/secret/path")


@pytest.mark.parametrize("fails", [refuse, fall_over], ids=["refuses", "falls over"])
async def test_a_browser_that_fails_is_reported(
    discord: FakeDiscord, browser: Browser, fails: object
) -> None:
    browser.opens = fails  # type: ignore[assignment]
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        await visitor.sees("Open the browser")
        await visitor.press("enter")
        await visitor.sees("No browser opened. Open the link yourself, on any machine.")
        assert code in visitor.text()
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_a_failed_search_for_a_browser_finds_none(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", fall_over)
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await browser_search_ends(visitor)
        assert "Open the browser" not in visitor.text()
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_r_fetches_a_new_code_and_drops_the_old_one(discord: FakeDiscord) -> None:
    async with at_sign_in() as visitor:
        old = await sees_code(visitor, discord)
        await visitor.press("r")
        await visitor.until(lambda: len(discord._codes) == 2)
        fresh = await sees_code(visitor, discord)
        assert fresh != old
        assert old not in visitor.text()
        _, device_code = discord._codes
        await visitor.until(lambda: device_codes(discord)[-3:] == [device_code] * 3)
        discord.approve(fresh)
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_r_pressed_again_and_again_ends_with_the_newest_code(discord: FakeDiscord) -> None:
    async with at_sign_in() as visitor:
        visitor.burst("rrrrr")
        await visitor.until(lambda: len(discord.requests_to(TOKEN)) > 3, "the polls")
        await visitor.until(lambda: user_code(discord) in visitor.text(), "the newest code")
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


# Failures


async def test_an_expired_code_is_replaced_until_the_third(
    discord: FakeDiscord,
) -> None:
    async with at_sign_in() as visitor:
        for number in (1, 2):
            await visitor.until(lambda number=number: len(discord._codes) == number)
            code = await sees_code(visitor, discord)
            if number > 1:
                await visitor.sees(FRESH)
            else:
                assert FRESH not in visitor.text()
            discord.expire(code)
        await visitor.until(lambda: len(discord._codes) == 3)
        code = await sees_code(visitor, discord)
        await visitor.sees(FRESH)
        discord.expire(code)
        await visitor.sees(NOBODY)
        assert code not in visitor.text()
        assert "good for" not in visitor.text()
        assert read_qr(screen_strips(visitor.app)) is None
        assert len(discord.requests_to(AUTHORIZE)) == 3
        await visitor.press("r")
        await visitor.until(lambda: len(discord._codes) == 4)
        await sees_code(visitor, discord)
        assert NOBODY not in visitor.text()
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_a_denial_in_the_browser_is_shown(discord: FakeDiscord) -> None:
    async with at_sign_in() as visitor:
        code = await sees_code(visitor, discord)
        discord.deny()
        await visitor.sees("The sign-in was declined in the browser. r tries again.")
        assert code not in visitor.text()
        await visitor.press("r")
        await visitor.sees_no("declined in the browser")
        await visitor.until(lambda: len(discord._codes) == 2)
        await sees_code(visitor, discord)


FAULTS = {
    "down": (Fault.hang_up(), "Discord cannot be reached."),
    "busy": (Fault.too_many(6.5), "Discord asks for a pause of 7 s."),
    "broken": (Fault.status(500), "Discord is in trouble (500)."),
    "garbage": (Fault.garbage(b"[bold]{"), "Discord gave no usable answer."),
    "elsewhere": (Fault.redirect("http://evil.invalid"), "sign members in (302)"),
    "forbidden": (
        Fault.status(403, {"message": "[bold]no[/bold]\x1b[31m\n" * 90}),
        "sign members in (403: [bold]no[/bold] [31m [bold]no",
    ),
}


async def test_without_a_code_one_line_says_why_and_r_tries_again(
    discord: FakeDiscord,
) -> None:
    discord.fail(AUTHORIZE, *(happens for happens, _ in FAULTS.values()))
    async with at_sign_in() as visitor:
        for _, message in FAULTS.values():
            await visitor.reads("#sign-in-message", message, "r tries again.")
            assert visitor.message.endswith("r tries again.")
            assert "good for" not in visitor.text()
            visitor.assert_laid_out()
            await visitor.press("r")
        await sees_code(visitor, discord)
        assert visitor.message == ""


async def test_a_rejected_poll_ends_the_sign_in_and_says_why(discord: FakeDiscord) -> None:
    discord.fail(TOKEN, Fault.status(403, {"error": "invalid_scope"}))
    async with at_sign_in() as visitor:
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


async def test_a_wrong_application_is_reported(discord: FakeDiscord) -> None:
    discord.client_id = "1"
    async with at_sign_in() as visitor:
        await visitor.reads(
            "#sign-in-message", "Check DISCORD_CLIENT_ID", "has to be a public client"
        )


async def test_short_failures_of_polls_show_nothing(discord: FakeDiscord) -> None:
    discord.fail(TOKEN, Fault.hang_up(), Fault.status(503), Fault.garbage(b"{"))
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.until(lambda: len(discord.requests_to(TOKEN)) > 3)
        assert visitor.message == ""
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


# Quitting


@pytest.mark.parametrize("key", ["escape", "q", "ctrl+q"])
async def test_quitting_leaves_no_session(discord: FakeDiscord, key: str) -> None:
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.press(key)
        await visitor.ends()
        assert visitor.navigation_request is None
    await background_work_ends()
    assert SessionStore(load_config(os.environ)).load() is None


async def test_quitting_writes_no_traceback(
    discord: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.press("escape")
        await visitor.ends()
        await background_work_ends()
        gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize(
    ("path", "key"), [(AUTHORIZE, "escape"), (AUTHORIZE, "ctrl+q"), (TOKEN, "escape"), (ME, "q")]
)
async def test_quitting_is_immediate_while_discord_hangs(
    discord: FakeDiscord, path: str, key: str
) -> None:
    discord.fail_always(path, Fault.hang(HANGS))
    async with at_sign_in() as visitor:
        if path == ME:
            await sees_code(visitor, discord)
            discord.approve()
        await visitor.until(lambda: bool(discord.requests_to(path)), "the request")
        await visitor.press(key)
        assert await visitor.ends() < AT_ONCE
        assert visitor.navigation_request is None
    assert SessionStore(load_config(os.environ)).load() is None


async def test_a_hanging_discord_shows_asking(discord: FakeDiscord) -> None:
    discord.fail_always(AUTHORIZE, Fault.hang(HANGS))
    async with at_sign_in() as visitor:
        await visitor.until(lambda: bool(discord.requests_to(AUTHORIZE)), "the request")
        await visitor.sees("asking Discord")
        visitor.assert_laid_out()


async def test_entering_the_code_signs_in_under_the_palette(
    discord: FakeDiscord,
) -> None:
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.press("ctrl+p")
        discord.approve()
        await session_is_kept(visitor)
        await visitor.press("escape")
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def session_is_kept(visitor: Visitor) -> None:
    """Wait until Discord has named the member."""
    session_store = SessionStore(load_config(os.environ))
    await visitor.until(lambda: session_store.load() is not None, "the session")
    await background_work_ends()


async def test_a_session_that_cannot_be_saved_is_reported(discord: FakeDiscord) -> None:
    folder = SessionStore(load_config(os.environ)).path.parent
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        discord.approve()
        await visitor.until(lambda: visitor.message.endswith("r tries again."), "the reason")
        assert "Something in the program" not in visitor.message
        visitor.assert_secret(*discord.issued)
        visitor.assert_laid_out()


async def test_a_damaged_session_is_reported_and_replaced_by_a_sign_in(
    discord: FakeDiscord,
) -> None:
    path = SessionStore(load_config(os.environ)).path
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 1, "name": "[bold]')
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.reads(
            "#sign-in-message", "The session that is kept on this machine is damaged."
        )
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_remapped_keys_work_at_the_sign_in(discord: FakeDiscord, home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text('[keys]\n"sign-in.renew" = "f5"\n')
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        await visitor.sees("f5 New code")
        await visitor.press("r", "f5")
        await visitor.until(lambda: len(discord._codes) > 1, "a fresh code")
        await sees_code(visitor, discord)
        assert len(discord._codes) == 2


# Hostile answers

CODES = {
    "markup": ("[bold]AB[/bold]", "[bold]AB[/bold]"),
    "open markup": ("[", "["),
    "a link in markup": ("[@click=app.quit]x", "[@click=app.quit]x"),
    "escape codes": ("A\x1b[31mB\x1b]0;title\x07C\x9b2J", "A [31mB ]0;title C 2J"),
    "line breaks": ("A\nB\r\nC", "A B C"),
    "turned round": ("A\u202eBC\u2066D", "ABCD"),
    "nothing": ("", ""),
    "far too long": ("X" * 5_000, "X" * 39 + "…"),
    "wide": ("沙" * 20, "沙" * 20),
}


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
async def test_a_hostile_code_is_plain_text(discord: FakeDiscord, size: tuple[int, int]) -> None:
    async with at_sign_in(size) as visitor:
        await sees_code(visitor, discord)
        for code, shown in [*CODES.values()][:: 1 if size == (80, 24) else 3]:
            answers_with(discord, user_code=code)
            visitor.hit("r")
            await visitor.sees("user_code=Z", "y Copy the code")
            await visitor.reads("#sign-in-code", shown)
            await visitor.reads("#sign-in-link", f"{LINK}?user_code=ZAW6C586")
            visitor.assert_laid_out()
            visitor.hit("y")
            await visitor.sees("Copied the code.")
            assert visitor.app.clipboard == shown
            visitor.assert_laid_out()
            visitor.app.clear_notifications()
            await visitor.sees_no("Copied the code.")


BAD_LINKS = (
    ("verification_uri", "http://discord.com/activate"),
    ("verification_uri", ""),
    ("verification_uri_complete", "http://discord.com/activate?user_code=ZAW6C586"),
    ("verification_uri_complete", "javascript:alert(1)"),
    ("verification_uri_complete", "https://discord.com/\x1b]8;;http://evil.invalid\x07"),
    ("verification_uri_complete", "https://discord.com/\nevil"),
    ("verification_uri_complete", "https://dіscord.com/activate"),
)


async def test_a_link_that_is_not_plain_https_is_not_shown_and_not_opened(
    discord: FakeDiscord, browser: Browser
) -> None:
    async with at_sign_in() as visitor:
        for name, link in BAD_LINKS:
            await sees_code(visitor, discord)
            answers_with(discord, **{name: link})
            await visitor.press("r")
            await visitor.sees("Discord named a link that is not https. Nothing was opened.")
            await visitor.press("enter")
            assert "activate" not in visitor.text()
            assert "evil" not in visitor.text()
            await visitor.press("r")
    assert browser.opened == []


async def test_markup_in_a_link_is_plain_text(discord: FakeDiscord, browser: Browser) -> None:
    link = "https://discord.com/a?[bold red]x[/]&c=[@click=app.quit]y"
    answers_with(discord, verification_uri=link, verification_uri_complete=link)
    async with at_sign_in() as visitor:
        await visitor.sees("good for ")
        await visitor.reads("#sign-in-link", link)
        await visitor.reads("#sign-in-how", link)
        assert read_qr(screen_strips(visitor.app)) in (link, None)
        link_region = visitor.whole("#sign-in-link").region
        visitor.click(link_region.x + link_region.width // 2, link_region.y)
        await visitor.until(lambda: browser.opened == [link], "the browser")
        assert visitor.app.is_running


async def test_the_reason_for_a_sign_in_is_plain_text(discord: FakeDiscord) -> None:
    async with at_sign_in(reason="[bold]Sorry[/bold], [") as visitor:
        await sees_code(visitor, discord)
        await visitor.reads("#sign-in-message", "[bold]Sorry[/bold], [")


async def test_a_hostile_name_is_plain_text(discord: FakeDiscord) -> None:
    discord.membership = None
    discord.person = Person(username="[bold]x", global_name="[red]Evil\x1b[2J[/red]\n[")
    async with at_sign_in() as visitor:
        await sees_code(visitor, discord)
        discord.approve()
        await visitor.sees("· [red]Evil [2J[/red] [", "is not in this guild on Discord")
        visitor.assert_laid_out()


async def test_nothing_secret_is_shown(discord: FakeDiscord) -> None:
    discord.membership = None
    async with at_sign_in((120, 40)) as visitor:
        code = await sees_code(visitor, discord)
        await visitor.until(lambda: bool(discord.requests_to(TOKEN)), "a poll")
        assert code in visitor.app.export_screenshot()
        visitor.assert_secret(*discord.issued)
        discord.approve()
        await visitor.sees("is not in this guild on Discord")
        assert len(discord.issued) == 3
        visitor.assert_secret(*discord.issued)
