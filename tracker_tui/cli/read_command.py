"""Shared by `list`, `history` and `leaderboard`: ask the ledger, or fall back to the cache.

A read waits 5 s for the database. If it is unreachable, busy or slower than that, the command
prints the last rows that this machine has read, and their age on standard error. If there are
none, it waits longer, or fails.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from time import monotonic, time
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from tracker_tui.cli.command_setup import load_settings, print_local_warnings
from tracker_tui.cli.output import complain
from tracker_tui.domain.messages import time_since
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.text import one_line
from tracker_tui.errors import DatabaseBusy, DatabaseUnreachable, TrackerError, UnknownResource
from tracker_tui.tracker.tracker import Tracker

if TYPE_CHECKING:
    from tracker_tui.tracker.query_cache import Query, QueryResult

T = TypeVar("T")
TIMEOUT_SECONDS: Final = 5.0
"""How long to wait for the database if the cache has an answer."""


class Reply(NamedTuple, Generic[T]):
    """An answer of the ledger, or a cached one that is `age` seconds old because of `trouble`."""

    value: T
    trouble: TrackerError | None = None
    age: float = 0.0


@contextmanager
def open_tracker(arguments: argparse.Namespace) -> Iterator[Tracker]:
    """Open the tracker of a command, and close it at the end; raises LocalFileError."""
    tracker = Tracker(load_settings(arguments))
    print_local_warnings(tracker)
    try:
        yield tracker
    finally:
        tracker.close()
        print_local_warnings(tracker)


def read_resources(tracker: Tracker) -> None:
    """Read the ledger's rows, or keep the replica's and print their age; raises TrackerError."""
    try:
        _wait_for(tracker.open(), monotonic() + TIMEOUT_SECONDS, tracker.has_rows)
    except (DatabaseBusy, DatabaseUnreachable) as error:
        if tracker.last_refresh is None:
            raise
        print_age(error, monotonic() - tracker.last_refresh)


def ask(tracker: Tracker, make_query: Callable[[], Query[T]], *, needs_rows: bool) -> Reply[T]:
    """Run a query in one request, or return its cached answer.

    With `needs_rows` the request reads the resources too, for a query that depends on their names.
    `make_query` is called once the rows are as fresh as they can be, and possibly again. Raises
    TrackerError, and UnknownResource if `make_query` does.
    """
    until = monotonic() + TIMEOUT_SECONDS

    def is_cached() -> bool:
        return _cached(tracker, make_query) is not None

    try:
        if tracker.pending():
            # Sent first, so that the answer includes them.
            _wait_for(tracker.open(), until, is_cached)
            future = tracker.query_cache.ask(make_query())
        elif needs_rows:
            future = tracker.query_cache.open_asking(make_query)
        else:
            tracker.membership.check_in_background()
            future = tracker.query_cache.ask(make_query())
        return Reply(_wait_for(future, until, is_cached).value)
    except (DatabaseBusy, DatabaseUnreachable) as error:
        cached = _cached(tracker, make_query)
        if cached is None:
            raise
        return Reply(cached.value, error, time() - cached.at)


def print_age(trouble: TrackerError, age: float, note: str = "") -> None:
    """Print in one line why the result is `age` seconds old."""
    complain(f"{trouble} Showing what was read {time_since(int(age))}.{note}")


def location_names(tracker: Tracker) -> tuple[str, str]:
    """Return the guild's names for Hagga and the Deep Desert, safe for a terminal."""
    places = tracker.places
    return one_line(places[Location.HAGGA], 24), one_line(places[Location.DEEP_DESERT], 24)


def _wait_for(future: Future[T], until: float, has_fallback: Callable[[], bool]) -> T:
    """Wait until a time of `monotonic`, or as long as it takes if there is no fallback."""
    try:
        return future.result(max(0.0, until - monotonic()))
    except TimeoutError:
        if not has_fallback():
            return future.result()
        raise DatabaseUnreachable("The database takes too long to answer.") from None


def _cached(tracker: Tracker, make_query: Callable[[], Query[T]]) -> QueryResult[T] | None:
    has_names = tracker.has_rows()
    try:
        query = make_query()
    except UnknownResource:
        if not has_names:
            return None  # this machine knows no names yet, so this one may well exist
        raise
    return tracker.query_cache.cached(query).result()
