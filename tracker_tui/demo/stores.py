"""The guild's two stores, seen by its players: what is there, what is short, what they enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from tracker_tui.demo.clock import Clock
from tracker_tui.demo.members import DemoMember
from tracker_tui.domain.change import Change, Outcome, counter_change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.ledger import Ledger

_LEAST_WEIGHT: Final = 0.02
_EXACT: Final = 0.3
"""The share of amounts that are counted to the last unit; the others are round."""


class StockTrend(NamedTuple):
    """Where the guild is heading with one resource."""

    scale: int
    """Units of which the shares below and those of amounts are taken: usually the target."""
    aim: float
    """The total at which gathering and using balance, as a share of the scale."""
    traffic: float
    """How often it is touched, as a weight."""
    until: int
    """When it was forgotten, in Unix seconds."""


class Stores:
    """What the players know and do; every change goes through the ledger, at the clock's time."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        dice: Random,
        resources: Iterable[Resource],
        series_list: Mapping[str, StockTrend],
    ) -> None:
        self.dice = dice
        self._ledger = ledger
        self._clock = clock
        self._resources = {resource.name: resource for resource in resources}
        self._trends = series_list
        self.names: Sequence[str] = tuple(self._resources)

    # Looking

    def __getitem__(self, name: str) -> Resource:
        """Return a resource as the ledger last showed it."""
        return self._resources[name]

    def is_open(self, name: str) -> bool:
        """Whether anybody still cares for a resource."""
        return self._clock() < self._trends[name].until

    def need(self, name: str) -> float:
        """Return what is missing to the aim, as a share of the scale; negative: too much."""
        course = self._trends[name]
        return course.aim - self._resources[name].total / course.scale

    def choose(self, names: Iterable[str], wanted: Callable[[str], float]) -> str | None:
        """Return one of `names`, those that are `wanted` most being the likeliest; or none."""
        cared_for = [name for name in names if self.is_open(name)]
        if not cared_for:
            return None
        weights = [
            self._trends[name].traffic * max(_LEAST_WEIGHT, wanted(name)) for name in cared_for
        ]
        return self.dice.choices(cared_for, weights)[0]

    def armful(self, name: str, strength: float = 1.0) -> int:
        """Return an amount that somebody may bring or take at once, in units."""
        units = self._trends[name].scale * self.dice.uniform(0.02, 0.08) * strength
        return self.as_typed(units)

    def as_typed(self, units: float) -> int:
        """Return an amount as people enter it: mostly two digits and zeros; at least 1."""
        whole = max(1, round(units))
        if self.dice.random() < _EXACT:
            return whole
        step: int = 10 ** max(0, len(str(whole)) - 2)
        return max(1, round(whole / step)) * step

    # Doing

    def add(
        self, by: DemoMember, name: str, at: Location, amount: int, reason: str | None = None
    ) -> None:
        """Bring in units."""
        self._enter(by, Kind.ADD, name, at, amount, reason)

    def take(
        self, by: DemoMember, name: str, at: Location, amount: int, reason: str | None = None
    ) -> None:
        """Take units out, as far as there are any."""
        amount = min(amount, self[name].at(at))
        if amount > 0:
            self._enter(by, Kind.REMOVE, name, at, amount, reason)

    def move(
        self, by: DemoMember, name: str, to: Location, amount: int, reason: str | None = None
    ) -> None:
        """Carry units from the other base, as far as there are any."""
        amount = min(amount, self[name].at(to.other))
        kind = Kind.TO_HAGGA if to is Location.HAGGA else Kind.TO_DEEP_DESERT
        if amount > 0:
            self._enter(by, kind, name, to.other, amount, reason)

    def count(
        self, by: DemoMember, name: str, at: Location, found: int, reason: str | None = None
    ) -> None:
        """Set what is there to what was found."""
        self._enter(by, Kind.SET, name, at, found, reason)

    def slip(self, by: DemoMember, name: str, at: Location, amount: int) -> None:
        """Bring in units with a mistake in it, and take that back a moment later."""
        outcome = self._enter(by, Kind.ADD, name, at, amount, None)
        if outcome.moved is not None:
            counter = counter_change(outcome.change, outcome.moved, by.id)
            if counter is not None:
                self._apply(counter)

    def _enter(
        self, by: DemoMember, kind: Kind, name: str, at: Location, amount: int, reason: str | None
    ) -> Outcome:
        change_id, resource_id = self._ledger.new_id(), self[name].id
        return self._apply(Change(change_id, resource_id, kind, at, amount, by.id, reason))

    def _apply(self, change: Change) -> Outcome:
        # Typing takes its time, and the next change comes after this one.
        self._clock.wait(self.dice.randint(6, 30))
        outcome = self._ledger.apply(change)
        if outcome.resource is not None:
            self._resources[outcome.resource.name] = outcome.resource
        return outcome
