"""Access that is lost while the dashboard runs, and what stays out of sight without it."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.command import CommandPalette

from helpers.build import add
from helpers.discord import FakeDiscord, Fault, Person
from helpers.membership import GUEST_ROLE, grow_old, sign_in
from helpers.proxy import Proxy, cut_before, proxy_to
from tracker_tui.config.settings import load_config
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.errors import NotPermitted
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.sync.local_store import pending_count
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.navigation import NavigationRequest
from ui.conftest import RESOURCES, SECONDS, WIDE, Player, in_front_of
from ui.guild_on_server import RemoteGuild, poll_eagerly
from ui.history_rows import STILGAR, add_user, opens, table_lines, table_of
from ui.sign_in.player import (
    AT_ONCE,
    HANGS,
    HOUR,
    WHO,
    ends,
    guild,
    inside,
    polls_until,
    sees_message,
    set_roles,
    signs_in,
    store_of,
    stored_files,
)

__all__ = ["guild"]

TABR = "Sietch Tabr"


async def test_losing_access_closes_the_dashboard_and_removes_all_but_pending_changes(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(guild)
    with proxy_to(guild.url) as proxy:
        monkeypatch.setenv("TURSO_DATABASE_URL", proxy.url)
        sign_in(discord)
        await loses_access(guild, discord, proxy)
    assert guild.history("water") == []


async def loses_access(guild: RemoteGuild, discord: FakeDiscord, proxy: Proxy) -> None:
    config = load_config(os.environ)
    folder = store_of(config)
    async with inside(guild) as player:
        tracker, change = player.app.tracker, add(5, resource_id="water")
        query_cache = tracker.query_cache
        question = query_cache.history(HistoryFilter())
        await opens(player, "2")
        assert query_cache.cached(question).result(SECONDS) is not None
        assert "Stilgar of Tabr" in tracker.names.values()
        assert TABR in tracker.places.values()
        assert stored_files(config) >= {"replica.db", "pages.db"}
        proxy.fate = cut_before
        player.burst("1/water\r+5\r")
        await player.sees("↑ 1 pending")
        set_roles(discord, [GUEST_ROLE], player)
        navigation_request = await ends(player)
        # No change is accepted any more.
        tracker.submit([change]).result(SECONDS)
        assert tracker.pending() == []
        assert tracker.resources() == []
        assert tracker.resource("water") is tracker.projected("water") is None
        assert tracker.names == {}
        assert TABR not in tracker.places.values()
        assert query_cache.cached(question).result(SECONDS) is None
        with pytest.raises(NotPermitted):
            query_cache.ask(question).result(SECONDS)
        with pytest.raises(NotPermitted):
            tracker.edit(change)
    message = "Muad'Dib has no role that may enter. Only Mahdi"
    assert navigation_request.profile is None
    assert message in navigation_request.reason
    assert not navigation_request.has_entered
    assert {path.name for path in folder.glob("*.db")} == {"outbox.db"}
    assert pending_count(folder) == 1
    sent = proxy.count
    with pytest.raises(NotPermitted):
        Tracker(config)
    assert proxy.count == sent


# Discord may answer before the screen listens.
async def test_without_access_no_screen_is_shown(guild: RemoteGuild, discord: FakeDiscord) -> None:
    set_roles(discord, None)
    tracker = Tracker(load_config(os.environ))
    tracker.open()
    deadline = time.monotonic() + SECONDS
    while tracker.membership.is_admitted:
        assert time.monotonic() < deadline, "Discord was never asked"
        tracker.poll()
    async with in_front_of(tracker, guild, WIDE) as player:
        navigation_request = await ends(player)
    assert "is not in this guild on Discord" in navigation_request.reason


async def test_the_dashboard_opens_and_quits_at_once_while_discord_hangs(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord.fail_always("*", Fault.hang(HANGS))
    grow_old(load_config(os.environ), 5 * HOUR)
    async with inside(guild) as player:
        await player.until(lambda: bool(discord.seen), "the question")
        await player.sees("Steel Ingot")
        began = time.monotonic()
        player.burst("q")
        await player.leaves()
    assert time.monotonic() - began < AT_ONCE


async def test_rights_remain_for_28_hours(guild: RemoteGuild, discord: FakeDiscord) -> None:
    signs_in(discord, WHO["officer"])
    discord.fail_always("*", Fault.hang_up())
    grow_old(load_config(os.environ), 27 * HOUR)
    async with inside(guild) as player:
        await player.sees("Muad'Dib ▲ roles read 1 d ago")
        player.assert_laid_out()
        await opens(player, "2")
        await player.sees("▲ roles read 1 d ago")
        await player.press("x")
        await sees_message(player, "rows written to ")
        discord.heal()
        await polls_until(player, lambda: "roles read" not in player.text(), "an end of that")
        discord.fail_always("*", Fault.too_many(3_600))
        advance_clock(player.app.tracker, 29 * HOUR)
        navigation_request = await ends(player)
    assert "Your roles were last read from Discord 1 d ago." in navigation_request.reason
    assert stored_files(load_config(os.environ)) >= {"replica.db"}


def advance_clock(tracker: Tracker, seconds: float) -> None:
    membership: Any = tracker.membership
    for part in (membership, membership._policy, membership._member_check):
        part._clock = lambda: time.time() + seconds


async def test_a_sign_out_by_another_program_ends_the_dashboard_without_a_key(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    config = load_config(os.environ)
    async with inside(guild) as player:
        await opens(player, "2")
        guild_membership_of(config).sign_out()
        await player.leaves()
        navigation_request = player.app.return_value
    assert isinstance(navigation_request, NavigationRequest)
    assert "You are not signed in." in navigation_request.reason
    assert stored_files(config) == set()


async def test_another_person_sees_nothing(guild: RemoteGuild, discord: FakeDiscord) -> None:
    async with inside(guild) as player:
        discord.person = Person(id="42", username="chani", global_name="Chani")
        sign_in(discord)
        navigation_request = await ends(player)
    assert navigation_request == NavigationRequest(
        None, reason="Another member has signed in on this machine."
    )
    assert guild_membership_of(load_config(os.environ)).member.id == "42"


PLANTED = (
    *(resource.name for resource in RESOURCES),
    *("Stilgar of Tabr", "zensunni password", TABR, "70,001", "Refined"),
)
"""Data that only members may see; none of it is text of the program."""


def plant(guild: RemoteGuild) -> None:
    """Put names into every table of the guild's database."""
    guild.sql("UPDATE resource_history SET reason = 'zensunni password' WHERE id LIKE 'run%'")
    add_user(guild, STILGAR, "Stilgar of Tabr")
    guild.name_hagga(TABR)


async def visit_everything(player: Player, look: Callable[[], object]) -> None:
    """Open every screen and dialog, and call `look` on each."""
    for keys in (
        *(["enter"], ["escape", "f"], ["escape", "o"], ["escape", "slash", "s", "p"], ["escape"]),
        *(["2"], ["enter"], ["escape", "f"], ["escape", "3"], ["enter"], ["escape", "4"]),
        *(["enter"], ["escape", "1"]),
    ):
        await player.press(*keys)
        await player.pilot.pause()
        look()
    await player.press("ctrl+p")
    await player.until(lambda: isinstance(player.app.screen, CommandPalette), "the palette")
    player.burst("spice")
    await player.until(lambda: "No matches" in player.text() or "Spice M" in player.text())
    look()
    await player.press("escape")


@asynccontextmanager
async def shut_out(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Player]:
    """Open a dashboard without access that stays open nevertheless."""
    tracker = Tracker(load_config(os.environ))
    discord.fail_always("*", Fault.hang_up())
    advance_clock(tracker, 30 * HOUR)
    monkeypatch.setattr(TrackerApp, "exit", lambda *_, **__: None)
    tracker.open()
    async with in_front_of(tracker, guild, WIDE) as player:
        await player.until(lambda: player.app.resources.is_ready, "the first screen")
        assert not tracker.membership.is_admitted
        yield player


def shown_of_guild(player: Player) -> set[str]:
    shown = player.text() + player.app.export_screenshot().replace("&#160;", " ")
    return {part for part in PLANTED if part in shown}


async def test_no_screen_shows_member_data_without_access(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(guild)
    seen: set[str] = set()
    async with inside(guild) as player:
        await visit_everything(player, lambda: seen.update(shown_of_guild(player)))
    assert seen == set(PLANTED)
    # All of it is cached on this machine now.
    assert stored_files(load_config(os.environ)) >= {"replica.db", "pages.db"}
    seen.clear()
    async with shut_out(guild, discord, monkeypatch) as player:
        await visit_everything(player, lambda: seen.update(shown_of_guild(player)))
        # A forbidden read is not repeated.
        for screen in "24":
            await player.press(screen)
            await player.until(lambda: table_of(player).trouble is not None, "a refusal")
            await player.until(lambda: not table_of(player).is_reading, "an end of the reading")
            assert shown_of_guild(player) == set()
            assert "Your roles were last read" in "".join(table_lines(player))
    assert seen == set()
