"""Preferences: settings that last from one run to the next."""

from __future__ import annotations

import json
from pathlib import Path

from tracker_tui.ui.preferences import Preferences, load_preferences
from tracker_tui.ui.resources.resource_list import View
from ui.conftest import BY_NAME, NARROW, WIDE, Guild, Player, playing, screen_strips
from ui.sign_in.conftest import harmless
from ui.steps import choose, choose_sorting, tick

__all__ = ["harmless"]

HINT = "join a guild: ctrl+p   esc hides this"


async def test_theme_and_sort_order_are_remembered_but_no_filters(guild: Guild) -> None:
    def background(player: Player) -> object:
        return next(iter(screen_strips(player.app)[0])).style

    async with playing(guild) as player:
        usual = background(player)
        await choose(player, "theme", "Change the current theme")
        await player.sees("arrakis-day")
        player.burst("arrakis-day")
        await player.sees_no("colour-safe")
        await player.app.workers.wait_for_complete()
        await player.press("enter")
        await player.until(lambda: background(player) != usual, "another theme")
        chosen = background(player)
        await player.until(lambda: len(player.app.screen_stack) == 1)
        await tick(player, "Components", "★ priority")
        await choose_sorting(player, "Total")
        player.burst("ss\t")
        await player.sees("▐Deep Desert▌", "Total↑")
        player.burst("/complex\r ")
        await player.sees("● 1 selected")
        await player.quits()
    async with playing(guild) as player:
        assert sorted(player.names(), key=str.casefold) == BY_NAME
        assert "selected" not in player.text()
        assert background(player) == chosen
        for part in ("▐Hagga▌", "Total↑"):
            assert part in player.text()
        player.burst("+5\r")
        await player.settles(1)
        assert guild.history()[0][:3] == ("relative", 5, 0)


async def test_a_file_of_an_earlier_version_is_read_and_hides_nothing(guild: Guild) -> None:
    guild.view_file.parent.mkdir(parents=True)
    kept = {"location": "deep_desert", "sort": "total", "is_reversed": True}
    narrowed = {"categories": ["Raw"], "statuses": ["critical"], "priority_only": True}
    narrowed |= {"stale_only": True, "theme": "no such theme"}
    guild.view_file.write_text(json.dumps(kept | narrowed))
    async with playing(guild) as player:
        assert sorted(player.names(), key=str.casefold) == BY_NAME
        await player.sees("▐Hagga▌", "Total↑")
        await player.press("s")
        await player.sees("Sort by")
        player.assert_laid_out()


BROKEN = {
    "nothing": b"",
    "no JSON": b"{broken",
    "no text": b"\xff\xfe\x00",
    "strange values": b'{"sort": "no such column", "location": "moon", "theme": "no such theme"}',
    "deep": b"[" * 50_000,
    "huge": b'{"categories": ["' + b"x" * 200_000 + b'"]}',
}


def test_a_broken_file_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "view.json"
    for case, content in BROKEN.items():
        path.write_bytes(content)
        theme = "no such theme" if case == "strange values" else None
        assert load_preferences(path) == Preferences(view=View(), theme=theme), case


async def test_a_folder_in_place_of_the_file_is_harmless(guild: Guild) -> None:
    guild.view_file.mkdir(parents=True)
    async with playing(guild) as player:
        assert player.names() == BY_NAME
        await player.quits()
        assert player.app.return_code == 0


async def test_each_profile_has_its_own_preferences_and_a_demo_none(guild: Guild) -> None:
    async with playing(guild, profile="other", is_default_database=True) as player:
        assert HINT not in player.text()
        await player.press("escape")
        await choose_sorting(player, "Total")
        await player.quits()
    async with playing(guild, is_demo=True) as player:
        assert HINT not in player.text()
        await choose_sorting(player, "Target")
        await player.quits()
    async with playing(guild) as player:
        assert player.names() == BY_NAME
        assert HINT not in player.text()
    async with playing(guild, profile="other") as player:
        await player.sees("Total↓")
    saved = [json.loads(path.read_text()) for path in guild.view_file.parent.rglob("view*.json")]
    assert not any(each["is_hint_dismissed"] for each in saved)


# The hint that tells new players how to join a guild

FIRST_RUN = {"is_default_database": True}


def is_dismissed(guild: Guild) -> bool:
    document = json.loads(guild.view_file.read_text("utf-8"))
    return document["is_hint_dismissed"] is True


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
        # Esc has other tasks first.
        for keys, shown in {
            "/water": "1 of 12",
            "/steel\r": "1 of 12",
            " ": "● 1 selected",
            "+": "a number is missing",
            "s": "Sort by",
        }.items():
            player.burst(keys)
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
        player.app.clear_notifications()
        await player.until(lambda: len(player.rows()) == 12, "the rows alone")
        await player.quits()
    assert is_dismissed(guild)
    async with playing(guild, **FIRST_RUN) as player:
        assert HINT not in player.text()
        await player.quits()
    assert is_dismissed(guild)
