"""A change: what a player asked for, what it does to a resource, and what became of it.

    change = Change(id=…, resource_id="spice", kind=Kind.ADD, location=Location.HAGGA, amount=500,
                    by="4711")
    project(change, resource)     Moved(hagga_before=700, hagga=1200, …, points=…), or a Shortage
    Outcome(change=change, verdict=Verdict.APPLIED, …)    the ledger's answer

A change is an intent and never a result, so that it may wait in the outbox while other people
change the same resource. The rules are those of the data contract, section "A change".

The values are named tuples: `edit` imports this module at every hotkey, and a dataclass costs it
ten times as much time to define. Build them with keywords.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from tracker_tui.domain.points import NO_POINTS, Points, points_for_adding, points_for_setting
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import MAX_REASON

ID_LENGTH: Final = 21
"""Characters of an id in the shared database; all of them are safe in URLs."""


class Change(NamedTuple):
    """A change to one resource. Quantities that were read earlier are guards, never values.

    `amount` is how many units move, or for Kind.SET the quantity wanted. The client makes the id,
    which becomes the id of the history row: sending a change twice applies it once.
    """

    id: str
    resource_id: str
    kind: Kind
    location: Location
    amount: int
    by: str
    """The member that the change is for: a Discord id, or the name of the local user."""
    reason: str | None = None
    expected: int | None = None
    """For Kind.SET: the quantity at `location` that the player saw."""
    entered_by: str | None = None
    """The admin who entered it on behalf of `by`."""
    requires: str | None = None
    """Id of a change that must be in the history, else this one does nothing."""
    undoes: str | None = None
    """Id of the change whose points this one takes away."""
    remark: str | None = None
    """Added to the reason in the history: when the change was made, if it was sent much later."""


class Moved(NamedTuple):
    """The quantities of a resource before and after a change, in units, and the points it earns."""

    hagga_before: int
    deep_desert_before: int
    hagga: int
    deep_desert: int
    points: Points

    @property
    def hagga_change(self) -> int:
        """Difference at Hagga, signed."""
        return self.hagga - self.hagga_before

    @property
    def deep_desert_change(self) -> int:
        """Difference in the Deep Desert, signed."""
        return self.deep_desert - self.deep_desert_before


class Shortage(NamedTuple):
    """A quantity that a change would leave outside 0 … 999,999,999, so that it is rejected."""

    location: Location
    there: int
    wanted: int

    @property
    def is_too_much(self) -> bool:
        """Whether the result is above the maximum, rather than below 0."""
        return self.wanted > MAX_QUANTITY

    def sentence(self, place: str) -> str:
        """Say what is wrong and how much is there; `place` is the location's name."""
        if self.is_too_much:
            return f"{place} holds {grouped(self.there)}; the most is {grouped(MAX_QUANTITY)}"
        missing = grouped(-self.wanted)
        return f"{place} holds only {grouped(self.there)}: {missing} short"


class Verdict(StrEnum):
    """The ledger's answer to a change; the values are the words of `edit --json`."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"
    REJECTED = "refused"
    CONFLICT = "conflict"
    QUEUED = "queued"
    """The ledger has not answered yet; the change is pending in the outbox."""


class Rejection(StrEnum):
    """Why a change was rejected."""

    QUANTITY = "quantity"
    """A quantity would leave 0 … 999,999,999; `Outcome.shortage` says where."""
    NO_RESOURCE = "no resource"
    """The resource does not exist (any more); `Outcome.detail` is its name, if known."""
    NOT_IN_HISTORY = "not in history"
    """The change that this one requires is not in the history."""
    BY_DATABASE = "by database"
    """A constraint or a trigger stopped it; `Outcome.detail` quotes the database."""
    NOT_PERMITTED = "not permitted"
    """The token may not make this change; `Outcome.detail` quotes the database."""
    ID_TAKEN = "id taken"
    """The history has another change with the same id, on another resource."""
    UNSURE = "unsure"
    """It was sent over a day ago and the answer got lost: an admin may have deleted its entry."""
    WITHDRAWN = "withdrawn"
    """The player cancelled it before it was sent."""
    UNKNOWN_NAME = "unknown name"
    """The name typed matches no resource, or several; `Outcome.detail` lists them."""


class Outcome(NamedTuple):
    """A verdict, with everything that a message about it needs.

    `resource` is the row after the change, or the row as it is now where nothing was applied; None
    if it does not exist. `moved` is set for applied and already applied changes.
    """

    change: Change
    verdict: Verdict
    resource: Resource | None
    moved: Moved | None = None
    rejection: Rejection | None = None
    shortage: Shortage | None = None
    detail: str = ""
    """More about it: a quote from the database, a name, or candidates."""

    @property
    def is_in_history(self) -> bool:
        """Whether the ledger has the change, from now or from an earlier attempt."""
        return self.verdict in (Verdict.APPLIED, Verdict.ALREADY_APPLIED)


class SessionStats(NamedTuple):
    """Totals since the program was started: changes applied, net units moved, points earned."""

    changes: int = 0
    moved: int = 0
    points: float = 0.0


def differences(change: Change, resource: Resource) -> tuple[int, int]:
    """Return what the change adds at Hagga and in the Deep Desert, in units, signed."""
    amount = change.amount
    match change.kind:
        case Kind.TO_DEEP_DESERT:
            return -amount, amount
        case Kind.TO_HAGGA:
            return amount, -amount
        case Kind.ADD:
            delta = amount
        case Kind.REMOVE:
            delta = -amount
        case Kind.SET:
            delta = amount - resource.at(change.location)
    return (delta, 0) if change.location is Location.HAGGA else (0, delta)


def project(change: Change, resource: Resource) -> Moved | Shortage:
    """Return what the change would do to the resource as it is known on this machine.

    The ledger decides with its own quantities. This projection feeds the preview and the overlay of
    pending changes, and serves tests as a model of the ledger.
    """
    by_hagga, by_deep_desert = differences(change, resource)
    hagga, deep_desert = resource.hagga + by_hagga, resource.deep_desert + by_deep_desert
    for location, there, wanted in (
        (Location.HAGGA, resource.hagga, hagga),
        (Location.DEEP_DESERT, resource.deep_desert, deep_desert),
    ):
        moves = change.kind.is_transfer or change.location is location
        if moves and not 0 <= wanted <= MAX_QUANTITY:
            return Shortage(location=location, there=there, wanted=wanted)
    after = resource._replace(hagga=hagga, deep_desert=deep_desert)
    return Moved(
        hagga_before=resource.hagga,
        deep_desert_before=resource.deep_desert,
        hagga=hagga,
        deep_desert=deep_desert,
        points=_points(change, by_hagga + by_deep_desert, after),
    )


def _points(change: Change, difference: int, after: Resource) -> Points:
    if change.undoes is not None:
        return NO_POINTS
    if change.kind is Kind.ADD:
        return points_for_adding(change.amount, after.multiplier, after.status)
    if change.kind is Kind.SET:
        return points_for_setting(difference)
    return NO_POINTS


def undo_id(change_id: str) -> str:
    """Return the id of the change that undoes another one.

    It derives from that change's id alone, so that the ledger applies an undo once, even when it
    comes from several copies of a home folder.
    """
    # The prefix leaves room for other ids to be derived from the same change later.
    digest = sha256(b"tracker-tui undo\0" + change_id.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).decode("ascii")[:ID_LENGTH]


def counter_change(change: Change, moved: Moved, by: str) -> Change | None:
    """Return the change that undoes an applied one (data contract, "Undo"); None if nothing moved.

    It is relative or a transfer, never absolute, so that other people's changes stay.
    """
    undone = f"Undo: {change.reason or describe(change)}"[:MAX_REASON]
    counter = Change(
        id=undo_id(change.id),
        resource_id=change.resource_id,
        kind=Kind.ADD,
        location=change.location,
        amount=0,
        by=by,
        reason=undone,
        requires=change.id,
        undoes=change.id,
    )
    if change.kind is Kind.TO_DEEP_DESERT:
        return counter._replace(kind=Kind.TO_HAGGA, amount=change.amount)
    if change.kind is Kind.TO_HAGGA:
        return counter._replace(kind=Kind.TO_DEEP_DESERT, amount=change.amount)
    difference = moved.hagga_change + moved.deep_desert_change
    if difference == 0:
        return None
    kind = Kind.REMOVE if difference > 0 else Kind.ADD
    return counter._replace(kind=kind, amount=abs(difference))


def without_guard(change: Change) -> Change:
    """Return the change without the quantity that the player saw, so that it cannot conflict."""
    return change._replace(expected=None)


def as_difference(change: Change) -> Change | None:
    """Return a set as the difference to the quantity that the player saw, under the same id.

    `=800` with 500 on screen becomes `+300`. None where the player saw no quantity, or the same.
    """
    if change.kind is not Kind.SET or change.expected in (None, change.amount):
        return None
    difference = change.amount - (change.expected or 0)
    kind = Kind.ADD if difference > 0 else Kind.REMOVE
    return change._replace(kind=kind, amount=abs(difference), expected=None)


def undone_by(counter: Change) -> Change:
    """Return the change that a counter-change undoes; a set comes back as ADD or REMOVE."""
    return counter._replace(kind=_OPPOSITES[counter.kind])


_OPPOSITES = {
    Kind.ADD: Kind.REMOVE,
    Kind.REMOVE: Kind.ADD,
    Kind.SET: Kind.SET,
    Kind.TO_DEEP_DESERT: Kind.TO_HAGGA,
    Kind.TO_HAGGA: Kind.TO_DEEP_DESERT,
}


def describe(change: Change) -> str:
    """Return the change as a player would type it, without its reason: `+1,500`."""
    return change.kind.sign + grouped(change.amount)
