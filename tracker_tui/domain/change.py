"""A change: what a player asked for, and what it does to a resource (data contract, "A change")."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from tracker_tui.domain.limits import MAX_QUANTITY, MAX_REASON
from tracker_tui.domain.points import NO_POINTS, Points, points_for_adding, points_for_setting
from tracker_tui.domain.quantities import Kind, Location, grouped
from tracker_tui.domain.resource import Resource

ID_LENGTH: Final = 21
"""Of an id in the shared database: characters that are safe in URLs."""


class Change(NamedTuple):
    """An intent, never a result: quantities that were read earlier are guards, not values.

    `amount` is how much moves, or for Kind.SET the quantity wanted, in units. The id is made by
    the client and becomes the id of the history row, so that sending it twice does nothing.
    """

    id: str
    resource_id: str
    kind: Kind
    location: Location
    amount: int
    by: str
    """Discord id, or the name of the local user, of whom the change is for."""
    reason: str | None = None
    expected: int | None = None
    """For Kind.SET: the quantity at `location` that the player saw."""
    entered_by: str | None = None
    """The admin who entered it on behalf of `by`."""
    requires: str | None = None
    """Id of a change that must be in the history, else this one does nothing."""
    undoes: str | None = None
    """Id of the change whose points are taken away with this one."""
    remark: str | None = None
    """What the reason in the history ends with: when it was made, if it was sent much later."""


class Moved(NamedTuple):
    """The quantities of a resource before and after a change, and the points it earns."""

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
    """Why a change is refused whole: it would leave 0 … 999,999,999 at `location`."""

    location: Location
    there: int
    wanted: int

    @property
    def is_too_much(self) -> bool:
        """Whether the maximum is passed, rather than 0."""
        return self.wanted > MAX_QUANTITY

    def sentence(self, place: str) -> str:
        """Say what is wrong and how much is there; `place` is the location's name."""
        if self.is_too_much:
            return f"{place} holds {grouped(self.there)}; the most is {grouped(MAX_QUANTITY)}"
        missing = grouped(-self.wanted)
        return f"{place} holds only {grouped(self.there)}: {missing} short"


def differences(change: Change, resource: Resource) -> tuple[int, int]:
    """Return what the change adds at Hagga and in the Deep Desert, signed."""
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
    """Return what the change would do to the resource as it is known here.

    The ledger decides with the quantities that it has; this serves the preview, the pending
    changes laid over what is shown, and the tests as a model of the ledger.
    """
    by_hagga, by_deep_desert = differences(change, resource)
    hagga, deep_desert = resource.hagga + by_hagga, resource.deep_desert + by_deep_desert
    for location, there, wanted in (
        (Location.HAGGA, resource.hagga, hagga),
        (Location.DEEP_DESERT, resource.deep_desert, deep_desert),
    ):
        moves = change.kind.is_transfer or change.location is location
        if moves and not 0 <= wanted <= MAX_QUANTITY:
            return Shortage(location, there, wanted)
    after = resource._replace(hagga=hagga, deep_desert=deep_desert)
    points = _points(change, by_hagga + by_deep_desert, after)
    return Moved(resource.hagga, resource.deep_desert, hagga, deep_desert, points)


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

    It follows from that one's id alone: whoever undoes a change, and from however many copies of a
    home folder, the ledger applies it once.
    """
    # The text in front keeps it apart from whatever else may once be derived from an id.
    digest = sha256(b"tracker-tui undo\0" + change_id.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).decode("ascii")[:ID_LENGTH]


def counter_change(change: Change, moved: Moved, by: str) -> Change | None:
    """Return the change that undoes one that was applied (data contract, "Undo").

    Relative or transfer, never absolute: what others did since stays. None where nothing moved.
    """
    undone = f"Undo: {change.reason or describe(change)}"[:MAX_REASON]
    counter = Change(
        undo_id(change.id),
        change.resource_id,
        Kind.ADD,
        change.location,
        0,
        by,
        undone,
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
    """Return the change without minding what the player saw."""
    return change._replace(expected=None)


def as_difference(change: Change) -> Change | None:
    """Return what a change of Kind.SET meant to add or take away, seen from what the player saw.

    It is the same change under the same id. None where the player saw nothing, or no difference.
    """
    if change.kind is not Kind.SET or change.expected in (None, change.amount):
        return None
    difference = change.amount - (change.expected or 0)
    kind = Kind.ADD if difference > 0 else Kind.REMOVE
    return change._replace(kind=kind, amount=abs(difference), expected=None)


def undone_by(counter: Change) -> Change:
    """Return the change that a counter-change takes back, as far as it tells: a set is a sum."""
    return counter._replace(kind=_OPPOSITES[counter.kind])


_OPPOSITES = {
    Kind.ADD: Kind.REMOVE,
    Kind.REMOVE: Kind.ADD,
    Kind.SET: Kind.SET,
    Kind.TO_DEEP_DESERT: Kind.TO_HAGGA,
    Kind.TO_HAGGA: Kind.TO_DEEP_DESERT,
}


def describe(change: Change) -> str:
    """Return the change as it would be typed, without its reason: `+1,500`."""
    return change.kind.sign + grouped(change.amount)
