"""The ledger against the rules of the data contract, through all of a player's actions.

Hypothesis chooses the actions; the rules (`chaos.audit`) share no code with the ledger.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from chaos.audit import Tables, after, audit, quantities_after, quantities_before
from helpers import other_schemas
from helpers.examples import share
from helpers.ledger_under_test import Books, MakeLedger
from tracker_tui.domain.change import Change, Moved, Rejection, Verdict, counter_change
from tracker_tui.domain.points import NO_POINTS
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location
from tracker_tui.domain.status import status_of, stored_status
from tracker_tui.ledger.ledger import random_id
from tracker_tui.ledger.resources import NewResource

REJECTED = Verdict.REJECTED

amounts = (
    st.integers(1, 30)
    | st.integers(1, 5000)
    | st.sampled_from([1000, MAX_QUANTITY - 1, MAX_QUANTITY, MAX_QUANTITY + 1])
)
quantities = st.just(0) | st.integers(0, 3000) | st.just(MAX_QUANTITY)
shelves = st.tuples(
    quantities,
    quantities,
    st.none(),
    st.none() | st.sampled_from([0, 10, 2000, 6000, MAX_QUANTITY]),
    st.sampled_from([0.04, 0.05, 0.67, 1.0, 2.5, 100.0]),
)
"""Quantities, no description, target and multiplier."""


def foretold(change: Change, tables: Tables) -> tuple[Verdict, Rejection | None]:
    there = {r["id"]: (r["quantity_hagga"], r["quantity_deep_desert"]) for r in tables["resources"]}
    known = {row["id"]: row["resource_id"] for row in tables["resource_history"]}
    if change.resource_id not in there:
        return REJECTED, Rejection.NO_RESOURCE
    if change.id in known:
        is_same = known[change.id] == change.resource_id
        return (Verdict.ALREADY_APPLIED, None) if is_same else (REJECTED, Rejection.ID_TAKEN)
    if change.requires not in (None, *known):
        return REJECTED, Rejection.NOT_IN_HISTORY
    before = there[change.resource_id]
    if after(change, *before) is None:
        return REJECTED, Rejection.QUANTITY
    seen = before[change.location is Location.DEEP_DESERT]
    if change.expected not in (None, seen) and change.amount != seen:
        return Verdict.CONFLICT, None
    return Verdict.APPLIED, None


class LedgerMachine(RuleBasedStateMachine):
    """Sends changes to a ledger, and checks all rows after each."""

    resources = Bundle("resources")
    sent = Bundle("sent")

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books
        self.applied: dict[str, Change] = {}

    def teardown(self) -> None:
        self.books.ledger.close()

    # One from the start, because without resources no change can be applied.
    @initialize(target=resources, shelf=shelves)
    def found(self, shelf: tuple[int, int, None, int | None, float]) -> str:
        return self.make(shelf)

    @rule(target=resources, shelf=shelves)
    def create(self, shelf: tuple[int, int, None, int | None, float]) -> str:
        return self.make(shelf)

    def make(self, shelf: tuple[int, int, None, int | None, float]) -> str:
        new = NewResource(random_id(), "Spice", "Raw", *shelf)
        self.books.ledger.create([new], "founder")
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
        there = self.books.quantities(resource)[location is Location.DEEP_DESERT]
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
        rows = self.books.rows("resource_history")
        keys = {"id": change.id, "resource_id": change.resource_id}
        row = next((row for row in rows if keys.items() <= row.items()), None)
        if row is None:
            return change
        before = quantities_before(row)
        moved = Moved(*before, *quantities_after(row), NO_POINTS)
        counter = counter_change(change, moved, "chani")
        if counter is None:
            assert before == quantities_after(row)
            return change
        return self.send(counter)

    def tables(self) -> Tables:
        return self.books.tables("resources", "resource_history", "leaderboard")

    def send(self, change: Change) -> Change:
        before = self.tables()
        outcome, tables = self.books.ledger.apply(change), self.tables()
        assert (outcome.verdict, outcome.rejection) == foretold(change, before)
        history = tables["resource_history"]
        if outcome.verdict is Verdict.APPLIED:
            self.applied[change.id] = change
            assert (history[:-1], history[-1]["id"]) == (before["resource_history"], change.id)
            audit(tables, self.applied)
            for row in tables["resources"]:
                total = row["quantity_hagga"] + row["quantity_deep_desert"]
                assert row["status"] == stored_status(status_of(total, row["target_quantity"]))
        else:
            assert tables == before
        if outcome.is_in_history:
            (row,) = (row for row in history if row["id"] == change.id)
            points = {row["id"]: row["final_points"] for row in tables["leaderboard"]}
            assert outcome.moved[:4] == (*quantities_before(row), *quantities_after(row))
            assert outcome.moved.points.final == points.get(change.id, 0.0)
        else:
            assert outcome.moved is None
        return change


@pytest.mark.parametrize(
    ("empty_database", "schema", "examples"),
    [("file", "founding", 0.4), ("file", "later", 0.3), ("server", "later", 0.1)],
    indirect=["empty_database"],
)
def test_the_ledger_matches_the_model(
    make_ledger: MakeLedger, schema: str, examples: float
) -> None:
    def machine() -> LedgerMachine:
        ticking = count(1_700_000_000)
        return LedgerMachine(make_ledger(other_schemas.OURS[schema], clock=lambda: next(ticking)))

    run_state_machine_as_test(machine, settings=share(examples, stateful_step_count=30))
