"""How changes and their outcomes are told to people, on screen and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from tracker_tui.domain.change import Change, Moved, describe
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line

Places = Mapping[Location, str]


class StatusLook(NamedTuple):
    """A status as shown: a sign that needs no colour, and a word."""

    sign: str
    word: str

    def __str__(self) -> str:
        return f"{self.sign} {self.word}"


STATUS_LOOKS: Final = {
    Status.CRITICAL: StatusLook("▼", "critical"),
    Status.BELOW_TARGET: StatusLook("▾", "below"),
    Status.AT_TARGET: StatusLook("=", "at"),
    Status.ABOVE_TARGET: StatusLook("▲", "above"),
}


def movement(moved: Moved, change: Change, places: Places) -> str:
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
    return f"+{points:,.2f}".rstrip("0").rstrip(".") + (" point" if points == 1 else " points")


def outcome_sentence(outcome: Outcome, places: Places) -> str:
    """Say what came of a change, in one line of plain text."""
    resource, change = outcome.resource, outcome.change
    if resource is None and outcome.said:
        return f"Not changed. {one_line(outcome.said)}"
    if resource is None:
        return "Not changed: this resource was deleted. Refresh the list."
    name = one_line(resource.name, 60)
    if outcome.moved is not None:
        told = [f"{name}: {movement(outcome.moved, change, places)}"]
        if outcome.verdict is Verdict.ALREADY_APPLIED:
            told.append("applied before")
        told.append(_standing(outcome.moved, resource))
        told.append(points_text(outcome.moved.points.final))
        return " · ".join(part for part in told if part)
    return f"{name} {describe(change)}: not changed. {_why_not(outcome, resource, places)}"


def _standing(moved: Moved, resource: Resource) -> str:
    total = moved.hagga + moved.deep_desert
    if not resource.target or resource.target <= 0:
        return f"total {grouped(total)}"
    return f"total {grouped(total)}, {total * 100 // resource.target} % of target"


def _why_not(outcome: Outcome, resource: Resource, places: Places) -> str:
    change = outcome.change
    if outcome.shortage is not None:
        return outcome.shortage.sentence(one_line(places[outcome.shortage.location], 24)) + "."
    match outcome.refusal:
        case Refusal.NOT_IN_HISTORY:
            return "The change that it belongs to is not in the history any more."
        case Refusal.BY_DATABASE | Refusal.NOT_PERMITTED:
            return one_line(outcome.said)
        case Refusal.ID_TAKEN:
            return "Another change has the same id; type it again."
        case _:
            there = grouped(resource.at(change.location))
            seen = "" if change.expected is None else f", not {grouped(change.expected)}"
            place = one_line(places[change.location], 24)
            return f"{place} holds {there} now{seen}."
