"""The access check, and a sign-in with hostile answers: the reason is shown, and nothing else."""

from __future__ import annotations

import os

import pytest

from helpers.build import add, to_deep_desert
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, grow_old
from helpers.qr_reader import read_qr
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config
from tracker_tui.sync.local_store import pending_count
from ui.conftest import RESOURCES, screen_strips
from ui.guild_on_server import RemoteGuild
from ui.sign_in.player import (
    ENTERED,
    HOUR,
    LINK,
    TOKEN,
    Browser,
    Visitor,
    add_pending,
    answers_with,
    at_sign_in,
    sees_code,
    stored_files,
)

OF_THE_GUILD = (*(resource.name for resource in RESOURCES), "Hagga", "Deep Desert", "critical")
"""Words that only members may see."""
KEYS = ("r Ask again", "s Sign in as somebody else", "esc Quit")


WHY = {
    # Outside the guild there is no nickname.
    "not in the guild": (
        lambda discord: setattr(discord, "membership", None),
        "Paul Atreides is not in this guild on Discord",
    ),
    "no role that may enter": (
        lambda discord: setattr(discord, "membership", Membership(roles=[GUEST_ROLE])),
        "has no role that may enter. Only Mahdi, Naib or Fremen may see this guild's resources.",
    ),
    "Discord is away": (
        lambda discord: discord.fail_always("*", Fault.hang_up()),
        "until Discord can be asked again. Discord cannot be reached. Try again later.",
    ),
    "Discord is busy": (
        lambda discord: discord.fail_always("*", Fault.too_many(41.5)),
        "Discord asks for a pause of 42 s.",
    ),
}


def barred(discord: FakeDiscord, why: str) -> str:
    """Withdraw the member's access; return the reason that the screen must show."""
    happens, message = WHY[why]
    happens(discord)
    grow_old(load_config(os.environ), 29 * HOUR)
    return message


def assert_nothing_seen(visitor: Visitor) -> None:
    shown = visitor.text() + visitor.app.export_screenshot().replace("&#160;", " ")
    assert [part for part in OF_THE_GUILD if part in shown] == []


async def sees_message(visitor: Visitor, message: str) -> None:
    await visitor.reads("#access-check-message", message)


def comes_back(discord: FakeDiscord) -> None:
    discord.heal()
    discord.membership = Membership(roles=[MEMBER_ROLE])


SIZES = ((60, 20), (40, 12), (80, 24))


async def test_the_reason_fits_every_size(inhabited: RemoteGuild, discord: FakeDiscord) -> None:
    config = load_config(os.environ)
    changes = (add(77_123), to_deep_desert(55_321))
    outbox = add_pending(config, *(each._replace(reason="zensunni code") for each in changes))
    message = barred(discord, "Discord is busy")
    async with at_sign_in() as visitor:
        await sees_message(visitor, message)
        await visitor.sees("localhost · ", *KEYS)
        for why in ("Discord is away", "no role that may enter", "not in the guild"):
            discord.heal()
            happens, message = WHY[why]
            happens(discord)
            # Cached rows stay while Discord is unreachable, and go when access is lost.
            kept = {"replica.db"} if why != "not in the guild" else set()
            assert stored_files(config) == kept
            await visitor.press("r")
            await sees_message(visitor, message)
            assert_nothing_seen(visitor)
            visitor.assert_secret(*discord.issued)
            visitor.assert_laid_out()
            if why != "Discord is away":
                await visitor.until(lambda: stored_files(config) == set(), "no copies")
        for size in SIZES:
            await visitor.resize(*size)
            await sees_message(visitor, message)
            assert "Discord cannot be reached" not in visitor.text()
            pending = "2 changes are pending on this machine until you may enter again."
            await visitor.reads("#access-check-pending", pending, "tracker-tui logout --discard")
            visitor.assert_secret("77,123", "77123", "55,321", "55321", "zensunni", "spice")
            visitor.assert_laid_out()
        # The palette offers only what the sign-in has.
        await visitor.press("ctrl+p")
        await visitor.sees("Join a guild", "Quit")
        for part in ("Switch profile", "Sign out", "History", "Outbox", "Undo", "Filter"):
            assert part not in visitor.text()
        assert_nothing_seen(visitor)
        await visitor.press("escape")
        assert pending_count(outbox.parent) == 2
        comes_back(discord)
        visitor.burst("rrrrrr")
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


async def test_s_signs_in_as_another_member(inhabited: RemoteGuild, discord: FakeDiscord) -> None:
    add_pending(load_config(os.environ), add(5), add(6))
    message = barred(discord, "not in the guild")
    session_store = SessionStore(load_config(os.environ))
    async with at_sign_in() as visitor:
        await sees_message(visitor, message)
        await visitor.reads("#access-check-pending", "2 changes are pending")
        await visitor.press("s")
        await visitor.sees("Sign in with Discord", "good for ")
        assert visitor.message == ""
        # Without access they see their own name.
        discord.person = Person(id="42", username="chani", global_name="Chani")
        discord.approve()
        await sees_message(visitor, "Chani is not in this guild on Discord")
        assert "Muad'Dib" not in visitor.text()
        assert visitor.within("#access-check-pending") == "", "changes of another member"
        assert_nothing_seen(visitor)
        await visitor.press("s")
        await visitor.sees("good for ")
        comes_back(discord)
        discord.person = Person(id="43", username="usul", global_name="Usul")
        discord.membership = Membership(nick=None, roles=[MEMBER_ROLE])
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED
    session = session_store.load()
    assert session is not None
    assert (session.member_id, session.name) == ("43", "Usul")


async def test_a_rejected_session_is_replaced(inhabited: RemoteGuild, discord: FakeDiscord) -> None:
    discord.revoke()
    grow_old(load_config(os.environ), 29 * HOUR)
    async with at_sign_in() as visitor:
        await visitor.sees("Sign in with Discord", "good for ")
        message = "Discord does not accept the sign-in of this machine any more"
        await visitor.reads("#sign-in-message", message)
        assert SessionStore(load_config(os.environ)).load() is None
        assert_nothing_seen(visitor)
        visitor.assert_laid_out()
        visitor.assert_secret(*discord.issued)
        discord.approve()
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_an_unreadable_outbox_hides_no_reason_and_esc_or_q_quit(
    inhabited: RemoteGuild, discord: FakeDiscord, key: str
) -> None:
    add_pending(load_config(os.environ), add(5)).write_bytes(b"no database" * 500)
    message = barred(discord, "not in the guild")
    async with at_sign_in() as visitor:
        await sees_message(visitor, message)
        assert visitor.within("#access-check-pending") == ""
        await visitor.press(key)
        await visitor.ends()
        assert visitor.navigation_request is None
    assert SessionStore(load_config(os.environ)).load() is not None


# Quitting


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


async def test_hostile_links_and_reasons_are_text(discord: FakeDiscord, browser: Browser) -> None:
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
