"""Applying the change of an `edit` command, which knows a name and has read nothing.

`tracker-tui edit RESOURCE +5` is one request for an id and two for a name, and reads nothing before
them. The change is sent as if RESOURCE were an id, with the fingerprint of the layout from an
earlier run in its guards, and the names of all resources are read along. If that was right, the
change is applied. Otherwise nothing has changed, and the answer says what to do next:

- another fingerprint: read the columns and send the change again;
- no resource with this id: the result names the resource that was meant, for the caller to send.

Rows that are read along never decide about a change: an answer that holds the change is final.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from peewee import BaseQuery

from tracker_tui.db.database import BatchResult, Result, Rows
from tracker_tui.db.layout import Layout
from tracker_tui.domain.change import Change, Outcome, Rejection
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import find_resource
from tracker_tui.errors import (
    AnswerLost,
    LedgerError,
    NotATrackerDatabase,
    StatementRejected,
    UnknownResource,
    WriteRejected,
)
from tracker_tui.ledger.cached_layout import CachedLayout, Remember
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.members import names_from
from tracker_tui.ledger.outcomes import has_rejected_statement, outcomes_of
from tracker_tui.ledger.refresh_queries import naming_queries
from tracker_tui.ledger.resources import NAME_TYPES, places_from, resource_names

T = TypeVar("T")


class EditResult(NamedTuple):
    """The outcomes of an edit, and the names to report them with."""

    outcomes: list[Outcome | LedgerError]
    """One for each change, as `Ledger.apply_all` returns them."""
    found: str | UnknownResource
    """The id of the resource that the last change means, or why there is none.

    If it differs from the id that was sent, the change was not applied: send it again with this id.
    """
    names: dict[str, str]
    """Names of members by Discord id; empty if they were not read."""
    places: dict[Location, str]


def edit_by_name(
    ledger: Ledger,
    changes: Sequence[Change],
    cached: CachedLayout | None,
    remember: Remember,
    *,
    reads_along: bool = True,
) -> EditResult:
    """Apply changes, the last of which has a name or an id as its `resource_id`.

    One request if the database still has the `cached` layout; another layout goes to `remember`.
    `reads_along=False` leaves out the names, after a request whose answer was lost. Raises
    LedgerError as `Ledger.apply_all` does.
    """
    was_cached, last = cached is not None and cached.fingerprint is not None, changes[-1]
    if cached is None or not was_cached:
        cached = ledger.current.learn(remember, with_places=reads_along, for_changes=True)
    ledger.current.use(cached)
    lookup = [Layout.fingerprint_query(), resource_names(unless=last.resource_id)]
    naming = naming_queries(cached.layout) if reads_along else {}
    reads = [lookup, *([query] for query in naming.values())]
    sent, (looked_up, *named) = _send_and_read(ledger, changes, cached.fingerprint, reads)
    outcomes = outcomes_of(changes, sent)
    found: str | UnknownResource = last.resource_id
    if not all(map(_is_final, outcomes)):
        try:
            fingerprint, resources = _lookup_results(ledger, lookup, looked_up)
            is_altered = Layout.fingerprint_from(fingerprint.rows) != cached.fingerprint
            if is_altered or (was_cached and _failed_for_columns(ledger, sent)):
                again = edit_by_name(ledger, changes, None, remember, reads_along=reads_along)
                return _keep_applied(outcomes, again)
            found = _resource_meant(last, outcomes[-1], resources.rows)
        except LedgerError as error:
            outcomes = _with_error(outcomes, error)
    names, places = _names_read(dict(zip(naming, named, strict=True)), cached, remember)
    return EditResult(outcomes=outcomes, found=found, names=names, places=places)


def _names_read(
    results: dict[str, BatchResult], cached: CachedLayout, remember: Remember
) -> tuple[dict[str, str], dict[Location, str]]:
    places = _understood(results.get("settings"), places_from, cached.places)
    if places != cached.places:
        remember(cached._replace(places=places))
    names: dict[str, str] = _understood(results.get("names"), names_from, {})
    return names, places


def _send_and_read(
    ledger: Ledger,
    changes: Sequence[Change],
    fingerprint: str | None,
    reads: Sequence[Sequence[BaseQuery]],
) -> tuple[list[BatchResult], list[BatchResult]]:
    """Send changes and reads in one request; if it fails as a whole, send the changes alone."""
    batches = [ledger.statements(change, fingerprint) for change in changes]
    try:
        results = ledger.database.batches([*batches, *reads], repeatable=True)
    except (WriteRejected, StatementRejected) as error:
        sent = ledger.send(changes, fingerprint)
        if all(isinstance(result, LedgerError) for result in sent):
            raise
        return sent, [error] * len(reads)
    return results[: len(changes)], results[len(changes) :]


def _lookup_results(
    ledger: Ledger, lookup: Sequence[BaseQuery], looked_up: BatchResult
) -> Sequence[Result]:
    if isinstance(looked_up, StatementRejected):
        ledger.current.look_again(for_changes=True)  # raises if a table is missing
    return ledger.database.batch(lookup) if isinstance(looked_up, LedgerError) else looked_up


def _failed_for_columns(ledger: Ledger, sent: Sequence[BatchResult]) -> bool:
    """Whether a change failed because the columns are not the expected ones."""
    return has_rejected_statement(sent) and ledger.current.look_again(for_changes=True)


def _is_final(outcome: Outcome | LedgerError) -> bool:
    """Whether another layout would not change this outcome."""
    return isinstance(outcome, WriteRejected) or _is_applied(outcome)


def _is_applied(outcome: Outcome | LedgerError) -> bool:
    return isinstance(outcome, Outcome) and outcome.is_in_history


def _keep_applied(outcomes: Sequence[Outcome | LedgerError], again: EditResult) -> EditResult:
    """Return the second result, with the first outcome of changes that were applied at once."""
    pairs = zip(outcomes, again.outcomes, strict=True)
    return again._replace(
        outcomes=[first if _is_applied(first) else second for first, second in pairs]
    )


def _with_error(
    outcomes: Sequence[Outcome | LedgerError], error: LedgerError
) -> list[Outcome | LedgerError]:
    """Return the outcomes, with the error for changes that may have failed because of it.

    A missing table explains more than the statement that failed for it.
    """
    is_missing = isinstance(error, NotATrackerDatabase)

    def is_explained(outcome: Outcome | LedgerError) -> bool:
        if isinstance(outcome, LedgerError):
            return not (is_missing and isinstance(outcome, StatementRejected))
        return outcome.is_in_history

    return [outcome if is_explained(outcome) else error for outcome in outcomes]


def _resource_meant(
    change: Change, outcome: Outcome | LedgerError, names: Rows
) -> str | UnknownResource:
    if isinstance(outcome, LedgerError) or outcome.rejection is not Rejection.NO_RESOURCE:
        return change.resource_id
    try:
        return find_resource(change.resource_id, NAME_TYPES.checked(names))
    except UnknownResource as error:
        return error


def _understood(result: BatchResult | None, understand: Callable[[Rows], T], otherwise: T) -> T:
    if result is None or isinstance(result, LedgerError):
        return otherwise
    try:
        return understand(result[0].rows)
    except AnswerLost:
        return otherwise
