"""Reading and creating resources, and the guild's names for its two locations.

A row of `resources` may hold anything, so each column is cast when it is selected and its type is
checked when it is read. Where a schema has no `tier`, the query selects NULL in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from peewee import JOIN, SQL, BaseQuery, Node, Select, Value, fn

from tracker_tui.db.database import (
    INTEGER,
    INTEGER_OR_NULL,
    REAL,
    TEXT,
    TEXT_OR_NULL,
    Rows,
    RowType,
    unusable_answer,
)
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import GlobalSetting, HistoryRow, ResourceRow
from tracker_tui.domain.points import MAX_MULTIPLIER
from tracker_tui.domain.quantities import MAX_QUANTITY, Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import status_of, stored_status
from tracker_tui.domain.text import one_line
from tracker_tui.errors import InvalidResource
from tracker_tui.ledger.expressions import seconds, whole_number

DEFAULT_PLACES: Final = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "Deep Desert"}
# Older versions of SQLite accept at most 999 values in a statement.
_ROWS_A_STATEMENT = 40
_PLACE_SETTINGS = {
    "inventory_location_1_name": Location.HAGGA,
    "inventory_location_2_name": Location.DEEP_DESERT,
}


RESOURCE_TYPES: Final = (
    *(TEXT, TEXT, INTEGER, INTEGER),  # id, name, quantities
    *(TEXT_OR_NULL, TEXT_OR_NULL, TEXT_OR_NULL, TEXT_OR_NULL),  # description to image
    *(INTEGER_OR_NULL, REAL, INTEGER),  # target, multiplier, priority
    *(TEXT, INTEGER, TEXT_OR_NULL, INTEGER_OR_NULL),  # who and when, subcategory, tier
)
"""The types of `resource_columns`."""
NAME_TYPES: Final = RowType(TEXT, TEXT)
"""The types of `resource_names`."""
_SETTING_TYPES: Final = RowType(TEXT, TEXT_OR_NULL)


class NewResource(NamedTuple):
    """A resource to create, with the quantities it starts with."""

    id: str
    name: str
    category: str
    hagga: int = 0
    deep_desert: int = 0
    description: str | None = None
    target: int | None = None
    multiplier: float = 1.0
    priority: bool = False


def resource_columns(layout: Layout) -> list[Node]:
    """Return the columns for `resources_from`, each cast to its type."""
    row = ResourceRow
    return [
        row.id.cast("TEXT"),
        fn.COALESCE(row.name.cast("TEXT"), ""),
        whole_number(row.quantity_hagga),
        whole_number(row.quantity_deep_desert),
        row.description.cast("TEXT"),
        row.category.cast("TEXT"),
        row.icon.cast("TEXT"),
        row.image_url.cast("TEXT"),
        row.target_quantity.cast("INTEGER"),
        fn.COALESCE(row.multiplier.cast("REAL"), Value(1.0)),
        fn.COALESCE(row.is_priority.cast("INTEGER") != 0, 0),
        fn.COALESCE(row.last_updated_by.cast("TEXT"), ""),
        fn.COALESCE(seconds(row.updated_at), 0),
        row.subcategory.cast("TEXT") if layout.has(row.subcategory) else Value(None),
        row.tier.cast("INTEGER") if layout.has(row.tier) else Value(None),
    ]


def resources_from(rows: Rows) -> list[Resource]:
    """Build resources from rows of `resource_columns`; raises AnswerLost."""
    return [Resource._make(row) for row in RowType(*RESOURCE_TYPES).checked(rows)]


def all_resources(layout: Layout) -> Select:
    """Select all resources that have an id (in SQLite a text key may be NULL)."""
    return ResourceRow.select(*resource_columns(layout)).where(ResourceRow.id.is_null(False))


def resource_names(unless: str | None) -> Select:
    """Select the id and name of all resources; no rows if one of them has the id `unless`."""
    row, known = ResourceRow, ResourceRow.alias("known")
    is_id = fn.EXISTS(known.select(SQL("1")).where(known.id == unless))
    # The outer loop of the join: if it has no row, the inner loop reads none.
    asked = Select(columns=[SQL("1").alias("asked")]).where(~is_id).alias("asked")
    return (
        Select([asked], [row.id.cast("TEXT"), fn.COALESCE(row.name.cast("TEXT"), "")])
        .join(row, JOIN.CROSS)
        .where(row.id.is_null(False))
    )


def place_settings() -> Select:
    """Select the guild's names for its locations; needs `Layout.has_settings`."""
    return GlobalSetting.select(
        GlobalSetting.setting_key, GlobalSetting.setting_value.cast("TEXT")
    ).where(GlobalSetting.setting_key.in_(list(_PLACE_SETTINGS)))


def places_from(rows: Rows) -> dict[Location, str]:
    """Return the names of the locations, the default for blank ones; raises AnswerLost."""
    places = dict(DEFAULT_PLACES)
    for key, name in _SETTING_TYPES.checked(rows):
        if key not in _PLACE_SETTINGS:
            raise unusable_answer()
        if name and name.strip():
            places[_PLACE_SETTINGS[key]] = name.strip()
    return places


def creation(
    resources: Iterable[NewResource], by: str, history_ids: Iterable[str], now: Node, layout: Layout
) -> list[BaseQuery]:
    """Return the queries that create resources, each with its first history row."""
    resource_rows, history_rows = [], []
    for new, history_id in zip(resources, history_ids, strict=True):
        _check(new)
        resource_rows.append(layout.with_newer_columns(_resource_values(new, by, now)))
        history_rows.append(
            layout.with_newer_columns(_first_history_values(new, history_id, by, now))
        )
    return [
        model.insert_many(rows[start : start + _ROWS_A_STATEMENT])
        for model, rows in ((ResourceRow, resource_rows), (HistoryRow, history_rows))
        for start in range(0, len(rows), _ROWS_A_STATEMENT)
    ]


def _check(new: NewResource) -> None:
    """Raise InvalidResource for values that the data contract forbids ("Values", "Creating")."""
    if not new.name.strip():
        raise InvalidResource("A resource needs a name.")
    name = one_line(new.name, 60)
    if not new.category.strip():
        message = f"{name} needs a category."
        raise InvalidResource(message)
    for quantity in (new.hagga, new.deep_desert, new.target or 0):
        if not 0 <= quantity <= MAX_QUANTITY:
            message = f"{name}: quantities and targets go from 0 to {grouped(MAX_QUANTITY)}."
            raise InvalidResource(message)
    if not 0 < new.multiplier <= MAX_MULTIPLIER:
        message = f"{name}: a multiplier is over 0 and at most {MAX_MULTIPLIER:g}."
        raise InvalidResource(message)


def _resource_values(new: NewResource, by: str, now: Node) -> dict[Any, Any]:
    status = status_of(new.hagga + new.deep_desert, new.target)
    row = ResourceRow
    return {
        row.id: new.id,
        row.name: new.name,
        row.quantity_hagga: new.hagga,
        row.quantity_deep_desert: new.deep_desert,
        row.description: new.description,
        row.category: new.category,
        row.status: stored_status(status).value,
        row.target_quantity: new.target,
        row.multiplier: new.multiplier,
        row.is_priority: int(new.priority),
        row.last_updated_by: by,
        row.created_at: now,
        row.updated_at: now,
    }


def _first_history_values(new: NewResource, history_id: str, by: str, now: Node) -> dict[Any, Any]:
    row = HistoryRow
    return {
        row.id: history_id,
        row.resource: new.id,
        row.previous_quantity_hagga: 0,
        row.new_quantity_hagga: new.hagga,
        row.change_amount_hagga: new.hagga,
        row.previous_quantity_deep_desert: 0,
        row.new_quantity_deep_desert: new.deep_desert,
        row.change_amount_deep_desert: new.deep_desert,
        row.change_type: "absolute",
        row.updated_by: by,
        row.reason: "Resource created",
        row.created_at: now,
    }
