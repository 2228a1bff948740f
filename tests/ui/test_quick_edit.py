"""The quick edit: its preview, its rejections, and the ledger after Enter."""

from __future__ import annotations

import pytest

from ui.conftest import Guild, Player, playing
from ui.guild_on_server import never_poll


def edit_lines(player: Player) -> tuple[str, str]:
    """Return the line of the quick edit with name and text, and its preview."""
    region = player.app.resources.edit.region
    above, *below = player.lines()[region.y : region.bottom] or [""]
    return above, "\n".join(below)


def preview_text(player: Player) -> str:
    return edit_lines(player)[1].strip()


async def previews(player: Player, expected: str) -> None:
    await player.until(lambda: preview_text(player) == expected, expected)


async def test_the_preview_appears_while_typing_points_at_mistakes_and_escape_closes_it(
    guild: Guild,
) -> None:
    steps = {
        "+5": "Hagga 1,200 → 1,205 · 85 % → 86 % · +0.58 points",
        "00": "Hagga 1,200 → 1,700 · 85 % → 121 % · = on target · +55 points",
        "*2": "Hagga 1,200 → 2,200 · 85 % → 157 % · ▲ above target · +110 points",
        " # run": "Hagga 1,200 → 2,200 · 85 % → 157 % · ▲ above target · +110 points",
    }
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        before = player.text()
        for typed, expected in steps.items():
            player.burst(typed)
            await previews(player, expected)
        assert edit_lines(player)[0].split() == ["Spice", "Melange", "+500*2", "#", "run"]
        player.assert_laid_out()
        await player.press("escape")
        assert player.text() == before
        await player.press("down")
        assert player.is_on("Spice Sand")
        for typed, wrong in {"+5,00": ",", "+2x3": "x", "+1.5.2": ".2"}.items():
            player.burst(typed)
            await player.until(lambda: "▲" in preview_text(player), typed)
            above, below = edit_lines(player)
            assert below.index("▲") == above.index(typed) + typed.index(wrong), typed
            await player.press("enter")
            assert typed in edit_lines(player)[0], "the text stays"
            await player.press("escape")
        # On a narrow screen the sentence has no room beside the sign.
        await player.resize(60, 20)
        await player.press(*"+1,5k")
        await player.sees("groups of three")
        above, below = edit_lines(player)
        assert below.splitlines()[0].index("▲") == above.index(",")
        await player.quits("\x11")  # ctrl+q, even in an input
    assert guild.history() == []


CHANGES = {
    "+500 # spice run": ("relative", 500, 0, "spice run"),
    "-12": ("relative", -12, 0, None),
    "=5": ("absolute", -895, 0, None),
    "=6": ("absolute", 1, 0, None),
    "<1k": ("transfer", 1_000, -1_000, None),
    ">300": ("transfer", -300, 300, None),
    "\t>12": ("transfer", -12, 12, None),
}
"""Each kind of change of 412 at Hagga and 1,100 in the Deep Desert, one after the other."""


async def test_enter_applies_each_kind_of_change(guild: Guild) -> None:
    at_hagga, in_deep_desert = 412, 1_100
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        for count, (typed, (kind, hagga, deep_desert, reason)) in enumerate(CHANGES.items(), 1):
            player.burst(typed + "\r")
            await player.settles(count)
            row = guild.history("ingot")[-1]
            assert row[:3] == (kind, hagga, deep_desert), typed
            if kind != "transfer":  # a transfer without a reason gets one that names the move
                assert row[3] == reason
            at_hagga, in_deep_desert = at_hagga + hagga, in_deep_desert + deep_desert
            assert guild.quantities("ingot") == (at_hagga, in_deep_desert), typed
            shown = f" {at_hagga:,} "
            await player.until(
                lambda shown=shown: shown in player.line(" Plastanium Ingot  "), typed
            )
            assert "→" not in preview_text(player), "the quick edit is closed"


async def test_a_quick_edit_earns_points_keeps_rejected_text_and_takes_any_reason(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500\r")
        await player.settles(1)
        await player.until(
            lambda: "+55 points" in " ".join(player.text().split()).replace("▌ ", "")
        )
        assert guild.points() == [("spice", 55.0)]
        # A rejected change keeps its text.
        await player.go_to("Water")
        player.burst("-8\r")
        await previews(player, "✗ Hagga holds only 7: 1 short")
        assert edit_lines(player)[0].split() == ["Water", "-8"]
        player.burst("\x7f7\r")
        await player.settles(2)
        assert guild.quantities("water") == (0, 0)
        # Keys of the table are letters in the reason, and a paste is one line.
        player.burst("+5 # /usfyorjkgG?q 1+1=2 > < - *\r")
        await player.settles(3)
        assert guild.history()[-1] == ("relative", 5, 0, "/usfyorjkgG?q 1+1=2 > < - *")
        player.burst("+\x1b[200~500 # two\r\nlines\x1b[201~\r")
        await player.settles(4)
        assert guild.history()[-1] == ("relative", 500, 0, "two lines")


async def test_the_preview_follows_other_peoples_changes(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+5")
        await previews(player, "Hagga 7 → 12 · +0.5 points")
        set_water(guild, 100)
        await previews(player, "Hagga 100 → 105 · +0.5 points")
        await player.press("escape")
        player.burst("=50")
        await player.sees("Hagga 100 → 50")
        set_water(guild, 9)
        await player.sees("changed since you looked: was 100 · Hagga 9 → 50")
        guild.delete("water")
        await player.sees("this resource was deleted")
        await player.press("enter")
        assert guild.history() == []
        player.assert_laid_out()


def set_water(guild: Guild, quantity: int) -> None:
    guild.sql("UPDATE resources SET quantity_hagga = ? WHERE id = 'water'", quantity)


async def types_too_late(player: Player, typed: str, preview: str, quantity: int) -> None:
    """Apply a change of Water after somebody else has set its quantity."""
    player.burst(typed)
    await player.sees(preview)
    set_water(player.guild, quantity)


async def test_a_set_conflicts_unless_it_sets_what_is_there(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(guild) as player:
        await player.go_to("Water")
        await types_too_late(player, "=30", "Hagga 7 → 30", 30)
        player.burst("\r")
        await player.settles(1)
        assert guild.history()[-1] == ("absolute", 0, 0, None)
        await types_too_late(player, "=40", "Hagga 30 → 40", 31)
        player.app.tracker.refresh().result()  # the row is read, but not drawn before Enter
        player.burst("\r")
        await player.sees("▲ 1 conflict: o")
        assert guild.quantities("water") == (31, 0)
