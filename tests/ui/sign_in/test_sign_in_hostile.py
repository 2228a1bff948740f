"""Signing in while Discord's answers are hostile: all is plain text, and nothing secret."""

from __future__ import annotations

from helpers.discord import FakeDiscord, Person
from helpers.qr_reader import read_qr
from ui.conftest import screen_strips
from ui.sign_in.player import LINK, TOKEN, Browser, answers_with, at_sign_in, sees_code

# Hostile answers

CODES = (
    ("[bold]AB[/bold]", "[bold]AB[/bold]"),
    ("[", "["),
    ("[@click=app.quit]x", "[@click=app.quit]x"),
    ("A\x1b[31mB\x1b]0;title\x07C\x9b2J", "A [31mB ]0;title C 2J"),
    ("", ""),
    ("X" * 5_000, "X" * 39 + "…"),
    ("沙" * 20, "沙" * 20),
)


async def test_a_hostile_code_is_plain_text(discord: FakeDiscord) -> None:
    async with at_sign_in((80, 24)) as visitor:
        await sees_code(visitor, discord)
        for number, (code, shown) in enumerate((*CODES, *CODES[::3])):
            if number == len(CODES):
                await visitor.resize(40, 12)
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
    ("verification_uri", ""),
    ("verification_uri_complete", "javascript:alert(1)"),
    ("verification_uri_complete", "https://discord.com/\x1b]8;;http://evil.invalid\x07"),
)


async def test_a_hostile_link_or_reason_is_plain_text_and_only_https_is_opened(
    discord: FakeDiscord, browser: Browser
) -> None:
    good = "https://discord.com/a?[bold red]x[/]&c=[@click=app.quit]y"
    answers_with(discord, verification_uri=good, verification_uri_complete=good)
    async with at_sign_in(reason="[bold]Sorry[/bold], [") as visitor:
        await visitor.sees("good for ")
        await visitor.reads("#sign-in-message", "[bold]Sorry[/bold], [")
        await visitor.reads("#sign-in-link", good)
        await visitor.reads("#sign-in-how", good)
        assert read_qr(screen_strips(visitor.app)) in (good, None)
        link_region = visitor.whole("#sign-in-link").region
        visitor.click(link_region.x + link_region.width // 2, link_region.y)
        await visitor.until(lambda: browser.opened == [good], "the browser")
        assert visitor.app.is_running
        await visitor.press("r")
        for name, link in BAD_LINKS:
            await sees_code(visitor, discord)
            answers_with(discord, **{name: link})
            await visitor.press("r")
            await visitor.sees("Discord named a link that is not https. Nothing was opened.")
            await visitor.press("enter")
            assert "activate" not in visitor.text()
            assert "evil" not in visitor.text()
            await visitor.press("r")
    assert browser.opened == [good]


async def test_a_member_without_access_sees_why_and_nothing_secret(discord: FakeDiscord) -> None:
    discord.membership = None
    discord.person = Person(username="[bold]x", global_name="[red]Evil\x1b[2J[/red]\n[")
    async with at_sign_in((120, 40)) as visitor:
        code = await sees_code(visitor, discord)
        await visitor.until(lambda: bool(discord.requests_to(TOKEN)), "a poll")
        assert code in visitor.app.export_screenshot()
        visitor.assert_secret(*discord.issued)
        discord.approve()
        await visitor.sees("· [red]Evil [2J[/red] [", "is not in this guild on Discord")
        await visitor.sees("r Ask again")
        assert len(discord.issued) == 3
        visitor.assert_secret(*discord.issued)
        visitor.assert_laid_out()
        await visitor.press("escape")
        await visitor.ends()
        assert visitor.navigation_request is None
