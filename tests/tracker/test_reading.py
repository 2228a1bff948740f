"""Opening, reading and closing: rows, other people's changes, names, times and history."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import DEEP_DESERT, HAGGA, PLAYER, add, config_for, new_resource
from helpers.listening import Listener
from helpers.other_schemas import ask, make_file
from helpers.tracking import ask_history, quick, shown, stored
from tracker_tui.errors import LedgerError
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.events import ChangesQueued, Failed, OutcomesReceived, Refreshed
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
def test_close_sends_pending_changes_and_publishes_no_more_events(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.submit([add(5)])
    assert tracker.close() == []
    assert stored(path) == (1005, 400)
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


def test_poll_reads_changes(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    other.apply(add(5))
    other.create([new_resource("oil")], "x")
    ask(path, "DELETE FROM resources WHERE id = 'water'")
    tracker.poll()
    changed, removed = frozenset({"spice", "oil"}), frozenset({"water"})
    assert listener.next(Refreshed) == Refreshed(
        changed=changed, removed=removed, history_may_differ=True
    )
    assert shown(tracker) == (1005, 400)
    # A change during a poll is found by the next one.
    for number in range(1, 10):
        other.apply(add(1))
        tracker.poll()
        listener.next(Refreshed)
        assert shown(tracker) == (1005 + number, 400)


def test_poll_without_changes_says_nothing(
    tracker: Tracker, listener: Listener, other: Ledger
) -> None:
    tracker.submit([add(5)])
    listener.settled(1)
    listener.next(ChangesQueued)
    for _ in range(5):
        tracker.poll()
        ask_history(tracker, "spice").result(20)
    assert listener.events == []


def test_names_places_and_time_are_those_of_the_database(tmp_path: Path) -> None:
    path = make_file(
        tmp_path / "guild.db",
        (
            *other_schemas.LATER,
            f"INSERT INTO users VALUES ('u', '{PLAYER}', 'paul', NULL, 'Muad''Dib', 1, 1)",
            "INSERT INTO global_settings VALUES ('inventory_location_1_name', 'Sietch', '', 1, 1)",
        ),
    )
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    assert (tracker.name_of(PLAYER), tracker.name_of("Stilgar")) == ("Muad'Dib", "Stilgar")
    assert tracker.places == {HAGGA: "Sietch", DEEP_DESERT: "Deep Desert"}
    ((now,),) = ask(path, "SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    assert isinstance(now, int)
    assert abs(tracker.now() - now) <= 2
    tracker.close()


def test_an_outcome_tells_an_undo_from_a_submission(tracker: Tracker, listener: Listener) -> None:
    change = add(5)
    tracker.submit([change])
    listener.until(lambda: any(isinstance(event, OutcomesReceived) for event in listener.events))
    tracker.undo()
    assert [outcome.change.undoes for outcome in listener.settled(2)] == [None, change.id]
