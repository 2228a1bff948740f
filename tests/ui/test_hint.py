"""The hint that tells new players how to join a guild."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ui.conftest import NARROW, WIDE, Guild, playing
from ui.sign_in_player import harmless

__all__ = ["harmless"]

HINT = "join a guild: ctrl+p   esc hides this"
FIRST_RUN = {"is_default_database": True}


def is_dismissed(guild: Guild) -> bool:
    """Return what the preferences say about the hint."""
    document = json.loads(guild.view_file.read_text("utf-8"))
    return document["is_hint_dismissed"] is True


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
        await player.quits()
    assert not guild.view_file.exists() or not is_dismissed(guild)


async def test_a_first_run_says_how_to_join_until_a_click_hides_it_for_good(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        for size in (WIDE, NARROW, (40, 12)):
            await player.resize(*size)
            assert sum(HINT in line for line in player.lines()) == 1
            assert len(player.rows()) == min(12, size[1] - 6)
            player.assert_laid_out()
        await player.quits()
    async with playing(guild, **FIRST_RUN) as player:
        assert HINT in player.text(), "it was not dismissed"
        player.click(*player.place("join a guild"))
        await player.sees_no(HINT)
        await player.quits()
    assert is_dismissed(guild)


async def test_the_hint_blocks_no_keys_and_esc_hides_it_last_and_for_good(guild: Guild) -> None:
    async with playing(guild, **FIRST_RUN) as player:
        player.burst("/water\r+5\r")
        await player.settles(1)
        assert guild.quantities("water") == (12, 0)
        await player.press("escape", "tab", "u")
        await player.settles(2)
        await player.sees("▐Deep Desert▌", HINT)
        for key in "2341":
            await player.press(key)
        # Esc has other tasks first.
        for typed, names in {"/water": ["Water"], "/steel\r": ["Steel Ingot"]}.items():
            player.burst(typed)
            await player.until(lambda names=names: player.names() == names)
            await player.press("escape")
            await player.until(lambda: len(player.names()) == 12)
            assert HINT in player.text()
        opened = {"space": "● 1 selected", "plus": "a number is missing", "s": "Sort by"}
        for key, shown in (opened | {"o": "The outbox is empty"}).items():
            await player.press(key)
            await player.sees(shown)
            await player.press("escape")
            await player.sees_no(shown)
            assert HINT in player.text()
        await player.press("2", "escape")
        await player.until(lambda: player.app.screen is player.app.resources)
        assert HINT in player.text()
        # The palette offers what the hint says.
        await player.press("ctrl+p")
        player.burst("join")
        await player.sees("Join a guild", "With an invitation, or setting by setting")
        player.hit("escape")
        await player.until(lambda: len(player.app.screen_stack) == 1)
        assert HINT in player.text()
        await player.press("escape")
        await player.sees_no(HINT)
        assert len(player.rows()) == 12
        await player.quits()
    assert is_dismissed(guild)
    async with playing(guild, **FIRST_RUN) as player:
        assert HINT not in player.text()
        await player.quits()
    assert is_dismissed(guild)
