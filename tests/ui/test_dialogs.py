"""Details, their chart, and what dialogs share: Esc and q go back, ctrl+q quits."""

from __future__ import annotations

import gc
from itertools import cycle
from weakref import ref

import pytest
from textual.events import MouseDown

from helpers.privates import removed_but_drawn, styles_cache
from ui.conftest import DAY, MEMBER, MINUTE, NARROW, NOW, TALL, WIDE, Guild, playing, screen_strips
from ui.history_rows import STILGAR, add_user, record

DIALOGS = {
    "enter": "Multiplier",
    "f": "Show only",
    "s": "Sort by",
    "o": "The outbox is empty.",
    "question_mark": "Typing a change",
}
"""The key that opens a dialog, and what only stands there."""


async def test_details_show_all_values_and_the_newest_changes_first(guild: Guild) -> None:
    guild.sql("UPDATE resources SET image_url = 'https://example.org/p.png' WHERE id = 'spice'")
    guild.insert("bare", name="A bare one")
    add_user(guild, "42", "Stilgar")
    record(guild, "h0", 100, updated_by="42", reason="first run", created_at=NOW - 2 * MINUTE)
    record(guild, "h1", 100, updated_by="Chani", reason="second run", created_at=NOW - 2 * MINUTE)
    async with playing(guild, TALL) as player:
        assert player.is_on("A bare one")
        await player.press("enter")
        await player.sees("No changes yet.")
        await player.press("escape")
        await player.sees_no("No changes yet.")
        player.burst("/spice mel\r\r")
        await player.sees("second run")
        shown = [line.split() for line in player.dialog()]
        for fact in (
            "Category Refined",
            "Hagga 1,200",
            "Deep Desert 0",
            "Total 1,200 · ▾ low",
            "Target 1,400 · 85 %",
            "Multiplier 1.1",
            "Priority ★ yes",
            "Updated 3 min ago by Chani",
            "Image https://example.org/p.png",
            "The spice must flow.",
        ):
            words = fact.split()
            assert any(line[: len(words)] == words for line in shown), fact
        text = player.text()
        assert text.index("second run") < text.index("first run") < text.index("Resource created")
        assert "2 min" in player.line("first run")
        assert "Stilgar" in player.line("first run")
        assert "Hagga +100" in player.line("first run")
        player.assert_laid_out()
        # A click on a widget that was just removed does nothing.
        values = player.app.screen.query_one("#details-values")
        x, y = values.region.x + 2, values.region.y + 1
        click = MouseDown(
            None, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False, screen_x=x, screen_y=y
        )
        with removed_but_drawn(values):
            assert player.app.screen.get_widget_at(x, y)[0] is values
            await player.app.on_event(click)
        await player.quits("\x11")
        assert player.app.return_code == 0


async def test_only_web_addresses_in_a_description_are_links(guild: Guild) -> None:
    text = "\n".join(f"paragraph {number}" for number in range(100))
    guild.sql("UPDATE resources SET description = ? WHERE id = 'machine'", text)
    guild.sql(
        "UPDATE resources SET image_url = 'javascript:x', description = ? WHERE id = 'spice'",
        "https://a.example/x?y=1 and http://b.example but file:///etc/passwd ssh://c vscode://d"
        " [link=https://evil.example]here[/link] HTTPS",
    )
    async with playing(guild, (160, 50)) as player:
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("Resource created")
        links = {
            segment.style.link
            for strip in screen_strips(player.app)
            for segment in strip
            if segment.style is not None and segment.style.link
        }
        assert {"https://a.example/x?y=1", "http://b.example"} <= links
        assert all(link.startswith(("https://", "http://")) for link in links)
        assert "file:///etc/passwd" in player.text()
        assert "[link=https://evil.example]here[/link]" in player.text()
        # A long description can be scrolled.
        await player.press("escape", "g")
        await player.resize(80, 24)
        await player.press("enter")
        await player.sees("paragraph 0")
        await player.press("end")
        await player.sees("Resource created", "paragraph 99")
        await player.press("home")
        await player.sees("Multiplier")
        player.assert_laid_out()


async def test_closing_a_dialog_keeps_the_dashboard_open_and_frees_its_memory(guild: Guild) -> None:
    kept: list[ref[object]] = []

    def are_gone() -> bool:
        gc.collect()
        return not any(each() for each in kept)

    async with playing(guild, TALL) as player:
        for (key, seen), way_out in zip(DIALOGS.items(), cycle(["escape", "q"]), strict=False):
            await player.press(key)
            await player.sees(seen)
            player.assert_laid_out()
            screen = player.app.screen
            drawn = [styles_cache(widget) for widget in (screen, *screen.query("*"))]
            kept += [ref(each) for each in (screen, *drawn)]
            del screen, drawn
            await player.press(way_out)
            await player.sees_no(seen)
            assert player.app.is_running
        await player.until(are_gone, "the end of what was drawn")
        # The keys of the table do nothing behind a dialog, and go to the table after it.
        await player.press("o", *"+5", "enter", "u", "r", "space", "slash")
        assert "The outbox is empty." in player.text()
        await player.press("escape")
        assert "selected" not in player.text()
        assert player.is_on("Complex Machinery")
        await player.press("j")
        assert player.is_on("Fuel Cell")
        # In an input q is a letter.
        await player.press("slash", "q", "escape", "plus", "q", "escape")
        await player.quits()
    assert guild.history() == []


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """A guild whose spice went from 600 to 1,200 in twelve days."""
    guild.sql("DELETE FROM resource_history")
    add_user(guild, STILGAR, "Stilgar")
    stock = 600
    for number, change in enumerate([150, 150, -50, 200, 150]):
        by, at = MEMBER if change < 0 else STILGAR, NOW - (12 - 2 * number) * DAY
        record(guild, f"h{number}", change, before=(stock, 0), updated_by=by, created_at=at)
        stock += change
    return guild


async def test_details_show_the_chart_and_who_changed_what(busy: Guild) -> None:
    async with playing(busy, (160, 50)) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("l")
        await player.sees("No trend:")
        await player.press("l")
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("no resource_history", "Multiplier")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        await player.sees("─T total", "Latest changes")
        for size in ((60, 20), NARROW, WIDE):
            await player.resize(*size)
            await player.sees("▐30d▌")
            player.assert_laid_out()
            if size[1] >= 24:
                # 600 in twelve days, to 1,400; one member added 650, another removed 50.
                await player.sees("─H Hagga", "─T total", "+20 a day · target reached in 10 days")
                await player.sees("Added by", "+650", "-50")
        for period, text in (("7d", "+350"), ("24h", "a day"), ("all", "+650")):
            await player.press("left")
            await player.sees(f"▐{period}▌", text)
        # The whole history of the resource.
        await player.press("h")
        await player.sees("▐2 History▌", "Spice Melange", "+150 →")
        await player.press("1")
        await player.sees_no("▐2 History▌")
        await player.go_to("Water")
        await player.press("enter")
        await player.sees("No changes yet.", "not enough changes", "─T total")


async def test_l_shows_thirty_days_of_every_resource_and_is_remembered(busy: Guild) -> None:
    async with playing(busy) as player:
        await player.press("l")
        for size in (NARROW, WIDE):
            await player.resize(*size)
            await player.sees("30 days")
            # All of its changes are within these days.
            await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
            assert "▁" in player.line("Spice Melange"), size
            player.assert_laid_out()
        await player.go_to("Spice Melange")
        player.burst("=0\r")
        await player.until(lambda: "█▁ " in player.cursor_row(), "its new end")
        await player.press("l")
        await player.sees_no("30 days")
        await player.press("l", "q")
        await player.leaves()
    async with playing(busy) as player:
        await player.sees("30 days")
