"""What notifications say; those of a burst of changes are told as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from tracker_tui.domain.change import Change, Moved, Outcome, Verdict, describe, undone_by
from tracker_tui.domain.messages import (
    arrival,
    listed,
    outcome_name,
    outcome_sentence,
    points_text,
    why_not,
)
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line

Places = Mapping[Location, str]
Told = tuple[str, Literal["information", "error"]]
"""What is said, and how bad it is."""

_TOLD_ONE_BY_ONE = 3


def told_of_applied(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say which changes were applied, what they left, and which points they earned."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places)
    points = points_text(sum(each.moved.points.final for each in outcomes if each.moved))
    return " · ".join(filter(None, (_many_applied(outcomes, places), points)))


def _many_applied(outcomes: Sequence[Outcome], places: Places) -> str:
    last = outcomes[-1]
    if len({each.change.resource_id for each in outcomes}) == 1:
        typed = listed([describe(each.change) for each in outcomes], " ")
        return f"{outcome_name(last)} {typed} {arrival(last, places)}"
    ways = {(describe(each.change), each.change.location) for each in outcomes}
    if len(ways) == 1 and not last.change.kind.is_transfer:
        # One submission of many rows: what they have in common is said once.
        place = one_line(places[last.change.location], 24)
        left = [f"{outcome_name(each)} → {grouped(_left(each))}" for each in outcomes]
        return f"{describe(last.change)} at {place}: {listed(left)}"
    return listed([_one_applied(each, places) for each in outcomes])


def _one_applied(outcome: Outcome, places: Places) -> str:
    return f"{outcome_name(outcome)} {describe(outcome.change)} {arrival(outcome, places)}"


def _left(outcome: Outcome) -> int:
    """Return how much a change left where it was made."""
    moved = outcome.moved
    if moved is None:
        return 0
    return moved.hagga if outcome.change.location is Location.HAGGA else moved.deep_desert


def told_of_refused(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say what was rejected and what conflicts, by name, and where it can be dealt with."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places) + " Press o to decide."
    parts = []
    for is_conflict, word in ((True, "conflict"), (False, "rejected")):
        some = [each for each in outcomes if (each.verdict is Verdict.CONFLICT) is is_conflict]
        told = [
            f"{outcome_name(each)} {describe(each.change)} ({why_not(each, places)})"
            for each in some
        ]
        if told:
            parts.append(f"{len(some)} {word}: {listed(told)}.")
    return " ".join([*parts, "Press o to decide."])


def told_of_others(
    moves: Sequence[tuple[Resource, Resource]],
    places: Places,
    name_of: Callable[[str], str],
) -> str:
    """Say who moved what, of quantities before and after."""
    if len(moves) > _TOLD_ONE_BY_ONE:
        names = sorted({one_line(name_of(after.updated_by), 24) for _, after in moves})
        told = ", ".join(names[:_TOLD_ONE_BY_ONE])
        more = f" and {len(names) - _TOLD_ONE_BY_ONE} more" if len(names) > _TOLD_ONE_BY_ONE else ""
        return f"{told}{more} changed {len(moves)} resources"
    return "\n".join(_told_of_move(before, after, places, name_of) for before, after in moves)


def _told_of_move(
    before: Resource,
    after: Resource,
    places: Places,
    name_of: Callable[[str], str],
) -> str:
    moved = [
        f"{one_line(places[location], 24)} {signed(after.at(location) - before.at(location))}"
        for location in Location
        if after.at(location) != before.at(location)
    ]
    name = one_line(name_of(after.updated_by), 24)
    return f"{name}: {one_line(after.name, 40)} {', '.join(moved)}"


def told_of_undo(
    outcomes: Sequence[Outcome], before: Mapping[str, Outcome], places: Places
) -> Iterator[Told]:
    """Say what was undone, and what could not be; `before` has what came of it by its id."""
    undone = [outcome for outcome in outcomes if outcome.is_in_history]
    if undone:
        told = [_undone(each, before.get(each.change.undoes or ""), places) for each in undone]
        yield f"Undid {listed(told)}", "information"
    for outcome in outcomes:
        if not outcome.is_in_history:
            name = f"{outcome_name(outcome)} {_meant(outcome.change, before)}"
            yield f"{name} not undone: {why_not(outcome, places)}.", "error"


def _meant(counter: Change, before: Mapping[str, Outcome]) -> str:
    known = before.get(counter.undoes or "")
    return describe(undone_by(counter) if known is None else known.change)


def _undone(outcome: Outcome, before: Outcome | None, places: Places) -> str:
    counter, moved = outcome.change, outcome.moved
    was = undone_by(counter) if before is None else before.change
    told = f"{outcome_name(outcome)} {describe(was)}"
    if moved is None:
        return told
    is_as_before = before is not None and _is_back(before.moved, moved)
    left = arrival(outcome, places).removeprefix("→ ")
    if not counter.kind.is_transfer and counter.location is Location.HAGGA:
        left = grouped(moved.hagga)
    return f"{told} ({'back to' if is_as_before else 'now'} {left})"


def _is_back(before: Moved | None, after: Moved) -> bool:
    """Whether quantities are again what they were before a change."""
    if before is None:
        return False
    was = (before.hagga_before, before.deep_desert_before)
    return was == (after.hagga, after.deep_desert)
