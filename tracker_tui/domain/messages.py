"""Sentences and short texts about changes, for the screen and the command line.

    outcome_sentence(…)    Spice Melange +500 → 1,700 at Hagga · total 1,700, 85 % of target
                           Spice Melange -20 rejected: only 15 at Hagga.
                           Spice Melange =800 conflicts: Hagga holds 548 now, not 515.

Each is one line of plain text: names and reasons pass through `one_line`. Functions that end in
`_text` return a part of a sentence. The words are those of the README.
"""

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
"""The names of the two locations, which a guild may have changed."""

HOUR: Final = 3_600
MINUTE: Final = 60
_YEAR: Final = 365 * DAY
MOST_NAMED: Final = 5
"""Changes that a message names; it only counts the rest."""


class StatusLook(NamedTuple):
    """A status on screen: a sign, so that colour is never the only hint, and a word."""

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
    """Return the quantities before and after: `Hagga 1,200 → 1,700`."""
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
    """Return the quantities of a resource as one line to paste into a chat."""
    hagga, deep_desert = (one_line(places[location], 24) for location in Location)
    return (
        f"{one_line(resource.name)}: {hagga} {grouped(resource.hagga)}, "
        f"{deep_desert} {grouped(resource.deep_desert)}, total {grouped(resource.total)}"
    )


def points_text(points: float) -> str:
    """Return the points: `+55 points`; empty for none."""
    if not points:
        return ""
    return f"+{decimal(points)}".rstrip("0").rstrip(".") + (" point" if points == 1 else " points")


def stats_sentence(stats: SessionStats, pending: int = 0) -> str:
    """Return the totals of this session, and how many changes are pending."""
    points = points_text(stats.points).removeprefix("+") or "0 points"
    totals = f"this session: {changes_text(stats.changes)}, {signed(stats.moved)}, {points}"
    return f"{totals}; {pending} pending" if pending else totals


def outcome_name(outcome: Outcome) -> str:
    """Return the name of the outcome's resource; for an unknown one, the text that was typed."""
    if outcome.resource is not None:
        return one_line(outcome.resource.name, 60)
    is_known = outcome.rejection is Rejection.NO_RESOURCE and outcome.detail
    return one_line(outcome.detail if is_known else outcome.change.resource_id, 60)


def outcome_sentence(outcome: Outcome, places: Places) -> str:
    """Return one line about what became of a change."""
    change = f"{outcome_name(outcome)} {describe(outcome.change)}"
    if outcome.verdict is Verdict.QUEUED:
        queued = f"{change} saved here, will be sent with the next command."
        return f"{queued} {one_line(outcome.detail, 500)}".rstrip()
    if outcome.moved is not None:
        return _applied_sentence(outcome, outcome.moved, places)
    if outcome.rejection is Rejection.WITHDRAWN:
        return f"{change} was cancelled before it was sent."
    if outcome.rejection is Rejection.UNSURE:
        return f"{change} needs a look: {_UNSURE}."
    is_sentence = outcome.detail and outcome.rejection is not Rejection.NO_RESOURCE
    if is_sentence and outcome.shortage is None:
        return f"{change} rejected. {one_line(outcome.detail)}"
    verb = "conflicts" if outcome.verdict is Verdict.CONFLICT else "rejected"
    why = why_not(outcome, places)
    return f"{change} {verb}: {why}." if why else f"{change} {verb}."


def _applied_sentence(outcome: Outcome, moved: Moved, places: Places) -> str:
    parts = [f"{outcome_name(outcome)} {describe(outcome.change)} {arrival(outcome, places)}"]
    if outcome.verdict is Verdict.ALREADY_APPLIED:
        parts.append("already applied")
    if outcome.resource is not None:
        parts.append(_total_text(moved, outcome.resource))
    parts.append(points_text(moved.points.final))
    return " · ".join(part for part in parts if part)


def arrival(outcome: Outcome, places: Places) -> str:
    """Return the quantity after an applied change: `→ 1,700 at Hagga`; for a set, `(was 1,200)`."""
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


def _total_text(moved: Moved, resource: Resource) -> str:
    total = moved.hagga + moved.deep_desert
    if not resource.target or resource.target <= 0:
        return f"total {grouped(total)}"
    return f"total {grouped(total)}, {total * 100 // resource.target} % of target"


_UNSURE: Final = (
    "it was sent over a day ago, and no answer came. Check the history first: applying it again "
    "counts once, unless its entry was deleted"
)
_REASONS: Final = {
    Rejection.NO_RESOURCE: "this resource was deleted",
    Rejection.NOT_IN_HISTORY: "the change it depends on is no longer in the history",
    Rejection.ID_TAKEN: "another change has the same id; type it again",
    Rejection.UNSURE: "sent over a day ago without an answer",
}


def why_not(outcome: Outcome, places: Places) -> str:
    """Return in a few words why a change was rejected, or what it conflicts with."""
    change, resource, shortage = outcome.change, outcome.resource, outcome.shortage
    if shortage is not None:
        there, place = grouped(shortage.there), one_line(places[shortage.location], 24)
        if shortage.is_too_much:
            return f"{place} holds {there}; the most is {grouped(MAX_QUANTITY)}"
        return f"only {there} at {place}"
    if outcome.rejection in _REASONS:
        return _REASONS[outcome.rejection]
    if outcome.detail or resource is None:
        return one_line(outcome.detail).rstrip(".")
    there = grouped(resource.at(change.location))
    seen = "" if change.expected is None else f", not {grouped(change.expected)}"
    return f"{one_line(places[change.location], 24)} holds {there} now{seen}"


def needing_text(outcomes: Sequence[Outcome]) -> str:
    """Count the changes that need the player: `1 conflict, 2 rejected`; empty for none."""
    conflicts = sum(outcome.verdict is Verdict.CONFLICT for outcome in outcomes)
    rejected = len(outcomes) - conflicts
    parts = [f"{conflicts} conflict{'' if conflicts == 1 else 's'}"] if conflicts else []
    return ", ".join(parts + ([f"{rejected} rejected"] if rejected else []))


def listed(texts: Sequence[str], between: str = ", ") -> str:
    """Join up to five texts, then count the rest: `… and 7 more`."""
    more = len(texts) - MOST_NAMED
    return between.join(texts[:MOST_NAMED]) + (f" and {grouped(more)} more" if more > 0 else "")


def ago(seconds: int) -> str:
    """Return a duration in a few characters: `now`, `3 min`, `5 h`, `2 d`, `1 y`."""
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
    """Return how a rank changed: `▲2`, `▼1`, `=`; `new` if there was none before."""
    if places is None:
        return "new"
    if places == 0:
        return "="
    return f"▲{places}" if places > 0 else f"▼{-places}"


def changes_text(how_many: int) -> str:
    """Count changes: `1 change`, `1,200 changes`."""
    return "1 change" if how_many == 1 else f"{grouped(how_many)} changes"


def changes_pending(how_many: int) -> str:
    """Begin a sentence: `1 change is pending`, `2 changes are pending`."""
    return f"{changes_text(how_many)} {'is' if how_many == 1 else 'are'} pending"


def time_since(seconds: int) -> str:
    """Return how long ago something was: `just now`, `3 min ago`."""
    span = ago(seconds)
    return "just now" if span == "now" else f"{span} ago"
