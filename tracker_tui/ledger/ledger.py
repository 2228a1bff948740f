"""The ledger: the shared database as the rest of the program sees it."""

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
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.sign_in import SignInRecord
from tracker_tui.errors import (
    AnswerLost,
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    StatementRejected,
    UnknownResource,
    WriteRejected,
)
from tracker_tui.ledger.changes import ChangeStatements
from tracker_tui.ledger.edit_result import (
    EditResult,
    first_applied,
    is_final,
    not_judged,
    resource_meant,
    understood,
)
from tracker_tui.ledger.expressions import DATABASE_CLOCK
from tracker_tui.ledger.outcomes import outcome_in_history, outcome_of
from tracker_tui.ledger.probes import write_probe
from tracker_tui.ledger.query import Query
from tracker_tui.ledger.resources import (
    DEFAULT_PLACES,
    NAME_TYPES,
    NewResource,
    creation,
    member_names,
    place_settings,
    places_from,
    resource_names,
)
from tracker_tui.ledger.sign_in import recording
from tracker_tui.ledger.snapshot import (
    CachedLayout,
    RefreshRequest,
    Snapshot,
    names_from,
    naming_queries,
    queries_of,
    snapshot_of,
)

T = TypeVar("T")
EVERYTHING: Final = RefreshRequest()


def random_id() -> str:
    """Return an id like those of the wild: 21 random characters that are safe in URLs."""
    return urlsafe_b64encode(os.urandom(16)).decode("ascii")[:ID_LENGTH]


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
        """Use a database of this layout; `can_write` None: `find_out_rights` finds it out."""
        self._changes = ChangeStatements(layout)
        self._fingerprint: str | None = None
        self._remember: Callable[[CachedLayout], object] | None = None
        """See `presume`; None where the schema was looked at since."""
        self.new_id = new_id
        self._was_told_rights = can_write is not None
        self.can_write = can_write
        """Whether the database takes changes from us; None while that is not known."""
        self.knows_rights = self._was_told_rights
        """Whether there is nothing to find out about that, or it was tried."""
        self._database = database
        self._clock = clock
        self._places = dict(DEFAULT_PLACES)

    @property
    def layout(self) -> Layout:
        """The columns that the database had when it was last looked at."""
        return self._changes.layout

    def apply(self, change: Change) -> Outcome:
        """Apply one change exactly once, whoever else writes; raises LedgerError."""
        (outcome,) = self.apply_all([change])
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def apply_all(self, changes: Sequence[Change]) -> list[Outcome | LedgerError]:
        """Apply changes in this order, each in a transaction of its own, in one request.

        Returns for each what came of it, or why the database took nothing of it; AnswerLost
        says that it may have. Raises LedgerError where that concerns them all.
        """
        results = self._send(changes)
        if _failed_for_a_name(results):
            results = self._send_if_columns_changed(changes, results)
        return _outcomes(changes, results)

    def _send_if_columns_changed(
        self, changes: Sequence[Change], results: list[BatchResult]
    ) -> list[BatchResult]:
        """Send changes once more if columns came or went; what was applied is not applied twice."""
        try:
            return self._send(changes) if self._look_again() else results
        except LedgerError as error:
            return [error if isinstance(r, StatementRejected) else r for r in results]

    def _send(self, changes: Sequence[Change], fingerprint: str | None = None) -> list[BatchResult]:
        """Send changes; where the server refuses a whole request, find the ones it refuses."""
        batches = [self._statements(change, fingerprint) for change in changes]
        try:
            return self._database.batches(batches, repeatable=True)
        except WriteRejected as error:
            # Somebody may have taken rights away.
            self.knows_rights = self._was_told_rights
            if len(changes) == 1 or self._refuses_all():
                return [error] * len(changes)
        except StatementRejected as error:
            if len(changes) == 1:
                return [error]
        half = len(changes) // 2
        first = self._send(changes[:half], fingerprint)
        try:
            return first + self._send(changes[half:], fingerprint)
        except LedgerError as error:
            # The first half is answered, whatever happens to the second.
            return first + [error] * (len(changes) - half)

    def _refuses_all(self) -> bool:
        try:
            self._database.batch([write_probe()])
        except WriteRejected:
            return True
        return False

    def find_out_rights(self, seconds: float) -> None:
        """Find out whether the database takes changes from us, where that has to be asked.

        It waits for whoever writes, so it is a request of its own, and never one that somebody
        waits for. What it could not find out in so many seconds stays as it was believed to be.
        """
        self.knows_rights = True
        try:
            (probed,) = self._database.batches([[write_probe()]], repeatable=True, seconds=seconds)
            results_or_raise(probed)
        except WriteRejected:
            self.can_write = False
        except LedgerError:
            return  # somebody writes; or whatever it is, the next refresh meets it too, and tells
        else:
            self.can_write = True

    def _statements(self, change: Change, fingerprint: str | None = None) -> list[BaseQuery]:
        now = None if self._clock is None else self._clock()
        return self._changes.batch(change, now, self._places, fingerprint)

    # By name, for a program that has read nothing

    def edit(
        self,
        changes: Sequence[Change],
        known: CachedLayout | None,
        remember: Callable[[CachedLayout], object],
        *,
        reads_along: bool = True,
    ) -> EditResult:
        """Apply changes of which the last goes to whatever its `resource_id` means: an id or name.

        One request, if the database is still as it was `known`; what is learnt otherwise is handed
        to `remember`. Without reading along what things are called it takes no name that makes a
        server fail as a whole. Raises LedgerError as `apply_all` does.
        """
        was_known, last = known is not None and known.fingerprint is not None, changes[-1]
        if known is None or not was_known:
            known = self._learn_layout(remember, reads_along=reads_along)
        self._believe(known)
        asked = [Layout.fingerprint_query(), resource_names(unless=last.resource_id)]
        naming = naming_queries(known.layout) if reads_along else {}
        reads = [asked, *([query] for query in naming.values())]
        sent, (read, *named) = self._send_and_read(changes, known.fingerprint, reads)
        outcomes = _outcomes(changes, sent)
        found: str | UnknownResource = last.resource_id
        if not all(map(is_final, outcomes)):
            try:
                fingerprint, resources = self._read_after(asked, read)
                is_other = Layout.fingerprint_from(fingerprint.rows) != known.fingerprint
                if is_other or (was_known and self._failed_for_columns(sent)):
                    again = self.edit(changes, None, remember, reads_along=reads_along)
                    return first_applied(outcomes, again)
                found = resource_meant(last, outcomes[-1], resources.rows)
            except LedgerError as error:
                outcomes = not_judged(outcomes, error)
        told = dict(zip(naming, named, strict=True))
        places = understood(told.get("settings"), places_from, known.places)
        if places != known.places:
            remember(known._replace(places=places))
        return EditResult(outcomes, found, understood(told.get("names"), names_from, {}), places)

    def _send_and_read(
        self,
        changes: Sequence[Change],
        fingerprint: str | None,
        reads: Sequence[Sequence[BaseQuery]],
    ) -> tuple[list[BatchResult], list[BatchResult]]:
        """Send changes and read along in one request; what is read never decides about a change.

        Where it fails for all of the request, the changes are sent once more without it.
        """
        batches = [self._statements(change, fingerprint) for change in changes]
        try:
            results = self._database.batches([*batches, *reads], repeatable=True)
        except (WriteRejected, StatementRejected) as error:
            sent = self._send(changes, fingerprint)
            if all(isinstance(result, LedgerError) for result in sent):
                raise
            return sent, [error] * len(reads)
        return results[: len(changes)], results[len(changes) :]

    def _read_after(self, asked: Sequence[BaseQuery], read: BatchResult) -> Sequence[Result]:
        """Return what was asked along with changes, some of which were not applied."""
        if isinstance(read, StatementRejected):
            self._look_again(for_changes=True)  # raises where a table is missing
        return self._database.batch(asked) if isinstance(read, LedgerError) else read

    def _failed_for_columns(self, sent: Sequence[BatchResult]) -> bool:
        """Whether a change failed, and columns are others than they were believed to be."""
        return _failed_for_a_name(sent) and self._look_again(for_changes=True)

    def outcome(self, change: Change) -> Outcome | None:
        """Return what came of a change, whoever sent it; None if the history does not have it.

        Its `resource_id` may be what was typed. Raises LedgerError.
        """
        (result,) = self._database.batch([self._changes.question(change)])
        return outcome_in_history(change, result.rows)

    def resource_names(self) -> list[tuple[str, str]]:
        """Return id and name of every resource."""
        return NAME_TYPES.checked(self._database.batch([resource_names(unless=None)])[0].rows)

    def _learn_layout(
        self,
        remember: Callable[[CachedLayout], object],
        *,
        reads_along: bool,
        for_changes: bool = True,
    ) -> CachedLayout:
        self._look_again(for_changes=for_changes)
        has_places = reads_along and self.layout.has_settings
        places = self._settled_places() if has_places else dict(DEFAULT_PLACES)
        known = CachedLayout(self.layout, self._fingerprint, places)
        remember(known)
        return known

    def _settled_places(self) -> dict[Location, str]:
        settings: BatchResult
        try:
            settings = self._database.batch([place_settings()])
        except (DatabaseBusy, DatabaseUnreachable):
            raise
        except LedgerError as error:
            settings = error  # the names are not for us, which keeps nobody from a change
        return understood(settings, places_from, dict(DEFAULT_PLACES))

    # Reading

    def presume(
        self, known: CachedLayout | None, remember: Callable[[CachedLayout], object]
    ) -> None:
        """Believe of the database what an earlier run learnt of it, if it learnt anything.

        Whatever is read first checks it. Where only a question is asked and it is otherwise, what
        is learnt instead is handed to `remember`.
        """
        if known is not None:
            self._believe(known)
        self._remember = remember

    def _believe(self, known: CachedLayout) -> None:
        self._changes, self._places = ChangeStatements(known.layout), known.places
        self._fingerprint = known.fingerprint

    def refresh(self, wish: RefreshRequest = EVERYTHING, *, anew: bool = False) -> Snapshot:
        """Read what is wished for, in one request.

        A second one where the schema changed, and a third where the columns are others than they
        were believed to be: then all rows are read. `anew` says that rights may be others now, too.
        Raises LedgerError.
        """
        if anew or (wish.is_whole and self.can_write is None):
            self.knows_rights = self._was_told_rights
        results, answer = self._read(wish)
        version = results.get("version")
        if version is not None and not Layout.is_version_of(version, self._fingerprint):
            wish = wish._replace(since=None)
            results, answer = self._read(wish)
        if "columns" in results and self._adopt(results["columns"], results["fingerprint"]):
            wish = wish._replace(since=None)
            results, answer = self._read(wish)
        snapshot = snapshot_of(wish, results)._replace(answer=answer)
        if snapshot.cached_layout is not None:
            self._places = snapshot.cached_layout.places
        return snapshot

    def member_names(self) -> dict[str, str]:
        """Return what to call members, by Discord id."""
        return names_from(self._database.batch([member_names()])[0].rows)

    def _read(self, wish: RefreshRequest) -> tuple[dict[str, Rows], Any]:
        """Return what the queries of a refresh gave, by their names, and `Snapshot.answer`."""

        def read() -> tuple[dict[str, Rows], Any]:
            asked, question = queries_of(wish, self.layout, self._now()), wish.question
            batches = [list(asked.values())]
            batches += [] if question is None else [list(question.queries(self._now()))]
            results, *answers = self._database.batches(batches)
            found = zip(asked, results_or_raise(results), strict=True)
            rows = {key: result.rows for key, result in found}
            return rows, None if question is None else _answer(question, answers[0])

        return self._with_true_names(read)

    def _with_true_names(self, work: Callable[[], T]) -> T:
        """Do what depends on the layout; once more if it failed for a name in it."""
        try:
            return work()
        except StatementRejected:
            if not self._look_again():
                raise
        return work()

    def _look_again(self, *, for_changes: bool = False) -> bool:
        """Look at the columns; returns whether they are others than before."""
        columns, fingerprint = self._database.batch([Layout.query(), Layout.fingerprint_query()])
        return self._adopt(columns.rows, fingerprint.rows, for_changes=for_changes)

    def _adopt(self, columns: Rows, fingerprint: Rows, *, for_changes: bool = False) -> bool:
        """Believe what a look at the schema found; returns whether the columns are others.

        `for_changes` is content with the tables that changes go into. Raises NotATrackerDatabase.
        """
        found = Layout.from_rows(columns)
        found.require_ours(self._database.where, for_changes=for_changes)
        self._remember = None
        self._fingerprint = Layout.fingerprint_from(fingerprint)
        if found.columns == self.layout.columns:
            return False
        self._changes = ChangeStatements(found)
        return True

    def ask(self, question: Query[T]) -> T:
        """Answer a question, in one request; raises LedgerError.

        More where nothing was read before, and the schema is not the one that was presumed.
        """
        remember = self._remember
        check = [] if remember is None else [Layout.version_query()]

        def ask() -> Sequence[Result]:
            return self._database.batch([*check, *question.queries(self._now())])

        results = self._with_true_names(ask)
        if remember is not None:
            version, *results = results
            if not Layout.is_version_of(version.rows, self._fingerprint):
                self._learn_layout(remember, reads_along=True, for_changes=False)
            self._remember = None
        answer: T | LedgerError = _answer(question, results)
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    def delete_entry(self, entry_id: str) -> None:
        """Take one entry out of the history; quantities and points stay. Raises LedgerError."""
        self._database.batch([HistoryRow.delete().where(HistoryRow.id == entry_id)])

    def record_sign_in(self, record: SignInRecord) -> None:
        """Tell the database who signed in, or what their roles are now; raises LedgerError."""
        self._database.batch(recording(record, self.new_id(), self._now()))

    def create(self, resources: Sequence[NewResource], by: str) -> None:
        """Create resources, each with its first history row, all or none."""
        ids = [self.new_id() for _ in resources]
        self._with_true_names(
            lambda: self._database.batch(creation(resources, by, ids, self._now(), self.layout))
        )

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


def _answer(question: Query[T], results: BatchResult) -> T | LedgerError:
    if isinstance(results, LedgerError):
        return results
    try:
        return question.answer(results)
    except NONSENSE as error:
        unusable = unusable_answer()
        unusable.__cause__ = error
        return unusable


def _failed_for_a_name(results: Sequence[BatchResult]) -> bool:
    """Whether a statement failed, as it does where a column of it is not there any more."""
    return any(isinstance(result, StatementRejected) for result in results)


def _outcomes(
    changes: Sequence[Change], results: Sequence[BatchResult]
) -> list[Outcome | LedgerError]:
    return [
        result if isinstance(result, LedgerError) else _outcome(change, result)
        for change, result in zip(changes, results, strict=True)
    ]


def _outcome(change: Change, results: Sequence[Result]) -> Outcome | LedgerError:
    try:
        return outcome_of(change, results)
    except AnswerLost as error:
        return error
