"""What a refresh asks for, and what it brings (design: one request, and a cursor)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from peewee import BaseQuery, Node, Select

from tracker_tui.db.database import NUMBER, TEXT, TEXT_OR_NULL, Rows, RowType
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import MILLISECONDS_FROM
from tracker_tui.ledger.query import Query
from tracker_tui.ledger.resources import (
    all_resources,
    member_names,
    place_settings,
    places_from,
    resources_from,
)

OVERLAP_SECONDS: Final = 30
"""How far a cursor stays behind the clock: others commit rows with an earlier time."""

_NAMES: Final = RowType(TEXT_OR_NULL, TEXT_OR_NULL)
_IDS: Final = RowType(TEXT)


class CachedLayout(NamedTuple):
    """What a program may remember of a database, so that one request is enough the next time."""

    layout: Layout
    fingerprint: str | None
    """`layout.FINGERPRINT` when the layout was looked at: with another one the layout is void.

    None fits no database: an earlier version of the program kept one of another kind."""
    places: dict[Location, str]


class RefreshRequest(NamedTuple):
    """What a refresh is to read.

    `since` is the database's clock at the refresh before, less the overlap. None reads everything:
    all rows, names, settings and the schema. Only that finds deleted rows, rows changed without
    their time, and a database that was restored from a backup.
    """

    since: int | None = None
    in_flight: Sequence[str] = ()
    """Ids of changes that may be in the ledger or not: the snapshot tells which are."""
    question: Query[Any] | None = None
    """What else is asked in the same request."""

    @property
    def is_whole(self) -> bool:
        """Whether everything is read."""
        return self.since is None


class Snapshot(NamedTuple):
    """What a refresh read, of one moment; `now` is by the database's clock, in Unix seconds."""

    resources: list[Resource]
    """All rows, or those that were touched since the cursor."""
    is_whole: bool
    now: int
    applied_ids: frozenset[str]
    """Those of the changes in flight whose effect is in these rows."""
    names: dict[str, str] | None = None
    """What to call members, by Discord id; None where it was not asked."""
    cached_layout: CachedLayout | None = None
    """None where it was not asked."""
    answer: Any = None
    """The answer to the question, or the LedgerError in its place; None where none was asked."""

    @property
    def cursor(self) -> int:
        """Where the next refresh goes on."""
        return self.now - OVERLAP_SECONDS


def queries_of(wish: RefreshRequest, layout: Layout, now: Node) -> dict[str, BaseQuery]:
    """Return the queries of a refresh, by what `snapshot_of` calls their results."""
    queries: dict[str, BaseQuery] = {"clock": Select(columns=[now])}
    queries["resources"] = (
        all_resources(layout) if wish.since is None else _touched_since(wish.since, layout)
    )
    if wish.in_flight:
        row = HistoryRow
        queries["applied"] = row.select(row.id).where(row.id.in_(list(wish.in_flight)))
    if wish.is_whole:
        queries["columns"] = Layout.query()
        queries["fingerprint"] = Layout.fingerprint_query()
        queries |= naming_queries(layout)
    else:
        queries["version"] = Layout.version_query()
    return queries


def naming_queries(layout: Layout) -> dict[str, BaseQuery]:
    """Return the queries that tell what members and locations are called."""
    queries: dict[str, BaseQuery] = {"names": member_names()}
    if layout.has_settings:
        queries["settings"] = place_settings()
    return queries


def names_from(rows: Rows) -> dict[str, str]:
    """Return what to call members, by Discord id; raises AnswerLost for other types."""
    return {discord_id: name for discord_id, name in _NAMES.checked(rows) if discord_id and name}


def snapshot_of(wish: RefreshRequest, results: Mapping[str, Rows]) -> Snapshot:
    """Build a snapshot from the rows of `queries_of`; raises AnswerLost for other types."""
    cached_layout = None
    if "columns" in results:
        places = places_from(results.get("settings", []))
        cached_layout = CachedLayout(
            Layout.from_rows(results["columns"]),
            Layout.fingerprint_from(results["fingerprint"]),
            places,
        )
    return Snapshot(
        resources=resources_from(results["resources"]),
        is_whole=wish.is_whole,
        now=NUMBER.only(results["clock"])[0],
        applied_ids=frozenset(
            change_id for (change_id,) in _IDS.checked(results.get("applied", []))
        ),
        names=names_from(results["names"]) if "names" in results else None,
        cached_layout=cached_layout,
    )


def _touched_since(cursor: int, layout: Layout) -> BaseQuery:
    touched = ResourceRow.updated_at
    return all_resources(layout).where(touched >= cursor, touched < MILLISECONDS_FROM)
