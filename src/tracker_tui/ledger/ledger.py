"""The ledger: the shared database as the rest of the program sees it."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import NamedTuple

from peewee import BaseQuery, Node, Select, Value, fn

from tracker_tui.db.batch import BatchResult, Database, Result, results_or_raise
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import ResourceRow
from tracker_tui.domain.change import Change
from tracker_tui.domain.finding import find_resource
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.outcome import Outcome, Refusal
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import DatabaseError, StatementRefused, WriteRefused
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
    write_probe,
)

_ID_LENGTH = 21


class Acquaintance(NamedTuple):
    """What a program may remember of a database, so that one request is enough the next time."""

    layout: Layout
    fingerprint: int
    """`layout.FINGERPRINT` when the layout was looked at: with another one it is void."""
    places: dict[Location, str]


class Edited(NamedTuple):
    """What came of a change by name, and what to call things when telling of it."""

    outcome: Outcome
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
        can_write: bool | None = True,
    ) -> None:
        """Use a database of this layout; `can_write` None: the first refresh finds it out."""
        self._changes = ChangeStatements(layout)
        self.new_id = new_id
        self._told_can_write = can_write
        self.can_write = can_write
        """Whether the database takes changes from us; None while that is not known."""
        self._database = database
        self._clock = clock
        self._places = dict(DEFAULT_PLACES)

    @property
    def layout(self) -> Layout:
        """The columns that the database had when it was last looked at."""
        return self._changes.layout

    def apply(self, change: Change) -> Outcome:
        """Apply one change exactly once, whoever else writes; raises DatabaseError."""
        (outcome,) = self.apply_all([change])
        if isinstance(outcome, DatabaseError):
            raise outcome
        return outcome

    def apply_all(self, changes: Sequence[Change]) -> list[Outcome | DatabaseError]:
        """Apply changes in this order, each in a transaction of its own, in one request.

        Returns for each what came of it, or why the database took nothing of it. Raises
        DatabaseError where it concerns them all: then each may be in the ledger or not, and can be
        sent again.
        """
        results = self._send(changes)
        if any(isinstance(result, StatementRefused) for result in results) and self._look_again():
            # Columns came or went. What was applied before them is not applied twice.
            results = self._send(changes)
        return [
            result if isinstance(result, DatabaseError) else outcome_of(change, result)
            for change, result in zip(changes, results, strict=True)
        ]

    def _send(self, changes: Sequence[Change]) -> list[BatchResult]:
        """Send changes; where the server refuses a whole request, find the ones it refuses."""
        batches = [self._statements(change) for change in changes]
        try:
            return self._database.batches(batches, repeatable=True)
        except WriteRefused as error:
            # Somebody may have taken rights away: the next refresh finds out what is left.
            self.can_write = self._told_can_write
            if len(changes) == 1 or self._refuses_all():
                return [error] * len(changes)
        except StatementRefused as error:
            if len(changes) == 1:
                return [error]
        half = len(changes) // 2
        return self._send(changes[:half]) + self._send(changes[half:])

    def _refuses_all(self) -> bool:
        try:
            self._database.batch([write_probe()])
        except WriteRefused:
            return True
        return False

    def _statements(self, change: Change, fingerprint: int | None = None) -> list[BaseQuery]:
        now = None if self._clock is None else self._clock()
        return self._changes.batch(change, now, self._places, fingerprint)

    # By name, for a program that has read nothing

    def edit(
        self,
        change: Change,
        known: Acquaintance | None,
        remember: Callable[[Acquaintance], object],
    ) -> Edited:
        """Apply a change to the resource that its `resource_id` means: an id, or a name.

        One request if it is an id and the database is still as it was `known`; what is learnt
        otherwise is handed to `remember`. Raises UnknownResource, DatabaseError.
        """
        was_known = known is not None
        if known is None:
            known = self._get_acquainted(remember)
        self._changes, self._places = ChangeStatements(known.layout), known.places
        sent, read = self._database.batches(
            [self._statements(change, known.fingerprint), self._orientation(change.resource_id)],
            repeatable=True,
        )
        if was_known and isinstance(read, StatementRefused):
            # A table is gone whose rows tell what to call things.
            return self.edit(change, None, remember)
        fingerprint, resources, *naming = results_or_raise(read)
        if fingerprint.rows != [(known.fingerprint,)]:
            return self.edit(change, None, remember)
        names, places = _names_and_places(naming)
        if places != known.places:
            remember(known._replace(places=places))
        outcome = outcome_of(change, results_or_raise(sent))
        if outcome.refusal is Refusal.NO_RESOURCE:
            found = find_resource(change.resource_id, resources.rows)
            outcome = self.apply(change._replace(resource_id=found))
        return Edited(outcome, names, places)

    def _orientation(self, text: str) -> list[BaseQuery]:
        return [Layout.fingerprint_query(), resource_names(unless=text), *self._naming_queries()]

    def _get_acquainted(self, remember: Callable[[Acquaintance], object]) -> Acquaintance:
        columns, fingerprint = self._database.batch([Layout.query(), Layout.fingerprint_query()])
        layout = Layout.from_rows(columns.rows)
        self._adopt(layout)
        settings = self._database.batch([place_settings()])[0].rows if layout.has_settings else []
        known = Acquaintance(layout, fingerprint.rows[0][0], places_from(settings))
        remember(known)
        return known

    # Reading

    def refresh(self, *, anew: bool = False) -> Snapshot:
        """Read everything that the resources screen shows, of columns that are looked at anew.

        `anew` finds out anew whether the database takes changes from us, where it has to be asked.
        """
        if anew:
            self.can_write = self._told_can_write
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
            ],
            self._read_and_probe if self.can_write is None else None,
        )
        names, places = _names_and_places(naming)
        rows = [resource_from(row) for row in resources.rows]
        return Layout.from_rows(columns.rows), Snapshot(rows, names, places, int(now.rows[0][0]))

    def _read_and_probe(self, queries: Sequence[BaseQuery]) -> list[Result]:
        """Read, and find out in the same request whether the database takes changes from us."""
        try:
            read, probed = self._database.batches([queries, [write_probe()]], repeatable=True)
        except WriteRefused:
            # A server may refuse the whole request for what one statement in it may not do.
            self.can_write = False
            return self._database.batch(queries)
        if not isinstance(probed, DatabaseError) or isinstance(probed, WriteRefused):
            self.can_write = not isinstance(probed, WriteRefused)
        return results_or_raise(read)

    def _naming_queries(self) -> list[Select]:
        return [member_names(), *([place_settings()] if self.layout.has_settings else [])]

    def _batch(
        self,
        queries: Callable[[], Sequence[BaseQuery]],
        run: Callable[[Sequence[BaseQuery]], list[Result]] | None = None,
    ) -> list[Result]:
        """Run queries that depend on the layout; once more if they failed for a name in it."""
        run = run or self._database.batch
        try:
            return run(queries())
        except StatementRefused:
            if not self._look_again():
                raise
        return run(queries())

    def _look_again(self) -> bool:
        """Look at the columns; returns whether they are others than before."""
        return self._adopt(Layout.from_rows(self._database.batch([Layout.query()])[0].rows))

    def _adopt(self, found: Layout) -> bool:
        found.require_ours(self._database.where)
        if found.columns == self.layout.columns:
            return False
        self._changes = ChangeStatements(found)
        return True

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

    def interrupt(self) -> None:
        """Let what waits for a server in another thread fail at once."""
        self._database.interrupt()

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
