"""The table of resources: rows, moving, the mouse, sorting and filters."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracker_tui.ledger.resources import NewResource
from ui.conftest import BY_NAME, NARROW, RESOURCES, Guild, MakeGuild, playing
from ui.history_rows import add_user
from ui.steps import choose_sorting, tick

LARGE = (200, 60)
MANY = [NewResource(f"r{number:03}", f"Thing {number:03}", "Raw") for number in range(300)]


STATUS_BAR = {
    *("2 ▼ critical", "3 ▾ low", "4 = on target", "3 ▲ above target", "2 ! needs recount"),
    *("guild", "Chani", "● local", "▐Hagga▌", " Deep Desert "),
}


async def test_status_bar_and_rows_show_all_values_and_tab_the_other_location(guild: Guild) -> None:
    guild.sql("UPDATE resources SET icon = 'S' WHERE id = 'spice'")
    async with playing(guild) as player:
        status_bar = "\n".join(player.lines()[:2])
        assert {text for text in STATUS_BAR if text not in status_bar} == set()
        assert "2 d !" in player.line("Complex Machinery")
        assert "8 d !" in player.line(" Water ")
        assert "!" not in player.line("Titanium Ore")
        player.assert_laid_out()
        assert "▸ Hagga" in player.lines()[3]
        await player.press("tab")
        assert "▸ Deep Desert" in player.lines()[3]
        assert "▸ Hagga" not in player.lines()[3]
        assert "▐Deep Desert▌" in player.lines()[1]
        await player.resize(*LARGE)
        row = player.line("Spice Melange").split()
        facts = ["★", "S", "Spice", "Melange", "Refined", "1,200", "0", "1,200", "1,400"]
        assert row[: len(facts)] == facts
        assert row[-7:] == ["85", "%", "▾", "low", "3", "min", "Chani"]


MOVES = {"down": 1, "g j j k": 1, "G": -1, "G j": -1, "end up": -2, "g": 0, "end home up": 0}


async def test_keys_move_the_cursor_copy_its_row_and_reload(guild: Guild) -> None:
    async with playing(guild) as player:
        for keys, place in MOVES.items():
            await player.press(*keys.split())
            assert player.is_on(BY_NAME[place]), keys
        await player.go_to("Plastanium Ingot")
        await player.press("y")
        expected = "Plastanium Ingot: Hagga 412, Deep Desert 1,100, total 1,512"
        assert player.app.clipboard == expected
        await player.sees("Copied:")
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'water'")
        await player.press("r")
        await player.sees("4,321")


async def test_pages_and_the_wheel_scroll_the_rows_below_the_header(make_guild: MakeGuild) -> None:
    async with playing(make_guild(MANY), NARROW) as player:
        header = player.lines()[3]
        assert player.is_on("Thing 000")
        await player.press("pagedown")
        assert not player.is_on("Thing 000")
        first = player.cursor_row().split()[1]
        await player.press("pagedown", "pageup")
        assert player.is_on(f"Thing {first}")
        await player.press("pageup")
        assert player.is_on("Thing 000")
        await player.press("G")
        assert player.is_on("Thing 299")
        assert player.lines()[3] == header
        await player.press("g")
        player.wheel(10, 10, down=True, times=5)
        await player.sees_no("Thing 000")
        player.assert_laid_out()
        await player.pilot.wait_for_scheduled_animations()
        under = player.lines()[10]
        player.click(10, 10)
        await player.until(lambda: player.cursor_row() == under)
        player.wheel(10, 10, down=False, times=20)
        await player.sees("Thing 000")


async def test_an_empty_guild_has_a_screen(make_guild: MakeGuild) -> None:
    async with playing(make_guild(())) as player:
        player.burst("jGg \ry+=")
        await player.press("pagedown", "escape")
        assert player.names() == []
        await player.press("u")
        await player.sees("Nothing to undo")
        player.assert_laid_out()


async def test_a_click_highlights_and_a_second_one_opens_one_dialog(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("down")
        player.click(10, 30, times=2)  # below the rows
        await player.pilot.pause()
        assert player.is_on(BY_NAME[1])
        x, y = player.place("Steel Ingot")
        player.click(x, y)
        await player.until(lambda: player.is_on("Steel Ingot"))
        player.click(x, y)
        await player.sees("Multiplier")
        await player.press("escape")
        await player.until(lambda: player.is_on("Steel Ingot"))
        # More clicks than two, and Enter held down
        player.click(*player.place("Water "), times=3)
        await player.sees("Multiplier")
        await player.press("escape")
        await player.sees_no("Multiplier")
        player.burst("\r\r\r")
        await player.sees("Multiplier")
        await player.press("escape")
        await player.sees_no("Multiplier")


async def test_rows_are_sorted_by_a_column_both_ways_by_keys_and_clicks(guild: Guild) -> None:
    members = {"111": "Zantha", "222": "Alia", "333": "Mapes"}
    for member, name in members.items():
        add_user(guild, member, name)
    for resource, member in zip(RESOURCES, list(members) * 4, strict=True):
        guild.sql("UPDATE resources SET last_updated_by = ? WHERE id = ?", member, resource.id)
    hagga = [r.name for r in sorted(RESOURCES, key=lambda r: (-r.hagga, r.name))]
    async with playing(guild, LARGE) as player:
        await player.go_to("Steel Ingot")
        await choose_sorting(player, "By")
        shown = [row.split()[-1] for row in player.rows()]
        assert shown == sorted(shown), "display names, not ids"
        assert player.is_on("Steel Ingot"), "the cursor stays on its resource"
        await choose_sorting(player, "Hagga")
        assert player.names() == hagga
        await choose_sorting(player, "Name")
        player.burst("ss")
        await player.until(lambda: player.names() == BY_NAME[::-1], "the other way")
        player.burst("s\r")
        await player.until(lambda: player.names() == BY_NAME, "the same column again")
        # A click on a title sorts, and a second one reverses.
        x = player.lines()[3].index("Hagga")
        player.click(x, 3)
        await player.until(lambda: player.names() == hagga, "the most first")
        player.click(x, 3)
        await player.until(lambda: player.names()[0] == "Sandworm Tooth", "the least first")
        player.click(player.lines()[3].index("Resource"), 3)
        await player.until(lambda: player.names() == BY_NAME, "by name")


FILTERS: list[tuple[tuple[str, ...], Callable[[NewResource], bool]]] = [
    (("Gear", "Raw"), lambda r: r.category in ("Gear", "Raw")),
    (("! needs recount",), lambda r: r.id in ("water", "machine")),
    (("★ priority", "▼ critical", "Components"), lambda r: r.id == "machine"),
]


async def test_filters_show_what_is_ticked_even_if_that_is_nothing(guild: Guild) -> None:
    async with playing(guild, LARGE) as player:
        for names, passes in FILTERS:
            expected = sorted((r.name for r in RESOURCES if passes(r)), key=str.casefold)
            await tick(player, *names)
            assert player.names() == expected, names
            assert f"{len(expected)} of {len(RESOURCES)}" in player.lines()[2]
            player.burst("fc")
            await player.until(lambda: player.names() == BY_NAME)
        await player.press("f", "space", "escape")
        await player.sees_no("Show only")
        assert player.names() == BY_NAME, "closing them changes nothing"
        await tick(player, "Gear", "▼ critical")
        assert player.names() == []
        await player.press("plus", "enter", "space", "down")
        player.assert_laid_out()
        assert guild.history() == []


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """A private tmux in which the dashboard seems to run; returns a command's output."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = tmp_path / "tmux"

    def command(*argv: str) -> str:
        asked = ["tmux", "-S", str(socket), *argv]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout

    monkeypatch.delenv("TMUX", raising=False)
    command("-f", os.devnull, "new-session", "-d", "cat")
    monkeypatch.setenv("TMUX", f"{socket},0,0")
    yield command
    command("kill-server")


async def test_y_says_whether_tmux_has_copied(guild: Guild, tmux: Callable[..., str]) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        await player.press("y")
        await player.sees("Copied: Water")
        assert (
            tmux("show-buffer") == player.app.clipboard == "Water: Hagga 7, Deep Desert 0, total 7"
        )
        tmux("kill-server")
        await player.press("y")
        await player.sees("tmux did not accept the text")
