"""Opening loads everything, closing sends what is pending."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.build import add, config_for
from helpers.listening import Listener
from helpers.tracking import quick, stored
from tracker_tui.errors import LedgerError
from tracker_tui.tracker.events import Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker


def test_opening_loads_everything(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    listener = Listener(tracker)
    tracker.open().result(20)
    loaded = Refreshed(
        changed=frozenset({"spice", "water"}), is_first=True, history_may_differ=True
    )
    assert listener.next(Refreshed) == loaded
    assert {resource.id for resource in tracker.resources()} == {"spice", "water"}
    tracker.close()


@pytest.mark.usefixtures("patient")
def test_close_sends_what_is_pending(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.submit([add(5)])
    assert tracker.close() == []
    assert stored(path) == (1005, 400)


def test_close_publishes_no_more_events(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    listener = Listener(tracker)
    tracker.close()
    assert listener.events == []


def test_a_failed_open_raises_and_is_published(tmp_path: Path) -> None:
    tracker = Tracker(config_for(tmp_path / "missing.db"))
    listener = Listener(tracker)
    with pytest.raises(LedgerError, match="There is no database"):
        tracker.open().result(20)
    assert isinstance(listener.next(Failed).error, LedgerError)
    assert tracker.close() == []
