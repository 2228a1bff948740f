"""What came of changes that were sent by a program that has read nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tracker_tui.db.database import BatchResult, Rows
from tracker_tui.domain.change import Change
from tracker_tui.domain.outcome import Outcome, Refusal
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource_lookup import find_resource
from tracker_tui.errors import (
    DatabaseError,
    NotATrackerDatabase,
    OutcomeUnknown,
    StatementRefused,
    UnknownResource,
    WriteRefused,
)
from tracker_tui.ledger.resources import NAME_TYPES

T = TypeVar("T")


class Edited(NamedTuple):
    """What came of changes of which the last goes by a name, and what to call things."""

    outcomes: list[Outcome | DatabaseError]
    """One for each change, as `Ledger.apply_all` returns them."""
    found: str | UnknownResource
    """Id of the resource that the last change means, or why there is none; where it is another
    than it was sent with, nothing came of that change yet: it is to be sent anew, with this one."""
    names: dict[str, str]
    places: dict[Location, str]


def is_final(outcome: Outcome | DatabaseError) -> bool:
    """Whether an answer holds, whatever columns the database has by now."""
    return isinstance(outcome, WriteRefused) or (
        isinstance(outcome, Outcome) and outcome.is_in_history
    )


def first_applied(outcomes: Sequence[Outcome | DatabaseError], again: Edited) -> Edited:
    """Return what came of changes that were sent twice: once applied, they are by the second."""
    pairs = zip(outcomes, again.outcomes, strict=True)
    merged = [
        first if isinstance(first, Outcome) and first.is_in_history else second
        for first, second in pairs
    ]
    return again._replace(outcomes=merged)


def not_judged(
    outcomes: Sequence[Outcome | DatabaseError], error: DatabaseError
) -> list[Outcome | DatabaseError]:
    """Return outcomes where it cannot be known why the others were not applied.

    That a table is missing says more than that a statement failed for it.
    """
    is_missing = isinstance(error, NotATrackerDatabase)

    def is_judged(outcome: Outcome | DatabaseError) -> bool:
        if isinstance(outcome, DatabaseError):
            return not (is_missing and isinstance(outcome, StatementRefused))
        return outcome.is_in_history

    return [outcome if is_judged(outcome) else error for outcome in outcomes]


def resource_meant(
    change: Change, outcome: Outcome | DatabaseError, names: Rows
) -> str | UnknownResource:
    """Return the id of the resource that a change by name means, or why there is none."""
    if isinstance(outcome, DatabaseError) or outcome.refusal is not Refusal.NO_RESOURCE:
        return change.resource_id
    try:
        return find_resource(change.resource_id, NAME_TYPES.checked(names))
    except UnknownResource as error:
        return error


def understood(result: BatchResult | None, understand: Callable[[Rows], T], otherwise: T) -> T:
    """Return what was read along with a change, or something else where it makes no sense."""
    if result is None or isinstance(result, DatabaseError):
        return otherwise
    try:
        return understand(result[0].rows)
    except OutcomeUnknown:
        return otherwise
