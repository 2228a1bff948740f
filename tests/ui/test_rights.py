"""The rights of a member: the dashboard offers, shows and does nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette

from helpers.build import add
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.membership import (
    ADMIN_ROLE,
    GUEST_ROLE,
    MEMBER_ROLE,
    OFFICER_ROLE,
    grow_old,
    sign_in,
)
from helpers.proxy import cut_before, proxy_to
from tracker_tui.config.settings import load_config
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.errors import NotPermitted
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.sync.local_store import pending_count
from tracker_tui.tracker.csv_export import export_history
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.navigation import NavigationRequest
from ui.conftest import RESOURCES, SECONDS, WIDE, Player, in_front_of
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly
from ui.history_rows import entries, opens, record, table_lines, table_of
from ui.sign_in_player import (
    AT_ONCE,
    HANGS,
    HOUR,
    ME,
    discord,
    harmless,
    inhabited,
    notification_texts,
    quick_polls,
    store_of,
    stored_files,
)

__all__ = ["discord", "harmless", "inhabited", "quick_polls"]

WHO = {
    "member": [MEMBER_ROLE],
    "officer": [OFFICER_ROLE],
    "admin": [ADMIN_ROLE],
    "officer and admin": [OFFICER_ROLE, ADMIN_ROLE],
}
MAY_EXPORT, MAY_DELETE = {"officer", "officer and admin"}, {"admin", "officer and admin"}
NO_DELETE = "Only Mahdi may delete entries of the history. Ask one of them."
NO_EXPORT = "Only Naib may export CSV. Ask one of them."
CSV_HELP, DELETE_HELP = (
    "Export the entries shown as a CSV file",
    "Delete this entry; quantities stay (admins)",
)
STILGAR = "7001"
TABR = "Sietch Tabr"


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
    """Poll until a condition holds."""

    def looked() -> bool:
        player.app.tracker.poll()
        return holds()

    await player.until(looked, what)


def signs_in(discord: FakeDiscord, roles: list[str]) -> None:
    """Sign the member in with these roles."""
    discord.membership = Membership(roles=roles)
    sign_in(discord)
    discord.seen.clear()


@asynccontextmanager
async def inside(
    guild: RemoteGuild, size: tuple[int, int] = WIDE, *, tracker: Tracker | None = None
) -> AsyncIterator[Player]:
    """Open the guild's dashboard and wait for its rows."""
    tracker = tracker or Tracker(load_config(os.environ))
    tracker.open()
    async with in_front_of(tracker, guild, size) as player:
        await player.sees("Steel Ingot", "● online")
        yield player


async def sees_message(player: Player, message: str) -> None:
    """Wait for a notification with this text."""
    await player.until(lambda: message in notification_texts(player), message)


async def ends(player: Player) -> NavigationRequest:
    """Wait until the dashboard has ended by itself; return its navigation request."""
    player.app.tracker.poll()
    await player.leaves()
    navigation_request = player.app.return_value
    assert isinstance(navigation_request, NavigationRequest)
    return navigation_request


async def lines_in_help(player: Player) -> list[str]:
    """Return the lines of the help for this screen."""
    await player.press("question_mark")
    await player.sees("Typing a change")
    lines = player.dialog()
    await player.press("escape")
    await player.sees_no("Typing a change")
    return lines


async def lines_in_palette(player: Player) -> list[str]:
    """Return the lines of the palette."""
    await player.press("ctrl+p")
    # Two providers: one has our commands, the other those of Textual.
    await player.sees("Member, resource, reason", "Change the current theme")
    lines = player.lines()
    await player.press("escape")
    await player.sees_no("Change the current theme")
    return lines


def any_in(parts: Iterable[str], lines: Iterable[str]) -> set[str]:
    text = "\n".join(lines)
    return {part for part in parts if part in text}


def wanted(who: str) -> set[str]:
    """Return the help texts that this member must see."""
    csv = {CSV_HELP} if who in MAY_EXPORT else set()
    return csv | ({DELETE_HELP} if who in MAY_DELETE else set())


# Offered commands


@pytest.mark.parametrize("who", WHO)
async def test_only_commands_that_the_roles_allow_are_offered(
    guild: RemoteGuild, discord: FakeDiscord, who: str
) -> None:
    signs_in(discord, WHO[who])
    async with inside(guild, (120, 60)) as player:
        await opens(player, "2")
        await player.sees("+70,001")
        for look in (lines_in_help, lines_in_palette):
            assert any_in([CSV_HELP, DELETE_HELP], await look(player)) == wanted(who)
        assert ("x CSV" in player.lines()[-1]) == (who in MAY_EXPORT)
        await player.press("enter")
        await player.sees("Reason", "esc back")
        assert ("delete   esc back" in player.text()) == (who in MAY_DELETE)


async def enabled(player: Player) -> dict[str, set[str]]:
    """Return the keys offered on each main screen."""
    offered = {}
    for screen in "1234":
        await player.press(screen)
        await player.pilot.pause()
        found = player.app.screen.active_bindings.values()
        offered[screen] = {active.binding.id or "" for active in found if active.enabled}
    return offered


async def test_all_other_keys_are_the_same_for_every_role(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["officer and admin"])
    async with inside(guild) as player:
        everything = await enabled(player)
        for who in ("member", "officer", "admin"):
            rights = player.app.tracker.member.rights
            set_roles(discord, WHO[who], player)
            await player.until(
                lambda rights=rights: player.app.tracker.member.rights != rights, "other rights"
            )
            may = {"history.export": MAY_EXPORT, "history.delete": MAY_DELETE}
            lacks = {key for key, those in may.items() if who not in those}
            for screen, offered in (await enabled(player)).items():
                assert everything[screen] - offered == (lacks if screen in "24" else set())
                assert offered <= everything[screen]


@pytest.mark.parametrize("screen", ["2", "4"])
async def test_a_key_that_is_not_allowed_says_who_may(guild: RemoteGuild, screen: str) -> None:
    async with inside(guild) as player:
        if screen == "4":
            player.burst("+5\r")
            await player.settles(4)
        await player.press(screen)
        await player.until(lambda: bool(entries(player)), "the entries")
        before = guild.history()
        await player.press("delete")
        await sees_message(player, NO_DELETE)
        await player.press("x")
        await sees_message(player, NO_EXPORT)
        assert "Delete this entry" not in player.text()
        await player.press("enter")
        await player.sees("Reason", "esc back")
        await player.press("delete")
        await player.pilot.pause()
        assert "Delete this entry" not in player.text()
        assert guild.history() == before
        with pytest.raises(NotPermitted, match="Only Mahdi may delete"):
            player.app.tracker.delete_entry(an_entry(player))
        with pytest.raises(NotPermitted, match="Only Naib may export CSV"):
            export(player, guild.path.parent / "x.csv")
    assert guild.history() == before
    assert not (guild.path.parent / "x.csv").exists()


def an_entry(player: Player) -> Any:
    entry = player.app.screen_stack[1].table.highlighted  # type: ignore[attr-defined]
    assert entry is not None
    return entry


def export(player: Player, path: Path) -> bool:
    """Export the history through the tracker, without the screen."""
    tracker = player.app.tracker
    return export_history(tracker, HistoryFilter(), path, lambda _: True, lambda: False)


async def test_an_officer_exports_and_an_admin_deletes(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["officer and admin"])
    async with inside(guild) as player:
        await opens(player, "2")
        await player.press("x")
        await sees_message(player, "rows written to ")
        await player.press("down", "delete")
        await player.sees("Delete this entry of the history?")
        await player.press("down", "enter")
        await sees_message(player, "Deleted the entry; quantities stay.")
    assert len(guild.history()) == 2


# Roles that change while it runs


async def test_new_rights_are_offered_at_once(guild: RemoteGuild, discord: FakeDiscord) -> None:
    async with inside(guild, (120, 60)) as player:
        await opens(player, "2")
        assert "x CSV" not in player.lines()[-1]
        assert any_in([CSV_HELP, DELETE_HELP], await lines_in_help(player)) == set()
        set_roles(discord, WHO["officer and admin"], player)
        await sees_message(
            player, "Your roles changed: you may see everything, add, remove, set, mo"
        )
        await player.sees("x CSV")
        both = {CSV_HELP, DELETE_HELP}
        assert any_in(both, await lines_in_help(player)) == both
        assert any_in(both, await lines_in_palette(player)) == both
        await player.press("down", "delete")
        await player.sees("Delete this entry of the history?")


async def test_actions_of_lost_rights_are_no_longer_offered(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["officer and admin"])
    async with inside(guild, (120, 60)) as player:
        await opens(player, "2")
        await player.sees("x CSV")
        set_roles(discord, WHO["member"], player)
        may = "see everything, add, remove, set, move"
        await sees_message(player, f"Your roles changed: you may {may}.")
        await player.sees_no("x CSV")
        assert any_in([CSV_HELP, DELETE_HELP], await lines_in_help(player)) == set()
        assert any_in([CSV_HELP, DELETE_HELP], await lines_in_palette(player)) == set()
        await player.press("down", "delete")
        await sees_message(player, NO_DELETE)
        with pytest.raises(NotPermitted):
            player.app.tracker.delete_entry(an_entry(player))
        # The rights of plain members remain.
        player.burst("1/water\r+5\r")
        await player.settles(4)


async def test_an_open_confirmation_deletes_nothing_once_the_right_is_lost(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["admin"])
    async with inside(guild) as player:
        await opens(player, "2")
        await player.press("down", "delete")
        await player.sees("Delete this entry of the history?")
        set_roles(discord, WHO["member"], player)
        await player.sees("Your roles changed")
        await player.press("down", "enter")
        await sees_message(player, f"Not deleted. {NO_DELETE}")
    assert len(guild.history()) == 3


async def test_an_open_entry_updates_its_keys_with_the_rights(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["admin"])
    async with inside(guild) as player:
        await opens(player, "2")
        await player.press("down", "enter")
        await player.sees("delete   esc back")
        set_roles(discord, WHO["member"], player)
        await player.sees("Your roles changed")
        await player.sees_no("delete   esc back")


async def test_a_role_without_effect_on_rights_is_not_reported(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    async with inside(guild) as player:
        set_roles(discord, [MEMBER_ROLE, GUEST_ROLE], player)
        await player.until(lambda: bool(discord.requests_to(ME)), "the question")
        await player.until(
            lambda: (
                guild_membership_of(load_config(os.environ)).session.role_ids  # type: ignore[union-attr]
                == (MEMBER_ROLE, GUEST_ROLE)
            ),
            "the answer",
        )
        await player.pilot.pause()
        assert "Your roles changed" not in player.text()
        assert player.app.is_running


# Access that is lost while it runs


LOST: dict[str, tuple[list[str] | None, str]] = {
    "not in the guild": (None, "Paul Atreides is not in this guild on Discord"),
    "no role that may enter": ([GUEST_ROLE], "Muad'Dib has no role that may enter. Only Mahdi"),
}


@pytest.mark.parametrize("how", LOST)
async def test_losing_access_closes_the_dashboard_and_removes_cached_rows(
    guild: RemoteGuild, discord: FakeDiscord, how: str
) -> None:
    roles, message = LOST[how]
    config = load_config(os.environ)
    folder = store_of(config)
    async with inside(guild) as player:
        await opens(player, "2")
        assert stored_files(config) >= {"replica.db", "pages.db"}
        set_roles(discord, roles, player)
        navigation_request = await ends(player)
    assert navigation_request.profile is None
    assert message in navigation_request.reason
    assert not navigation_request.has_entered
    assert stored_files(config) == set()
    assert (folder / "outbox.db").exists()


async def test_pending_changes_stay_when_access_is_lost(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_to(guild.url) as proxy:
        monkeypatch.setenv("TURSO_DATABASE_URL", proxy.url)
        sign_in(discord)
        config = load_config(os.environ)
        folder = store_of(config)
        async with inside(guild) as player:
            proxy.fate = cut_before
            player.burst("/water\r+5\r")
            await player.sees("↑ 1 pending")
            set_roles(discord, None, player)
            await ends(player)
        assert pending_count(folder) == 1
        assert not (folder / "replica.db").exists()
        sent = proxy.count
        with pytest.raises(NotPermitted):
            Tracker(config)
        assert proxy.count == sent
    assert [row[1] for row in guild.history("water")] == []


# Discord may answer before the screen listens.
async def test_without_access_no_first_screen_is_shown(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
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


async def test_the_dashboard_polls_by_itself(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with inside(guild) as player:
        await player.press("3")
        set_roles(discord, None)
        await player.leaves()
        assert player.app.return_value is not None


async def test_no_change_is_accepted_after_access_is_lost(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    plant(guild)
    async with inside(guild) as player:
        tracker, change = player.app.tracker, add(5, resource_id="water")
        query_cache = tracker.query_cache
        question = query_cache.history(HistoryFilter())
        await opens(player, "2")
        assert query_cache.cached(question).result(SECONDS) is not None
        assert "Stilgar of Tabr" in tracker.names.values()
        assert TABR in tracker.places.values()
        set_roles(discord, None, player)
        await ends(player)
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
    assert guild.history("water") == []


# Discord is unreachable


async def test_while_discord_is_down_the_status_bar_shows_the_age_of_the_roles(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    discord.fail_always("*", Fault.hang_up())
    grow_old(load_config(os.environ), 5 * HOUR)
    async with inside(guild) as player:
        await player.sees("Muad'Dib ▲ roles read 5 h ago")
        player.assert_laid_out()
        player.burst("/water\r+5\r")
        await player.settles(4)
        await player.press("2")
        await player.sees("▲ roles read 5 h ago")
        discord.heal()
        await polls_until(player, lambda: "roles read" not in player.text(), "an end of that")
        await player.press("1")
        await player.sees_no("roles read")
    assert guild.quantities("water") == (12, 0)


async def test_rights_remain_while_discord_is_down(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    signs_in(discord, WHO["officer"])
    discord.fail_always("*", Fault.too_many(3_600))
    grow_old(load_config(os.environ), 27 * HOUR)
    async with inside(guild) as player:
        await player.sees("▲ roles read 1 d ago")
        await opens(player, "2")
        await player.press("x")
        await sees_message(player, "rows written to ")


async def test_the_dashboard_opens_and_quits_at_once_while_discord_hangs(
    guild: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord.fail_always("*", Fault.hang(HANGS))
    grow_old(load_config(os.environ), 5 * HOUR)
    began = time.monotonic()
    async with inside(guild) as player:
        await player.until(lambda: bool(discord.seen), "the question")
        await player.sees("Steel Ingot")
        player.burst("q")
        await player.leaves()
    assert time.monotonic() - began < AT_ONCE + 2


async def test_the_dashboard_ends_after_28_hours_without_discord(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    discord.fail_always("*", Fault.hang_up())
    grow_old(load_config(os.environ), 27 * HOUR)
    async with inside(guild) as player:
        await player.sees("▲ roles read 1 d ago")
        advance_clock(player.app.tracker, 2 * HOUR)
        navigation_request = await ends(player)
    assert "Your roles were last read from Discord 1 d ago." in navigation_request.reason
    assert stored_files(load_config(os.environ)) >= {"replica.db"}


def advance_clock(tracker: Tracker, seconds: float) -> None:
    """Advance the clock of the membership."""
    membership: Any = tracker.membership
    for part in (membership, membership._policy, membership._member_check):
        part._clock = lambda: time.time() + seconds


# Other programs on this machine


async def test_a_sign_out_by_another_program_ends_the_dashboard(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    config = load_config(os.environ)
    async with inside(guild) as player:
        await opens(player, "2")
        guild_membership_of(config).sign_out()
        navigation_request = await ends(player)
    assert "You are not signed in." in navigation_request.reason
    assert stored_files(config) == set()


async def test_a_second_person_sees_nothing_of_the_first(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    async with inside(guild) as player:
        discord.person = Person(id="42", username="chani", global_name="Chani")
        sign_in(discord)
        navigation_request = await ends(player)
    assert navigation_request == NavigationRequest(
        None, reason="Another member has signed in on this machine."
    )
    assert guild_membership_of(load_config(os.environ)).member.id == "42"


async def test_the_same_person_continues_after_a_new_sign_in(
    guild: RemoteGuild, discord: FakeDiscord
) -> None:
    async with inside(guild) as player:
        sign_in(discord)
        player.app.tracker.poll()
        player.burst("/water\r+5\r")
        await player.settles(4)
        assert player.app.is_running


# A warm start


async def test_a_warm_start_asks_discord_nothing(guild: RemoteGuild, discord: FakeDiscord) -> None:
    async with inside(guild) as player:
        player.burst("/water\r+5\r")
        await player.settles(4)
        for key in "234":
            await player.press(key)
            await player.pilot.pause()
        await player.press("1")
        player.burst("q")
        await player.leaves()
    assert discord.seen == []


async def test_nothing_secret_is_in_the_dashboard(guild: RemoteGuild, discord: FakeDiscord) -> None:
    async with inside(guild) as player:
        shown = player.text() + player.app.export_screenshot()
        assert [secret for secret in discord.issued if secret in shown] == []


# Nothing on any screen


PLANTED = (
    *(resource.name for resource in RESOURCES),
    *("Stilgar of Tabr", "zensunni password", TABR, "70,001", "Refined"),
)
"""Data that only members may see; none of it is text of the program."""


def plant(guild: RemoteGuild) -> None:
    """Put names into every table of the guild's database."""
    now = int(time.time())
    guild.sql("UPDATE resource_history SET reason = 'zensunni password' WHERE id LIKE 'run%'")
    user = ("u7", STILGAR, "stil", "Stilgar of Tabr", now, now)
    columns = "id, discord_id, username, custom_nickname, created_at, last_login"
    guild.sql(f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?, ?, ?)", *user)
    setting = ("inventory_location_1_name", TABR, now, now)
    columns = "setting_key, setting_value, created_at, last_updated_at"
    guild.sql(f"INSERT INTO global_settings ({columns}) VALUES (?, ?, ?, ?)", *setting)


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


@pytest.fixture
def planted(guild: RemoteGuild) -> RemoteGuild:
    """The guild with names in every table of its database."""
    plant(guild)
    return guild


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
    planted: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    async with inside(planted) as player:
        await visit_everything(player, lambda: seen.update(shown_of_guild(player)))
    assert seen == set(PLANTED)
    # All of it is cached on this machine now.
    assert stored_files(load_config(os.environ)) >= {"replica.db", "pages.db"}
    seen.clear()
    async with shut_out(planted, discord, monkeypatch) as player:
        await visit_everything(player, lambda: seen.update(shown_of_guild(player)))
    assert seen == set()


@pytest.mark.parametrize("screen", ["2", "4"])
async def test_a_forbidden_read_is_not_repeated(
    planted: RemoteGuild, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    async with shut_out(planted, discord, monkeypatch) as player:
        await player.press(screen)
        await player.until(lambda: table_of(player).trouble is not None, "a refusal")
        await player.until(lambda: not table_of(player).is_reading, "an end of the reading")
        assert shown_of_guild(player) == set()
        assert "Your roles were last read" in "".join(table_lines(player))
