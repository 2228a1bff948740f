"""One change for a command that ends with it: tried for a moment, and never told of wrongly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tracker_tui.acquaintances import Acquaintances
from tracker_tui.domain.change import Change
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseUnreachable,
    OutcomeUnknown,
    StatementRefused,
)
from tracker_tui.ledger.ledger import Edited, Ledger
from tracker_tui.ledger.resources import DEFAULT_PLACES

_TRY_AGAIN_SECONDS: Final = 1.5
_FIRST_PAUSE: Final = 0.1


def edit_once(
    opened: Callable[[], Ledger],
    change: Change,
    acquaintances: Acquaintances,
    is_given_up: Callable[[], bool],
) -> Edited:
    """Apply a change to the resource that its `resource_id` means; see `Ledger.edit`.

    Passing faults are met by trying again, which does no harm. Raises OutcomeUnknown if the change
    may be in the ledger: whatever a later try met says nothing of what became of an earlier one.
    """
    started, pause = time.monotonic(), _FIRST_PAUSE
    unknown: OutcomeUnknown | None = None
    while True:
        try:
            return opened().edit(change, acquaintances.recall(), acquaintances.remember)
        except DatabaseError as error:
            if isinstance(error, OutcomeUnknown):
                unknown = unknown or error
            may_pass = isinstance(error, DatabaseBusy | DatabaseUnreachable)
            is_late = time.monotonic() - started + pause > _TRY_AGAIN_SECONDS
            if is_late or is_given_up() or not may_pass:
                return _refused(change, unknown or error)
        time.sleep(pause)
        pause *= 2


def _refused(change: Change, error: DatabaseError) -> Edited:
    """Return what came of a change that the database refuses for good; else raise the error."""
    if not isinstance(error, StatementRefused):
        raise error
    refusal = Refusal.BY_DATABASE
    outcome = Outcome(change, Verdict.REFUSED, None, refusal=refusal, said=str(error))
    return Edited(outcome, {}, dict(DEFAULT_PLACES))
