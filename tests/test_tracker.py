"""The tracker: answers at once, sends in order, loses nothing, takes back what was asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from helpers import wild
from helpers.build import (
    DEEP_DESERT,
    HAGGA,
    PLAYER,
    add,
    config_for,
    new_resource,
    remove,
    set_to,
    to_deep_desert,
)
from helpers.listening import Listener
from helpers.processes import locked
from helpers.wild import ask, make_file
from tracker_tui.config import Config
from tracker_tui.db.sqlite import create_sqlite, open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.domain.grammar import parse_change
from tracker_tui.domain.outcome import Refusal, Verdict
from tracker_tui.errors import DatabaseBusy, DatabaseError, UnknownResource
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker import Failed, Loaded, Tracker, Undone

START = [
    new_resource("spice", hagga=1000, deep_desert=400),
    new_resource("water", hagga=50, target=100),
]


def quick(config: Config) -> Ledger:
    """Open a ledger that does not wait for the disk."""
    return Ledger(*open_sqlite(config.database, durable=False))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tracker.db"
    create_sqlite(path, lambda database, layout: Ledger(database, layout).create(START, "x"))
    return path


@pytest.fixture
def make_tracker(path: Path) -> Iterator[Callable[[], Tracker]]:
    made: list[Tracker] = []

    def make() -> Tracker:
        made.append(Tracker(config_for(path), opener=quick))
        return made[-1]

    yield make
    for tracker in made:
        tracker.close()


@pytest.fixture
def tracker(make_tracker: Callable[[], Tracker]) -> Tracker:
    tracker = make_tracker()
    tracker.open().result(20)
    return tracker


@pytest.fixture
def listener(tracker: Tracker) -> Listener:
    return Listener(tracker)


@pytest.fixture
def other(path: Path) -> Iterator[Ledger]:
    """Somebody else, on the same database."""
    ledger = Ledger(*open_sqlite(path, durable=False))
    yield ledger
    ledger.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on a busy database at once; ask for it before the tracker."""
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)


def stored(path: Path, resource_id: str = "spice") -> tuple[object, ...]:
    asked = "SELECT quantity_hagga, quantity_deep_desert FROM resources WHERE id = ?"
    return ask(path, asked, resource_id)[0]


def history(path: Path) -> list[object]:
    """Return the ids of what was done since the resources were created, in order of commit."""
    asked = "SELECT id FROM resource_history WHERE reason IS NOT 'Resource created' ORDER BY rowid"
    return [row[0] for row in ask(path, asked)]


def shown(tracker: Tracker, resource_id: str = "spice") -> tuple[int, int]:
    resource = tracker.resource(resource_id)
    assert resource is not None
    return resource.hagga, resource.deep_desert


def undo(tracker: Tracker, listener: Listener) -> Undone:
    tracker.undo()
    return listener.next(Undone)


# Submitting


def test_a_submission_is_shown_before_submit_returns(tracker: Tracker) -> None:
    tracker.submit([add(5), to_deep_desert(100)])
    assert shown(tracker) == (905, 500)


def test_a_submission_settles_with_what_came_of_each_change(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    changes = [add(5), remove(10_000), set_to(7, resource_id="water"), add(1, resource_id="gone")]
    tracker.submit(changes)
    outcomes = listener.settled(4)
    assert [outcome.change for outcome in outcomes] == changes
    assert [outcome.verdict for outcome in outcomes] == [
        *(Verdict.APPLIED, Verdict.REFUSED, Verdict.APPLIED, Verdict.REFUSED),
    ]
    assert (stored(path), stored(path, "water")) == ((1005, 400), (7, 0))
    assert tracker.pending() == []


def test_a_refused_change_is_shown_no_more_and_waits_for_the_player(
    tracker: Tracker, listener: Listener
) -> None:
    refused = remove(10_000)
    tracker.submit([refused])
    (outcome,) = listener.settled(1)
    assert tracker.needing_player() == [outcome]
    assert outcome.shortage == (HAGGA, 1000, -9000)
    assert shown(tracker) == (1000, 400)
    tracker.drop(refused.id)
    assert tracker.needing_player() == []


def test_later_changes_of_a_resource_wait_while_an_earlier_one_waits_for_the_player(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    """Design, "One picture": they were typed in the belief that the earlier one goes through."""
    refused, waiting, elsewhere = remove(10_000), add(5), add(5, resource_id="water")
    tracker.submit([refused])
    listener.settled(1)
    tracker.submit([waiting])
    tracker.submit([elsewhere])
    listener.settled(1)
    tracker.recent_history("spice").result(20)
    assert history(path) == [elsewhere.id]
    assert tracker.pending() == [waiting]
    tracker.drop(refused.id)
    tracker.poll()
    listener.settled(1)
    assert history(path) == [elsewhere.id, waiting.id]


def test_five_hundred_submissions_are_all_applied_in_order(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    submissions = [
        [add(number, resource_id="spice" if number % 2 else "water")] for number in range(1, 501)
    ]
    for submission in submissions:
        tracker.submit(submission)
    outcomes = listener.settled(500)
    assert {outcome.verdict for outcome in outcomes} == {Verdict.APPLIED}
    assert [outcome.change for outcome in outcomes] == [change for (change,) in submissions]
    assert history(path) == [change.id for (change,) in submissions]
    assert shown(tracker) == stored(path)


@contextmanager
def at_every_step(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` wherever the scheduler might take this thread off while in the program."""

    def trace(frame: FrameType, event: str, argument: object) -> None:
        if "tracker_tui" in frame.f_code.co_filename:
            sys.settrace(None)
            interrupt()
            sys.settrace(trace)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_what_is_shown_is_what_the_ledger_has_whoever_submits_in_between(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    threads: list[threading.Thread] = []

    def submit_from_another_thread() -> None:
        thread = threading.Thread(target=tracker.submit, args=([add(1)],))
        threads.append(thread)
        thread.start()
        # It may well have to wait for us; else what we put is sent before we go on.
        thread.join(0.1)
        if not thread.is_alive():
            tracker.recent_history("spice").result(20)

    with at_every_step(submit_from_another_thread):
        tracker.submit([add(1000)])
    for thread in threads:
        thread.join(20)
    listener.settled(1 + len(threads))
    assert len(threads) > 2
    assert stored(path) == (2000 + len(threads), 400)
    assert shown(tracker) == stored(path)


def test_a_change_minds_what_was_seen_only_if_it_is_absolute_and_guarded(tracker: Tracker) -> None:
    seen = tracker.change("spice", parse_change("=5"), DEEP_DESERT, seen=400)
    blind = tracker.change("spice", parse_change("=5"), DEEP_DESERT, seen=None)
    relative = tracker.change("spice", parse_change("+5 # run"), HAGGA, seen=1000)
    assert (seen.expected, blind.expected, relative.expected) == (400, None, None)
    assert (relative.by, relative.reason, relative.amount) == (PLAYER, "run", 5)


def test_a_count_of_what_somebody_else_moved_meanwhile_is_a_conflict(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    change = tracker.change("spice", parse_change("=5"), HAGGA, seen=1000)
    other.apply(add(1))
    tracker.submit([change])
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.CONFLICT
    assert tracker.needing_player() == [outcome]
    assert shown(tracker) == stored(path) == (1001, 400)


def test_a_change_of_a_resource_that_was_deleted_takes_it_off_the_screen(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    ask(path, "DELETE FROM resources WHERE id = 'spice'")
    tracker.submit([add(1)])
    (outcome,) = listener.settled(1)
    assert outcome.refusal is Refusal.NO_RESOURCE
    assert tracker.resource("spice") is None


def test_one_change_can_be_settled_at_once(tracker: Tracker, path: Path) -> None:
    outcome = tracker.settle(add(5)).result(20)
    assert outcome.verdict is Verdict.APPLIED
    assert stored(path) == (1005, 400)


# Undo


@pytest.mark.parametrize(
    "change",
    [add(5), remove(5, DEEP_DESERT), set_to(5), set_to(5000, DEEP_DESERT), to_deep_desert(5)],
    ids=lambda c: f"{c.kind} at {c.location}",
)
def test_undo_takes_back_a_change(
    tracker: Tracker, listener: Listener, path: Path, change: Change
) -> None:
    tracker.submit([change])
    listener.settled(1)
    assert undo(tracker, listener) == Undone(0, 1)
    assert shown(tracker) == stored(path) == (1000, 400)
    assert ask(path, "SELECT count(*) FROM leaderboard") == [(0,)]


def test_undo_takes_back_all_changes_of_a_submission(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    tracker.submit([add(5), add(7, resource_id="water"), to_deep_desert(100)])
    assert undo(tracker, listener) == Undone(0, 3)
    assert (stored(path), stored(path, "water")) == ((1000, 400), (50, 0))


def test_undo_of_a_submission_whose_changes_need_each_other_takes_back_all(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    # Forwards, the second undo step would not find what it takes away.
    tracker.submit([add(5000), to_deep_desert(5500), remove(5900, DEEP_DESERT)])
    assert undo(tracker, listener) == Undone(0, 3)
    assert {outcome.verdict for outcome in listener.settled(6)} == {Verdict.APPLIED}
    assert stored(path) == (1000, 400)


def test_undo_goes_back_to_the_start_of_the_run(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    for change in (add(5), set_to(2000), to_deep_desert(300), remove(1, DEEP_DESERT)):
        tracker.submit([change])
    for _ in range(4):
        assert undo(tracker, listener) == Undone(0, 1)
    assert stored(path) == (1000, 400)
    assert undo(tracker, listener) == Undone(0, 0)


def test_undo_is_not_itself_undone(tracker: Tracker, listener: Listener, path: Path) -> None:
    tracker.submit([add(5)])
    undo(tracker, listener)
    assert undo(tracker, listener) == Undone(0, 0)
    assert stored(path) == (1000, 400)


def test_undo_passes_over_what_was_refused(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    tracker.submit([add(5)])
    tracker.submit([remove(10_000, resource_id="water")])
    assert undo(tracker, listener) == Undone(0, 1)
    assert stored(path) == (1000, 400)


def test_undo_of_a_count_keeps_what_others_did_since(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([set_to(5)])
    listener.settled(1)
    other.apply(add(20))
    undo(tracker, listener)
    assert stored(path) == (1020, 400)


def test_undo_of_what_somebody_spent_is_refused_and_can_be_tried_again(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([add(100)])
    listener.settled(1)
    other.apply(remove(1050))
    undo(tracker, listener)
    (outcome,) = listener.settled(1)
    assert (outcome.verdict, outcome.refusal) == (Verdict.REFUSED, Refusal.QUANTITY)
    assert (stored(path), tracker.pending(), tracker.needing_player()) == ((50, 400), [], [])
    other.apply(add(50))
    undo(tracker, listener)
    assert stored(path) == (0, 400)


def test_an_undo_that_is_refused_in_part_can_be_tried_again_for_that_part_alone(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([add(100), add(100, resource_id="water")])
    listener.settled(2)
    other.apply(remove(1100))
    assert undo(tracker, listener) == Undone(0, 2)
    assert (stored(path), stored(path, "water")) == ((0, 400), (50, 0))
    other.apply(add(100))
    assert undo(tracker, listener) == Undone(0, 1)
    assert (stored(path), stored(path, "water")) == ((0, 400), (50, 0))


def test_an_undo_that_can_never_go_through_does_not_stand_in_the_way_of_earlier_ones(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    gone = add(7)
    tracker.submit([add(5)])
    tracker.submit([gone])
    listener.settled(2)
    # An admin took the entry out of the history, so what it did is not ours to take back.
    ask(path, "DELETE FROM resource_history WHERE id = ?", gone.id)
    undo(tracker, listener)
    undo(tracker, listener)
    assert stored(path) == (1007, 400)


# A ledger that does not answer


@pytest.mark.usefixtures("impatient")
class TestWhileSomebodyElseHoldsTheDatabase:
    def test_changes_are_shown_and_kept(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        with locked(path):
            change = add(5)
            tracker.submit([change])
            failed = listener.next(Failed)
            assert isinstance(failed.error, DatabaseBusy)
            assert tracker.trouble is failed.error
            assert shown(tracker) == (1005, 400)
            assert tracker.pending() == [change]
            assert tracker.needing_player() == []

    def test_changes_are_sent_in_order_once_it_is_free(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        changes = [add(5), remove(1005), add(7)]
        with locked(path):
            for change in changes:
                tracker.submit([change])
                listener.next(Failed)
        tracker.poll()
        assert [outcome.change for outcome in listener.settled(3)] == changes
        assert shown(tracker) == stored(path) == (7, 400)
        assert (tracker.pending(), tracker.trouble) == ([], None)
        assert history(path) == [change.id for change in changes]

    def test_the_next_submission_sends_the_earlier_ones_first(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        early, late = add(5), remove(1005)
        with locked(path):
            tracker.submit([early])
            listener.next(Failed)
        tracker.submit([late])
        listener.settled(2)
        assert history(path) == [early.id, late.id]

    def test_undo_withdraws_what_is_still_pending(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        with locked(path):
            tracker.submit([add(5), add(7, resource_id="water")])
            listener.next(Failed)
            assert undo(tracker, listener) == Undone(2, 0)
            assert shown(tracker) == (1000, 400)
            assert tracker.pending() == []
        tracker.poll()
        tracker.refresh().result(20)
        assert history(path) == []

    def test_an_undo_is_shown_and_kept_and_sent_later(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        """Design, "One picture": what is shown has the outbox's pending changes laid over it."""
        tracker.submit([add(5)])
        listener.settled(1)
        with locked(path):
            tracker.undo()
            listener.next(Failed)
            assert len(tracker.pending()) == 1
            assert shown(tracker) == (1000, 400)
        tracker.poll()
        listener.settled(1)
        assert shown(tracker) == stored(path) == (1000, 400)

    def test_a_refresh_meanwhile_keeps_pending_changes_on_the_screen(
        self, path: Path, tracker: Tracker, listener: Listener
    ) -> None:
        with locked(path):
            tracker.submit([add(5)])
            listener.next(Failed)
            # In a file of ours readers wait for nobody.
            tracker.refresh().result(20)
            assert shown(tracker) == (1005, 400)

    def test_one_change_that_is_to_be_settled_at_once_says_why_it_is_not(
        self, path: Path, tracker: Tracker
    ) -> None:
        with locked(path), pytest.raises(DatabaseBusy):
            tracker.settle(add(5)).result(20)

    def test_close_returns_what_could_not_be_sent(
        self, path: Path, make_tracker: Callable[[], Tracker]
    ) -> None:
        tracker = Tracker(config_for(path), opener=quick)
        tracker.open().result(20)
        with locked(path):
            changes = [add(5), add(7)]
            tracker.submit(changes)
            assert tracker.close() == changes
        assert history(path) == []

    def test_opening_fails_and_poll_tries_again(self, tmp_path: Path) -> None:
        # Only with a rollback journal does a writer keep readers out.
        path = make_file(tmp_path / "guild.db", wild.FOUNDING)
        tracker = Tracker(config_for(path), opener=quick)
        listener = Listener(tracker)
        with locked(path):
            opened = tracker.open()
            with pytest.raises(DatabaseBusy):
                opened.result(20)
            assert listener.next(Failed).error is tracker.trouble
        tracker.poll()
        assert listener.next(Loaded).is_first
        assert tracker.trouble is None
        tracker.close()


def test_close_sends_what_is_pending(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.submit([add(5)])
    assert tracker.close() == []
    assert stored(path) == (1005, 400)


def test_close_tells_no_more_events(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    listener = Listener(tracker)
    tracker.close()
    assert listener.events == []


def test_what_cannot_be_opened_raises_from_open_and_is_told(tmp_path: Path) -> None:
    tracker = Tracker(config_for(tmp_path / "missing.db"))
    listener = Listener(tracker)
    with pytest.raises(DatabaseError, match="There is no database"):
        tracker.open().result(20)
    assert isinstance(listener.next(Failed).error, DatabaseError)
    assert tracker.close() == []


# Reading


def test_opening_loads_everything(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    listener = Listener(tracker)
    tracker.open().result(20)
    assert listener.next(Loaded) == Loaded(frozenset({"spice", "water"}), frozenset(), True)
    assert {resource.id for resource in tracker.resources()} == {"spice", "water"}
    tracker.close()


def test_poll_notices_what_others_changed(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    other.apply(add(5))
    other.create([new_resource("oil")], "x")
    ask(path, "DELETE FROM resources WHERE id = 'water'")
    tracker.poll()
    assert listener.next(Loaded) == Loaded(frozenset({"spice", "oil"}), frozenset({"water"}), False)
    assert shown(tracker) == (1005, 400)


def test_poll_tells_nothing_while_nothing_changed(
    tracker: Tracker, listener: Listener, other: Ledger
) -> None:
    tracker.submit([add(5)])
    listener.settled(1)
    for _ in range(5):
        tracker.poll()
        tracker.recent_history("spice").result(20)
    assert listener.events == []


def test_what_others_do_between_poll_and_reading_is_noticed_by_the_next_poll(
    tracker: Tracker, listener: Listener, other: Ledger
) -> None:
    for number in range(1, 20):
        other.apply(add(1))
        tracker.poll()
        listener.next(Loaded)
        assert shown(tracker) == (1000 + number, 400)


def test_names_places_and_time_are_those_of_the_database(tmp_path: Path) -> None:
    path = make_file(
        tmp_path / "guild.db",
        (
            *wild.LATER,
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


def test_a_resource_is_found_by_a_part_of_its_name(tracker: Tracker) -> None:
    assert tracker.find("SPI").result(20) == "spice"
    with pytest.raises(UnknownResource):
        tracker.find("sandworm").result(20)


def test_recent_history_is_that_of_the_ledger(
    tracker: Tracker, listener: Listener, other: Ledger
) -> None:
    tracker.submit([add(5), add(7)])
    listener.settled(2)
    assert tracker.recent_history("spice").result(20) == other.recent_history("spice")


def test_what_settled_tells_an_undo_from_a_submission(tracker: Tracker, listener: Listener) -> None:
    change = add(5)
    tracker.submit([change])
    tracker.undo()
    assert [outcome.change.undoes for outcome in listener.settled(2)] == [None, change.id]
