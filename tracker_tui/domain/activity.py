"""One member's activity in a period: changes, points, and the days on which they were active."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class ResourceActivity(NamedTuple):
    """A member's changes to one resource; `added` and `removed` in units."""

    resource_id: str
    changes: int
    added: int
    removed: int


class Activity(NamedTuple):
    """A member's changes and points in a period. Kept on disk as an array, in this order."""

    points: float
    actions: int
    """Changes that earned points."""
    resources: list[ResourceActivity]
    """The most often changed resource first."""
    days: list[int]
    """Days with a change (`domain.period`), as far back as a streak counts, whatever the period."""
    today: int

    @property
    def changes(self) -> int:
        """The number of history entries."""
        return sum(each.changes for each in self.resources)

    @property
    def streak(self) -> int:
        """Days in a row with at least one change, up to today."""
        return streak(self.days, self.today)


class CategoryTotal(NamedTuple):
    """The points that a member earned with one category of resources."""

    category: str
    points: float
    actions: int


class DayPoints(NamedTuple):
    """The points earned on one day, a day number as in `domain.period`."""

    day: int
    points: float


class MemberPoints(NamedTuple):
    """A member's points in a period, divided by category and by day."""

    categories: list[CategoryTotal]
    days: list[DayPoints]


def streak(days: Iterable[int], today: int) -> int:
    """Return how many days in a row, up to today, are among `days`.

    A day without changes ends a streak only when it is over.
    """
    active = set(days)
    day = today if today in active else today - 1
    length = 0
    while day - length in active:
        length += 1
    return length
