"""The hint that tells new players how to join a guild."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ui.conftest import NARROW, WIDE, Guild, Player, playing
from ui.sign_in_player import harmless

__all__ = ["harmless"]

HINT = "join a guild: ctrl+p   esc hides this"
FIRST_RUN = {"is_default_database": True}


async def leaves(player: Player) -> None:
    player.burst("q")
    await player.leaves()


def remembered(guild: Guild) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(guild.view_file.read_text("utf-8"))
    return document


async def test_a_first_run_says_in_one_line_how_to_join(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        for size in (WIDE, NARROW, (40, 12)):
            await player.resize(*size)
            assert sum(HINT in line for line in player.lines()) == 1
            assert len(player.rows()) == min(12, size[1] - 6)
            player.assert_laid_out()


async def test_ctrl_p_offers_to_join_as_the_hint_says(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        await player.press("ctrl+p")
        player.burst("join")
        await player.sees("Join a guild", "With an invitation, or setting by setting")


@pytest.mark.parametrize(
    "given",
    [
        {"is_default_database": False},
        {"is_default_database": True, "profile": "raiders"},
        {"is_default_database": False, "is_demo": True},
    ],
    ids=["configured", "profile", "demo"],
)
async def test_players_with_a_database_see_no_hint(guild: Guild, given: dict[str, Any]) -> None:
    async with playing(guild, **given) as player:
        assert HINT not in player.text()
        await player.press("escape")
        await leaves(player)
    if guild.view_file.exists():
        assert remembered(guild)["is_hint_dismissed"] is False


async def test_esc_hides_the_hint_for_good(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        await player.press("escape")
        await player.sees_no(HINT)
        assert len(player.rows()) == 12
        await leaves(player)
    assert remembered(guild)["is_hint_dismissed"] is True
    async with playing(guild, **FIRST_RUN) as player:
        assert HINT not in player.text()
        await leaves(player)
    assert remembered(guild)["is_hint_dismissed"] is True


async def test_a_click_hides_the_hint_for_good(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        player.click(*player.place("join a guild"))
        await player.sees_no(HINT)
        await leaves(player)
    assert remembered(guild)["is_hint_dismissed"] is True


async def test_the_hint_returns_if_it_was_not_dismissed(guild: Guild) -> None:
    for _ in range(2):
        async with playing(guild, **FIRST_RUN) as player:
            assert HINT in player.text()
            await leaves(player)


async def test_esc_does_its_other_tasks_first(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        player.burst("/water")
        await player.until(lambda: player.names() == ["Water"])
        await player.press("escape")
        await player.until(lambda: len(player.names()) == 12)
        assert HINT in player.text()
        player.burst("/steel\r")
        await player.until(lambda: player.names() == ["Steel Ingot"])
        await player.press("escape")
        await player.until(lambda: len(player.names()) == 12)
        assert HINT in player.text()
        await player.press("space")
        await player.sees("● 1 selected")
        await player.press("escape")
        await player.sees_no("selected")
        assert HINT in player.text()
        await player.press("plus", "escape")
        await player.sees_no("type + - = > or <")
        assert HINT in player.text()
        await player.press("s", "escape")
        await player.sees_no("Sort by")
        await player.press("2", "escape")
        await player.until(lambda: player.app.screen is player.app.resources)
        assert HINT in player.text()
        await player.press("escape")
        await player.sees_no(HINT)


async def test_the_hint_blocks_no_keys(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        player.burst("/water\r+5\r")
        await player.settles(1)
        assert guild.quantities("water") == (12, 0)
        await player.press("escape", "tab", "u")
        await player.settles(2)
        await player.sees("▐Deep Desert▌", HINT)
        player.burst("Gg j")
        await player.sees("● 1 selected")
        for key in "2341":
            await player.press(key)
        await player.press("o")
        await player.sees("The outbox is empty")
        await player.press("escape")
        await player.sees_no("The outbox is empty")
        assert HINT in player.text()
        await leaves(player)
