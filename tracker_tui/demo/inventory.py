"""The demo guild's stock: current quantities, shortages, and changes at a simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from tracker_tui.demo.fixture_data import DemoMember
from tracker_tui.domain.change import Change, Outcome, counter_change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.ledger import Ledger

_LEAST_WEIGHT: Final = 0.02
_EXACT_SHARE: Final = 0.3
"""The share of amounts that are exact; the others are rounded to two digits."""


class SimulatedClock:
    """The time of the demo's ledger, in Unix seconds; it moves only forward, up to `end`."""

    def __init__(self, *, end: int) -> None:
        self._time = 0
        self._end = end

    def __call__(self) -> int:
        return self._time

    def advance(self, seconds: int) -> None:
        self.advance_to(self._time + seconds)

    def advance_to(self, time: int) -> None:
        """Set the time; an earlier time than the current one changes nothing."""
        self._time = max(self._time, min(time, self._end))


class StockTrend(NamedTuple):
    """The long-term course of one resource's quantity."""

    scale: int
    """The unit of `aim` and of amounts: usually the target."""
    aim: float
    """The total at which adding and removing balance, as a share of `scale`."""
    traffic: float
    """How often the resource changes, as a weight."""
    until: int
    """When members stop to update it, in Unix seconds."""


class Inventory:
    """The resources as members see them; changes go through the ledger, at the simulated time."""

    def __init__(
        self,
        ledger: Ledger,
        clock: SimulatedClock,
        dice: Random,
        resources: Iterable[Resource],
        trends: Mapping[str, StockTrend],
    ) -> None:
        self.dice = dice
        self._ledger = ledger
        self._clock = clock
        self._resources = {resource.name: resource for resource in resources}
        self._trends = trends
        self.names: Sequence[str] = tuple(self._resources)

    def __getitem__(self, name: str) -> Resource:
        """Return a resource as of its last change."""
        return self._resources[name]

    def is_in_use(self, name: str) -> bool:
        """Whether members still update a resource."""
        return self._clock() < self._trends[name].until

    def need(self, name: str) -> float:
        """Return the shortage as a share of the scale; negative if there is too much."""
        trend = self._trends[name]
        return trend.aim - self._resources[name].total / trend.scale

    def choose(self, names: Iterable[str], weight: Callable[[str], float]) -> str | None:
        """Choose one of `names` by its weight and traffic; None if none is in use."""
        in_use = [name for name in names if self.is_in_use(name)]
        if not in_use:
            return None
        weights = [self._trends[name].traffic * max(_LEAST_WEIGHT, weight(name)) for name in in_use]
        return self.dice.choices(in_use, weights)[0]

    def random_amount(self, name: str, strength: float = 1.0) -> int:
        """Return a plausible amount for one change, in units."""
        units = self._trends[name].scale * self.dice.uniform(0.02, 0.08) * strength
        return self.rounded(units)

    def rounded(self, units: float) -> int:
        """Round to two digits, as people usually type amounts; at least 1."""
        whole = max(1, round(units))
        if self.dice.random() < _EXACT_SHARE:
            return whole
        step: int = 10 ** max(0, len(str(whole)) - 2)
        return max(1, round(whole / step)) * step

    def add(
        self, by: DemoMember, name: str, at: Location, amount: int, reason: str | None = None
    ) -> None:
        """Add units at a location."""
        self._change(by, Kind.ADD, name, at, amount, reason)

    def remove(
        self, by: DemoMember, name: str, at: Location, amount: int, reason: str | None = None
    ) -> None:
        """Remove units, at most as many as there are."""
        amount = min(amount, self[name].at(at))
        if amount > 0:
            self._change(by, Kind.REMOVE, name, at, amount, reason)

    def move(
        self, by: DemoMember, name: str, to: Location, amount: int, reason: str | None = None
    ) -> None:
        """Move units from the other location, at most as many as there are."""
        amount = min(amount, self[name].at(to.other))
        kind = Kind.TO_HAGGA if to is Location.HAGGA else Kind.TO_DEEP_DESERT
        if amount > 0:
            self._change(by, kind, name, to.other, amount, reason)

    def set_quantity(
        self, by: DemoMember, name: str, at: Location, found: int, reason: str | None = None
    ) -> None:
        """Set the quantity to a counted one."""
        self._change(by, Kind.SET, name, at, found, reason)

    def add_by_mistake(self, by: DemoMember, name: str, at: Location, amount: int) -> None:
        """Add units, and undo that a moment later."""
        outcome = self._change(by, Kind.ADD, name, at, amount, None)
        if outcome.moved is not None:
            counter = counter_change(outcome.change, outcome.moved, by.id)
            if counter is not None:
                self._apply(counter)

    def _change(
        self, by: DemoMember, kind: Kind, name: str, at: Location, amount: int, reason: str | None
    ) -> Outcome:
        change_id, resource_id = self._ledger.new_id(), self[name].id
        return self._apply(Change(change_id, resource_id, kind, at, amount, by.id, reason))

    def _apply(self, change: Change) -> Outcome:
        # Typing takes some seconds, and the next change comes later than this one.
        self._clock.advance(self.dice.randint(6, 30))
        outcome = self._ledger.apply(change)
        if outcome.resource is not None:
            self._resources[outcome.resource.name] = outcome.resource
        return outcome
