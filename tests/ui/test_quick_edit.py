"""The quick edit: its preview, its rejections, and the ledger after Enter."""

from __future__ import annotations

from threading import Event
from time import monotonic

import pytest

from tracker_tui.config.settings import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import WIDE, Guild, Player, in_front_of, playing
from ui.guild_on_server import never_poll
from ui.steps import edit_lines, preview_text, previews


async def test_the_preview_appears_while_typing_and_points_at_mistakes(guild: Guild) -> None:
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


async def test_a_quick_edit_keeps_rejected_text_and_takes_any_reason(guild: Guild) -> None:
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


# Keys typed faster than the screen draws, or before the first rows

BURSTS = {
    "/spice+3*500\r": ("spice", ("relative", 1_500, 0)),
    "/water\r=5\r": ("water", ("absolute", -2, 0)),
    "/fuel\x1b[B+5\r": ("fuel", ("relative", 5, 0)),
    "/zzz\x7f\x7f\x7fplastan>5\r": ("ingot", ("transfer", -5, 5)),
    "gjjj\t+5\r": ("ingot", ("relative", 0, 5)),
    "\tGk-5\r": ("ore", ("relative", -5, 0)),
    "g+5\x1b[200~0\x1b[201~0\r": ("machine", ("relative", 500, 0)),
    "/plastan<1k\r": ("ingot", ("transfer", 1_000, -1_000)),
    "/steel\r\t\t+5\r": ("steel", ("relative", 5, 0)),
}
"""Keys typed in one burst, with the change that they make."""


async def test_every_key_of_a_burst_goes_where_it_belongs(guild: Guild) -> None:
    async with playing(guild) as player:
        for count, (keys, (resource_id, change)) in enumerate(BURSTS.items(), start=1):
            player.burst(keys)
            await player.settles(count)
            last = guild.sql("SELECT resource_id FROM resource_history ORDER BY rowid")[-1]
            assert (*last, guild.history()[-1][:3]) == (resource_id, change), keys
            await player.press("escape")
        assert guild.quantities("spice") == (2_700, 0)
        assert guild.points()[0] == ("spice", 165.0)
        # Many resources in one burst
        player.burst("/spice mel+1\r/water+2\r/steel-3\r/plastanium>4\r")
        await player.settles(len(BURSTS) + 4)
        assert [row[:3] for row in guild.history()[len(BURSTS) :]] == [
            ("relative", 1, 0),
            ("relative", 2, 0),
            ("relative", -3, 0),
            ("transfer", -4, 4),
        ]
        # By hand
        await player.press(*"/spice", "plus", *"3*500", "enter")
        await player.settles(len(BURSTS) + 5)
        assert guild.history("spice")[-1] == ("relative", 1_500, 0, None)


async def test_a_burst_of_edits_is_saved_in_order_and_quitting_loses_none(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r" * 30)
        await player.settles(30)
        quantities = guild.sql(
            "SELECT new_quantity_hagga FROM resource_history WHERE resource_id = 'water'"
            " AND change_type = 'relative' ORDER BY rowid"
        )
        assert quantities == [(7 + number,) for number in range(1, 31)]
        await player.until(lambda: " 37 " in player.line(" Water  "), "the last quantity")
        await player.press("down")
        player.assert_laid_out()
        player.burst("+1\r" * 20 + "q")
        await player.leaves()
    assert guild.quantities("water") == (57, 0)


async def test_early_keys_are_dispatched_with_the_first_rows(guild: Guild) -> None:
    may_open = Event()

    def slowly(config: Config) -> Ledger:
        may_open.wait(30)
        return Ledger(*open_sqlite(config.database, durable=False), clock=guild.now)

    tracker = Tracker(guild.config(), opener=slowly)
    tracker.open()
    async with in_front_of(tracker, guild, WIDE) as player:
        player.burst("/water\r+5\r")
        await player.sees("opening …")
        assert guild.history() == []
        may_open.set()
        await player.settles(1)
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]


async def test_early_keys_wait_until_the_rows_are_shown(guild: Guild) -> None:
    tracker = guild.tracker()
    async with in_front_of(tracker, guild, WIDE) as player:
        tracker._ledger_thread.refresher.last_refresh = monotonic()
        player.burst("/water\r+5\r")
        await player.pilot.pause()
        tracker.open()
        await player.settles(1)
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]
