"""What came of changes that were sent by a program that has read nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tracker_tui.db.database import BatchResult, Rows
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
from tracker_tui.ledger.resources import NAME_TYPES

T = TypeVar("T")


class EditResult(NamedTuple):
    """What came of changes of which the last goes by a name, and what to call things."""

    outcomes: list[Outcome | LedgerError]
    """One for each change, as `Ledger.apply_all` returns them."""
    found: str | UnknownResource
    """Id of the resource that the last change means, or why there is none; where it is another
    than it was sent with, nothing came of that change yet: it is to be sent anew, with this one."""
    names: dict[str, str]
    places: dict[Location, str]


def is_final(outcome: Outcome | LedgerError) -> bool:
    """Whether an answer holds, whatever columns the database has by now."""
    return isinstance(outcome, WriteRejected) or (
        isinstance(outcome, Outcome) and outcome.is_in_history
    )


def first_applied(outcomes: Sequence[Outcome | LedgerError], again: EditResult) -> EditResult:
    """Return what came of changes that were sent twice: once applied, they are by the second."""
    pairs = zip(outcomes, again.outcomes, strict=True)
    merged = [
        first if isinstance(first, Outcome) and first.is_in_history else second
        for first, second in pairs
    ]
    return again._replace(outcomes=merged)


def not_judged(
    outcomes: Sequence[Outcome | LedgerError], error: LedgerError
) -> list[Outcome | LedgerError]:
    """Return outcomes where it cannot be known why the others were not applied.

    That a table is missing says more than that a statement failed for it.
    """
    is_missing = isinstance(error, NotATrackerDatabase)

    def is_judged(outcome: Outcome | LedgerError) -> bool:
        if isinstance(outcome, LedgerError):
            return not (is_missing and isinstance(outcome, StatementRejected))
        return outcome.is_in_history

    return [outcome if is_judged(outcome) else error for outcome in outcomes]


def resource_meant(
    change: Change, outcome: Outcome | LedgerError, names: Rows
) -> str | UnknownResource:
    """Return the id of the resource that a change by name means, or why there is none."""
    if isinstance(outcome, LedgerError) or outcome.refusal is not Rejection.NO_RESOURCE:
        return change.resource_id
    try:
        return find_resource(change.resource_id, NAME_TYPES.checked(names))
    except UnknownResource as error:
        return error


def understood(result: BatchResult | None, understand: Callable[[Rows], T], otherwise: T) -> T:
    """Return what was read along with a change, or something else where it makes no sense."""
    if result is None or isinstance(result, LedgerError):
        return otherwise
    try:
        return understand(result[0].rows)
    except AnswerLost:
        return otherwise
