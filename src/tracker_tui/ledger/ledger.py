"""The ledger: the shared database as the rest of the program sees it."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from peewee import BaseQuery, Node, Value, fn

from tracker_tui.db.batch import BatchResult, Database, Result, Rows, results_or_raise
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.db.row_types import NONSENSE, unusable_answer
from tracker_tui.domain.change import ID_LENGTH, Change
from tracker_tui.domain.finding import find_resource
from tracker_tui.domain.outcome import Outcome, Refusal
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.signing_in import SignInRecord
from tracker_tui.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseUnreachable,
    OutcomeUnknown,
    StatementRefused,
    UnknownResource,
    WriteRefused,
)
from tracker_tui.ledger.changes import ChangeStatements
from tracker_tui.ledger.expressions import DATABASE_CLOCK
from tracker_tui.ledger.outcomes import outcome_of
from tracker_tui.ledger.questions import Question
from tracker_tui.ledger.resources import (
    DEFAULT_PLACES,
    NAME_TYPES,
    NewResource,
    creation,
    member_names,
    place_settings,
    places_from,
    resource_names,
    write_probe,
)
from tracker_tui.ledger.signing_in import recording
from tracker_tui.ledger.snapshot import (
    Acquaintance,
    Snapshot,
    Wish,
    names_from,
    naming_queries,
    queries_of,
    snapshot_of,
)

T = TypeVar("T")
EVERYTHING: Final = Wish()


class Edited(NamedTuple):
    """What came of changes of which the last goes by a name, and what to call things."""

    outcomes: list[Outcome | DatabaseError]
    """One for each change, as `Ledger.apply_all` returns them."""
    found: str | UnknownResource
    """Id of the resource that the last change means, or why there is none; where it is another
    than it was sent with, nothing came of that change yet: it is to be sent anew, with this one."""
    names: dict[str, str]
    places: dict[Location, str]


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
        """Apply one change exactly once, whoever else writes; raises DatabaseError."""
        (outcome,) = self.apply_all([change])
        if isinstance(outcome, DatabaseError):
            raise outcome
        return outcome

    def apply_all(self, changes: Sequence[Change]) -> list[Outcome | DatabaseError]:
        """Apply changes in this order, each in a transaction of its own, in one request.

        Returns for each what came of it, or why the database took nothing of it; OutcomeUnknown
        says that it may have. Raises DatabaseError where that concerns them all.
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
        except DatabaseError as error:
            return [error if isinstance(r, StatementRefused) else r for r in results]

    def _send(self, changes: Sequence[Change]) -> list[BatchResult]:
        """Send changes; where the server refuses a whole request, find the ones it refuses."""
        batches = [self._statements(change) for change in changes]
        try:
            return self._database.batches(batches, repeatable=True)
        except WriteRefused as error:
            # Somebody may have taken rights away.
            self.knows_rights = self._was_told_rights
            if len(changes) == 1 or self._refuses_all():
                return [error] * len(changes)
        except StatementRefused as error:
            if len(changes) == 1:
                return [error]
        half = len(changes) // 2
        first = self._send(changes[:half])
        try:
            return first + self._send(changes[half:])
        except DatabaseError as error:
            # The first half is answered, whatever happens to the second.
            return first + [error] * (len(changes) - half)

    def _refuses_all(self) -> bool:
        try:
            self._database.batch([write_probe()])
        except WriteRefused:
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
        except WriteRefused:
            self.can_write = False
        except DatabaseError:
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
        known: Acquaintance | None,
        remember: Callable[[Acquaintance], object],
    ) -> Edited:
        """Apply changes of which the last goes to whatever its `resource_id` means: an id or name.

        One request, if the database is still as it was `known`; what is learnt otherwise is handed
        to `remember`. Raises DatabaseError as `apply_all` does.
        """
        was_known, last = known is not None and known.fingerprint is not None, changes[-1]
        if known is None or not was_known:
            known = self._get_acquainted(remember)
        self._changes, self._places = ChangeStatements(known.layout), known.places
        self._fingerprint = known.fingerprint
        naming = naming_queries(known.layout)
        *sent, read = self._database.batches(
            [
                *(self._statements(change, known.fingerprint) for change in changes),
                [
                    Layout.fingerprint_query(),
                    resource_names(unless=last.resource_id),
                    *naming.values(),
                ],
            ],
            repeatable=True,
        )
        try:
            if was_known and isinstance(read, StatementRefused):
                # A table is gone whose rows tell what to call things.
                return self.edit(changes, None, remember)
            fingerprint, resources, *named = results_or_raise(read)
        except (DatabaseBusy, DatabaseUnreachable) as error:
            # Of what was asked, but not of the changes, which went before it.
            raise OutcomeUnknown(str(error)) from error
        is_other = Layout.fingerprint_from(fingerprint.rows) != known.fingerprint
        if is_other or (was_known and _failed_for_a_name(sent) and self._look_again()):
            return self.edit(changes, None, remember)
        rows = {name: result.rows for name, result in zip(naming, named, strict=True)}
        names, places = names_from(rows["names"]), places_from(rows.get("settings", []))
        if places != known.places:
            remember(known._replace(places=places))
        outcomes = _outcomes(changes, sent)
        found: str | UnknownResource = last.resource_id
        if isinstance(outcomes[-1], Outcome) and outcomes[-1].refusal is Refusal.NO_RESOURCE:
            try:
                found = find_resource(last.resource_id, NAME_TYPES.checked(resources.rows))
            except UnknownResource as error:
                found = error
        return Edited(outcomes, found, names, places)

    def resource_names(self) -> list[tuple[str, str]]:
        """Return id and name of every resource."""
        return NAME_TYPES.checked(self._database.batch([resource_names(unless=None)])[0].rows)

    def _get_acquainted(self, remember: Callable[[Acquaintance], object]) -> Acquaintance:
        self._look_again()
        has_settings = self.layout.has_settings
        settings = self._database.batch([place_settings()])[0].rows if has_settings else []
        known = Acquaintance(self.layout, self._fingerprint, places_from(settings))
        remember(known)
        return known

    # Reading

    def refresh(self, wish: Wish = EVERYTHING, *, anew: bool = False) -> Snapshot:
        """Read what is wished for, in one request.

        A second one where the schema changed, and a third where the columns are others than they
        were believed to be: then all rows are read. `anew` says that rights may be others now, too.
        Raises DatabaseError.
        """
        if anew or (wish.is_whole and self.can_write is None):
            self.knows_rights = self._was_told_rights
        results = self._read(wish)
        version = results.get("version")
        if version is not None and not Layout.is_version_of(version, self._fingerprint):
            wish = wish._replace(since=None)
            results = self._read(wish)
        if "columns" in results and self._adopt(results["columns"], results["fingerprint"]):
            wish = wish._replace(since=None)
            results = self._read(wish)
        snapshot = snapshot_of(wish, results)
        if snapshot.acquaintance is not None:
            self._places = snapshot.acquaintance.places
        return snapshot

    def member_names(self) -> dict[str, str]:
        """Return what to call members, by Discord id."""
        return names_from(self._database.batch([member_names()])[0].rows)

    def _read(self, wish: Wish) -> dict[str, Rows]:
        keys: list[str] = []

        def queries() -> list[BaseQuery]:
            asked = queries_of(wish, self.layout, self._now())
            keys[:] = asked
            return list(asked.values())

        results = self._batch(queries)
        return {key: result.rows for key, result in zip(keys, results, strict=True)}

    def _batch(self, queries: Callable[[], Sequence[BaseQuery]]) -> list[Result]:
        """Run queries that depend on the layout; once more if they failed for a name in it."""
        try:
            return self._database.batch(queries())
        except StatementRefused:
            if not self._look_again():
                raise
        return self._database.batch(queries())

    def _look_again(self) -> bool:
        """Look at the columns; returns whether they are others than before."""
        columns, fingerprint = self._database.batch([Layout.query(), Layout.fingerprint_query()])
        return self._adopt(columns.rows, fingerprint.rows)

    def _adopt(self, columns: Rows, fingerprint: Rows) -> bool:
        """Believe what a look at the schema found; returns whether the columns are others."""
        found = Layout.from_rows(columns)
        found.require_ours(self._database.where)
        self._fingerprint = Layout.fingerprint_from(fingerprint)
        if found.columns == self.layout.columns:
            return False
        self._changes = ChangeStatements(found)
        return True

    def ask(self, question: Question[T]) -> T:
        """Answer a question, in one request; raises DatabaseError."""
        results = self._database.batch(question.queries(self._now()))
        try:
            return question.answer(results)
        except NONSENSE as error:
            raise unusable_answer() from error

    def delete_entry(self, entry_id: str) -> None:
        """Take one entry out of the history; quantities and points stay. Raises DatabaseError."""
        self._database.batch([HistoryRow.delete().where(HistoryRow.id == entry_id)])

    def record_sign_in(self, record: SignInRecord) -> None:
        """Tell the database who signed in, or what their roles are now; raises DatabaseError."""
        self._database.batch(recording(record, self.new_id(), self._now()))

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


def _failed_for_a_name(results: Sequence[BatchResult]) -> bool:
    """Whether a statement failed, as it does where a column of it is not there any more."""
    return any(isinstance(result, StatementRefused) for result in results)


def _outcomes(
    changes: Sequence[Change], results: Sequence[BatchResult]
) -> list[Outcome | DatabaseError]:
    return [
        result if isinstance(result, DatabaseError) else _outcome(change, result)
        for change, result in zip(changes, results, strict=True)
    ]


def _outcome(change: Change, results: Sequence[Result]) -> Outcome | DatabaseError:
    try:
        return outcome_of(change, results)
    except OutcomeUnknown as error:
        return error
