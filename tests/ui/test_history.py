"""The History screen, by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from helpers.membership import limit
from tracker_tui.domain.roles import ALL_RIGHTS, Right
from ui.conftest import DAY, NARROW, NOW, WIDE, Guild, Player, playing
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
async def reading(guild: Guild, size: tuple[int, int] = WIDE) -> AsyncIterator[Player]:
    """Open the dashboard on its history."""
    async with playing(guild, size) as player:
        await opens(player, "2")
        yield player


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """The guild after some weeks."""
    guild.sql("DELETE FROM resource_history")
    some_weeks(guild)
    return guild


# Entries


@pytest.mark.parametrize("size", [WIDE, NARROW, (200, 60), (60, 15)])
async def test_the_newest_entries_come_first_below_their_day(
    busy: Guild, size: tuple[int, int]
) -> None:
    async with reading(busy, size) as player:
        first, second, third, *_ = table_lines(player)
        assert first.startswith("── ")
        assert "±0 →" in second
        assert " > " in third
        player.assert_laid_out()


async def test_an_entry_shows_who_changed_what_by_how_much_and_why(busy: Guild) -> None:
    async with reading(busy) as player:
        (added,) = (line for line in entries(player) if "spice run 0" in line)
        for part in (" + ", "Stilgar", "Spice Melange", "+100 → 1,100"):
            assert part in added
        (removed,) = (line for line in entries(player) if "-10 →" in line)
        assert " - removed  jessica" in removed
        (moved,) = (line for line in entries(player) if "before the storm" in line)
        assert "-30 →   970" in moved
        assert "+30 →   230" in moved


async def test_each_day_has_its_line(busy: Guild) -> None:
    busy.sql("DELETE FROM resource_history")
    for days in (0, 0, 1, 3):
        record(
            busy,
            f"{days} {busy.sql('SELECT COUNT(*) FROM resource_history')}",
            1,
            created_at=NOW - days * DAY,
        )
    async with reading(busy) as player:
        kinds = ["day" if line.startswith("──") else "entry" for line in table_lines(player)]
        assert kinds == ["day", "entry", "entry", "day", "entry", "day", "entry"]


async def test_pages_load_to_the_beginning_and_far_ones_are_dropped(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.widgets.paged_rows.PAGES_HELD", 4)
    fill(guild, 834)
    async with reading(guild) as player:
        table = table_of(player)
        seen: set[str] = set()
        while "entry-1" not in seen:
            await player.press("pagedown")
            await player.until(lambda: not table.is_reading, "the page")
            assert table.held <= 600
            row = table.highlighted
            assert row is not None
            seen.add(row.id)
        await player.sees("trip 1 ")
        # Scrolling back reloads the dropped pages.
        await player.press("g")
        await player.sees("trip 834")
        assert table.held <= 600


async def test_the_wheel_scrolls_on_while_pages_load(guild: Guild) -> None:
    fill(guild, 1_000)
    async with reading(guild) as player:
        table = table_of(player)
        tops = [round(table.scroll_y)]
        while tops[-1] < 600:
            player.wheel(40, 20, down=True, times=10)
            await player.until(
                lambda: round(table.scroll_y) != tops[-1] and not table.is_reading, "the next lines"
            )
            tops.append(round(table.scroll_y))
        assert tops == sorted(tops)
        # The first key scrolls back to the cursor.
        await player.press("j")
        assert round(table.scroll_y) < 10


async def test_an_own_change_appears_on_top_and_the_cursor_stays_on_its_row(
    busy: Guild,
) -> None:
    async with reading(busy) as player:
        await player.press("j", "j", "j")
        row = table_of(player).highlighted
        await player.press("1")
        await player.go_to("Water")
        player.burst("+5 # a sip\r")
        await player.until(lambda: not player.app.tracker.pending(), "the answer")
        await player.press("2")
        await player.sees("a sip")
        assert table_of(player).highlighted == row


async def test_an_empty_history_says_so_and_shows_the_first_entry(guild: Guild) -> None:
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


async def test_text_of_other_members_is_plain_text(guild: Guild) -> None:
    add_user(guild, STILGAR, "[bold]Stilgar[/bold]\x1b[2J")
    record(guild, "evil", 1, reason="[red]x[/red]\x1b]0;owned\x07\u202egnp", created_at=NOW)
    async with reading(guild) as player:
        await player.sees("[bold]Stilgar[/bold…", "[red]x[/red]")
        player.assert_laid_out()
        await player.press("enter")
        await player.sees("[red]x[/red]")
        player.assert_laid_out()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
async def test_times_are_in_the_players_time_zone(busy: Guild, zone: str) -> None:
    from zoneinfo import ZoneInfo

    tracker = busy.tracker()
    tracker.query_cache.zone = ZoneInfo(zone)
    async with playing(busy, tracker=tracker) as player:
        await opens(player, "2")
        shown = {"UTC": "08:52", "Asia/Kolkata": "14:22", "America/St_Johns": "06:22"}[zone]
        assert entries(player)[0].startswith(shown)


# Failed reads


async def test_a_failed_read_is_shown_and_r_retries(busy: Guild) -> None:
    async with playing(busy) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("2")
        message = "it has no resource_history."  # the path decides where its line breaks
        await player.until(lambda: message in " ".join(player.text().split()), message)
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        await player.sees("spice run 0")
        await player.sees_no("tries again")


async def test_entries_stay_when_a_refresh_fails(busy: Guild) -> None:
    async with reading(busy) as player:
        shown = entries(player)
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("r")
        await player.sees("r tries again")
        assert entries(player) == shown
        await player.sees("read just now")


# The search


async def test_a_search_finds_members_resources_and_reasons(busy: Guild) -> None:
    async with reading(busy) as player:
        everything = entries(player)
        for typed, how_many in (("storm", 1), ("stilgar run", 6), ("WATER", 6), ("jess wat", 6)):
            player.burst(f"/{typed}\r")
            await player.sees("in the last 30d")
            # One match of each search with several is older than 30 days.
            recent = how_many - (how_many > 1)
            await player.until(lambda wanted=recent: len(entries(player)) == wanted, "the result")
            await player.press("G", "enter")
            await player.until(lambda wanted=how_many: len(entries(player)) == wanted, "older ones")
            await player.press("escape")
            await player.until(lambda: entries(player) == everything, "everything")
            await player.press("g")
        player.burst("/nothing of the kind\r")
        await player.sees("Nothing in the last 30d matches")
        await player.press("escape")
        await player.until(lambda: entries(player) == everything, "everything")
        await player.press("escape")
        assert player.app.screen is player.app.resources


async def test_a_search_stops_after_a_limit_and_continues_when_asked(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ledger.history.SEARCHED", 100)
    fill(guild, 450)
    guild.sql("UPDATE resource_history SET reason = 'a sip' WHERE id IN ('entry-7', 'entry-400')")
    async with reading(guild) as player:
        player.burst("/sip\r")
        await player.sees("looked back to")
        assert len(entries(player)) == 1
        for _ in range(4):
            assert len(entries(player)) == 1
            await player.press("G", "enter")
            await player.until(lambda: not table_of(player).is_reading, "the rest")
        await player.until(lambda: len(entries(player)) == 2, "the older one")
        await player.sees_no("looked back to")


# The filters


async def choose(player: Player, *names: str) -> None:
    """Tick these filters and apply them."""
    from tracker_tui.ui.widgets.dialogs import CheckList

    await player.press("f")
    await player.sees("Show only")
    ticks = player.app.screen.query_one(CheckList)
    for name in names:
        index = next(i for i, choice in enumerate(ticks.choices) if name in choice.name)
        player.burst("g" + "j" * index + " ")
    player.burst("\r")
    await player.sees_no("Show only")


FILTERS = [
    (["by me"], "by me", 2),
    (["by Stilgar"], "Stilgar", 6),
    (["of Spice Melange"], "Spice Melange", 8),
    (["+ added"], "added · in the last 30d", 5),
    (["- removed"], "removed", 5),
    (["= set", "> moved"], "set · moved", 2),
    (["at Deep Desert"], "Deep Desert", 2),
    (["last 24h"], "in the last 24h", 4),
    (["last 90d", "- removed"], "removed · in the last 90d", 6),
    (["all of time", "+ added", "by Stilgar"], "added · Stilgar", 6),
    (["by me", "of Spice Melange"], "Spice Melange · by me", 2),
]
"""Ticked filters, the text in the search line, and the number of matching entries."""


async def test_filters_select_entries_and_c_clears_them(busy: Guild) -> None:
    async with reading(busy, (160, 50)) as player:
        for names, shown, how_many in FILTERS:
            # The cursor is on a spice entry of Stilgar, so the filters offer both.
            player.burst("gjj")
            await player.until(
                lambda: (row := table_of(player).highlighted) is not None and row.by == STILGAR,
                "the row",
            )
            await choose(player, *names)
            await player.sees(shown)
            await player.until(lambda wanted=how_many: len(entries(player)) == wanted, shown)
            await player.press("f")
            await player.sees("Show only")
            ticked = [line for line in player.dialog() if line.startswith(("(•)", "[✓]"))]
            assert sorted(line[4:] for line in ticked) == sorted(names)
            await player.press("c")
            await player.until(lambda: len(entries(player)) == 14, "everything")
        await player.press("f")
        await player.sees("[ ] - removed", "( ) last 90d", "( ) by me", "[ ] + added")


async def test_a_period_from_to_is_typed_and_a_bad_one_is_rejected(busy: Guild) -> None:
    async with reading(busy) as player:
        await player.press("f", *"jjjjj", "space")
        await player.sees("Which period?")
        player.burst("2025-02-30..\r")
        await player.sees("contains a date that")
        await player.press("ctrl+u")
        player.burst("2025-10-07..2025-10-08\r")
        await player.sees_no("Which period?")
        await player.press("enter")
        await player.sees("in 2025-10-07..2025-10-08")
        await player.until(lambda: 0 < len(entries(player)) < 14, "the result")


async def test_a_member_and_a_resource_are_picked_by_a_part_of_their_names(busy: Guild) -> None:
    async with reading(busy) as player:
        await player.press("f", "G", "space")
        await player.sees("Which resource?")
        player.burst("wat\r")
        await player.sees_no("Which resource?")
        await player.press("enter")
        await player.sees("Water")
        await player.until(lambda: len(entries(player)) == 6, "the result")


# An entry


async def test_an_entry_can_be_opened_copied_and_leads_to_its_resource(busy: Guild) -> None:
    async with reading(busy) as player:
        await player.press("j", "enter")
        await player.sees("> moved", "1,000 → 970  (-30)", "200 → 230  (+30)")
        await player.sees("before the storm", "Total", "1,200")
        await player.press("escape")
        await player.sees_no("Total")
        await player.press("y")
        assert player.app.clipboard.endswith(
            "Chani: Spice Melange Hagga -30 → 970, Deep Desert +30 → 230 (before the storm)"
        )
        for keys in (["v"], ["enter", "v"]):
            await player.press(*keys)
            await player.until(lambda: player.app.screen is player.app.resources, "the resources")
            await player.until(lambda: player.is_on("Spice Melange"), "the resource")
            await player.press("g", "2")


async def test_an_action_of_an_open_entry_applies_to_it_even_if_rows_moved(
    busy: Guild,
) -> None:
    async with reading(busy) as player:
        table = table_of(player)
        before = table.row_count
        await player.press("enter")
        await player.sees("Total")
        record(busy, "newer", 5, resource_id="water", created_at=NOW)
        busy.sql("UPDATE resources SET quantity_hagga = 12 WHERE id = 'water'")
        player.app.tracker.refresh()
        await player.until(lambda: table.row_count > before, "the newer one")
        await player.press("v")
        await player.until(lambda: player.app.screen is player.app.resources, "the resources")
        await player.until(lambda: player.is_on("Spice Melange"), "the resource")


# Deleting


async def test_an_admin_deletes_an_entry_after_a_confirmation_and_quantities_stay(
    busy: Guild,
) -> None:
    async with reading(busy) as player:
        before = busy.quantities("spice")
        await player.press("j", "delete")
        await player.sees("Delete this entry", "Quantities and points stay")
        await player.press("j", "enter")
        await player.sees("Deleted the entry")
        await player.until(lambda: "before the storm" not in "".join(entries(player)), "its end")
        assert busy.sql("SELECT id FROM resource_history WHERE id = 'moved'") == []
        assert busy.quantities("spice") == before
        assert len(busy.history()) == 13


async def test_the_key_that_opened_the_confirmation_deletes_nothing(busy: Guild) -> None:
    async with reading(busy) as player:
        for keys in (["enter"], ["escape"], ["delete", "escape"]):
            await player.press("g", "j", "delete")
            await player.sees("Delete this entry")
            await player.press(*keys)
            await player.sees_no("Delete this entry")
            assert len(busy.history()) == 14


async def test_only_admins_delete_entries(busy: Guild) -> None:
    from tracker_tui.errors import NotPermitted

    async with reading(busy) as player:
        tracker = player.app.tracker
        limit(tracker, *(ALL_RIGHTS - {Right.ADMIN}))
        await player.press("j", "delete")
        await player.sees("Only Mahdi may delete entries")
        row = table_of(player).highlighted
        assert row is not None
        with pytest.raises(NotPermitted):
            tracker.delete_entry(row)
        assert len(busy.history()) == 14


# CSV


async def test_x_exports_the_entries_shown(busy: Guild) -> None:
    downloads = busy.path.parent / "downloads"
    config = busy.config()
    folders = config.folders._replace(downloads=downloads)
    async with playing(busy, folders=folders) as player:
        await opens(player, "2")
        player.burst("/storm\r")
        await player.until(lambda: len(entries(player)) == 1, "the result")
        await player.press("x")
        await player.sees("1 row written to")
        (file,) = downloads.iterdir()
        header, row = file.read_text(encoding="utf-8-sig").splitlines()
        assert header.startswith("at,who,resource,kind,hagga_before,hagga_added,hagga_removed")
        assert ",Chani,Spice Melange,transfer,1000,0,30,970,200,30,0,230,before the storm" in row


# Switching screens


async def test_number_keys_switch_between_the_screens(busy: Guild) -> None:
    async with playing(busy) as player:
        for key, shown in (
            ("2", "▐2 History▌"),
            ("3", "▐3 Leaderboard▌"),
            ("4", "▐4 My activity▌"),
            ("2", "▐2 History▌"),
            ("1", "▐1 Resources▌"),
        ):
            await player.press(key)
            await player.sees(shown)


async def test_a_burst_of_keys_works_across_screens(busy: Guild) -> None:
    async with reading(busy) as player:
        player.burst("1/water\r+5 # typed blindly\r2")
        await player.sees("typed blindly")
        assert busy.quantities("water") == (12, 0)


async def test_a_screen_keeps_its_state(busy: Guild) -> None:
    async with reading(busy) as player:
        player.burst("/storm\r")
        await player.until(lambda: len(entries(player)) == 1, "the result")
        await player.press("3", "1", "2")
        await player.sees("/ storm")
        assert len(entries(player)) == 1


async def test_outbox_stats_and_quit_work_in_the_history(busy: Guild) -> None:
    async with reading(busy) as player:
        await player.press("o")
        await player.sees("The outbox is empty")
        await player.press("escape", "i")
        await player.sees("This session:")
        await player.press("question_mark")
        await player.sees("Export the entries shown as a CSV file")
        await player.press("escape", "q")
        await player.leaves()
