"""The ledger against a plain-Python model, driven by hypothesis through all of a player's actions.

The model is written from the data contract and shares no rule with the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from helpers import other_schemas
from helpers.examples import share
from helpers.ledger_under_test import Books, MakeLedger, Row
from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Verdict, counter_change
from tracker_tui.domain.points import NO_POINTS
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.ledger.ledger import random_id
from tracker_tui.ledger.resources import NewResource

MOST = 999_999_999
Pair = tuple[int, int]

amounts = st.one_of(
    st.integers(1, 30), st.integers(1, 5000), st.sampled_from([1000, MOST - 1, MOST, MOST + 1])
)
quantities = st.one_of(st.just(0), st.integers(0, 3000), st.just(MOST))


@dataclass
class Shelf:
    """A resource: its quantities, and the values that points depend on."""

    there: Pair
    target: int | None
    multiplier: float

    def status(self) -> str:
        total = sum(self.there)
        if not self.target:
            return "at_target"
        for percent, status in ((150, "above_target"), (100, "at_target"), (50, "below_target")):
            if total * 100 >= self.target * percent:
                return status
        return "critical"


shelves = st.builds(
    Shelf,
    there=st.tuples(quantities, quantities),
    target=st.one_of(st.none(), st.sampled_from([0, 10, 2000, 6000, MOST])),
    multiplier=st.sampled_from([0.04, 0.05, 0.67, 1.0, 2.5, 100.0]),
)


@dataclass
class Entry:
    """A row of history."""

    id: str
    resource: str
    before: Pair
    after: Pair
    type: str


@dataclass
class World:
    """The expected rows of the tables."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    history: dict[str, Entry] = field(default_factory=dict)
    points: dict[str, tuple[str, str, int, float, str]] = field(default_factory=dict)

    def send(self, change: Change) -> tuple[Verdict, Rejection | None]:
        """Apply a change as the data contract says; return the expected outcome."""
        shelf = self.shelves.get(change.resource_id)
        if shelf is None:
            return Verdict.REJECTED, Rejection.NO_RESOURCE
        if change.id in self.history:
            if self.history[change.id].resource == change.resource_id:
                return Verdict.ALREADY_APPLIED, None
            return Verdict.REJECTED, Rejection.ID_TAKEN
        after = wanted(change, shelf.there)
        rejection = self._rejection(change, after)
        if rejection is not None:
            return Verdict.REJECTED, rejection
        if change.expected is not None:
            seen = shelf.there[change.location is Location.DEEP_DESERT]
            if seen not in (change.expected, change.amount):
                return Verdict.CONFLICT, None
        self._write(change, shelf, after)
        return Verdict.APPLIED, None

    def _rejection(self, change: Change, after: Pair) -> Rejection | None:
        if change.requires is not None and change.requires not in self.history:
            return Rejection.NOT_IN_HISTORY
        ends = [new for new, moves in zip(after, moving(change), strict=True) if moves]
        return None if all(0 <= new <= MOST for new in ends) else Rejection.QUANTITY

    def _write(self, change: Change, shelf: Shelf, after: Pair) -> None:
        types = {Kind.SET: "absolute", Kind.ADD: "relative", Kind.REMOVE: "relative"}
        before, shelf.there = shelf.there, after
        self.history[change.id] = Entry(
            change.id, change.resource_id, before, after, types.get(change.kind, "transfer")
        )
        if change.undoes is not None:
            self.points.pop(change.undoes, None)
        elif change.kind is Kind.SET and before != after:
            moved = abs(sum(after) - sum(before))
            self.points[change.id] = (change.by, "SET", moved, 1.0, shelf.status())
        elif change.kind is Kind.ADD:
            bonus = {"critical": 0.10, "below_target": 0.05}.get(shelf.status(), 0.0)
            weighted = change.amount / 1000 * 100 * shelf.multiplier
            final = int((weighted + weighted * bonus) * 100 + 0.5) / 100
            if final > 0:
                self.points[change.id] = (change.by, "ADD", change.amount, final, shelf.status())


def wanted(change: Change, there: Pair) -> Pair:
    hagga, deep_desert = there
    if change.kind is Kind.TO_DEEP_DESERT:
        return hagga - change.amount, deep_desert + change.amount
    if change.kind is Kind.TO_HAGGA:
        return hagga + change.amount, deep_desert - change.amount
    old = hagga if change.location is Location.HAGGA else deep_desert
    new = {
        Kind.ADD: old + change.amount,
        Kind.REMOVE: old - change.amount,
        Kind.SET: change.amount,
    }[change.kind]
    return (new, deep_desert) if change.location is Location.HAGGA else (hagga, new)


def moving(change: Change) -> tuple[bool, bool]:
    if change.kind.is_transfer:
        return True, True
    return change.location is Location.HAGGA, change.location is Location.DEEP_DESERT


class LedgerMachine(RuleBasedStateMachine):
    """Sends changes to a ledger and to the model, and compares all rows."""

    resources = Bundle("resources")
    sent = Bundle("sent")

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books
        self.world = World()

    def teardown(self) -> None:
        self.books.ledger.close()

    # One from the start, because without resources no change can be applied.
    @initialize(target=resources, shelf=shelves)
    def found(self, shelf: Shelf) -> str:
        return self.make(shelf)

    @rule(target=resources, shelf=shelves)
    def create(self, shelf: Shelf) -> str:
        return self.make(shelf)

    def make(self, shelf: Shelf) -> str:
        rules = shelf.target, shelf.multiplier
        new = NewResource(random_id(), "Spice", "Raw", *shelf.there, None, *rules)
        known = {row["id"] for row in self.books.rows("resource_history")}
        self.books.ledger.create([new], "founder")
        (row,) = (r for r in self.books.rows("resource_history") if r["id"] not in known)
        self.world.shelves[new.id] = shelf
        self.world.history[row["id"]] = Entry(row["id"], new.id, (0, 0), shelf.there, "absolute")
        return new.id

    @rule(
        target=sent,
        resource=st.one_of(resources, resources, resources, st.just("gone")),
        kind=st.sampled_from(Kind),
        location=st.sampled_from(Location),
        amount=amounts,
        by=st.sampled_from(["chani", "paul"]),
    )
    def change(self, resource: str, kind: Kind, location: Location, amount: int, by: str) -> Change:
        return self.send(Change(random_id(), resource, kind, location, amount, by))

    @rule(
        target=sent,
        resource=resources,
        location=st.sampled_from(Location),
        amount=st.one_of(st.just(0), amounts),
        seen=st.sampled_from(["what is there", "what is wanted", "something else"]),
    )
    def count_what_was_seen(
        self, resource: str, location: Location, amount: int, seen: str
    ) -> Change:
        there = self.world.shelves[resource].there[location is Location.DEEP_DESERT]
        expected = {"what is there": there, "what is wanted": amount, "something else": there + 1}
        change = Change(random_id(), resource, Kind.SET, location, amount, "chani")
        return self.send(change._replace(expected=expected[seen]))

    @rule(change=sent)
    def send_again(self, change: Change) -> None:
        self.send(change)

    @rule(change=sent, resource=resources)
    def send_again_to_another_resource(self, change: Change, resource: str) -> None:
        self.send(change._replace(resource_id=resource))

    @rule(target=sent, resource=resources, change=sent, amount=amounts)
    def change_what_requires_another(self, resource: str, change: Change, amount: int) -> Change:
        new = Change(random_id(), resource, Kind.ADD, Location.HAGGA, amount, "paul")
        return self.send(new._replace(requires=change.id))

    @rule(target=sent, change=sent)
    def undo(self, change: Change) -> Change:
        entry = self.world.history.get(change.id)
        if entry is None or entry.resource != change.resource_id:
            return change
        moved = Moved(*entry.before, *entry.after, NO_POINTS)
        counter = counter_change(change, moved, "chani")
        if counter is None:
            assert entry.before == entry.after
            return change
        return self.send(counter)

    def send(self, change: Change) -> Change:
        expected = self.world.send(change)
        outcome = self.books.ledger.apply(change)
        assert (outcome.verdict, outcome.rejection) == expected
        self.compare_moved(change, outcome)
        return change

    def compare_moved(self, change: Change, outcome: Outcome) -> None:
        if not outcome.is_in_history:
            assert outcome.moved is None
            return
        entry = self.world.history[change.id]
        assert outcome.moved is not None
        assert outcome.moved[:4] == (*entry.before, *entry.after)
        _, _, _, final, _ = self.world.points.get(change.id, ("", "", 0, 0.0, ""))
        assert outcome.moved.points.final == final

    @invariant()
    def the_tables_are_those_of_the_model(self) -> None:
        tables = self.books.tables("resources", "resource_history", "leaderboard")
        self.compare_resources(tables["resources"])
        self.compare_history(tables["resource_history"], tables["resources"])
        self.compare_leaderboard(tables["leaderboard"])

    def compare_resources(self, resources: list[Row]) -> None:
        rows = {row["id"]: row for row in resources}
        assert rows.keys() == self.world.shelves.keys()
        for key, shelf in self.world.shelves.items():
            row = rows[key]
            assert (row["quantity_hagga"], row["quantity_deep_desert"]) == shelf.there
            assert row["status"] == shelf.status().replace("above_target", "at_target")

    def compare_history(self, history: list[Row], resources: list[Row]) -> None:
        """The history is an unbroken chain that ends with the present quantities."""
        chain: dict[str, Pair] = {}
        newest: dict[str, int] = {}
        for row, entry in zip(history, self.world.history.values(), strict=True):
            before = row["previous_quantity_hagga"], row["previous_quantity_deep_desert"]
            after = row["new_quantity_hagga"], row["new_quantity_deep_desert"]
            moved = row["change_amount_hagga"], row["change_amount_deep_desert"]
            assert (row["id"], row["resource_id"]) == (entry.id, entry.resource)
            assert row["change_type"] == entry.type
            assert (before, after) == (entry.before, entry.after)
            assert moved == (after[0] - before[0], after[1] - before[1])
            assert before == chain.get(entry.resource, (0, 0))
            chain[entry.resource] = after
            newest[entry.resource] = row["created_at"]
        assert chain == {key: shelf.there for key, shelf in self.world.shelves.items()}
        stamps = {row["id"]: row["updated_at"] for row in resources}
        assert stamps == newest

    def compare_leaderboard(self, leaderboard: list[Row]) -> None:
        columns = ("user_id", "action_type", "quantity_changed", "final_points", "resource_status")
        rows = {row["id"]: tuple(row[name] for name in columns) for row in leaderboard}
        assert rows == self.world.points

    @invariant()
    def the_points_of_each_player_are_those_of_the_model(self) -> None:
        sums: dict[str, list[float]] = {}
        for who, _, _, final, _ in self.world.points.values():
            sums.setdefault(who, []).append(final)
        asked = "SELECT user_id, sum(final_points) FROM leaderboard GROUP BY +user_id"
        assert dict(self.books.run(asked)) == pytest.approx({w: sum(p) for w, p in sums.items()})


@pytest.mark.parametrize(
    ("empty_database", "schema", "examples"),
    [("file", "founding", 0.5), ("file", "later", 0.5), ("server", "later", 0.1)],
    indirect=["empty_database"],
)
def test_the_ledger_matches_the_model(
    make_ledger: MakeLedger, schema: str, examples: float
) -> None:
    def machine() -> LedgerMachine:
        ticking = count(1_700_000_000)
        return LedgerMachine(make_ledger(other_schemas.OURS[schema], clock=lambda: next(ticking)))

    run_state_machine_as_test(machine, settings=share(examples, stateful_step_count=30))
