"""The rules that a ledger must follow after any faults.

The rules of the data contract in plain Python, independent of the code that they check.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from helpers.ledger_under_test import Row
from tracker_tui.domain.change import Change
from tracker_tui.domain.points import NO_POINTS, points_for_adding, points_for_setting
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location
from tracker_tui.domain.status import status_of

START = "Resource created"
STRANGER = "stranger"
_TYPES = {Kind.SET: "absolute", Kind.ADD: "relative", Kind.REMOVE: "relative"}
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


def after(change: Change, hagga: int, deep_desert: int) -> tuple[int, int] | None:
    """Return both quantities after a change, or None if it does not fit."""
    is_at_hagga = change.location is Location.HAGGA
    there = hagga if is_at_hagga else deep_desert
    match change.kind:
        case Kind.TO_DEEP_DESERT:
            found = (hagga - change.amount, deep_desert + change.amount)
        case Kind.TO_HAGGA:
            found = (hagga + change.amount, deep_desert - change.amount)
        case kind:
            plus = {Kind.ADD: there + change.amount, Kind.REMOVE: there - change.amount}
            new = plus.get(kind, change.amount)
            found = (new, deep_desert) if is_at_hagga else (hagga, new)
    return found if all(0 <= quantity <= MAX_QUANTITY for quantity in found) else None


def _check_effect(row: Row, change: Change) -> None:
    """Assert that an entry did what its change says, and that a set overwrote nothing unseen."""
    assert (row["resource_id"], row["updated_by"]) == (change.resource_id, change.by)
    assert row["change_type"] == _TYPES.get(change.kind, "transfer")
    before = quantities_before(row)
    assert after(change, *before) == quantities_after(row), row
    seen = before[change.location is Location.DEEP_DESERT]
    assert change.expected in (None, seen) or before == quantities_after(row), row


def quantities_before(row: Row) -> tuple[int, int]:
    return row["previous_quantity_hagga"], row["previous_quantity_deep_desert"]


def quantities_after(row: Row) -> tuple[int, int]:
    return row["new_quantity_hagga"], row["new_quantity_deep_desert"]


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


def _check_points(tables: Tables, applied: Mapping[str, Change]) -> None:
    """Assert that each change that earns points has its row, and an undone one has none."""
    resources = {row["id"]: row for row in tables["resources"]}
    history = {row["id"]: row for row in tables["resource_history"]}
    undone = {change.undoes for change in applied.values()}
    earned = {}
    for change_id, change in applied.items():
        points = _points(history[change_id], change, resources[change.resource_id])
        if points is not None and change_id not in undone:
            earned[change_id] = points
    columns = ("user_id", "action_type", "quantity_changed", "final_points", "resource_status")
    stored = {row["id"]: tuple(row[name] for name in columns) for row in tables["leaderboard"]}
    differing = stored.items() ^ earned.items()
    assert not differing, [(item, applied.get(item[0]), history.get(item[0])) for item in differing]


def _points(row: Row, change: Change, resource: Row) -> tuple[str, str, int, float, str] | None:
    """Return member, kind, amount, points and status of the row that a change earns."""
    moved = abs(row["change_amount_hagga"] + row["change_amount_deep_desert"])
    status = status_of(sum(quantities_after(row)), resource["target_quantity"])
    points = NO_POINTS
    if change.undoes is None and change.kind is Kind.SET:
        points = points_for_setting(moved)
    elif change.undoes is None and change.kind is Kind.ADD:
        points = points_for_adding(moved, resource["multiplier"], status)
    return (change.by, change.kind.upper(), moved, points.final, status) if points.final else None
