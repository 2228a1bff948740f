"""Preferences: settings that last from one run to the next."""

from __future__ import annotations

import json
from pathlib import Path

from tracker_tui.ui.preferences import Preferences, load_preferences
from tracker_tui.ui.resources.resource_list import View
from ui.conftest import BY_NAME, Guild, Player, playing, screen_strips
from ui.test_table import choose_sorting, tick


async def test_the_sort_order_is_remembered_but_nothing_that_hides_rows(guild: Guild) -> None:
    async with playing(guild) as player:
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
        for part in ("▐Hagga▌", "Total↑"):
            assert part in player.text()
        player.burst("+5\r")
        await player.settles(1)
        assert guild.history()[0][:3] == ("relative", 5, 0)


async def test_a_file_of_an_earlier_version_is_read_and_hides_nothing(guild: Guild) -> None:
    guild.view_file.parent.mkdir(parents=True)
    kept = {"location": "deep_desert", "sort": "total", "is_reversed": True}
    narrowed = {"categories": ["Raw"], "statuses": ["critical"], "priority_only": True}
    guild.view_file.write_text(json.dumps(kept | narrowed | {"stale_only": True}))
    async with playing(guild) as player:
        assert sorted(player.names(), key=str.casefold) == BY_NAME
        await player.sees("▐Hagga▌", "Total↑")


async def test_the_theme_is_remembered(guild: Guild) -> None:
    def background(player: Player) -> object:
        return next(iter(screen_strips(player.app)[0])).style

    async with playing(guild) as player:
        usual = background(player)
        await player.press("ctrl+p")
        await player.pilot.pause()
        player.burst("theme")
        await player.sees("Change the current theme")
        await player.app.workers.wait_for_complete()
        await player.press("enter")
        await player.sees("arrakis-day")
        player.burst("arrakis-day")
        await player.sees_no("colour-safe")
        await player.app.workers.wait_for_complete()
        await player.press("enter")
        await player.until(lambda: background(player) != usual, "another theme")
        chosen = background(player)
        await player.until(lambda: len(player.app.screen_stack) == 1)
        await player.quits()
    async with playing(guild) as player:
        assert background(player) == chosen


BROKEN = {
    "nothing": b"",
    "no JSON": b"{broken",
    "no text": b"\xff\xfe\x00",
    "another shape": b"[1, 2]",
    "a number": b"7",
    "other types": json.dumps(
        {
            "location": ["hagga"],
            "sort": {"a": 1},
            "is_reversed": "yes",
            "categories": [1, None, {}],
            "statuses": ["no such", 4],
            "priority_only": 1,
            "stale_only": [],
            "theme": 12,
        }
    ).encode(),
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


async def test_an_unknown_theme_and_column_are_ignored_and_replaced(guild: Guild) -> None:
    guild.view_file.parent.mkdir(parents=True)
    guild.view_file.write_bytes(BROKEN["strange values"])
    async with playing(guild) as player:
        assert player.names() == BY_NAME
        assert "▐Hagga▌" in player.text()
        await player.press("s")
        await player.sees("Sort by")
        player.assert_laid_out()
        await player.press("escape")
        await player.quits()
    assert json.loads(guild.view_file.read_text())["sort"] == "name"


async def test_a_folder_in_place_of_the_file_is_harmless(guild: Guild) -> None:
    guild.view_file.mkdir(parents=True)
    async with playing(guild) as player:
        assert player.names() == BY_NAME
        await player.quits()
        assert player.app.return_code == 0


async def test_each_profile_has_its_own_preferences_and_a_demo_none(guild: Guild) -> None:
    async with playing(guild, profile="other") as player:
        await choose_sorting(player, "Total")
        await player.quits()
    async with playing(guild, is_demo=True) as player:
        await choose_sorting(player, "Target")
        await player.quits()
    async with playing(guild) as player:
        assert player.names() == BY_NAME
    async with playing(guild, profile="other") as player:
        await player.sees("Total↓")
