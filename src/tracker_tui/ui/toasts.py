"""What toasts say; those of a burst of changes are told as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Location, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.domain.wording import outcome_sentence, points_text

_TOLD_ONE_BY_ONE = 3


def told_of_applied(outcomes: Sequence[Outcome], places: Mapping[Location, str]) -> str:
    """Say what was done and which points it earned."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places)
    moved = [outcome.moved for outcome in outcomes if outcome.moved is not None]
    points = sum(result.points.final for result in moved)
    resources = len({outcome.change.resource_id for outcome in outcomes})
    if resources == 1:
        return f"{len(outcomes)} changes applied. " + outcome_sentence(outcomes[-1], places)
    told = f"{len(outcomes)} changes of {resources} resources applied"
    return " · ".join(filter(None, (told, points_text(points))))


def told_of_refused(outcomes: Sequence[Outcome], places: Mapping[Location, str]) -> str:
    """Say what was refused, and where it waits."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places) + " It waits under o."
    return f"{len(outcomes)} changes were refused. They wait under o."


def told_of_others(
    moves: Sequence[tuple[Resource, Resource]],
    places: Mapping[Location, str],
    name_of: Callable[[str], str],
) -> str:
    """Say who moved what, of quantities before and after."""
    if len(moves) > _TOLD_ONE_BY_ONE:
        names = sorted({one_line(name_of(after.updated_by), 24) for _, after in moves})
        listed = ", ".join(names[:_TOLD_ONE_BY_ONE])
        more = f" and {len(names) - _TOLD_ONE_BY_ONE} more" if len(names) > _TOLD_ONE_BY_ONE else ""
        return f"{listed}{more} changed {len(moves)} resources"
    return "\n".join(_told_of_move(before, after, places, name_of) for before, after in moves)


def _told_of_move(
    before: Resource,
    after: Resource,
    places: Mapping[Location, str],
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
    outcomes: Sequence[Outcome], places: Mapping[Location, str]
) -> Iterator[tuple[str, Literal["information", "error"]]]:
    """Say what was undone, and what could not be, each with its severity."""
    undone = [outcome for outcome in outcomes if outcome.is_in_history]
    if undone:
        yield "Undone. " + told_of_applied(undone, places), "information"
    for outcome in outcomes:
        if not outcome.is_in_history:
            yield "Not undone. " + outcome_sentence(outcome, places), "error"
