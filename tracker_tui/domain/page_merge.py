"""Joining pages of rows, newest first, into one run without a gap, and taking pages out of it.

A run is a page that begins with the newest row. What it holds beyond a page that was read again
stays, so that a short answer never hides what a longer one had brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from tracker_tui.domain.history import HistoryCursor, HistoryPage
from tracker_tui.domain.leaderboard import ContributionPage

LONGEST: Final = 1_000
"""Rows of a run; what is older is left out."""

P = TypeVar("P", HistoryPage, ContributionPage)


def joined(before: HistoryCursor | None, run: P | None, page: P) -> P | None:
    """Return a run with a page in it that goes on after `before`; None where a gap would be left.

    What the page covers is as the page says; what the run holds of older rows stays.
    """
    if before is None:
        if run is None or page.end is None or page.is_last or not _reaches(page.end, run):
            return page
        newer: list[Any] = []
    else:
        if run is None or not _covers(run, before):
            return None
        newer = run.entries[: _position(run.entries, before)]
    older: list[Any] = [] if page.is_last else _older(run.entries, page.end)
    goes_further = run.end is not None and page.end is not None and _is_older(run.end, page.end)
    ends_as = run if goes_further and not page.is_last else page
    return _cut(ends_as._replace(entries=[*newer, *page.entries, *older]), LONGEST)


def contradicts(run: P, before: HistoryCursor | None, page: P) -> bool:
    """Whether rows of a run are gone or different in a page that covers them."""
    if page.end is None:
        return False
    first = 0 if before is None else _position(run.entries, before)
    there: set[Any] = {*page.entries}
    return any(row not in there for row in run.entries[first : _position(run.entries, page.end)])


def without_older(run: P, before: HistoryCursor | None) -> P | None:
    """Return a run without the rows that are older than `before`; None where none is left."""
    if before is None:
        return None
    kept = run.entries[: _position(run.entries, before)]
    return run._replace(entries=kept, end=before, is_last=False)


def page_of(run: P, before: HistoryCursor | None, limit: int) -> P | None:
    """Return so many rows of a run that are older than `before`; None where it ends earlier."""
    if before is not None:
        if not _covers(run, before):
            return None
        run = run._replace(entries=_older(run.entries, before))
    return _cut(run, limit)


def _cut(page: P, limit: int) -> P:
    if len(page.entries) <= limit:
        return page
    entries = page.entries[:limit]
    last = entries[-1]
    return page._replace(entries=entries, end=last.place, is_last=False, looked_back_to=last.at)


def _reaches(place: HistoryCursor, run: HistoryPage | ContributionPage) -> bool:
    """Whether nothing lies between a place and the newest row of a run."""
    return bool(run.entries) and not _is_older(run.entries[0].place, place)


def _covers(run: HistoryPage | ContributionPage, place: HistoryCursor) -> bool:
    if run.end is None or _is_older(place, run.end):
        return False
    newest = run.entries[0].place if run.entries else run.end
    return not _is_older(newest, place)


def _older(rows: Sequence[Any], place: HistoryCursor | None) -> list[Any]:
    return [] if place is None else [*rows[_position(rows, place) :]]


def _position(rows: Sequence[Any], place: HistoryCursor) -> int:
    """Return how many rows are not older than a place."""
    first, end = 0, len(rows)
    while first < end:
        middle = (first + end) // 2
        if _is_older(rows[middle].place, place):
            end = middle
        else:
            first = middle + 1
    return first


def _is_older(place: HistoryCursor, other: HistoryCursor) -> bool:
    return _order(place) < _order(other)


def _order(place: HistoryCursor) -> tuple[Any, ...]:
    # As SQLite orders them: texts behind all numbers.
    return isinstance(place.at, str), place.at, place.rowid
