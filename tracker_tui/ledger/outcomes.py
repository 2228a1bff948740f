"""Understanding what the batch of a change returned.

first INSERT wrote a row                      applied
the history has the change's id already       already applied, or the id is in use
neither, and the quantity would be negative   rejected, with the shortage
neither, and the seen quantity is another     conflict
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tracker_tui.db.database import (
    INTEGER,
    REAL,
    REAL_OR_NULL,
    TEXT_OR_NULL,
    BatchResult,
    Result,
    Rows,
    RowType,
)
from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Shortage, Verdict, project
from tracker_tui.domain.points import NO_POINTS, Points
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import AnswerLost, LedgerError, StatementRejected
from tracker_tui.ledger.resources import RESOURCE_TYPES

_COLUMNS = len(Resource._fields)
_MOVED: Final = (
    *(INTEGER, INTEGER, INTEGER, INTEGER),  # quantities before and after
    *(REAL_OR_NULL, REAL, REAL, REAL),  # points
)
_ROW: Final = RowType(
    *RESOURCE_TYPES,
    *(INTEGER, TEXT_OR_NULL),  # whether the requirement is met, and the resource of the history
    *_MOVED,
)
"""The columns of the last query of a change."""
_ENTRY: Final = RowType(TEXT_OR_NULL, *RESOURCE_TYPES[1:], TEXT_OR_NULL, *_MOVED)
"""The columns of `ChangeStatements.lookup`; the first id is NULL if the resource is deleted."""


def outcomes_of(
    changes: Sequence[Change], results: Sequence[BatchResult]
) -> list[Outcome | LedgerError]:
    """Return the outcome of each change, or why it has none."""
    return [
        result if isinstance(result, LedgerError) else _outcome_or_error(change, result)
        for change, result in zip(changes, results, strict=True)
    ]


def _outcome_or_error(change: Change, results: Sequence[Result]) -> Outcome | LedgerError:
    try:
        return _outcome_of(change, results)
    except AnswerLost as error:
        return error


def _outcome_of(change: Change, results: Sequence[Result]) -> Outcome:
    """Return the outcome of `ChangeStatements.batch`, whose last query selects it.

    The change was applied if the first query wrote a row. The rest says why it was not. Raises
    AnswerLost.
    """
    rows = _ROW.checked(results[-1].rows)
    if not rows:
        return Outcome(change, Verdict.REJECTED, None, rejection=Rejection.NO_RESOURCE)
    resource = Resource._make(rows[0][:_COLUMNS])
    requirement_met, history_of, *numbers = rows[0][_COLUMNS:]
    if history_of is None:
        return _not_applied(change, resource, requirement_met=bool(requirement_met))
    if history_of != change.resource_id:
        return Outcome(change, Verdict.REJECTED, resource, rejection=Rejection.ID_TAKEN)
    verdict = Verdict.APPLIED if results[0].rowcount == 1 else Verdict.ALREADY_APPLIED
    return Outcome(change, verdict, resource, _moved(numbers))


def outcome_in_history(change: Change, rows: Rows) -> Outcome | None:
    """Return the outcome of a change by `ChangeStatements.lookup`; None if it was not applied.

    The resource may have been deleted since. Raises AnswerLost.
    """
    entries = _ENTRY.checked(rows)
    if not entries:
        return None
    found, (resource_id, *numbers) = entries[0][:_COLUMNS], entries[0][_COLUMNS:]
    meant = change._replace(resource_id=resource_id or change.resource_id)
    resource = None if found[0] is None else Resource._make(found)
    return Outcome(meant, Verdict.APPLIED, resource, _moved(numbers))


def has_rejected_statement(results: Sequence[BatchResult]) -> bool:
    """Whether a statement failed, perhaps because one of its columns no longer exists."""
    return any(isinstance(result, StatementRejected) for result in results)


def _moved(numbers: Sequence[Any]) -> Moved:
    quantities, earned = numbers[:4], numbers[4:]
    return Moved._make((*quantities, NO_POINTS if earned[0] is None else Points._make(earned)))


def _not_applied(change: Change, resource: Resource, *, requirement_met: bool) -> Outcome:
    if not requirement_met:
        return Outcome(change, Verdict.REJECTED, resource, rejection=Rejection.NOT_IN_HISTORY)
    projected = project(change, resource)
    if isinstance(projected, Shortage):
        return Outcome(
            change, Verdict.REJECTED, resource, rejection=Rejection.QUANTITY, shortage=projected
        )
    return Outcome(change, Verdict.CONFLICT, resource)
