"""Pages of rows, newest first, and how they are joined into one run that is kept.

A *run* is a page that begins with the newest row. Reading more pages makes it longer; reading a
page again replaces what that page covers. Older rows stay, so a short answer never hides rows that
a longer one brought:

    run       250 … 101
    page      260 … 201        (newest rows, read again)
    joined    260 … 101

A page that would leave a gap isn't joined. `tracker.query_cache` keeps runs on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

LONGEST: Final = 1_000
"""Rows in a run; older ones are dropped."""

T = TypeVar("T")


class PageCursor(NamedTuple):
    """The position of one row, by which the rows around it can be asked for."""

    at: int | float | str
    """`created_at` as it is stored, of whatever type."""
    rowid: int


class Page(NamedTuple, Generic[T]):
    """Rows, newest first, and where the next page continues.

    Kept on disk as an array: its fields, and those of the rows, keep their order.
    """

    entries: list[T]
    end: PageCursor | None
    """The oldest row that was looked at; None: where the page began."""
    is_last: bool
    """Whether the period has no older rows."""
    looked_back_to: int | None = None
    """The time of the row at `end`, in Unix seconds."""


def joined(before: PageCursor | None, run: Page[T] | None, page: Page[T]) -> Page[T] | None:
    """Return a run with a page in it that continues after `before`; None if that leaves a gap."""
    if before is None:
        if run is None or page.end is None or page.is_last or not _reaches(page.end, run):
            return page
        newer: list[T] = []
    else:
        if run is None or not _covers(run, before):
            return None
        newer = run.entries[: _position(run.entries, before)]
    older: list[T] = [] if page.is_last else _older(run.entries, page.end)
    goes_further = run.end is not None and page.end is not None and _is_older(run.end, page.end)
    ends_as = run if goes_further and not page.is_last else page
    return _cut(ends_as._replace(entries=[*newer, *page.entries, *older]), LONGEST)


def contradicts(run: Page[T], before: PageCursor | None, page: Page[T]) -> bool:
    """Whether rows of a run are missing or different in a page that covers them."""
    if page.end is None:
        return False
    first = 0 if before is None else _position(run.entries, before)
    there = {*page.entries}
    return any(row not in there for row in run.entries[first : _position(run.entries, page.end)])


def without_older(run: Page[T], before: PageCursor | None) -> Page[T] | None:
    """Return a run without the rows older than `before`; None if no row is left."""
    if before is None:
        return None
    kept = run.entries[: _position(run.entries, before)]
    return run._replace(entries=kept, end=before, is_last=False)


def page_of(run: Page[T], before: PageCursor | None, limit: int) -> Page[T] | None:
    """Return up to `limit` rows of a run older than `before`; None if the run ends earlier."""
    if before is not None:
        if not _covers(run, before):
            return None
        run = run._replace(entries=_older(run.entries, before))
    return _cut(run, limit)


def _cut(page: Page[T], limit: int) -> Page[T]:
    if len(page.entries) <= limit:
        return page
    entries = page.entries[:limit]
    last: Any = entries[-1]
    return page._replace(entries=entries, end=last.place, is_last=False, looked_back_to=last.at)


def _reaches(place: PageCursor, run: Page[Any]) -> bool:
    """Whether nothing lies between a place and the newest row of a run."""
    return bool(run.entries) and not _is_older(run.entries[0].place, place)


def _covers(run: Page[Any], place: PageCursor) -> bool:
    if run.end is None or _is_older(place, run.end):
        return False
    newest = run.entries[0].place if run.entries else run.end
    return not _is_older(newest, place)


def _older(rows: Sequence[T], place: PageCursor | None) -> list[T]:
    return [] if place is None else [*rows[_position(rows, place) :]]


def _position(rows: Sequence[Any], place: PageCursor) -> int:
    """Return how many rows are not older than a place."""
    first, end = 0, len(rows)
    while first < end:
        middle = (first + end) // 2
        if _is_older(rows[middle].place, place):
            end = middle
        else:
            first = middle + 1
    return first


def _is_older(place: PageCursor, other: PageCursor) -> bool:
    return _order(place) < _order(other)


def _order(place: PageCursor) -> tuple[Any, ...]:
    # SQLite sorts texts after all numbers.
    return isinstance(place.at, str), place.at, place.rowid
