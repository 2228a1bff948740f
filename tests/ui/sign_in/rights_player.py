"""A member in a guild's dashboard, whose roles on Discord change."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from helpers.discord import FakeDiscord, Membership
from helpers.membership import (
    ADMIN_ROLE,
    MEMBER_ROLE,
    OFFICER_ROLE,
    grow_old,
    sign_in,
)
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.navigation import NavigationRequest
from ui.conftest import WIDE, Player, in_front_of
from ui.guild_on_server import RemoteGuild, never_poll
from ui.history_rows import record
from ui.sign_in.player import (
    HOUR,
    notification_texts,
)

WHO = {
    "member": [MEMBER_ROLE],
    "officer": [OFFICER_ROLE],
    "admin": [ADMIN_ROLE],
    "officer and admin": [OFFICER_ROLE, ADMIN_ROLE],
}


@pytest.fixture
def guild(inhabited: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """A guild with a history; the dashboard polls only when a test calls it."""
    never_poll(monkeypatch)
    monkeypatch.setattr("tracker_tui.auth.guild_membership._FIRST_PAUSE", 0.05)
    inhabited.sql("DELETE FROM resource_history")
    now = int(time.time())
    for number in range(3):
        record(inhabited, f"run{number}", 70_001 + number, created_at=now - 60 * number - 5)
    return inhabited


def set_roles(discord: FakeDiscord, roles: list[str] | None, player: Player | None = None) -> None:
    """Set the member's roles (None: no longer in the guild), and poll."""
    discord.membership = None if roles is None else Membership(roles=roles)
    grow_old(load_config(os.environ), 5 * HOUR)
    if player is not None:
        player.app.tracker.poll()


async def polls_until(player: Player, holds: Callable[[], bool], what: str) -> None:

    def looked() -> bool:
        player.app.tracker.poll()
        return holds()

    await player.until(looked, what)


def signs_in(discord: FakeDiscord, roles: list[str]) -> None:
    discord.membership = Membership(roles=roles)
    sign_in(discord)
    discord.seen.clear()


@asynccontextmanager
async def inside(
    guild: RemoteGuild, size: tuple[int, int] = WIDE, *, tracker: Tracker | None = None
) -> AsyncIterator[Player]:
    tracker = tracker or Tracker(load_config(os.environ))
    tracker.open()
    async with in_front_of(tracker, guild, size) as player:
        await player.sees("Steel Ingot", "● online")
        yield player


async def sees_message(player: Player, message: str) -> None:
    await player.until(lambda: message in notification_texts(player), message)


async def ends(player: Player) -> NavigationRequest:
    """Wait until the dashboard has ended by itself; return its navigation request."""
    player.app.tracker.poll()
    await player.leaves()
    navigation_request = player.app.return_value
    assert isinstance(navigation_request, NavigationRequest)
    return navigation_request
