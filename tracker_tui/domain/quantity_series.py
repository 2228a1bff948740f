"""How the quantity of a resource went, and where it is heading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.status import DAY

TOP: Final = 5
_A_MOMENT: Final = 60
_SHORTEST: Final = 3_600
"""Seconds: what is known of less time says nothing about a day."""


class Level(NamedTuple):
    """What was in store from `at` on, in Unix seconds, until the next level."""

    at: int
    hagga: int
    deep_desert: int

    @property
    def total(self) -> int:
        """Units at both locations together."""
        return self.hagga + self.deep_desert


class Share(NamedTuple):
    """What somebody gave and took, in units, both 0 or more."""

    by: str
    given: int
    taken: int


class QuantitySeries(NamedTuple):
    """The levels of one resource, oldest first, from `since` to `until`, and whose doing they are.

    The first level is that at `since`, or later the first one that is known at all.
    """

    since: int
    until: int
    levels: list[Level]
    shares: list[Share]
    latest: tuple[HistoryEntry, ...] = ()
    """Its newest entries, whatever the period is."""

    def ending_with(self, now: int, hagga: int, deep_desert: int) -> QuantitySeries:
        """Return the course with what is in store now as its last level.

        One that was read a moment ago ends when it was read.
        """
        until = now if now - self.until > _A_MOMENT else self.until
        levels = [level for level in self.levels if level.at <= until]
        if not levels or levels[-1][1:] != (hagga, deep_desert):
            levels.append(Level(until, hagga, deep_desert))
        return self._replace(until=until, levels=levels)

    @property
    def per_day(self) -> float | None:
        """Units won or lost in a day, on average; None where too little time is known."""
        if not self.levels or self.until - self.levels[0].at < _SHORTEST:
            return None
        gained = self.levels[-1].total - self.levels[0].total
        return gained * DAY / (self.until - self.levels[0].at)

    @property
    def givers(self) -> list[Share]:
        """Who gave most."""
        return sorted((s for s in self.shares if s.given), key=lambda s: (-s.given, s.by))[:TOP]

    @property
    def takers(self) -> list[Share]:
        """Who took most."""
        return sorted((s for s in self.shares if s.taken), key=lambda s: (-s.taken, s.by))[:TOP]


class Forecast(NamedTuple):
    """What happens if it goes on like this, and in how many days."""

    is_reached: bool
    """Whether the target is reached then; else nothing is left."""
    days: float


def forecast(total: int, target: int | None, per_day: float | None) -> Forecast | None:
    """Return when a target is reached, or when nothing is left; None if neither comes."""
    if not target or target <= 0 or not per_day:
        return None
    if per_day > 0:
        return Forecast(True, (target - total) / per_day) if total < target else None
    return Forecast(False, total / -per_day) if total > 0 else None


class DayLevel(NamedTuple):
    """What was in store of a resource at the end of a day, and at its begin."""

    resource_id: str
    day: int
    at_end: int
    at_begin: int


class DailyTotals:
    """What was in store of each resource at the end of each day from `first` to `last`."""

    def __init__(self, levels: Iterable[DayLevel], first: int, last: int) -> None:
        self._first, self._last = first, last
        self._levels: dict[str, dict[int, DayLevel]] = {}
        for level in levels:
            self._levels.setdefault(level.resource_id, {})[level.day] = level

    def of(self, resource_id: str, total: int) -> list[int]:
        """Return the totals of a resource, of which `total` is there now: the last of them.

        Days on which nothing happened have what the day before left.
        """
        known = self._levels.get(resource_id, {})
        earlier = [day for day in known if day < self._first]
        if earlier:
            value = known[max(earlier)].at_end
        else:
            value = known[min(known)].at_begin if known else total
        values = []
        for day in range(self._first, self._last):
            value = known[day].at_end if day in known else value
            values.append(value)
        return [*values, total]
