"""Reading the history, newest first; rowid is the order of commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import SQL, Select, fn

from tracker_tui.db.models import HistoryRow
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.ledger.expressions import seconds, whole_number


def recent_history(resource_id: str, limit: int) -> Select:
    """Return the query of a resource's newest entries."""
    row = HistoryRow
    return (
        row.select(
            row.id.cast("TEXT"),
            row.change_type.cast("TEXT"),
            *(
                whole_number(column)
                for column in (
                    row.previous_quantity_hagga,
                    row.new_quantity_hagga,
                    row.previous_quantity_deep_desert,
                    row.new_quantity_deep_desert,
                )
            ),
            row.updated_by.cast("TEXT"),
            row.reason.cast("TEXT"),
            fn.COALESCE(seconds(row.created_at), 0),
        )
        .where(row.resource == resource_id)
        .order_by(row.created_at.desc(), SQL("rowid").desc())
        .limit(limit)
    )


def entry_from(row: Sequence[Any]) -> HistoryEntry:
    """Build an entry from a row of a history query."""
    return HistoryEntry._make(row)
