"""A few snapshots of fixed size and time; `make snapshots` updates them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tracker_tui.ui.app import TrackerApp
from ui.conftest import DAY, MINUTE, NOW, Guild
from ui.history_rows import record, some_weeks

Compare = Callable[..., bool]
Prepare = Callable[[Pilot[None]], Awaitable[None]]


@pytest.fixture
def app(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrackerApp]:
    """The dashboard of a guild whose database clock is frozen."""
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


def keys(*pressed: str) -> Prepare:
    """Press these keys, with blinking cursors switched off."""

    async def prepare(pilot: Pilot[None]) -> None:
        await pilot.press(*pressed)
        await pilot.app.workers.wait_for_complete()
        # After the keys, because they mount inputs.
        for entry in pilot.app.screen.query(Input):
            entry.cursor_blink = False
        # Wait until the picture stops changing.
        before, picture = "", pilot.app.export_screenshot()
        while picture != before:
            await pilot.pause()
            before, picture = picture, pilot.app.export_screenshot()

    return prepare


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_main_screen(snap_compare: Compare, app: TrackerApp, size: tuple[int, int]) -> None:
    assert snap_compare(app, terminal_size=size, run_before=keys("down", "space"))


def test_quick_edit(snap_compare: Compare, app: TrackerApp) -> None:
    pressed = keys("slash", *"spice", "plus", *"3*500+20")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressed)


def test_details(snap_compare: Compare, app: TrackerApp) -> None:
    pressed = keys("slash", *"spice", "enter", "enter")
    assert snap_compare(app, terminal_size=(160, 50), run_before=pressed)


BOTH_SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])


@pytest.fixture
def busy(app: TrackerApp, guild: Guild) -> TrackerApp:
    """The dashboard of the guild after some weeks, in a fixed time zone."""
    some_weeks(guild)
    stock = 600
    for number, change in enumerate([250, -60, 90, 150, -80, 200, 50]):
        record(
            guild,
            f"steel{number}",
            change,
            resource_id="steel",
            previous_quantity_hagga=stock,
            new_quantity_hagga=stock + change,
            created_at=NOW - (22 - 3 * number) * DAY,
        )
        stock += change
    app.tracker.query_cache.zone = ZoneInfo("Europe/Berlin")
    app.tracker.refresh().result()
    return app


@BOTH_SIZES
@pytest.mark.parametrize(
    "pressed",
    [
        ["2", "down"],
        ["2", "enter"],
        ["2", "f"],
        ["3"],
        ["3", "enter"],
        ["4"],
        ["slash", *"steel ", "enter", "enter"],
        ["l"],
    ],
    ids=["history", "entry", "filters", "leaderboard", "member", "activity", "chart", "sparklines"],
)
def test_screens(
    snap_compare: Compare, busy: TrackerApp, pressed: list[str], size: tuple[int, int]
) -> None:
    assert snap_compare(busy, terminal_size=size, run_before=keys(*pressed))
