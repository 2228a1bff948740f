"""The History screen, by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tracker_tui.domain.history import HistoryEntry
from tracker_tui.ui.widgets.dialogs import CheckList
from ui.conftest import DAY, NARROW, NOW, TALL, WIDE, Guild, Player, playing
from ui.history_rows import (
    STILGAR,
    add_user,
    entries,
    fill,
    opens,
    record,
    some_weeks,
    table_lines,
    table_of,
)


@asynccontextmanager
async def reading(
    guild: Guild, size: tuple[int, int] = WIDE, **given: Any
) -> AsyncIterator[Player]:
    async with playing(guild, size, **given) as player:
        await opens(player, "2")
        yield player


@pytest.fixture
def busy(guild: Guild) -> Guild:
    guild.sql("DELETE FROM resource_history")
    some_weeks(guild)
    return guild


def row_of(player: Player) -> HistoryEntry:
    row = table_of(player).highlighted
    assert row is not None
    return row


async def has_entries(player: Player, how_many: int) -> None:
    await player.until(lambda: len(entries(player)) == how_many, f"{how_many} entries")


async def test_the_newest_entries_say_who_changed_what_and_when(busy: Guild) -> None:
    tracker = busy.tracker()
    tracker.query_cache.zone = ZoneInfo("America/St_Johns")
    async with playing(busy, TALL, tracker=tracker) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("2")
        await player.reads("it has no resource_history.")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        await player.sees("spice run 0")
        player.app.clear_notifications()
        await player.sees_no("resource_history")
        for size in (NARROW, (60, 15), TALL):
            await player.resize(*size)
            first, second, third, *_ = table_lines(player)
            assert first.startswith("── "), size
            assert "±0 →" in second, size
            assert " > " in third, size
            player.assert_laid_out()
        assert entries(player)[0].startswith("06:22"), "the player's time zone"
        added = player.line("spice run 0")
        for part in (" + ", "Stilgar", "Spice Melange", "+100 → 1,100"):
            assert part in added
        assert " - removed  jessica" in player.line("-10 →")
        moved = player.line("before the storm")
        assert "-30 →   970" in moved
        assert "+30 →   230" in moved
        shown = entries(player)
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("r")
        await player.sees("r tries again", "read just now")
        assert entries(player)[:10] == shown[:10]  # a notification covers the others


async def test_an_empty_history_fills_line_by_line(guild: Guild) -> None:
    guild.sql("DELETE FROM resource_history")
    async with reading(guild) as player:
        await player.sees("No changes yet")
        await player.press("enter", "v", "y", "delete", "G", "g")
        await player.sees("No changes yet")
        # First no entries at all, then all are deleted while the screen is open.
        for reason in ("the first of all", "the first again"):
            record(guild, reason, 7, reason=reason, created_at=NOW)
            await player.press("r")
            await player.sees(reason)
            guild.sql("DELETE FROM resource_history")
            await player.press("r")
            await player.sees("No changes yet")
        for number, days in enumerate((0, 0, 1, 3)):
            record(guild, f"{number}", 1, created_at=NOW - days * DAY)
        await player.press("r")
        await has_entries(player, 4)
        kinds = ["day" if line.startswith("──") else "entry" for line in table_lines(player)]
        assert kinds == ["day", "entry", "entry", "day", "entry", "day", "entry"]
        # Text of other members is plain text.
        add_user(guild, STILGAR, "[bold]Stilgar[/bold]\x1b[2J")
        record(guild, "evil", 1, reason="[red]x[/red]\x1b]0;owned\x07\u202egnp", created_at=NOW)
        await player.press("r")
        await player.sees("[bold]Stilgar[/bold…", "[red]x[/red]")
        player.assert_laid_out()
        await player.press("g", "enter")
        await player.sees("Total", "[red]x[/red]")
        player.assert_laid_out()


async def test_pages_load_to_the_beginning_and_far_ones_are_dropped(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.widgets.paged_rows.PAGES_HELD", 3)
    monkeypatch.setattr("tracker_tui.ledger.history.SEARCHED", 100)
    fill(guild, 484)
    guild.sql("UPDATE resource_history SET reason = 'a sip' WHERE id IN ('entry-7', 'entry-400')")
    async with reading(guild) as player:
        table = table_of(player)
        tops = [0]
        while tops[-1] < 160:
            player.wheel(40, 20, down=True, times=10)
            await player.until(
                lambda: round(table.scroll_y) != tops[-1] and not table.is_reading, "the next lines"
            )
            tops.append(round(table.scroll_y))
        assert tops == sorted(tops)
        # The first key scrolls back to the cursor.
        await player.press("j")
        assert round(table.scroll_y) < 10
        seen: set[str] = set()
        while "entry-1" not in seen:
            await player.press("pagedown")
            await player.until(lambda: not table.is_reading, "the page")
            assert table.held <= 450
            seen.add(row_of(player).id)
        await player.sees("trip 1 ")
        # Scrolling back reloads the dropped pages.
        await player.press("g")
        await player.sees("trip 484")
        assert table.held <= 450
        # A search stops after a limit, and continues when asked.
        player.burst("/sip\r")
        await player.sees("looked back to")
        for _ in range(4):
            assert len(entries(player)) == 1
            await player.press("G", "enter")
            await player.until(lambda: not table.is_reading, "the rest")
        await has_entries(player, 2)
        await player.sees_no("looked back to")


async def test_a_search_finds_members_resources_and_reasons_and_x_exports_it(busy: Guild) -> None:
    downloads = busy.path.parent / "downloads"
    folders = busy.config().folders._replace(downloads=downloads)
    async with reading(busy, folders=folders) as player:
        everything = entries(player)
        for typed, how_many in (("STILGAR run", 6), ("jess wat", 6), ("storm", 1)):
            player.burst(f"g/{typed}\r")
            await player.sees("in the last 30d")
            # One match of each search with several is older than 30 days.
            await has_entries(player, how_many - (how_many > 1))
            await player.press("G", "enter")
            await has_entries(player, how_many)
            if typed != "storm":
                await player.press("escape")
                await player.until(lambda: entries(player) == everything, "everything")
        await player.press("x")
        await player.sees("1 row written to")
        (file,) = downloads.iterdir()
        header, row = file.read_text(encoding="utf-8-sig").splitlines()
        assert header.startswith("at,who,resource,kind,hagga_before,hagga_added,hagga_removed")
        assert ",Chani,Spice Melange,transfer,1000,0,30,970,200,30,0,230,before the storm" in row
        await player.press("escape")
        player.burst("/nothing of the kind\r")
        await player.sees("Nothing in the last 30d matches")
        await player.press("escape")
        await player.until(lambda: entries(player) == everything, "everything")
        await player.press("escape")
        assert player.app.screen is player.app.resources


FILTERS = [
    (["= set", "> moved"], "set · moved", 2),
    (["all of time", "+ added", "by Stilgar"], "added · Stilgar", 6),
    (["by me", "of Spice Melange"], "Spice Melange · by me", 2),
]
"""Ticked filters, the text in the search line, and the number of matching entries."""


async def test_filters_select_entries_and_c_clears_them(busy: Guild) -> None:
    async with reading(busy) as player:
        for names, shown, how_many in FILTERS:
            # The cursor is on a spice entry of Stilgar, so the filters offer both.
            player.burst("gjj")
            await player.until(
                lambda: getattr(table_of(player).highlighted, "by", "") == STILGAR, "the row"
            )
            await player.press("f")
            await player.sees("Show only")
            choices = [each.name for each in player.app.screen.query_one(CheckList).choices]
            for name in names:
                index = next(i for i, choice in enumerate(choices) if name in choice)
                player.burst("g" + "j" * index + " ")
            player.burst("\r")
            await player.sees_no("Show only")
            await player.sees(shown)
            await has_entries(player, how_many)
            await player.press("f")
            await player.sees("Show only")
            ticked = [line for line in player.dialog() if line.startswith(("(•)", "[✓]"))]
            assert sorted(line[4:] for line in ticked) == sorted(names)
            await player.press("c")
            await has_entries(player, 14)
        await player.press("f")
        await player.sees("[ ] - removed", "( ) last 90d", "( ) by me", "[ ] + added")
        # A period and a resource are typed.
        await player.press(*"jjjjj", "space")
        await player.sees("Which period?")
        player.burst("2025-02-30..\r")
        await player.sees("contains a date that")
        await player.press("ctrl+u")
        player.burst("2025-10-07..2025-10-08\r")
        await player.sees_no("Which period?")
        await player.press("enter")
        await player.sees("in 2025-10-07..2025-10-08")
        await player.until(lambda: 0 < len(entries(player)) < 14, "the result")
        await player.press("f", "c")
        await has_entries(player, 14)
        await player.press("f", "G", "space")
        await player.sees("Which resource?")
        player.burst("wat\r")
        await player.sees_no("Which resource?")
        await player.press("enter")
        await player.sees("Water")
        await has_entries(player, 6)


async def test_an_entry_can_be_opened_copied_and_leads_to_its_resource(busy: Guild) -> None:
    busy.insert("odd", name="Spice-5")
    record(busy, "odd", 1, resource_id="odd", reason="a-5 b", created_at=NOW - DAY)
    async with reading(busy) as player:
        # Signs in the search are text.
        player.burst("/a-5\r")
        await has_entries(player, 1)
        await player.press("escape")
        await player.press("j", "enter")
        await player.sees("> moved", "1,000 → 970  (-30)", "200 → 230  (+30)")
        await player.sees("before the storm", "Total", "1,200")
        await player.press("escape", "y")
        assert player.app.clipboard.endswith(
            "Chani: Spice Melange Hagga -30 → 970, Deep Desert +30 → 230 (before the storm)"
        )
        await player.press("v")
        await player.sees("▐1 Resources▌")
        await player.until(lambda: player.is_on("Spice Melange"), "the resource")
        await player.press("g", "2")
        table = table_of(player)
        before = table.row_count
        await player.press("enter")
        await player.sees("Total")
        # Rows that come do not change which entry is open.
        record(busy, "newer", 5, resource_id="water", created_at=NOW)
        busy.sql("UPDATE resources SET quantity_hagga = 12 WHERE id = 'water'")
        player.app.tracker.refresh()
        await player.until(lambda: table.row_count > before, "the newer one")
        await player.press("v")
        await player.sees("▐1 Resources▌")
        await player.until(lambda: player.is_on("Spice Melange"), "the resource")
        # The history of one resource; Esc clears its filter first.
        await player.press("enter")
        await player.sees("Multiplier")
        await player.press("h")
        await player.until(lambda: "Spice Melange" in player.lines()[2], "the filter")
        await player.press("escape")
        await player.until(lambda: "Spice Melange" not in player.lines()[2], "its end")
        assert player.app.screen is not player.app.resources
        await player.press("escape")
        assert player.app.screen is player.app.resources


async def test_deleting_an_entry_is_confirmed_and_screens_keep_their_state(busy: Guild) -> None:
    async with reading(busy) as player:
        before = busy.quantities("spice")
        # The key that opened the confirmation deletes nothing.
        for keys in (["enter"], ["escape"], ["delete", "escape"]):
            await player.press("g", "j", "delete")
            await player.sees("Delete this entry", "Quantities and points stay")
            await player.press(*keys)
            await player.sees_no("Delete this entry")
            assert len(busy.history()) == 14, keys
        await player.press("delete", "j", "enter")
        await player.sees("Deleted the entry")
        await player.sees_no("before the storm")
        assert busy.sql("SELECT id FROM resource_history WHERE id = 'moved'") == []
        assert busy.quantities("spice") == before
        await player.press("g", "j", "j", "j")
        row = row_of(player)
        player.burst("1/water\r+5 # typed blindly\r2")
        await player.sees("▐2 History▌", "typed blindly")
        assert row_of(player) == row, "an own change moved the cursor"
        assert busy.quantities("water") == (12, 0)
        player.burst("/run 1\r")
        await has_entries(player, 1)
        for shown in ("3 Leaderboard", "4 My activity", "1 Resources"):
            await player.press(shown[0])
            await player.sees(f"▐{shown}▌")
        await player.press("2")
        await player.sees("/ run 1")
        assert len(entries(player)) == 1
        await player.press("o")
        await player.sees("The outbox is empty")
        await player.press("escape", "question_mark")
        await player.sees("Export the entries shown as a CSV file")
        await player.press("escape", "q")
        await player.leaves()
