"""How changes and their outcomes are told to people, on screen and on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tracker_tui.domain.change import (
    Change,
    Moved,
    Outcome,
    Rejection,
    SessionStats,
    Verdict,
    describe,
)
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location, decimal, grouped, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import DAY, Status
from tracker_tui.domain.text import one_line

Places = Mapping[Location, str]


HOUR: Final = 3_600
MINUTE: Final = 60
_YEAR: Final = 365 * DAY
MOST_NAMED: Final = 5
"""Changes that a message names; of more it says how many."""


class StatusLook(NamedTuple):
    """A status as shown: a sign that needs no colour, and a word."""

    sign: str
    word: str

    def __str__(self) -> str:
        return f"{self.sign} {self.word}"


STATUS_LOOKS: Final = {
    Status.CRITICAL: StatusLook("▼", "critical"),
    Status.BELOW_TARGET: StatusLook("▾", "low"),
    Status.AT_TARGET: StatusLook("=", "on target"),
    Status.ABOVE_TARGET: StatusLook("▲", "above target"),
}


def movement_text(moved: Moved, change: Change, places: Places) -> str:
    """Say which quantities move: `Hagga 1,200 → 1,700`."""
    sides = (
        (Location.HAGGA, moved.hagga_before, moved.hagga),
        (Location.DEEP_DESERT, moved.deep_desert_before, moved.deep_desert),
    )
    return "  ".join(
        f"{one_line(places[location], 24)} {grouped(before)} → {grouped(after)}"
        for location, before, after in sides
        if change.kind.is_transfer or change.location is location
    )


def resource_line(resource: Resource, places: Places) -> str:
    """Say how much there is of a resource, as something to paste into a chat."""
    hagga, deep_desert = (one_line(places[location], 24) for location in Location)
    return (
        f"{one_line(resource.name)}: {hagga} {grouped(resource.hagga)}, "
        f"{deep_desert} {grouped(resource.deep_desert)}, total {grouped(resource.total)}"
    )


def points_text(points: float) -> str:
    """Say how many points: `+55 points`; empty for none."""
    if not points:
        return ""
    return f"+{decimal(points)}".rstrip("0").rstrip(".") + (" point" if points == 1 else " points")


def stats_sentence(stats: SessionStats, pending: int = 0) -> str:
    """Say what this run has brought."""
    points = points_text(stats.points).removeprefix("+") or "0 points"
    told = f"this session: {changes_text(stats.changes)}, {signed(stats.moved)}, {points}"
    return f"{told}; {pending} pending" if pending else told


def outcome_name(outcome: Outcome) -> str:
    """Return what to call the resource of an outcome; one that nobody knows by what was typed."""
    if outcome.resource is not None:
        return one_line(outcome.resource.name, 60)
    is_known = outcome.refusal is Rejection.NO_RESOURCE and outcome.said
    return one_line(outcome.said if is_known else outcome.change.resource_id, 60)


def outcome_sentence(outcome: Outcome, places: Places) -> str:
    """Say what came of a change, in one line of plain text."""
    told = f"{outcome_name(outcome)} {describe(outcome.change)}"
    if outcome.verdict is Verdict.QUEUED:
        queued = f"{told} saved here, will be sent with the next command."
        return f"{queued} {one_line(outcome.said, 500)}".rstrip()
    if outcome.moved is not None:
        return _applied_sentence(outcome, outcome.moved, places)
    if outcome.refusal is Rejection.WITHDRAWN:
        return f"{told} was withdrawn before it was sent."
    if outcome.refusal is Rejection.UNSURE:
        return f"{told} needs a look: {_UNSURE}."
    is_sentence = outcome.said and outcome.refusal is not Rejection.NO_RESOURCE
    if is_sentence and outcome.shortage is None:
        return f"{told} rejected. {one_line(outcome.said)}"
    verb = "conflicts" if outcome.verdict is Verdict.CONFLICT else "rejected"
    why = why_not(outcome, places)
    return f"{told} {verb}: {why}." if why else f"{told} {verb}."


def _applied_sentence(outcome: Outcome, moved: Moved, places: Places) -> str:
    told = [f"{outcome_name(outcome)} {describe(outcome.change)} {arrival(outcome, places)}"]
    if outcome.verdict is Verdict.ALREADY_APPLIED:
        told.append("applied before")
    if outcome.resource is not None:
        told.append(_standing(moved, outcome.resource))
    told.append(points_text(moved.points.final))
    return " · ".join(part for part in told if part)


def arrival(outcome: Outcome, places: Places) -> str:
    """Say what an applied change left: `→ 1,700 at Hagga`, of a set what was there before."""
    moved, change = outcome.moved, outcome.change
    if moved is None:
        return ""
    if change.kind is Kind.SET:
        is_at_hagga = change.location is Location.HAGGA
        before = moved.hagga_before if is_at_hagga else moved.deep_desert_before
        return f"at {one_line(places[change.location], 24)} (was {grouped(before)})"
    sides = {Location.HAGGA: moved.hagga, Location.DEEP_DESERT: moved.deep_desert}
    left = ", ".join(
        f"{grouped(quantity)} at {one_line(places[location], 24)}"
        for location, quantity in sides.items()
        if change.kind.is_transfer or change.location is location
    )
    return f"→ {left}"


def _standing(moved: Moved, resource: Resource) -> str:
    total = moved.hagga + moved.deep_desert
    if not resource.target or resource.target <= 0:
        return f"total {grouped(total)}"
    return f"total {grouped(total)}, {total * 100 // resource.target} % of target"


_UNSURE: Final = (
    "it was sent over a day ago, and no answer came. Look in the history first: applied anyway it "
    "counts once, unless somebody deleted its entry"
)
_REASONS: Final = {
    Rejection.NO_RESOURCE: "this resource was deleted",
    Rejection.NOT_IN_HISTORY: "the change that it belongs to is not in the history any more",
    Rejection.ID_TAKEN: "another change has the same id, type it again",
    Rejection.UNSURE: "sent over a day ago without an answer",
}


def why_not(outcome: Outcome, places: Places) -> str:
    """Say in a few words why a change was rejected, or what it conflicts with."""
    change, resource, shortage = outcome.change, outcome.resource, outcome.shortage
    if shortage is not None:
        there, place = grouped(shortage.there), one_line(places[shortage.location], 24)
        if shortage.is_too_much:
            return f"{there} there, at {place}; the most is {grouped(MAX_QUANTITY)}"
        return f"only {there} there, at {place}"
    if outcome.refusal in _REASONS:
        return _REASONS[outcome.refusal]
    if outcome.said or resource is None:
        return one_line(outcome.said).rstrip(".")
    there = grouped(resource.at(change.location))
    seen = "" if change.expected is None else f", not {grouped(change.expected)}"
    return f"{one_line(places[change.location], 24)} holds {there} now{seen}"


def needing_text(outcomes: Sequence[Outcome]) -> str:
    """Say how many changes need the player: `1 conflict`, `2 rejected`; empty for none."""
    conflicts = sum(outcome.verdict is Verdict.CONFLICT for outcome in outcomes)
    rejected = len(outcomes) - conflicts
    told = [f"{conflicts} conflict{'' if conflicts == 1 else 's'}"] if conflicts else []
    return ", ".join(told + ([f"{rejected} rejected"] if rejected else []))


def listed(told: Sequence[str], between: str = ", ") -> str:
    """Join what is told: up to five, `and 7 more`."""
    more = len(told) - MOST_NAMED
    return between.join(told[:MOST_NAMED]) + (f" and {grouped(more)} more" if more > 0 else "")


def ago(seconds: int) -> str:
    """Return a span of time in a few characters: `now`, `3 min`, `5 h`, `2 d`, `1 y`."""
    if seconds < MINUTE:
        return "now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h"
    if seconds < _YEAR:
        return f"{seconds // DAY} d"
    return f"{seconds // _YEAR} y"


def climbed_text(places: int | None) -> str:
    """Say how a rank changed: `▲2`, `▼1`, `=`; `new` where there was none before."""
    if places is None:
        return "new"
    if places == 0:
        return "="
    return f"▲{places}" if places > 0 else f"▼{-places}"


def changes_text(how_many: int) -> str:
    """Say how many changes: `1 change`, `1,200 changes`."""
    return "1 change" if how_many == 1 else f"{grouped(how_many)} changes"


def changes_wait(how_many: int) -> str:
    """Say how many changes are pending: `1 change is pending`."""
    return f"{changes_text(how_many)} {'is' if how_many == 1 else 'are'} pending"


def since_told(seconds: int) -> str:
    """Say how long ago something was: `just now`, `3 min ago`."""
    span = ago(seconds)
    return "just now" if span == "now" else f"{span} ago"
