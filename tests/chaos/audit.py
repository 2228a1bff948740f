"""The rules that a ledger must follow after any faults.

The rules of the data contract in plain Python, independent of the code that they check.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from helpers.ledger_under_test import Row
from tracker_tui.domain.change import Change
from tracker_tui.domain.points import points_for_adding, points_for_setting
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location
from tracker_tui.domain.status import status_of

START = "Resource created"
STRANGER = "stranger"
Tables = Mapping[str, list[Row]]
"""Rows of `resources`, `resource_history` and `leaderboard`, in order of commit."""


def audit(tables: Tables, asked: Mapping[str, Change]) -> None:
    """Assert that a ledger is consistent, and agrees with the submitted changes, by id."""
    history = tables["resource_history"]
    assert max(Counter(row["id"] for row in history).values()) == 1
    _check_chains(tables["resources"], history)
    ours = [row for row in history if row["reason"] != START and row["updated_by"] != STRANGER]
    for row in ours:
        assert row["id"] in asked, f"no change asked for {row}"
        _check_effect(row, asked[row["id"]])
    _check_undone(ours, asked)
    _check_points(tables, {row["id"]: asked[row["id"]] for row in ours})


def _check_chains(resources: Iterable[Row], history: Iterable[Row]) -> None:
    """Assert that each entry starts where the previous one ended, up to the current row."""
    chains: dict[str, list[Row]] = defaultdict(list)
    for row in history:
        chains[row["resource_id"]].append(row)
    for resource in resources:
        for place in ("hagga", "deep_desert"):
            quantity = 0
            for row in chains[resource["id"]]:
                assert row[f"previous_quantity_{place}"] == quantity, row
                change = row[f"change_amount_{place}"]
                assert row[f"new_quantity_{place}"] == quantity + change, row
                quantity += change
                assert 0 <= quantity <= MAX_QUANTITY
            assert resource[f"quantity_{place}"] == quantity
        last = chains[resource["id"]][-1]
        # Creating takes two statements, and the clock may tick between them.
        assert resource["updated_at"] == last["created_at"] or last["reason"] == START


def _check_effect(row: Row, change: Change) -> None:
    """Assert that an entry did what its change says, and that a set overwrote nothing unseen."""
    assert row["resource_id"] == change.resource_id
    assert row["updated_by"] == change.by
    place = "hagga" if change.location is Location.HAGGA else "deep_desert"
    amounts = (row["change_amount_hagga"], row["change_amount_deep_desert"])
    if change.kind is Kind.SET:
        assert row[f"new_quantity_{place}"] == change.amount
        seen = (None, row[f"previous_quantity_{place}"])
        assert change.expected in seen or row[f"change_amount_{place}"] == 0, row
    elif change.kind.is_transfer:
        towards = -change.amount if change.kind is Kind.TO_DEEP_DESERT else change.amount
        assert amounts == (towards, -towards)
    else:
        amount = change.amount if change.kind is Kind.ADD else -change.amount
        assert amounts == ((amount, 0) if place == "hagga" else (0, amount))


def _check_undone(rows: Iterable[Row], asked: Mapping[str, Change]) -> None:
    """Assert that an undo moves what its change moved, the other way, and that there is one."""
    by_id = {row["id"]: row for row in rows}
    undone = Counter(asked[change_id].undoes for change_id in by_id)
    del undone[None]
    assert set(undone.values()) <= {1}, f"undone twice: {undone.most_common(1)}"
    for change_id, row in by_id.items():
        original = by_id.get(asked[change_id].undoes or "")
        assert (original is None) is (asked[change_id].undoes is None), f"undoes nothing: {row}"
        if original is not None:
            names = ("change_amount_hagga", "change_amount_deep_desert")
            assert all(row[name] == -original[name] for name in names), (row, original)


def fits(change: Change, row: Row) -> bool:
    """Whether a relative change or a transfer keeps quantities in bounds after an entry."""
    hagga, deep_desert = row["new_quantity_hagga"], row["new_quantity_deep_desert"]
    match change.kind:
        case Kind.TO_DEEP_DESERT:
            results = (hagga - change.amount, deep_desert + change.amount)
        case Kind.TO_HAGGA:
            results = (hagga + change.amount, deep_desert - change.amount)
        case _:
            there = hagga if change.location is Location.HAGGA else deep_desert
            results = (there + (change.amount if change.kind is Kind.ADD else -change.amount),)
    return all(0 <= quantity <= MAX_QUANTITY for quantity in results)


def _check_points(tables: Tables, applied: Mapping[str, Change]) -> None:
    """Assert that each change that earns points has its row, and an undone one has none."""
    resources = {row["id"]: row for row in tables["resources"]}
    history = {row["id"]: row for row in tables["resource_history"]}
    undone = {change.undoes for change in applied.values()}
    earned: dict[str, Any] = {}
    for change_id, change in applied.items():
        points = _points(history[change_id], change, resources[change.resource_id])
        if points and change_id not in undone:
            earned[change_id] = points
    stored = {row["id"]: row["final_points"] for row in tables["leaderboard"]}
    differing = stored.items() ^ earned.items()
    assert not differing, [(item, applied.get(item[0]), history.get(item[0])) for item in differing]


def _points(row: Row, change: Change, resource: Row) -> float:
    if change.undoes is not None:
        return 0.0
    moved = row["change_amount_hagga"] + row["change_amount_deep_desert"]
    if change.kind is Kind.SET:
        return points_for_setting(moved).final
    if change.kind is not Kind.ADD:
        return 0.0
    total = row["new_quantity_hagga"] + row["new_quantity_deep_desert"]
    status = status_of(total, resource["target_quantity"])
    return points_for_adding(change.amount, resource["multiplier"], status).final
