"""Applying a change: one batch, one transaction, computed in SQL (data contract, "A change").

No value that a client read earlier is written back, so players who edit at the same time never
overwrite each other. A change's id is the id of its history row: sent twice, it does nothing twice.
The order of the steps matters, for each asks `changes()` whether the one before it did something:

    1  INSERT the history row, if every guard holds and the id is new
    2  UPDATE the resource                                   WHERE changes() = 1
    3  INSERT or DELETE the leaderboard row                  WHERE changes() = 1
    4  SELECT what came of it

`changes()` stays stale on sqlite3 until the rows of a RETURNING are fetched: no RETURNING here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from peewee import JOIN, SQL, BaseQuery, Expression, Field, Node, Value, fn

from tracker_tui.db.batch import Result
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import HistoryRow, LeaderboardRow, ResourceRow
from tracker_tui.domain.change import Change, Moved, Shortage, foresee
from tracker_tui.domain.limits import MAX_QUANTITY
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.domain.points import FOR_A_COUNT, NO_POINTS, PER_THOUSAND, Points
from tracker_tui.domain.quantities import Kind, Location, grouped
from tracker_tui.domain.status import Status
from tracker_tui.ledger.expressions import (
    bonus_of,
    effective_multiplier,
    leaderboard_category,
    rounded_half_up,
    status_of,
)
from tracker_tui.ledger.resources import resource_columns, resource_from

_QUANTITY = {
    Location.HAGGA: ResourceRow.quantity_hagga,
    Location.DEEP_DESERT: ResourceRow.quantity_deep_desert,
}
_DIRECTION = {Kind.TO_DEEP_DESERT: "to_deep_desert", Kind.TO_HAGGA: "to_hagga"}
_THE_STEP_BEFORE_DID = fn.changes() == 1


class _Effect(NamedTuple):
    """What a change does at one location, as SQL on the resource's row."""

    old: Field
    new: Any
    difference: Any
    moves: bool


def change_batch(
    change: Change, layout: Layout, clock: Node, places: Mapping[Location, str]
) -> list[BaseQuery]:
    """Return the queries that apply a change; `outcome_of` reads their results."""
    hagga, deep_desert = (_effect(change, location) for location in Location)
    return [
        _insert_history(change, hagga, deep_desert, layout, clock, places),
        _update_resource(change, hagga, deep_desert, layout),
        *_leaderboard_step(change),
        _select_outcome(change, layout),
    ]


def outcome_of(change: Change, results: list[Result], layout: Layout) -> Outcome:
    """Understand the results of `change_batch`."""
    columns = len(resource_columns(layout))
    rows = results[-1].rows
    if not rows:
        return Outcome(change, Verdict.REFUSED, None, refusal=Refusal.NO_RESOURCE)
    row = rows[0]
    resource = resource_from(row[:columns])
    required, history_of, *numbers = row[columns:]
    if history_of is not None:
        if history_of != change.resource_id:
            return Outcome(change, Verdict.REFUSED, resource, refusal=Refusal.ID_TAKEN)
        *quantities, base, multiplier, bonus, final = numbers
        points = NO_POINTS if final is None else Points(base, multiplier, bonus, final)
        applied = results[0].rowcount == 1
        verdict = Verdict.APPLIED if applied else Verdict.ALREADY_APPLIED
        return Outcome(change, verdict, resource, Moved(*quantities, points))
    if change.requires is not None and not required:
        return Outcome(change, Verdict.REFUSED, resource, refusal=Refusal.NOT_IN_HISTORY)
    foreseen = foresee(change, resource)
    if isinstance(foreseen, Shortage):
        return Outcome(
            change, Verdict.REFUSED, resource, refusal=Refusal.QUANTITY, shortage=foreseen
        )
    return Outcome(change, Verdict.CONFLICT, resource)


def _effect(change: Change, location: Location) -> _Effect:
    old = _QUANTITY[location]
    if change.kind.is_transfer:
        arrives = (change.kind is Kind.TO_HAGGA) is (location is Location.HAGGA)
        difference = change.amount if arrives else -change.amount
    elif change.location is not location:
        return _Effect(old, old, Value(0), moves=False)
    elif change.kind is Kind.SET:
        return _Effect(old, Value(change.amount), Value(change.amount) - old, moves=True)
    else:
        difference = change.amount if change.kind is Kind.ADD else -change.amount
    return _Effect(old, old + difference, Value(difference), moves=True)


def _insert_history(
    change: Change,
    hagga: _Effect,
    deep_desert: _Effect,
    layout: Layout,
    clock: Node,
    places: Mapping[Location, str],
) -> BaseQuery:
    row = HistoryRow
    transfer = change.kind.is_transfer
    change_type = "absolute" if change.kind is Kind.SET else "relative"
    values = layout.doubled(
        {
            row.id: Value(change.id),
            row.resource: ResourceRow.id,
            row.previous_quantity_hagga: hagga.old,
            row.new_quantity_hagga: hagga.new,
            row.change_amount_hagga: hagga.difference,
            row.previous_quantity_deep_desert: deep_desert.old,
            row.new_quantity_deep_desert: deep_desert.new,
            row.change_amount_deep_desert: deep_desert.difference,
            row.change_type: Value("transfer" if transfer else change_type),
            row.updated_by: Value(change.by),
            row.reason: Value(_written_reason(change, places)),
            row.created_at: clock,
            row.transfer_amount: Value(change.amount if transfer else None),
            row.transfer_direction: Value(_DIRECTION.get(change.kind)),
        }
    )
    source = ResourceRow.select(*values.values()).where(
        ResourceRow.id == change.resource_id, *_guards(change, (hagga, deep_desert))
    )
    return HistoryRow.insert_from(source, list(values))


def _guards(change: Change, effects: tuple[_Effect, _Effect]) -> list[Node]:
    guards: list[Node] = [~_in_history(change.id)]
    for effect in effects:
        if effect.moves and change.kind is not Kind.SET:
            guards.append(effect.new.between(0, MAX_QUANTITY))
    if change.kind is Kind.SET:
        guards.append(Value(change.amount).between(0, MAX_QUANTITY))
        if change.expected is not None:
            current = _QUANTITY[change.location]
            guards.append((current == change.expected) | (current == change.amount))
    if change.requires is not None:
        guards.append(_in_history(change.requires))
    return guards


def _update_resource(
    change: Change, hagga: _Effect, deep_desert: _Effect, layout: Layout
) -> BaseQuery:
    row = ResourceRow
    total = hagga.new + deep_desert.new
    values = layout.doubled(
        {effect.old: effect.new for effect in (hagga, deep_desert) if effect.moves}
    )
    values |= {
        row.status: status_of(total, row.target_quantity, above=Status.AT_TARGET),
        row.last_updated_by: change.entered_by or change.by,
        row.updated_at: _history_time(change),
    }
    return ResourceRow.update(values).where(row.id == change.resource_id, _THE_STEP_BEFORE_DID)


def _leaderboard_step(change: Change) -> list[BaseQuery]:
    if change.undoes is not None:
        undone = LeaderboardRow.id == change.undoes
        return [LeaderboardRow.delete().where(undone, _THE_STEP_BEFORE_DID)]
    if change.kind is Kind.ADD:
        base = change.amount / 1000.0 * PER_THOUSAND
        return [_insert_points(change, "ADD", Value(change.amount), base)]
    if change.kind is Kind.SET:
        moved = HistoryRow.change_amount_hagga + HistoryRow.change_amount_deep_desert
        return [_insert_points(change, "SET", fn.ABS(moved), None)]
    return []


def _insert_points(change: Change, action: str, quantity: Any, base: float | None) -> BaseQuery:
    """Insert the leaderboard row, from the updated resource; `base` None: a count's one point."""
    row, resource = LeaderboardRow, ResourceRow
    total = resource.quantity_hagga + resource.quantity_deep_desert
    status = status_of(total, resource.target_quantity, above=Status.ABOVE_TARGET)
    if base is None:
        earned = [Value(FOR_A_COUNT), Value(1.0), Value(0.0), Value(FOR_A_COUNT)]
        condition = quantity != 0
    else:
        factor, bonus = effective_multiplier(), bonus_of(status)
        weighted = Value(base) * factor
        final = rounded_half_up(weighted + weighted * bonus)
        earned = [Value(base), factor, bonus, final]
        condition = final > 0
    values = {
        row.id: Value(change.id),
        row.user_id: Value(change.by),
        row.resource: resource.id,
        row.action_type: Value(action),
        row.quantity_changed: quantity,
        row.base_points: earned[0],
        row.resource_multiplier: earned[1],
        row.status_bonus: earned[2],
        row.final_points: earned[3],
        row.resource_name: resource.name,
        row.resource_category: leaderboard_category(),
        row.resource_status: status,
        row.created_at: HistoryRow.created_at,
    }
    source = (
        resource.select(*values.values())
        .join(HistoryRow, on=(HistoryRow.id == change.id))
        .where(resource.id == change.resource_id, condition, _THE_STEP_BEFORE_DID)
    )
    return LeaderboardRow.insert_from(source, list(values))


def _select_outcome(change: Change, layout: Layout) -> BaseQuery:
    history, points = HistoryRow, LeaderboardRow
    required = Value(1) if change.requires is None else _in_history(change.requires)
    return (
        ResourceRow.select(
            *resource_columns(layout),
            required,
            history.resource_id,
            history.previous_quantity_hagga,
            history.previous_quantity_deep_desert,
            history.new_quantity_hagga,
            history.new_quantity_deep_desert,
            points.base_points,
            points.resource_multiplier,
            points.status_bonus,
            points.final_points,
        )
        .join(history, JOIN.LEFT_OUTER, on=(history.id == change.id))
        .join(points, JOIN.LEFT_OUTER, on=(points.id == change.id))
        .where(ResourceRow.id == change.resource_id)
    )


def _in_history(change_id: str) -> Expression:
    known = HistoryRow.alias("known")
    return fn.EXISTS(known.select(SQL("1")).where(known.id == change_id))


def _history_time(change: Change) -> Node:
    return HistoryRow.select(HistoryRow.created_at).where(HistoryRow.id == change.id)


def _written_reason(change: Change, places: Mapping[Location, str]) -> str | None:
    if change.reason is not None or not change.kind.is_transfer:
        return change.reason
    there = Location.DEEP_DESERT if change.kind is Kind.TO_DEEP_DESERT else Location.HAGGA
    return f"Moved {grouped(change.amount)} from {places[there.other]} to {places[there]}"
