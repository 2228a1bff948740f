"""A resource's quantities over time, for charts, daily totals and a forecast.

The named tuples are kept on disk as arrays, so their fields keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.status import DAY

TOP: Final = 5
"""Members listed as having added or removed most."""
_A_MOMENT: Final = 60
_SHORTEST: Final = 3_600
"""Seconds; a shorter series gives no rate per day."""


class Level(NamedTuple):
    """The quantities from `at` on, in Unix seconds, until the next level."""

    at: int
    hagga: int
    deep_desert: int

    @property
    def total(self) -> int:
        """Units at both locations together."""
        return self.hagga + self.deep_desert


class Share(NamedTuple):
    """The units that a member added and removed, both 0 or more."""

    by: str
    added: int
    removed: int


class QuantitySeries(NamedTuple):
    """The levels of one resource from `since` to `until`, oldest first, and who caused them.

    The first level is the one at `since`, or the first known one after it.
    """

    since: int
    until: int
    levels: list[Level]
    shares: list[Share]
    latest: tuple[HistoryEntry, ...] = ()
    """The newest history entries, whatever the period."""

    def ending_with(self, now: int, hagga: int, deep_desert: int) -> QuantitySeries:
        """Return the series with the current quantities as its last level.

        A series that was read up to a minute ago keeps its end.
        """
        until = now if now - self.until > _A_MOMENT else self.until
        levels = [level for level in self.levels if level.at <= until]
        if not levels or levels[-1][1:] != (hagga, deep_desert):
            levels.append(Level(until, hagga, deep_desert))
        return self._replace(until=until, levels=levels)

    @property
    def per_day(self) -> float | None:
        """Units gained or lost per day, on average; None if the series is too short."""
        if not self.levels or self.until - self.levels[0].at < _SHORTEST:
            return None
        gained = self.levels[-1].total - self.levels[0].total
        return gained * DAY / (self.until - self.levels[0].at)

    @property
    def most_added(self) -> list[Share]:
        """The members who added most."""
        return sorted((s for s in self.shares if s.added), key=lambda s: (-s.added, s.by))[:TOP]

    @property
    def most_removed(self) -> list[Share]:
        """The members who removed most."""
        return sorted((s for s in self.shares if s.removed), key=lambda s: (-s.removed, s.by))[:TOP]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The day on which a steady rate reaches the target, or 0."""

    is_reached: bool
    """True: the target is reached; False: nothing is left."""
    days: float
    """From now."""


def forecast(total: int, target: int | None, per_day: float | None) -> Forecast | None:
    """Return when the target is reached or nothing is left; None if neither will happen."""
    if not target or target <= 0 or not per_day:
        return None
    if per_day > 0:
        if total >= target:
            return None
        return Forecast(is_reached=True, days=(target - total) / per_day)
    return Forecast(is_reached=False, days=total / -per_day) if total > 0 else None


class DayLevel(NamedTuple):
    """A resource's total at the start and at the end of a day."""

    resource_id: str
    day: int
    at_end: int
    at_begin: int


class DailyTotals:
    """The total of each resource at the end of each day from `first` to `last`."""

    def __init__(self, levels: Iterable[DayLevel], first: int, last: int) -> None:
        self._first, self._last = first, last
        self._levels: dict[str, dict[int, DayLevel]] = {}
        for level in levels:
            self._levels.setdefault(level.resource_id, {})[level.day] = level

    def of(self, resource_id: str, total: int) -> list[int]:
        """Return a resource's totals, one a day; the last is `total`, the current one.

        A day without changes has the total of the day before.
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
