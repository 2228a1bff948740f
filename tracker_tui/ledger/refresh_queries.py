"""Refreshing: one request that brings what changed, and the answer to a query along with it.

A refresh with a cursor reads the rows touched since the last one, next to nothing when no one
plays. The cursor is the database's clock at the last refresh, less an overlap:

    RefreshRequest()                     everything: all rows, names, settings and columns
    RefreshRequest(since=1_700_000_000)  only rows with a later `updated_at`

Only a full refresh finds deleted rows, rows changed without their time, and a restored backup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from peewee import BaseQuery, Node, Select

from tracker_tui.db.database import NUMBER, TEXT, Result, Rows, RowType
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import MILLISECONDS_FROM
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.ledger.members import member_names, names_from
from tracker_tui.ledger.resources import (
    all_resources,
    place_settings,
    places_from,
    resources_from,
)

OVERLAP_SECONDS: Final = 30
"""How far a cursor stays behind the clock: others commit rows with an earlier time."""
_IDS: Final = RowType(TEXT)
T_co = TypeVar("T_co", covariant=True)


class Query(Protocol[T_co]):
    """A question about the history or the points: one request, and an answer to cache."""

    @property
    def key(self) -> str:
        """The key of its answer in the cache: equal for equal questions only.

        All pages of one list share a key: see `domain.pages`.
        """

    @staticmethod
    def answer_type() -> type[T_co]:
        """Return the type of an answer, made of plain values so that it can be stored."""

    def queries(self, now: Any) -> Sequence[BaseQuery]:
        """Return queries that only read; `now` is the database's clock, in Unix seconds."""

    def answer(self, results: Sequence[Result]) -> T_co:
        """Build the answer from a result for each query."""


# Tuples, not dataclasses: `edit` imports this module, and creating a dataclass costs more.


class RefreshRequest(NamedTuple):
    """The contents of a refresh."""

    since: int | None = None
    """The cursor of the last refresh; None: read everything."""
    in_flight: Sequence[str] = ()
    """Ids of changes of unknown outcome: the snapshot says which of them are applied."""
    question: Query[Any] | None = None
    """A query to answer in the same request."""

    @property
    def is_whole(self) -> bool:
        """Whether everything is read."""
        return self.since is None


class Snapshot(NamedTuple):
    """The result of a refresh, all from the same moment."""

    resources: list[Resource]
    """All rows, or those touched since the cursor."""
    is_whole: bool
    now: int
    """The database's clock, in Unix seconds."""
    applied_ids: frozenset[str]
    """The changes in flight that these rows include."""
    names: dict[str, str] | None = None
    """Names of members by Discord id; None if the refresh did not read them."""
    cached_layout: CachedLayout | None = None
    """None if the refresh did not read the columns."""
    answer: Any = None
    """The answer to the question, or its LedgerError; None without a question."""

    @property
    def cursor(self) -> int:
        """The `since` of the next refresh."""
        return self.now - OVERLAP_SECONDS


def queries_of(request: RefreshRequest, layout: Layout, now: Node) -> dict[str, BaseQuery]:
    """Return the queries of a refresh, by the names that `snapshot_of` knows them by."""
    queries: dict[str, BaseQuery] = {"clock": Select(columns=[now])}
    queries["resources"] = (
        all_resources(layout) if request.since is None else _touched_since(request.since, layout)
    )
    if request.in_flight:
        row = HistoryRow
        queries["applied"] = row.select(row.id).where(row.id.in_(list(request.in_flight)))
    if request.is_whole:
        queries["columns"] = Layout.query()
        queries["fingerprint"] = Layout.fingerprint_query()
        queries |= naming_queries(layout)
    else:
        queries["version"] = Layout.version_query()
    return queries


def naming_queries(layout: Layout) -> dict[str, BaseQuery]:
    """Return the queries for the names of members and locations."""
    queries: dict[str, BaseQuery] = {"names": member_names()}
    if layout.has_settings:
        queries["settings"] = place_settings()
    return queries


def snapshot_of(request: RefreshRequest, results: Mapping[str, Rows]) -> Snapshot:
    """Build a snapshot from the rows of `queries_of`; raises AnswerLost."""
    cached_layout = None
    if "columns" in results:
        cached_layout = CachedLayout(
            layout=Layout.from_rows(results["columns"]),
            fingerprint=Layout.fingerprint_from(results["fingerprint"]),
            places=places_from(results.get("settings", [])),
        )
    return Snapshot(
        resources=resources_from(results["resources"]),
        is_whole=request.is_whole,
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
