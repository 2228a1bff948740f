"""The ledger: the shared database as the rest of the program sees it."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import NamedTuple

from peewee import BaseQuery, Node, Select, Value, fn

from tracker_tui.db.batch import Database, Result
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import ResourceRow
from tracker_tui.domain.change import Change
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import StatementRefused
from tracker_tui.ledger.changes import ChangeStatements
from tracker_tui.ledger.expressions import DATABASE_CLOCK
from tracker_tui.ledger.history import entry_from, recent_history
from tracker_tui.ledger.outcomes import outcome_of
from tracker_tui.ledger.resources import (
    DEFAULT_PLACES,
    NewResource,
    all_resources,
    creation,
    member_names,
    place_settings,
    places_from,
    resource_from,
    resource_names,
)

_ID_LENGTH = 21


class Orientation(NamedTuple):
    """What a single edit needs to know: id and name of every resource, and what to call things."""

    resources: list[tuple[str, str]]
    names: dict[str, str]
    places: dict[Location, str]


class Snapshot(NamedTuple):
    """Everything that a whole refresh reads, of one moment; `now` by the database's clock."""

    resources: list[Resource]
    names: dict[str, str]
    places: dict[Location, str]
    now: int


def random_id() -> str:
    """Return an id like those of the wild: 21 random characters that are safe in URLs."""
    return urlsafe_b64encode(os.urandom(16)).decode("ascii")[:_ID_LENGTH]


class Ledger:
    """Reads and writes the shared tables; each operation is one batch.

    The clock and the ids are parameters: demo data, tests and restoring pass their own.
    """

    def __init__(
        self,
        database: Database,
        layout: Layout,
        *,
        clock: Callable[[], int] | None = None,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._changes = ChangeStatements(layout)
        self.new_id = new_id
        self._database = database
        self._clock = clock
        self._places = dict(DEFAULT_PLACES)

    @property
    def layout(self) -> Layout:
        """The columns that the database had when it was last looked at."""
        return self._changes.layout

    def apply(self, change: Change) -> Outcome:
        """Apply one change exactly once, whoever else writes; raises DatabaseError."""
        now = None if self._clock is None else self._clock()
        results = self._batch(lambda: self._changes.batch(change, now, self._places))
        return outcome_of(change, results)

    def refresh(self) -> Snapshot:
        """Read everything that the resources screen shows, of columns that are looked at anew."""
        columns, snapshot = self._read_everything()
        if self._adopt(columns):
            _, snapshot = self._read_everything()
        self._places = snapshot.places
        return snapshot

    def _read_everything(self) -> tuple[Layout, Snapshot]:
        columns, resources, now, *naming = self._batch(
            lambda: [
                Layout.query(),
                all_resources(self.layout),
                Select(columns=[self._now()]),
                *self._naming_queries(),
            ]
        )
        names, places = _names_and_places(naming)
        rows = [resource_from(row) for row in resources.rows]
        return Layout.from_rows(columns.rows), Snapshot(rows, names, places, int(now.rows[0][0]))

    def _naming_queries(self) -> list[Select]:
        return [member_names(), *([place_settings()] if self.layout.has_settings else [])]

    def _batch(self, queries: Callable[[], Sequence[BaseQuery]]) -> list[Result]:
        """Run queries that depend on the layout; once more if they failed for a name in it."""
        try:
            return self._database.batch(queries())
        except StatementRefused:
            found = self._database.batch([Layout.query()])[0].rows
            if not self._adopt(Layout.from_rows(found)):
                raise
        return self._database.batch(queries())

    def _adopt(self, found: Layout) -> bool:
        if found.columns == self.layout.columns:
            return False
        self._changes = ChangeStatements(found)
        return True

    def orient(self) -> Orientation:
        """Read what things are called, and no quantities."""
        resources, *naming = self._batch(lambda: [resource_names(), *self._naming_queries()])
        names, self._places = _names_and_places(naming)
        return Orientation(resources.rows, names, self._places)

    def recent_history(self, resource_id: str, limit: int = 20) -> list[HistoryEntry]:
        """Return a resource's newest history entries."""
        result = self._database.batch([recent_history(resource_id, limit)])[0]
        return [entry_from(row) for row in result.rows]

    def create(self, resources: Sequence[NewResource], by: str) -> None:
        """Create resources, each with its first history row, all or none."""
        ids = [self.new_id() for _ in resources]
        self._batch(lambda: creation(resources, by, ids, self._now(), self.layout))

    def is_empty(self) -> bool:
        """Whether there is no resource yet."""
        counted = self._database.batch([ResourceRow.select(fn.COUNT(Value(1)))])[0]
        return counted.rows == [(0,)]

    def changed_elsewhere(self) -> bool:
        """Whether others committed since this was last asked."""
        return self._database.changed_elsewhere()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _now(self) -> Node:
        return DATABASE_CLOCK if self._clock is None else Value(self._clock())


def _names_and_places(
    results: Sequence[Result],
) -> tuple[dict[str, str], dict[Location, str]]:
    names, *settings = results
    return (
        {discord_id: name for discord_id, name in names.rows if discord_id and name},
        places_from(settings[0].rows if settings else []),
    )
