"""What toasts say; those of a burst of changes are told as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.wording import outcome_sentence, points_text


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
