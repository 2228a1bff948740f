"""The quick edit: its preview, its rejections, and the ledger after Enter."""

from __future__ import annotations

import pytest

from tracker_tui.ledger.resources import NewResource
from ui.conftest import Guild, MakeGuild, Player, playing


def edit_lines(player: Player) -> tuple[str, str]:
    """Return the line of the quick edit with name and text, and its preview."""
    region = player.app.resources.edit.region
    above, *below = player.lines()[region.y : region.bottom] or [""]
    return above, "\n".join(below)


def preview_text(player: Player) -> str:
    return edit_lines(player)[1].strip()


async def previews(player: Player, expected: str) -> None:
    await player.until(lambda: preview_text(player) == expected, expected)


async def test_the_preview_appears_while_typing(guild: Guild) -> None:
    steps = {
        "+5": "Hagga 1,200 → 1,205 · 85 % → 86 % · +0.58 points",
        "00": "Hagga 1,200 → 1,700 · 85 % → 121 % · = on target · +55 points",
        "*2": "Hagga 1,200 → 2,200 · 85 % → 157 % · ▲ above target · +110 points",
        " # run": "Hagga 1,200 → 2,200 · 85 % → 157 % · ▲ above target · +110 points",
    }
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        for typed, expected in steps.items():
            player.burst(typed)
            await previews(player, expected)
        assert edit_lines(player)[0].split() == ["Spice", "Melange", "+500*2", "#", "run"]
        assert guild.history() == []
        player.assert_laid_out()


PREVIEWS = {
    "=1000": "Hagga 412 → 1,000 · 151 % → 210 % · +1 point",
    "=412": "Hagga 412 → 412 · 151 % → 151 %",
    "-412": "Hagga 412 → 0 · 151 % → 110 % · = on target",
    ">400": "Hagga 412 → 12  Deep Desert 1,100 → 1,500",
    "<1.1k": "Hagga 412 → 1,512  Deep Desert 1,100 → 0",
    "+=": "▲ “=” doesn't belong here: an amount is made of numbers, k, m, + and *",
    "-413": "✗ Hagga holds only 412: 1 short",
    ">500": "✗ Hagga holds only 412: 88 short",
    "<1101": "✗ Deep Desert holds only 1,100: 1 short",
    "+999,999,999": "✗ Hagga holds 412; the most is 999,999,999",
    "+0": "▲ 0 changes nothing; only =0 means something",
    "+": "▲ a number is missing here",
}


async def test_every_kind_of_change_is_previewed(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        for typed, expected in PREVIEWS.items():
            player.burst(typed)
            await previews(player, expected)
            await player.press("escape")
        assert guild.history() == []


@pytest.mark.parametrize("is_burst", [False, True], ids=["by hand", "in one burst"])
async def test_a_mistake_is_pointed_at(guild: Guild, is_burst: bool) -> None:
    async with playing(guild) as player:
        for typed, wrong in {"+5,00": ",", "+2x3": "x", "+1.5.2": ".2"}.items():
            if is_burst:
                player.burst(typed)
            else:
                await player.press(*typed)
            await player.until(lambda: "▲" in preview_text(player))
            above, below = edit_lines(player)
            assert below.index("▲") == above.index(typed) + typed.index(wrong)
            await player.press("enter")
            assert typed in edit_lines(player)[0], "the text stays"
            await player.press("escape")
        assert guild.history() == []


async def test_escape_closes_it_and_changes_nothing(guild: Guild) -> None:
    async with playing(guild) as player:
        before = player.text()
        player.burst("+500")
        await player.sees("→")
        await player.press("escape")
        assert player.text() == before
        await player.press("down")
        assert player.is_on("Fuel Cell")
    assert guild.history() == []


CHANGES = {
    "+500 # spice run": ("relative", 500, 0, "spice run"),
    "-12": ("relative", -12, 0, None),
    "=5": ("absolute", -407, 0, None),
    "=412": ("absolute", 0, 0, None),
    ">300": ("transfer", -300, 300, None),
    "<1k": ("transfer", 1_000, -1_000, None),
}


@pytest.mark.parametrize("typed", CHANGES)
async def test_enter_applies_each_kind_of_change(guild: Guild, typed: str) -> None:
    kind, hagga, deep_desert, reason = CHANGES[typed]
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        player.burst(typed + "\r")
        await player.settles(1)
        (row,) = guild.history("ingot")
        assert row[:3] == (kind, hagga, deep_desert)
        if kind != "transfer":  # a transfer without a reason gets one that names the move
            assert row[3] == reason
        assert guild.quantities("ingot") == (412 + hagga, 1_100 + deep_desert)
        await player.until(lambda: f"{412 + hagga:,}" in player.line(" Plastanium Ingot  "))
        assert "→" not in preview_text(player), "the quick edit is closed"


async def test_points_are_earned_and_shown(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500\r")
        await player.settles(1)
        await player.until(
            lambda: "+55 points" in " ".join(player.text().split()).replace("▌ ", "")
        )
        assert guild.points() == [("spice", 55.0)]


async def test_tab_switches_the_location_and_keeps_the_text(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        player.burst("+5\t")
        await previews(player, "Deep Desert 1,100 → 1,105 · 151 % → 151 % · +0.5 points")
        await player.sees("▐Deep Desert▌")
        player.burst("0\r")
        await player.settles(1)
        assert guild.quantities("ingot") == (412, 1_150)


async def test_a_move_goes_the_same_way_from_either_location(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        player.burst("\t>12\r")
        await player.settles(1)
        assert guild.quantities("ingot") == (400, 1_112)


async def test_a_rejected_change_keeps_its_text(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("-8\r")
        await previews(player, "✗ Hagga holds only 7: 1 short")
        assert edit_lines(player)[0].split() == ["Water", "-8"]
        player.burst("\x7f7\r")
        await player.settles(1)
        assert guild.quantities("water") == (0, 0)


async def test_keys_of_the_table_are_letters_in_the_reason(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("+5 # /usfyorjkgG?q 1+1=2 > < - *\r")
        await player.settles(1)
        assert guild.history() == [("relative", 5, 0, "/usfyorjkgG?q 1+1=2 > < - *")]


async def test_a_paste_goes_into_the_quick_edit_as_one_line(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("+\x1b[200~500 # two\r\nlines\x1b[201~\r")
        await player.settles(1)
        assert guild.history() == [("relative", 500, 0, "two lines")]


async def test_the_preview_follows_other_peoples_changes(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+5")
        await previews(player, "Hagga 7 → 12 · +0.5 points")
        guild.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
        await previews(player, "Hagga 100 → 105 · +0.5 points")


async def test_a_resource_that_is_deleted_while_typing_is_reported(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+5")
        await player.sees("→ 12")
        guild.sql("DELETE FROM resource_history WHERE resource_id = 'water'")
        guild.sql("DELETE FROM resources WHERE id = 'water'")
        await player.sees("this resource was deleted")
        await player.press("enter")
        assert guild.history() == []
        player.assert_laid_out()


# Conflicts


async def test_a_set_conflicts_with_a_newer_quantity(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=20 # counted")
        await player.sees("Hagga 7 → 20")
        guild.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'water'")
        player.burst("\r")  # before the dashboard polls
        await player.sees("▲ 1 conflict: o")
        assert guild.history() == []
        assert guild.quantities("water") == (9, 0)
        await player.press("o")
        await player.sees("Water =20 conflicts: Hagga holds 9 now, not 7.")
        await player.press("e")
        await previews(player, "Hagga 9 → 20 · +1 point")
        assert edit_lines(player)[0].split() == ["Water", "=20", "#", "counted"]
        await player.press("enter")
        await player.settles(1)
        assert guild.history() == [("absolute", 11, 0, "counted")]
        await player.sees_no(": o ")


async def test_the_guard_is_the_quantity_on_screen(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=20")
        await player.sees("Hagga 7 → 20")
        guild.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'water'")
        player.app.tracker.refresh().result()  # the row is read, but not drawn before Enter
        player.burst("\r")
        await player.sees("▲ 1 conflict: o")
        assert guild.quantities("water") == (9, 0)


async def test_setting_the_current_quantity_is_no_conflict(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=20")
        await player.sees("Hagga 7 → 20")
        guild.sql("UPDATE resources SET quantity_hagga = 20 WHERE id = 'water'")
        player.burst("\r")
        await player.settles(1)
        assert guild.history() == [("absolute", 0, 0, None)]


async def test_a_removal_that_came_too_late_goes_to_the_outbox(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("-5")
        await player.sees("Hagga 7 → 2")
        guild.sql("UPDATE resources SET quantity_hagga = 1 WHERE id = 'water'")
        player.burst("\r")
        await player.sees("▲ 1 rejected: o")
        await player.press("o")
        await player.sees("Water -5 rejected: only 1 at Hagga.")
        await player.press("x")
        await player.sees_no(": o ")
        assert guild.history() == []
        assert guild.quantities("water") == (1, 0)


async def test_editing_again_and_going_back_keeps_the_outbox(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("-5")
        await player.sees("Hagga 7 → 2")
        guild.sql("UPDATE resources SET quantity_hagga = 1 WHERE id = 'water'")
        player.burst("\r")
        await player.sees("▲ 1 rejected: o")
        await player.press("o", "e")
        await previews(player, "✗ Hagga holds only 1: 4 short")
        await player.press("escape")
        await player.sees("▲ 1 rejected: o")


async def test_a_resource_with_quantities_of_nine_digits_fits(make_guild: MakeGuild) -> None:
    most = NewResource(
        "m", "Most of everything", "Raw", 999_999_998, 999_999_999, target=999_999_999
    )
    async with playing(make_guild([most]), (80, 24)) as player:
        assert "999,999,998 999,999,999" in " ".join(player.rows()[0].split())
        player.burst("+2")
        await previews(player, "✗ Hagga holds 999,999,998; the most is 999,999,999")
        player.assert_laid_out()


async def test_a_set_says_that_the_quantity_has_changed(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=50")
        await player.sees("Hagga 7 → 50")
        guild.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'water'")
        await player.sees("changed since you looked: was 7 · Hagga 9 → 50")


async def test_a_mistake_is_pointed_at_if_the_sentence_has_no_room(guild: Guild) -> None:
    async with playing(guild, (60, 20)) as player:
        await player.go_to("Complex Machinery")
        player.burst("+1,5k")
        await player.sees("groups of three")
        above, below = edit_lines(player)
        assert below.splitlines()[0].index("▲") == above.index(",")
