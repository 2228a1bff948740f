"""What became of a change."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tracker_tui.domain.change import Change, Moved, Shortage
from tracker_tui.domain.resource import Resource


class Verdict(StrEnum):
    """The ledger's answer; the values are the words of `edit --json`."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"
    REFUSED = "refused"
    CONFLICT = "conflict"
    QUEUED = "queued"
    """Not the ledger's answer: it gave none yet, and the outbox keeps the change."""


class Rejection(StrEnum):
    """Why a change was refused."""

    QUANTITY = "quantity"
    """A quantity would leave 0 … 999,999,999; `Outcome.shortage` says where."""
    NO_RESOURCE = "no resource"
    """The resource was deleted, or never was; `Outcome.said` is what it was called, if known."""
    NOT_IN_HISTORY = "not in history"
    """The change that this one requires is not there."""
    BY_DATABASE = "by database"
    """The database itself refused a statement: a constraint, a trigger; `Outcome.said` quotes."""
    NOT_PERMITTED = "not permitted"
    """The database takes no such change from us; `Outcome.said` quotes."""
    ID_TAKEN = "id taken"
    """Another change of that id is in the history, on another resource."""
    UNSURE = "unsure"
    """It was sent over a day ago and the answer got lost: an admin may have deleted its entry."""
    WITHDRAWN = "withdrawn"
    """The player took it back before it was sent."""
    UNKNOWN_NAME = "unknown name"
    """No resource, or more than one, goes by the name that was typed; `Outcome.said` quotes."""


class Outcome(NamedTuple):
    """A verdict with everything a player may want to know of it.

    `resource` is the row after the change, or as it is now where nothing was applied; None if it
    does not exist. `moved` is set for applied and already applied changes.
    """

    change: Change
    verdict: Verdict
    resource: Resource | None
    moved: Moved | None = None
    refusal: Rejection | None = None
    shortage: Shortage | None = None
    said: str = ""

    @property
    def is_in_history(self) -> bool:
        """Whether the ledger has it, now or since an earlier sending."""
        return self.verdict in (Verdict.APPLIED, Verdict.ALREADY_APPLIED)
