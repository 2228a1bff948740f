"""The access check of a member without access: it shows the reason, and nothing else."""

from __future__ import annotations

import os

import pytest

from helpers.build import add, to_deep_desert
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, grow_old
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config
from tracker_tui.sync.local_store import pending_count
from ui.conftest import RESOURCES
from ui.guild_on_server import RemoteGuild
from ui.sign_in.player import (
    AT_ONCE,
    AUTHORIZE,
    ENTERED,
    HANGS,
    HOUR,
    ME,
    Visitor,
    add_pending,
    at_sign_in,
    background_work_ends,
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


async def test_the_reason_follows_discord_and_fits_every_size_until_r_enters(
    inhabited: RemoteGuild, discord: FakeDiscord
) -> None:
    config = load_config(os.environ)
    outbox = add_pending(config, add(5))
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
            pending = "1 change is pending on this machine until you may enter again."
            await visitor.reads("#access-check-pending", pending, "tracker-tui logout --discard")
            visitor.assert_laid_out()
        # The palette offers only what the sign-in has.
        await visitor.press("ctrl+p")
        await visitor.sees("Join a guild", "Quit")
        for part in ("Switch profile", "Sign out", "History", "Outbox", "Undo", "Filter"):
            assert part not in visitor.text()
        assert_nothing_seen(visitor)
        await visitor.press("escape")
        assert pending_count(outbox.parent) == 1
        comes_back(discord)
        visitor.burst("rrrrrr")
        await visitor.ends()
        assert visitor.navigation_request == ENTERED


# Signing in as another member


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


async def test_a_rejected_session_asks_for_a_new_sign_in(
    inhabited: RemoteGuild, discord: FakeDiscord
) -> None:
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


# Pending changes


async def test_pending_changes_are_only_counted(
    inhabited: RemoteGuild, discord: FakeDiscord
) -> None:
    changes = (add(77_123), to_deep_desert(55_321), add(3))
    add_pending(load_config(os.environ), *(c._replace(reason="zensunni code") for c in changes))
    why = barred(discord, "not in the guild")
    async with at_sign_in() as visitor:
        await sees_message(visitor, why)
        message = "3 changes are pending"
        await visitor.reads("#access-check-pending", message, "tracker-tui logout --discard")
        assert_nothing_seen(visitor)
        visitor.assert_secret("77,123", "77123", "55,321", "55321", "zensunni", "spice")
        # Access is granted while the palette is open.
        comes_back(discord)
        discord.seen.clear()
        await visitor.press("r", "ctrl+p")
        session_store = SessionStore(load_config(os.environ))
        await visitor.until(lambda: session_store.load().is_in_guild, "the answer")  # type: ignore[union-attr]
        await background_work_ends()
        await visitor.press("escape")
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


@pytest.mark.parametrize("keys", [["ctrl+q"], ["s", "escape"]])
async def test_a_hanging_discord_shows_checking_and_quits_at_once(
    inhabited: RemoteGuild, discord: FakeDiscord, keys: list[str]
) -> None:
    discord.fail_always(ME, Fault.hang(HANGS))
    grow_old(load_config(os.environ), 29 * HOUR)
    async with at_sign_in() as visitor:
        await visitor.until(lambda: bool(discord.requests_to(ME)), "the question")
        await sees_message(visitor, "Checking your access with Discord …")
        assert_nothing_seen(visitor)
        # Another member can sign in meanwhile.
        for key in keys[:-1]:
            await visitor.press(key)
            await visitor.sees("good for ")
            assert len(discord.requests_to(AUTHORIZE)) == 1
        await visitor.press(keys[-1])
        assert await visitor.ends() < AT_ONCE
        assert visitor.navigation_request is None
    # Leaving a second sign-in keeps the first session.
    assert SessionStore(load_config(os.environ)).load() is not None
