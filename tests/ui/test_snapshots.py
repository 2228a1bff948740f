"""A few snapshots of fixed size and time; `make snapshots` updates them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from helpers.listening import SECONDS
from tracker_tui.ui.app import TrackerApp
from ui.conftest import DAY, MINUTE, NOW, Guild, screen_lines
from ui.history_rows import record, some_weeks

Compare = Callable[..., bool]
Prepare = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture
def app(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrackerApp]:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    guild.sql(
        "INSERT INTO resource_history VALUES ('h', 'spice', 900, 1200, 300, 0, 0, 0,"
        " 'relative', 'Stilgar', 'spice run', ?, NULL, NULL)",
        NOW - 3 * MINUTE - 15,
    )
    tracker = guild.tracker()
    tracker.open().result()
    yield TrackerApp(tracker)
    tracker.close()


def see(steps: dict[str, str]) -> Prepare:
    """Press the keys of each step and wait for its text; blinking cursors are switched off."""

    async def prepare(pilot: Pilot[None]) -> None:
        for pressed, text in steps.items():
            await pilot.press(*pressed.split())
            async with asyncio.timeout(SECONDS):
                while text not in "\n".join(screen_lines(pilot.app)):
                    await pilot.pause()
        # After the keys, because they mount inputs.
        for entry in pilot.app.screen.query(Input):
            entry.cursor_blink = False
        # Wait until the picture stops changing.
        before, picture = "", pilot.app.export_screenshot()
        while picture != before:
            await pilot.pause()
            before, picture = picture, pilot.app.export_screenshot()

    return prepare


NARROW, WIDE = (80, 24), (160, 50)


@pytest.mark.parametrize("size", [NARROW, (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_main_screen(snap_compare: Compare, app: TrackerApp, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=see({"down space": "1 selected"}))


def test_quick_edit(snap_compare: Compare, app: TrackerApp) -> None:
    steps = {"slash s p i c e plus 3 * 5 0 0 + 2 0": "2,720"}
    assert snap_compare(app, terminal_size=NARROW, run_before=see(steps))


@pytest.fixture
def busy(app: TrackerApp, guild: Guild) -> TrackerApp:
    """The dashboard of the guild after some weeks, in a fixed time zone."""
    some_weeks(guild)
    stock = 600
    for number, change in enumerate([250, -60, 90, 150, -80, 200, 50]):
        of = {"resource_id": "steel", "created_at": NOW - (22 - 3 * number) * DAY}
        record(guild, f"steel{number}", change, before=(stock, 200), **of)
        stock += change
    app.tracker.query_cache.zone = ZoneInfo("Europe/Berlin")
    app.tracker.refresh().result()
    return app


CHART = {"slash s t e e l space enter enter": "┤"}
SCREENS: dict[str, tuple[dict[str, str], tuple[int, int]]] = {
    "history-80x24": ({"2": "10:52", "down": "10:52"}, NARROW),
    "entry-80x24": ({"2": "10:52", "enter": "When"}, NARROW),
    "filters-160x50": ({"2": "10:52", "f": "by me"}, WIDE),
    "leaderboard-160x50": ({"3": "48.00"}, WIDE),
    "member-80x24": ({"3": "48.00", "enter": "By category"}, NARROW),
    "activity-160x50": ({"4": "10:52"}, WIDE),
    "chart-160x50": (CHART, WIDE),
}
"""The keys to press, the text to wait for after each, and the size of the terminal."""


@pytest.mark.parametrize(("steps", "size"), SCREENS.values(), ids=SCREENS)
def test_screens(
    snap_compare: Compare, busy: TrackerApp, steps: dict[str, str], size: tuple[int, int]
) -> None:
    assert snap_compare(busy, terminal_size=size, run_before=see(steps))
