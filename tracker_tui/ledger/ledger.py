"""The ledger: the shared tables as the rest of the program sees them.

    ledger.apply(change)      one change, exactly once
    ledger.refresh(request)   what changed since the last refresh
    ledger.ask(question)      a page of the history, the leaderboard, a chart

Each operation is one request to a server. A second request is needed only after a guild altered its
tables (`current_layout`), and to find the changes that a server rejects among several.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from peewee import BaseQuery, Node, Value, fn

from tracker_tui.db.database import (
    NONSENSE,
    BatchResult,
    Database,
    Result,
    Rows,
    results_or_raise,
    unusable_answer,
)
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.domain.change import ID_LENGTH, Change, Outcome
from tracker_tui.domain.members import SignInRecord
from tracker_tui.errors import LedgerError, StatementRejected, WriteRejected
from tracker_tui.ledger.cached_layout import CachedLayout, CurrentLayout, Remember
from tracker_tui.ledger.expressions import DATABASE_CLOCK
from tracker_tui.ledger.members import member_names, names_from, recording
from tracker_tui.ledger.outcomes import has_rejected_statement, outcome_in_history, outcomes_of
from tracker_tui.ledger.refresh_queries import (
    Query,
    RefreshRequest,
    Snapshot,
    queries_of,
    snapshot_of,
)
from tracker_tui.ledger.resources import NAME_TYPES, NewResource, creation, resource_names
from tracker_tui.ledger.rights_probe import write_probe

T = TypeVar("T")
EVERYTHING: Final = RefreshRequest()


def random_id() -> str:
    """Return an id like those of the website: 21 random characters that are safe in URLs."""
    return urlsafe_b64encode(os.urandom(16)).decode("ascii")[:ID_LENGTH]


class Ledger:
    """Reads and writes the shared tables of one database.

    Demo data and tests pass their own clock and ids.
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
        """Use a database of this layout; with `can_write` None, `find_out_rights` asks it."""
        self.database = database
        self.current = CurrentLayout(database, layout)
        self.new_id = new_id
        self._asks_rights = can_write is None
        self.can_write = can_write
        """Whether the database accepts our changes; None while that is not known."""
        self.knows_rights = not self._asks_rights
        """Whether `find_out_rights` has nothing to do."""
        self._clock = clock
        self._remember: Remember | None = None
        """Set while a presumed layout has not been checked; see `presume`."""

    @property
    def layout(self) -> Layout:
        """The columns that the database had when it was last examined."""
        return self.current.layout

    # Changes

    def apply(self, change: Change) -> Outcome:
        """Apply one change exactly once, whatever others write; raises LedgerError."""
        (outcome,) = self.apply_all([change])
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def apply_all(self, changes: Sequence[Change]) -> list[Outcome | LedgerError]:
        """Apply changes in this order, each in its own transaction, in one request.

        Returns an outcome for each change, or the error that stopped it: after AnswerLost the
        change may have been applied, after any other it was not. Raises LedgerError if the request
        as a whole failed.
        """
        results = self.send(changes)
        if has_rejected_statement(results):
            results = self._send_if_columns_changed(changes, results)
        return outcomes_of(changes, results)

    def _send_if_columns_changed(
        self, changes: Sequence[Change], results: list[BatchResult]
    ) -> list[BatchResult]:
        """Send changes again if the columns changed; those already applied stay as they are."""
        try:
            return self.send(changes) if self.current.look_again() else results
        except LedgerError as error:
            return [error if isinstance(r, StatementRejected) else r for r in results]

    def send(self, changes: Sequence[Change], fingerprint: str | None = None) -> list[BatchResult]:
        """Send the batches of changes; if a server rejects the request, find out which changes.

        With a fingerprint the changes do nothing in a database of another layout.
        """
        batches = [self.statements(change, fingerprint) for change in changes]
        try:
            return self.database.batches(batches, repeatable=True)
        except WriteRejected as error:
            # The rights of our token may have been reduced.
            self.knows_rights = not self._asks_rights
            if len(changes) == 1 or self._rejects_all():
                return [error] * len(changes)
        except StatementRejected as error:
            if len(changes) == 1:
                return [error]
        half = len(changes) // 2
        first = self.send(changes[:half], fingerprint)
        try:
            return first + self.send(changes[half:], fingerprint)
        except LedgerError as error:
            # The first half has its answers, whatever happens to the second.
            return first + [error] * (len(changes) - half)

    def statements(self, change: Change, fingerprint: str | None = None) -> list[BaseQuery]:
        """Return the batch that applies a change; see `ChangeStatements.batch`."""
        now = None if self._clock is None else self._clock()
        return self.current.statements.batch(change, now, self.current.places, fingerprint)

    def outcome(self, change: Change) -> Outcome | None:
        """Look up a change in the history, from any program; None if it is not there.

        Its `resource_id` may be a name. Raises LedgerError.
        """
        (result,) = self.database.batch([self.current.statements.lookup(change)])
        return outcome_in_history(change, result.rows)

    # Rights

    def _rejects_all(self) -> bool:
        try:
            self.database.batch([write_probe()])
        except WriteRejected:
            return True
        return False

    def find_out_rights(self, seconds: float) -> None:
        """Send the write probe, which sets `can_write`, unless nothing is to find out.

        The probe waits for other writers, so it is a separate request with its own deadline. If
        it fails for another reason, `can_write` stays as it was.
        """
        self.knows_rights = True
        try:
            (probed,) = self.database.batches([[write_probe()]], repeatable=True, seconds=seconds)
            results_or_raise(probed)
        except WriteRejected:
            self.can_write = False
        except LedgerError:
            return  # busy or unreachable; the next refresh reports it
        else:
            self.can_write = True

    # Reading

    def presume(self, cached: CachedLayout | None, remember: Remember) -> None:
        """Start with the layout of an earlier run, if there is one.

        The first refresh or `ask` checks it. If `ask` finds another layout, that goes to
        `remember`.
        """
        if cached is not None:
            self.current.use(cached)
        self._remember = remember

    def refresh(self, request: RefreshRequest = EVERYTHING, *, force: bool = False) -> Snapshot:
        """Read what a refresh asks for, in one request; raises LedgerError.

        If the schema changed, a second request reads everything, and a third one if it has other
        columns. `force`: rights may have changed as well.
        """
        if force or (request.is_whole and self.can_write is None):
            self.knows_rights = not self._asks_rights
        results, answer = self._read(request)
        version = results.get("version")
        if version is not None and not Layout.is_version_of(version, self.current.fingerprint):
            request = request._replace(since=None)
            results, answer = self._read(request)
        if "columns" in results and self._adopt(results):
            request = request._replace(since=None)
            results, answer = self._read(request)
        snapshot = snapshot_of(request, results)._replace(answer=answer)
        if snapshot.cached_layout is not None:
            self.current.places = snapshot.cached_layout.places
        return snapshot

    def _adopt(self, results: dict[str, Rows]) -> bool:
        is_new = self.current.adopt(results["columns"], results["fingerprint"])
        self._remember = None
        return is_new

    def _read(self, request: RefreshRequest) -> tuple[dict[str, Rows], Any]:
        """Return the rows of a refresh by the names of its queries, and `Snapshot.answer`."""

        def read() -> tuple[dict[str, Rows], Any]:
            queries = queries_of(request, self.current.layout, self._now())
            question = request.question
            batches = [list(queries.values())]
            batches += [] if question is None else [list(question.queries(self._now()))]
            results, *answers = self.database.batches(batches)
            found = zip(queries, results_or_raise(results), strict=True)
            rows = {key: result.rows for key, result in found}
            return rows, None if question is None else _answer(question, answers[0])

        return self.current.retried(read)

    def ask(self, question: Query[T]) -> T:
        """Answer a question in one request; raises LedgerError.

        If this is the first request and the presumed layout is out of date, others follow.
        """
        remember = self._remember
        check = [] if remember is None else [Layout.version_query()]

        def ask() -> Sequence[Result]:
            return self.database.batch([*check, *question.queries(self._now())])

        results = self.current.retried(ask)
        if remember is not None:
            version, *results = results
            if not Layout.is_version_of(version.rows, self.current.fingerprint):
                self.current.learn(remember)
            self._remember = None
        answer: T | LedgerError = _answer(question, results)
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    def member_names(self) -> dict[str, str]:
        """Return the names of members by Discord id."""
        return names_from(self.database.batch([member_names()])[0].rows)

    def resource_names(self) -> list[tuple[str, str]]:
        """Return the id and name of every resource."""
        return NAME_TYPES.checked(self.database.batch([resource_names(unless=None)])[0].rows)

    def is_empty(self) -> bool:
        """Whether there are no resources yet."""
        counted = self.database.batch([ResourceRow.select(fn.COUNT(Value(1)))])[0]
        return counted.rows == [(0,)]

    # Other writes

    def create(self, resources: Sequence[NewResource], by: str) -> None:
        """Create resources, each with its first history row, in one transaction."""
        ids = [self.new_id() for _ in resources]
        self.current.retried(
            lambda: self.database.batch(
                creation(resources, by, ids, self._now(), self.current.layout)
            )
        )

    def delete_entry(self, entry_id: str) -> None:
        """Delete one entry of the history; quantities and points stay. Raises LedgerError."""
        self.database.batch([HistoryRow.delete().where(HistoryRow.id == entry_id)])

    def record_sign_in(self, record: SignInRecord) -> None:
        """Record who signed in, or what their roles are now; raises LedgerError."""
        self.database.batch(recording(record, self.new_id(), self._now()))

    # The connection

    def changed_elsewhere(self) -> bool:
        """See `Database.changed_elsewhere`."""
        return self.database.changed_elsewhere()

    def interrupt(self) -> None:
        """See `Database.interrupt`."""
        self.database.interrupt()

    def close(self) -> None:
        """See `Database.close`."""
        self.database.close()

    def _now(self) -> Node:
        return DATABASE_CLOCK if self._clock is None else Value(self._clock())


def _answer(question: Query[T], results: BatchResult) -> T | LedgerError:
    if isinstance(results, LedgerError):
        return results
    try:
        return question.answer(results)
    except NONSENSE as error:
        unusable = unusable_answer()
        unusable.__cause__ = error
        return unusable
