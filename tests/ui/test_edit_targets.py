"""The rows that a quick edit changes: selected rows, hidden rows, hits below a divider."""

from __future__ import annotations

import pytest

from tracker_tui.ledger.resources import NewResource
from ui.conftest import BY_NAME, NARROW, Guild, MakeGuild, playing
from ui.guild_on_server import never_poll
from ui.steps import edit_lines, previews, tick, typed


async def test_a_change_goes_to_all_selected_rows(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  ")
        await player.sees("● 2 selected")
        assert player.is_on(BY_NAME[2])
        assert [row[0] for row in player.rows()[:3]] == ["●", "●", " "]
        player.burst("k ")
        await player.sees("● 1 selected")
        player.burst("k  +10 # all\r")
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
        # Notifications name five of many changes.
        player.burst("g" + " " * 12 + "+10\r")
        await player.settles(15)
        await player.sees("+10 at Hagga: Complex Machinery → 27,", "and 7 more")
        await player.press("u")
        await player.settles(27)
        await player.sees("Undid Water +10 (back to 7),")
        await player.sees("and 7 more")
        assert "changes of" not in player.text()


async def test_rows_that_a_search_hides_do_not_change(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("  /spice mel+2")
        await player.sees("2 selected rows are hidden: left out, the highlighted row changes")
        assert edit_lines(player)[0].split() == ["Spice", "Melange", "+2"]
        player.burst("\r")
        await player.settles(1)
        assert changed_by_two(guild) == ["spice"]
        await player.sees("● 2 selected")
        player.burst("/kindjal\r ")
        await player.sees("● 3 selected")
        player.burst("+2")
        await player.sees("Hagga 3 → 5 · 100 %", "2 selected rows are hidden: left out")
        assert edit_lines(player)[0].split() == ["Kindjal", "Blade", "+2"]
        player.burst("\r")
        await player.settles(2)
        assert changed_by_two(guild) == ["spice", "blade"]
        await player.sees("● 2 selected")  # a row that was left out stays selected
        player.app.clear_notifications()
        await player.press("escape")
        await player.until(lambda: player.names() == BY_NAME)
        player.burst("+2")
        await player.sees("Complex Machinery 7 → 9 · Fuel Cell 40 → 42")
        player.burst("\r")
        await player.settles(4)
        assert changed_by_two(guild) == ["spice", "blade", "machine", "cell"]
        await player.sees_no("selected")


def changed_by_two(guild: Guild) -> list[str]:
    sql = "SELECT resource_id FROM resource_history WHERE change_amount_hagga = 2 ORDER BY rowid"
    return [resource_id for (resource_id,) in guild.sql(sql)]


async def test_rejected_rows_are_listed_and_stay_selected_with_the_text(guild: Guild) -> None:
    async with playing(guild, NARROW) as player:
        # A notification leaves room for a long preview.
        player.app.notify("Something happened.", timeout=600)
        player.burst("       -5")
        await player.sees("2 rejected:", "Something happened.")
        player.assert_laid_out()
        edit = player.app.resources.edit
        assert edit.region.height > 6
        notifications = player.app.screen.query("Toast")
        await player.until(
            lambda: all(each.region.bottom <= edit.region.y for each in notifications)
        )
        player.app.clear_notifications()
        player.hit("escape", "escape")
        player.burst("g   -10")  # Complex Machinery 7, Fuel Cell 40, Kindjal Blade 3
        await player.sees("3 rows at Hagga, 1 would change")
        player.assert_laid_out()
        assert "2 rejected:" in edit_lines(player)[1]
        assert "Complex Machinery: Hagga holds only 7: 3 short" in edit_lines(player)[1]
        assert "Kindjal Blade: Hagga holds only 3: 7 short" in edit_lines(player)[1]
        player.burst("\r")
        await player.settles(1)
        assert guild.history() == [("relative", -10, 0, None)]
        assert guild.quantities("cell") == (30, 2)
        await player.sees("● 2 selected")
        assert edit_lines(player)[0].split()[:4] == ["2", "selected", "rows", "-10"]
        assert "Complex Machinery: " in edit_lines(player)[1]
        assert "Kindjal Blade: " in edit_lines(player)[1]
        player.assert_laid_out()
        player.burst("\x7f\x7f3\r")
        await player.settles(3)
        assert guild.quantities("machine") == (4, 0)
        assert guild.quantities("blade") == (0, 1)
        await player.sees_no("selected")


async def test_selected_rows_that_are_deleted_are_left_out(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst(" ")
        await player.sees("● 1 selected")
        guild.delete("machine")
        await player.sees_no("Complex Machinery")
        await player.sees_no("● 1 selected")
        # While a change is typed
        player.burst("g   +5")
        await player.sees("3 rows at Hagga · Fuel Cell 40 → 45 · Kindjal Blade 3 → 8")
        guild.delete("ingot")
        await player.sees("1 selected row is deleted: left out", "2 rows at Hagga")
        player.burst("\r")
        await player.settles(2)
        assert guild.quantities("blade") == (8, 1)
        await player.until(lambda: "Plastanium Ingot" not in player.names())
        await player.sees_no("selected")


OUTSIDE = "── outside the filters ──"
ALSO = "── also in descriptions and categories ──"


def describe_ore(guild: Guild) -> None:
    """Describe a critical resource with words of another one's name."""
    guild.sql("UPDATE resources SET description = 'For steel ingots' WHERE id = 'ore'")


async def test_hits_outside_the_filters_are_shown_and_not_highlighted(guild: Guild) -> None:
    describe_ore(guild)
    async with playing(guild) as player:
        await tick(player, "▼ critical")
        player.burst("/steel ing")
        await player.sees(OUTSIDE, ALSO)
        assert player.names() == ["Steel Ingot", "Titanium Ore"]
        assert [OUTSIDE in row or ALSO in row for row in player.rows()] == [1, 0, 1, 0]
        assert player.cursor_row() == ""
        assert "0 of 12" in player.lines()[2]
        player.burst("+500\r")
        await previews(player, "✗ “steel ing” is only outside the filters: press Esc, then ↓")
        await player.press("enter", "escape")
        assert guild.history() == []
        assert player.names() == ["Steel Ingot", "Titanium Ore"], "the search is still there"
        player.burst("j+500\r")
        await player.settles(1)
        assert guild.history("steel") == guild.history() == [("relative", 500, 0, None)]
        # The list stays still while a change is typed.
        player.app.clear_notifications()
        await player.press("escape")
        player.burst("gj+5")
        await player.sees("Hagga 300 → 305")
        guild.sql("UPDATE resources SET quantity_hagga = 4000 WHERE id = 'ore'")
        guild.insert("aaa", name="A new one", target_quantity=9)
        await player.sees("Hagga 4,000 → 4,005")
        assert player.names() == ["Complex Machinery", "Titanium Ore"]
        assert player.is_on("Titanium Ore")
        assert " 4,000 " in player.cursor_row()
        player.burst("\r")
        await player.settles(2)
        assert guild.quantities("ore") == (4_005, 0)
        player.app.clear_notifications()
        await player.until(lambda: player.names() == ["Complex Machinery"])
        await player.sees("A new one")


async def test_without_a_name_hit_nothing_is_highlighted_and_edited(guild: Guild) -> None:
    describe_ore(guild)
    async with playing(guild) as player:
        # A refresh highlights nothing below a divider.
        player.burst("/steel ing")
        await player.until(lambda: player.is_on("Steel Ingot"))
        guild.sql("UPDATE resources SET name = 'Girder' WHERE id = 'steel'")
        await player.until(lambda: player.names() == ["Titanium Ore"])
        assert player.cursor_row() == ""
        await player.press("escape")
        await player.until(lambda: player.is_on("Complex Machinery"))
        player.burst("/must flow")
        await player.sees(ALSO)
        assert player.names() == ["Spice Melange"]
        assert player.cursor_row() == ""
        await player.press("plus", "5")
        await previews(player, "✗ No resource is named “must flow”")
        await player.press("enter", "escape", "enter", "y", "space")
        assert "Multiplier" not in player.text()
        assert "selected" not in player.text()
        player.burst("/nonesuch+5\r")
        await player.press("escape")
        assert guild.history() == []
        player.burst("/must flow\x1b[B+5\r")
        await player.settles(1)
        assert guild.history("spice") == guild.history() == [("relative", 5, 0, None)]


MANY = [NewResource(f"n{number:02}", f"Spice {number:02}", "Raw") for number in range(30)]
MANY += [NewResource(f"d{number:02}", f"Thing {number:02}", "Spice") for number in range(30)]


async def test_a_divider_is_never_highlighted(make_guild: MakeGuild) -> None:
    async with playing(make_guild(MANY), NARROW) as player:
        player.burst("/spice\r")
        await player.until(lambda: player.is_on("Spice 00"))
        await player.press(*["down"] * 29)
        assert player.is_on("Spice 29")
        await player.press("down")
        assert player.is_on("Thing 00")
        await player.press("up")
        assert player.is_on("Spice 29")
        await player.press("space")
        assert player.is_on("Spice 29"), "it does not move on to another part by itself"
        for keys in ("GG", "g", "\x1b[6~" * 2, "\x1b[6~", "\x1b[5~", "\x1b[5~" * 9):
            player.burst(keys)
            await player.pilot.pause()
            assert player.app.resources.table.highlighted is not None, keys
        player.burst("g" + "j" * 30)
        await player.until(lambda: player.is_on("Thing 00"))
        player.click(*player.place(ALSO), times=2)
        await player.press("y")
        assert player.app.clipboard.startswith("Thing 00: ")
        assert "Multiplier" not in player.text()
        player.assert_laid_out()


async def test_a_location_chosen_in_an_edit_is_for_that_edit_only(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        player.burst("+5\t")
        await previews(player, "Deep Desert 1,100 → 1,105 · 151 % → 151 % · +0.5 points")
        await player.sees("▐Deep Desert▌", "▸ Deep Desert")
        await player.press("escape")
        await player.sees("▐Hagga▌", "▸ Hagga")
        player.burst("+1\t\r+2\r")
        await player.settles(2)
        assert [row[1:3] for row in guild.history()] == [(0, 1), (2, 0)]
        await player.press("tab")
        player.burst("+3\t\r+4\r")
        await player.settles(4)
        assert [row[1:3] for row in guild.history()[2:]] == [(3, 0), (0, 4)]
        await player.sees("▐Deep Desert▌")


async def test_editing_again_leaves_the_location_and_shows_the_row_unless_it_is_deleted(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(guild) as player:
        # Setting many rows guards each of them.
        player.burst("  =5")
        await player.sees("2 rows")
        guild.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'cell'")
        player.burst("\r")
        await player.sees("▲ 1 conflict: o")
        assert guild.quantities("machine") == (5, 0)
        assert guild.quantities("cell") == (9, 2)
        await player.press("o", "x")
        await player.sees_no(": o ")
        player.app.clear_notifications()
        await player.go_to("Fuel Cell")
        player.burst("=9\t")
        await player.sees("Deep Desert 2 → 9")
        guild.sql("UPDATE resources SET quantity_deep_desert = 3 WHERE id = 'cell'")
        player.burst("\r")
        await player.sees("▲ 1 conflict: o", "▐Hagga▌")
        player.app.clear_notifications()
        player.burst("/water\r")
        await player.until(lambda: player.names() == ["Water"])
        await player.press("o", "e")
        await player.sees("Deep Desert 3 → 9", "▐Deep Desert▌")
        assert player.is_on("Fuel Cell")
        await player.press("escape")
        await player.sees("▐Hagga▌")
        player.burst("j+1\r")
        await player.settles(2)
        player.app.clear_notifications()
        assert [row[1:3] for row in guild.history("blade")] == [(1, 0)]
        # Going to a deleted resource clears nothing.
        guild.delete("cell")
        await player.press("r")
        await player.until(lambda: "Fuel Cell" not in player.names())
        player.burst("/fuel\r")
        await player.until(lambda: player.names() == ["Spice-infused Fuel Cell"])
        await player.press("o", "e")
        await player.sees("this resource was deleted")
        assert typed(player) == "fuel"
