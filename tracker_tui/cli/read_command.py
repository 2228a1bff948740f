"""What commands that only read have in common: a tracker, and what was read last as a last resort.

They wait a moment for the database. Where it is out of reach, too slow or busy they show what this
machine keeps, and say on standard error how old that is; where it keeps nothing they fail.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from time import monotonic, time
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from tracker_tui.cli.local_warnings import configured, tell_notices
from tracker_tui.cli.output import complain
from tracker_tui.domain.messages import time_since
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.text import one_line
from tracker_tui.errors import DatabaseBusy, DatabaseUnreachable, TrackerError, UnknownResource
from tracker_tui.tracker.tracker import Tracker

if TYPE_CHECKING:
    from tracker_tui.tracker.query_cache import Query, QueryResult

T = TypeVar("T")
PATIENCE_SECONDS: Final = 5.0
"""How long the database may take where there is something else to show."""


class Reply(NamedTuple, Generic[T]):
    """What the ledger answers; or answered `age` seconds ago, because of `trouble` now."""

    value: T
    trouble: TrackerError | None = None
    age: float = 0.0


@contextmanager
def reading_tracker(arguments: argparse.Namespace) -> Iterator[Tracker]:
    """Make the tracker of a command, and let go of it at the end; raises LocalFileError."""
    tracker = Tracker(configured(arguments))
    tell_notices(tracker)
    try:
        yield tracker
    finally:
        tracker.close()
        tell_notices(tracker)


def read_resources(tracker: Tracker) -> None:
    """Read the ledger, or be content with the replica, and say how old it is.

    Raises TrackerError.
    """
    try:
        _in_time(tracker.open(), monotonic() + PATIENCE_SECONDS, tracker.has_rows)
    except (DatabaseBusy, DatabaseUnreachable) as error:
        if tracker.last_refresh is None:
            raise
        tell_age(error, monotonic() - tracker.last_refresh)


def ask(tracker: Tracker, question_of: Callable[[], Query[T]], *, rests_on_rows: bool) -> Reply[T]:
    """Ask the ledger a question, in one request, or be content with its last answer to that.

    Where it `rests_on_rows`, as names of resources do, they are read along. `question_of` is called
    when they are known as well as they can be, perhaps more than once. Raises TrackerError;
    UnknownResource, too, if `question_of` does.
    """
    until = monotonic() + PATIENCE_SECONDS

    def keeps_answer() -> bool:
        return _kept(tracker, question_of) is not None

    try:
        if tracker.pending():
            # It is sent first, for it is to be in the answer.
            _in_time(tracker.open(), until, keeps_answer)
            asked = tracker.query_cache.ask(question_of())
        elif rests_on_rows:
            asked = tracker.query_cache.open_asking(question_of)
        else:
            asked = tracker.query_cache.ask(question_of())
        return Reply(_in_time(asked, until, keeps_answer).value)
    except (DatabaseBusy, DatabaseUnreachable) as error:
        kept = _kept(tracker, question_of)
        if kept is None:
            raise
        return Reply(kept.value, error, time() - kept.at)


def tell_age(trouble: TrackerError, age: float, more: str = "") -> None:
    """Say in one line why what is shown is `age` seconds old."""
    complain(f"{trouble} Shown is what was read {time_since(int(age))}.{more}")


def shown_places(tracker: Tracker) -> tuple[str, str]:
    """Return what the guild calls Hagga and the Deep Desert, fit for a terminal."""
    places = tracker.places
    return one_line(places[Location.HAGGA], 24), one_line(places[Location.DEEP_DESERT], 24)


def _in_time(future: Future[T], until: float, has_other: Callable[[], bool]) -> T:
    """Wait up to a time of `monotonic`; only where there is nothing else to show for longer."""
    try:
        return future.result(max(0.0, until - monotonic()))
    except TimeoutError:
        if not has_other():
            return future.result()
        raise DatabaseUnreachable("The database takes too long to answer.") from None


def _kept(tracker: Tracker, question_of: Callable[[], Query[T]]) -> QueryResult[T] | None:
    knows_names = tracker.has_rows()
    try:
        question = question_of()
    except UnknownResource:
        if not knows_names:
            return None  # no name is known here at all, which says nothing against this one
        raise
    return tracker.query_cache.cached(question).result()
