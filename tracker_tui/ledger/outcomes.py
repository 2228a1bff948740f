"""Understanding what a change's batch came back with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tracker_tui.db.database import INTEGER, REAL, REAL_OR_NULL, TEXT_OR_NULL, Result, Rows, RowType
from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Shortage, Verdict, project
from tracker_tui.domain.points import NO_POINTS, Points
from tracker_tui.domain.resource import Resource
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
"""What the last query of a change selects."""
_ENTRY: Final = RowType(TEXT_OR_NULL, *RESOURCE_TYPES[1:], TEXT_OR_NULL, *_MOVED)
"""What `ChangeStatements.question` selects: the id is NULL where the resource is gone."""


def outcome_of(change: Change, results: Sequence[Result]) -> Outcome:
    """Return the outcome of `ChangeStatements.batch`, whose last query selects it.

    Applied is what the first step wrote a row for; the rest tells why it did not. Raises
    AnswerLost where the values have the wrong types.
    """
    rows = _ROW.checked(results[-1].rows)
    if not rows:
        return Outcome(change, Verdict.REFUSED, None, refusal=Rejection.NO_RESOURCE)
    resource = Resource._make(rows[0][:_COLUMNS])
    requirement_met, history_of, *numbers = rows[0][_COLUMNS:]
    if history_of is None:
        return _not_applied(change, resource, requirement_met=bool(requirement_met))
    if history_of != change.resource_id:
        return Outcome(change, Verdict.REFUSED, resource, refusal=Rejection.ID_TAKEN)
    verdict = Verdict.APPLIED if results[0].rowcount == 1 else Verdict.ALREADY_APPLIED
    return Outcome(change, verdict, resource, _moved(numbers))


def outcome_in_history(change: Change, rows: Rows) -> Outcome | None:
    """Return the outcome of a change by `ChangeStatements.question`; None if it has no entry.

    The resource that its entry is of may be gone. Raises AnswerLost for wrong types.
    """
    entries = _ENTRY.checked(rows)
    if not entries:
        return None
    found, (resource_id, *numbers) = entries[0][:_COLUMNS], entries[0][_COLUMNS:]
    meant = change._replace(resource_id=resource_id or change.resource_id)
    resource = None if found[0] is None else Resource._make(found)
    return Outcome(meant, Verdict.APPLIED, resource, _moved(numbers))


def _moved(numbers: Sequence[Any]) -> Moved:
    quantities, earned = numbers[:4], numbers[4:]
    return Moved._make((*quantities, NO_POINTS if earned[0] is None else Points._make(earned)))


def _not_applied(change: Change, resource: Resource, *, requirement_met: bool) -> Outcome:
    if not requirement_met:
        return Outcome(change, Verdict.REFUSED, resource, refusal=Rejection.NOT_IN_HISTORY)
    projected = project(change, resource)
    if isinstance(projected, Shortage):
        return Outcome(
            change, Verdict.REFUSED, resource, refusal=Rejection.QUANTITY, shortage=projected
        )
    return Outcome(change, Verdict.CONFLICT, resource)
