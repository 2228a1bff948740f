"""The rights of a member: the dashboard offers, shows and does nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from helpers.discord import FakeDiscord
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, sign_in
from tracker_tui.config.settings import load_config
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.roles import Right
from tracker_tui.errors import NotPermitted
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.tracker.csv_export import export_history
from ui.conftest import Player
from ui.guild_on_server import RemoteGuild
from ui.history_rows import entries, opens
from ui.sign_in.player import ME, WHO, guild, inside, polls_until, sees_message, set_roles, signs_in

__all__ = ["guild"]

MAY_EXPORT, MAY_DELETE = {"officer", "officer and admin"}, {"admin", "officer and admin"}
NO_DELETE = "Only Mahdi may delete entries of the history. Ask one of them."
NO_EXPORT = "Only Naib may export CSV. Ask one of them."
CSV_HELP, DELETE_HELP = (
    "Export the entries shown as a CSV file",
    "Delete this entry; quantities stay (admins)",
)


async def lines_in_help(player: Player) -> list[str]:
    await player.press("question_mark")
    await player.sees("Typing a change")
    lines = player.dialog()
    await player.press("escape")
    await player.sees_no("Typing a change")
    return lines


async def lines_in_palette(player: Player) -> list[str]:
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


async def enabled(player: Player) -> dict[str, set[str]]:
    """Return the keys offered on each main screen, ending with the history."""
    offered = {}
    for screen in "1342":
        await player.press(screen)
        await player.pilot.pause()
        found = player.app.screen.active_bindings.values()
        offered[screen] = {active.binding.id or "" for active in found if active.enabled}
    return offered


async def test_only_what_is_allowed_is_offered(guild: RemoteGuild, discord: FakeDiscord) -> None:
    everything: dict[str, set[str]] = {}
    async with inside(guild, (120, 60)) as player:
        await opens(player, "2")
        await player.sees("+70,001")
        for who in ("officer and admin", "officer", "member"):
            rights = player.app.tracker.member.rights
            set_roles(discord, WHO[who], player)
            await player.until(
                lambda rights=rights: player.app.tracker.member.rights != rights, "other rights"
            )
            end = "move." if who == "member" else "mo"
            await sees_message(
                player, f"Your roles changed: you may see everything, add, remove, set, {end}"
            )
            player.app.clear_notifications()
            for look in (lines_in_help, lines_in_palette):
                assert any_in([CSV_HELP, DELETE_HELP], await look(player)) == wanted(who), who
            keys = await enabled(player)
            everything = everything or keys
            rare = {"history.export": MAY_EXPORT, "history.delete": MAY_DELETE}
            lacks = {key for key, those in rare.items() if who not in those}
            for screen, offered in keys.items():
                assert everything[screen] - offered == (lacks if screen in "24" else set()), who
                assert offered <= everything[screen], who
            assert ("x CSV" in player.lines()[-1]) == (who in MAY_EXPORT), who
            await player.press("enter")
            await player.sees("Reason", "esc back")
            assert ("delete   esc back" in player.text()) == (who in MAY_DELETE), who
            await player.press("escape")
            await player.sees_no("esc back")
        # The rights of plain members remain.
        player.burst("1/water\r+5\r")
        await player.settles(4)


async def test_a_key_that_is_not_allowed_says_who_may(guild: RemoteGuild) -> None:
    async with inside(guild) as player:
        player.burst("+5\r")
        await player.settles(4)
        for screen in "24":
            await player.press(screen)
            await player.until(lambda: bool(entries(player)), "the entries")
            before = guild.history()
            await player.press("delete")
            await sees_message(player, NO_DELETE)
            await player.press("x")
            await sees_message(player, NO_EXPORT)
            assert "Delete this entry" not in player.text()
            player.app.clear_notifications()
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
            await player.press("escape")
            await player.sees_no("esc back")
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


async def test_open_dialogs_follow_the_rights(guild: RemoteGuild, discord: FakeDiscord) -> None:
    signs_in(discord, WHO["officer and admin"])
    async with inside(guild) as player:
        await opens(player, "2")
        await player.press("x")
        await sees_message(player, "rows written to ")
        await player.press("down", "delete")
        await player.sees("Delete this entry of the history?")
        await player.press("down", "enter")
        await sees_message(player, "Deleted the entry; quantities stay.")
        await player.press("enter")
        await player.sees("delete   esc back")
        set_roles(discord, WHO["member"], player)
        await player.sees("Your roles changed")
        await player.sees_no("delete   esc back")
        await player.press("escape")
        set_roles(discord, WHO["admin"], player)
        await polls_until(player, lambda: Right.ADMIN in player.app.tracker.member.rights, "rights")
        await player.press("delete")
        await player.sees("Delete this entry of the history?")
        player.app.clear_notifications()
        set_roles(discord, WHO["member"], player)
        await player.sees("Your roles changed")
        await player.press("down", "enter")
        await sees_message(player, f"Not deleted. {NO_DELETE}")
    assert len(guild.history()) == 2


async def test_a_warm_start_asks_discord_nothing(guild: RemoteGuild, discord: FakeDiscord) -> None:
    async with inside(guild) as player:
        player.burst("/water\r+5\r")
        await player.settles(4)
        shown = player.text() + player.app.export_screenshot()
        assert [secret for secret in discord.issued if secret in shown] == []
        assert discord.seen == []
        # The same person signs in again.
        sign_in(discord)
        player.app.tracker.poll()
        player.burst("+5\r")
        await player.settles(5)
        # A role without effect on rights is not reported.
        discord.seen.clear()
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
