"""Applying a change: one batch, one transaction, computed in SQL (data contract, "A change").

A change is applied exactly once, because its id becomes the primary key of its history row. No
value that a client read earlier is written back, so players who edit at the same time never
overwrite each other: "+500 Spice at Hagga" becomes `quantity_hagga + 500`. Its batch has four
steps, in this order, and `changes()` tells each step whether the one before it wrote a row:

    1  INSERT the history row if all guards hold: the id is new, 0 <= quantity + 500 <= maximum,
       for a set the quantity is still the one that the player saw
    2  UPDATE the resource                  WHERE changes() = 1
    3  INSERT or DELETE the leaderboard row WHERE changes() = 1
    4  SELECT the resource, the history row and the points, from which `outcomes` reads the outcome

No RETURNING here: on sqlite3 `changes()` is out of date until the rows of a RETURNING are fetched.

Building this SQL with Peewee takes ten times as long as running it. It depends only on the shape of
a change, so it is built once for each shape, with slots for the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from peewee import JOIN, SQL, BaseQuery, Field, Node, RawQuery, Value, fn

from tracker_tui.db.database import compiled
from tracker_tui.db.layout import FINGERPRINT, Layout
from tracker_tui.db.models import HistoryRow, LeaderboardRow, ResourceRow
from tracker_tui.domain.change import Change
from tracker_tui.domain.points import FOR_A_SET, PER_THOUSAND
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location, grouped
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import MAX_REASON, one_line
from tracker_tui.ledger.expressions import (
    DATABASE_CLOCK,
    bonus_of,
    effective_multiplier,
    leaderboard_category,
    rounded_half_up,
    status_of,
    whole_number,
)
from tracker_tui.ledger.resources import resource_columns

_CHANGE_TYPES = {Kind.SET: "absolute", Kind.ADD: "relative", Kind.REMOVE: "relative"}
_DIRECTIONS = {Kind.TO_DEEP_DESERT: "to_deep_desert", Kind.TO_HAGGA: "to_hagga"}
_THE_STEP_BEFORE_DID = fn.changes() == 1


class Slot(NamedTuple):
    """A placeholder in the SQL for a value of the change."""

    name: str


class Shape(NamedTuple):
    """The properties of a change that decide the text of its SQL."""

    kind: Kind
    location: Location
    is_guarded: bool
    has_requirement: bool
    is_undo: bool
    has_own_clock: bool
    has_fingerprint: bool


class ChangeStatements:
    """The statements that apply changes to a database of one layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._compiled: dict[Shape, list[tuple[str, list[Any]]]] = {}

    def batch(
        self,
        change: Change,
        now: int | None,
        places: Mapping[Location, str],
        fingerprint: str | None = None,
    ) -> list[BaseQuery]:
        """Return the queries that apply a change; `now` None: at the time of the database's clock.

        With a fingerprint they do nothing in a database of another layout.
        """
        shape = Shape(
            kind=change.kind,
            location=change.location,
            is_guarded=change.expected is not None and change.kind is Kind.SET,
            has_requirement=change.requires is not None,
            is_undo=change.undoes is not None,
            has_own_clock=now is not None,
            has_fingerprint=fingerprint is not None,
        )
        if shape not in self._compiled:
            queries = _Steps(shape, self.layout).queries()
            self._compiled[shape] = [compiled(query) for query in queries]
        values = _slot_values(change, now, places) | {"fingerprint": fingerprint}
        return [
            RawQuery(sql, tuple(values[p.name] if isinstance(p, Slot) else p for p in params))
            for sql, params in self._compiled[shape]
        ]

    def lookup(self, change: Change) -> BaseQuery:
        """Return the query for the history entry of a change, from any program."""
        history, resource, points = HistoryRow, ResourceRow, LeaderboardRow
        return (
            history.select(
                *resource_columns(self.layout), history.resource.cast("TEXT"), *_moved_columns()
            )
            .join(resource, JOIN.LEFT_OUTER, on=(resource.id == history.resource))
            .join(points, JOIN.LEFT_OUTER, on=(points.id == history.id))
            .where(history.id == change.id)
        )


def _slot_values(change: Change, now: int | None, places: Mapping[Location, str]) -> dict[str, Any]:
    return {
        "id": change.id,
        "resource_id": change.resource_id,
        "amount": change.amount,
        "minus_amount": -change.amount,
        "by": change.by,
        "entered_by": change.entered_by or change.by,
        "reason": _written_reason(change, places),
        "expected": change.expected,
        "requires": change.requires,
        "undoes": change.undoes,
        "now": now,
    }


def _written_reason(change: Change, places: Mapping[Location, str]) -> str | None:
    reason = _plain_reason(change, places)
    if change.remark is None:
        return reason
    if not reason:
        return change.remark
    # The reason is cut, never the remark: nothing else holds what it says.
    return f"{reason[: MAX_REASON - len(change.remark) - 3].rstrip()} ({change.remark})"


def _plain_reason(change: Change, places: Mapping[Location, str]) -> str | None:
    if change.reason is not None or not change.kind.is_transfer:
        return change.reason
    # The names of locations are untrusted text: keep them short and on one line.
    names = {location: one_line(name, 60) for location, name in places.items()}
    there = Location.DEEP_DESERT if change.kind is Kind.TO_DEEP_DESERT else Location.HAGGA
    return f"Moved {grouped(change.amount)} from {names[there.other]} to {names[there]}"


class _Effect(NamedTuple):
    """The effect of a change at one location, as SQL on the resource's row."""

    column: Field
    old: Any
    new: Any
    difference: Any
    moves: bool


class _Steps:
    """Builds the four steps for one shape of change, with slots for the values."""

    def __init__(self, shape: Shape, layout: Layout) -> None:
        self._shape = shape
        self._layout = layout
        self._hagga = self._effect(Location.HAGGA, ResourceRow.quantity_hagga)
        self._deep_desert = self._effect(Location.DEEP_DESERT, ResourceRow.quantity_deep_desert)

    def queries(self) -> list[BaseQuery]:
        return [
            self._insert_history(),
            self._update_resource(),
            *self._leaderboard_step(),
            self._select_outcome(),
        ]

    def _effect(self, location: Location, column: Field) -> _Effect:
        kind, old = self._shape.kind, whole_number(column)
        if kind.is_transfer:
            arrives = (kind is Kind.TO_HAGGA) is (location is Location.HAGGA)
        elif location is not self._shape.location:
            return _Effect(column=column, old=old, new=old, difference=Value(0), moves=False)
        elif kind is Kind.SET:
            wanted = _slot("amount")
            difference = wanted - old
            return _Effect(column=column, old=old, new=wanted, difference=difference, moves=True)
        else:
            arrives = kind is Kind.ADD
        difference = _slot("amount" if arrives else "minus_amount")
        new = old + difference
        return _Effect(column=column, old=old, new=new, difference=difference, moves=True)

    def _insert_history(self) -> BaseQuery:
        row, kind = HistoryRow, self._shape.kind
        values = self._layout.with_newer_columns(
            {
                row.id: _slot("id"),
                row.resource: ResourceRow.id,
                row.previous_quantity_hagga: self._hagga.old,
                row.new_quantity_hagga: self._hagga.new,
                row.change_amount_hagga: self._hagga.difference,
                row.previous_quantity_deep_desert: self._deep_desert.old,
                row.new_quantity_deep_desert: self._deep_desert.new,
                row.change_amount_deep_desert: self._deep_desert.difference,
                row.change_type: Value(_CHANGE_TYPES.get(kind, "transfer")),
                row.updated_by: _slot("by"),
                row.reason: _slot("reason"),
                row.created_at: _slot("now") if self._shape.has_own_clock else DATABASE_CLOCK,
                row.transfer_amount: _slot("amount") if kind.is_transfer else Value(None),
                row.transfer_direction: Value(_DIRECTIONS.get(kind)),
            }
        )
        source = ResourceRow.select(*values.values()).where(
            ResourceRow.id == _slot("resource_id"), *self._guards()
        )
        return row.insert_from(source, list(values))

    def _guards(self) -> list[Node]:
        effects = (self._hagga, self._deep_desert)
        guards: list[Node] = [~_in_history("id")]
        guards += [Value(0) <= effect.new for effect in effects if effect.moves]
        guards += [effect.new <= Value(MAX_QUANTITY) for effect in effects if effect.moves]
        if self._shape.is_guarded:
            current = next(effect.old for effect in effects if effect.moves)
            guards.append((current == _slot("expected")) | (current == _slot("amount")))
        if self._shape.has_requirement:
            guards.append(_in_history("requires"))
        if self._shape.has_fingerprint:
            guards.append(_slot("fingerprint") == FINGERPRINT)
        return guards

    def _update_resource(self) -> BaseQuery:
        row = ResourceRow
        effects = (self._hagga, self._deep_desert)
        values = self._layout.with_newer_columns(
            {effect.column: effect.new for effect in effects if effect.moves}
        )
        total = self._hagga.new + self._deep_desert.new
        history = HistoryRow.select(HistoryRow.created_at).where(HistoryRow.id == _slot("id"))
        values |= {
            row.status: status_of(total, row.target_quantity, above=Status.AT_TARGET),
            row.last_updated_by: _slot("entered_by"),
            # Copied from the history row, because the clock may have ticked since.
            row.updated_at: history,
        }
        return row.update(values).where(row.id == _slot("resource_id"), _THE_STEP_BEFORE_DID)

    def _leaderboard_step(self) -> list[BaseQuery]:
        row = LeaderboardRow
        if self._shape.is_undo:
            return [row.delete().where(row.id == _slot("undoes"), _THE_STEP_BEFORE_DID)]
        total = self._hagga.old + self._deep_desert.old
        status = status_of(total, ResourceRow.target_quantity, above=Status.ABOVE_TARGET)
        if self._shape.kind is Kind.ADD:
            # Computed in SQL, because a server rounds some of the floats that it receives.
            base = _slot("amount") / Value(1000.0) * Value(float(PER_THOUSAND))
            factor, bonus = effective_multiplier(), bonus_of(status)
            final = rounded_half_up(base * factor + base * factor * bonus)
            earned = [base, factor, bonus, final]
            return [self._insert_points("ADD", _slot("amount"), earned, status, final > 0)]
        if self._shape.kind is Kind.SET:
            moved = fn.ABS(HistoryRow.change_amount_hagga + HistoryRow.change_amount_deep_desert)
            earned = [Value(FOR_A_SET), Value(1.0), Value(0.0), Value(FOR_A_SET)]
            return [self._insert_points("SET", moved, earned, status, moved > 0)]
        return []

    def _insert_points(
        self, action: str, quantity: Any, earned: list[Any], status: Node, condition: Node
    ) -> BaseQuery:
        """Insert a leaderboard row, with the resource as it is at this moment."""
        row, resource = LeaderboardRow, ResourceRow
        values = {
            row.id: _slot("id"),
            row.user_id: _slot("by"),
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
            .join(HistoryRow, on=(HistoryRow.id == _slot("id")))
            .where(resource.id == _slot("resource_id"), condition, _THE_STEP_BEFORE_DID)
        )
        return row.insert_from(source, list(values))

    def _select_outcome(self) -> BaseQuery:
        history, points = HistoryRow, LeaderboardRow
        return (
            ResourceRow.select(
                *resource_columns(self._layout),
                _in_history("requires") if self._shape.has_requirement else Value(1),
                history.resource.cast("TEXT"),
                *_moved_columns(),
            )
            .join(history, JOIN.LEFT_OUTER, on=(history.id == _slot("id")))
            .join(points, JOIN.LEFT_OUTER, on=(points.id == _slot("id")))
            .where(ResourceRow.id == _slot("resource_id"))
        )


def _moved_columns() -> list[Node]:
    """Return the columns for `Moved`: quantities before and after, and points."""
    history, points = HistoryRow, LeaderboardRow
    quantities = (
        history.previous_quantity_hagga,
        history.previous_quantity_deep_desert,
        history.new_quantity_hagga,
        history.new_quantity_deep_desert,
    )
    numbers = (points.resource_multiplier, points.status_bonus, points.final_points)
    return [
        *map(whole_number, quantities),
        points.base_points.cast("REAL"),
        *(fn.COALESCE(number.cast("REAL"), Value(0.0)) for number in numbers),
    ]


def _slot(name: str) -> Any:
    # No converter, or Peewee would convert the slot to the type of the field beside it.
    return Value(Slot(name), converter=False, unpack=False)


def _in_history(slot: str) -> Any:
    known = HistoryRow.alias("known")
    return fn.EXISTS(known.select(SQL("1")).where(known.id == _slot(slot)))
