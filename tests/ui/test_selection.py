"""Marks: one change for many rows, some of them hidden, some of them refused."""

from __future__ import annotations

from ui.conftest import BY_NAME, Guild, playing
from ui.test_quick_edit import edit_lines


async def test_space_marks_and_moves_on(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  ")
        await player.sees("● 2 selected")
        assert player.is_on(BY_NAME[2])
        assert [row[0] for row in player.rows()[:3]] == ["●", "●", " "]
        player.burst("k ")
        await player.sees("● 1 selected")


async def test_a_change_goes_to_all_marked_rows_each_its_own(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("   +10 # all\r")
        await player.settles(3)
        assert sorted(guild.history()) == [("relative", 10, 0, "all")] * 3
        ids = guild.sql("SELECT id FROM resource_history WHERE reason = 'all'")
        assert len(set(ids)) == 3
        for resource_id, quantities in {"machine": 17, "cell": 50, "blade": 13}.items():
            assert guild.quantities(resource_id)[0] == quantities
        await player.sees_no("selected")
        await player.sees(
            "+10 at Hagga: Complex Machinery → 17, Fuel Cell → 50,", "Kindjal Blade → 13"
        )


async def test_of_many_changes_five_are_named_when_they_are_applied_and_when_they_are_undone(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        player.burst(" " * 12 + "+10\r")
        await player.settles(12)
        await player.sees("+10 at Hagga: Complex Machinery → 17,", "and 7 more")
        await player.press("u")
        await player.settles(24)
        await player.sees("Undid Water +10 (back to 7),")
        await player.sees("and 7 more")
        assert "changes of" not in player.text()


async def test_what_a_search_hides_is_said_and_not_changed(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  /kindjal\r ")
        await player.sees("● 3 selected")
        player.burst("+2")
        await player.sees("Hagga 3 → 5 · 100 %", "2 selected rows are hidden: left out")
        assert edit_lines(player)[0].split() == ["Kindjal", "Blade", "+2"]
        player.burst("\r")
        await player.settles(1)
        assert changed_by_two(guild) == ["blade"]
        await player.sees("● 2 selected")  # what was left out has not been dealt with
        await player.press("escape")
        await player.until(lambda: player.names() == BY_NAME)
        player.burst("+2")
        await player.sees("Complex Machinery 7 → 9 · Fuel Cell 40 → 42")
        player.burst("\r")
        await player.settles(3)
        assert changed_by_two(guild) == ["blade", "machine", "cell"]
        await player.sees_no("selected")


async def test_where_all_selected_rows_are_hidden_the_highlighted_row_changes(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        player.burst("g  /spice mel+2")
        await player.sees("2 selected rows are hidden: left out, the highlighted row changes")
        assert edit_lines(player)[0].split() == ["Spice", "Melange", "+2"]
        player.burst("\r")
        await player.settles(1)
        assert changed_by_two(guild) == ["spice"]
        await player.sees("● 2 selected")


def changed_by_two(guild: Guild) -> list[str]:
    """Return the ids of the resources to which 2 were added, in order."""
    sql = "SELECT resource_id FROM resource_history WHERE change_amount_hagga = 2 ORDER BY rowid"
    return [resource_id for (resource_id,) in guild.sql(sql)]


async def test_refused_rows_are_listed_and_stay_marked_with_the_text(guild: Guild) -> None:
    async with playing(guild, (200, 60)) as player:
        player.burst("   -10")  # Complex Machinery 7, Fuel Cell 40, Kindjal Blade 3
        await player.sees("3 rows at Hagga, 1 would change")
        player.assert_laid_out()
        for part in (
            "2 rejected:",
            "Complex Machinery: Hagga holds only 7: 3 short",
            "Kindjal Blade: Hagga holds only 3: 7 short",
        ):
            assert part in edit_lines(player)[1]
        player.burst("\r")
        await player.settles(1)
        assert guild.history() == [("relative", -10, 0, None)]
        assert guild.quantities("cell") == (30, 2)
        await player.sees("● 2 selected")
        assert edit_lines(player)[0].split()[:4] == ["2", "selected", "rows", "-10"]
        player.burst("\x7f\x7f3\r")
        await player.settles(3)
        assert guild.quantities("machine") == (4, 0)
        assert guild.quantities("blade") == (0, 1)
        await player.sees_no("selected")


async def test_all_that_was_refused_is_listed_on_a_narrow_screen_too(guild: Guild) -> None:
    async with playing(guild, (80, 24)) as player:
        player.burst("   -10\r")
        await player.settles(1)
        player.assert_laid_out()
        below_the_table = "\n".join(player.lines()[len(player.rows()) + 4 :])
        assert "Kindjal Blade" in below_the_table
        assert "Complex Machinery" in below_the_table


async def test_a_marked_row_that_is_deleted_takes_no_part(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  ")
        await player.sees("● 2 selected")
        guild.sql("DELETE FROM resource_history WHERE resource_id = 'machine'")
        guild.sql("DELETE FROM resources WHERE id = 'machine'")
        await player.until(lambda: "Complex Machinery" not in player.text())
        player.burst("+1\r")
        await player.settles(1)
        assert guild.quantities("cell") == (41, 2)
        await player.sees_no("selected")


async def test_marks_that_are_gone_from_the_database_are_counted_no_more(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst(" ")
        await player.sees("● 1 selected")
        guild.sql("DELETE FROM resource_history WHERE resource_id = 'machine'")
        guild.sql("DELETE FROM resources WHERE id = 'machine'")
        await player.sees_no("Complex Machinery")
        await player.sees_no("● 1 selected")


async def test_changes_of_many_are_absolute_each_with_its_own_guard(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  =5")
        await player.sees("2 rows")
        guild.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'cell'")
        player.burst("\r")
        await player.sees("▲ 1 conflict: o")
        assert guild.quantities("machine") == (5, 0)
        assert guild.quantities("cell") == (9, 2)
