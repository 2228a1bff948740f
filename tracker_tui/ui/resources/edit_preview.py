"""What a typed change would do to the rows it goes to, worked out while it is typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracker_tui.domain.change import Change, Moved, Shortage, project
from tracker_tui.domain.change_syntax import ChangeSyntaxError, TypedChange, parse_change
from tracker_tui.domain.messages import STATUS_LOOKS, movement_text, points_text
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line

_LISTED = 4
_LISTED_MOVED = 5


class Preview(NamedTuple):
    """What is known of a text while it is typed.

    `problem` says what is wrong with the whole; `column` where (None: with the rows, not the text).
    `refused` are the rows whose quantities do not allow it, by id.
    """

    typed: TypedChange | None
    told: str = ""
    problem: str = ""
    column: int | None = None
    refused: Mapping[str, str] = {}
    note: str = ""
    """Which of the selected rows take no part."""


def preview(
    text: str,
    rows: Sequence[Resource],
    location: Location,
    places: Mapping[Location, str],
    *,
    is_stale: bool = False,
) -> Preview:
    """Work out what `text` would do to `rows`.

    Where the rows are `is_stale`, others may have moved them since: a shortage is a warning then,
    and the ledger decides.
    """
    try:
        typed = parse_change(text)
    except ChangeSyntaxError as error:
        return Preview(None, problem=error.message, column=error.column)
    if not rows:
        return Preview(typed, problem="this resource was deleted")
    projected = [(row, project(_change(typed, row, location), row)) for row in rows]
    refused = {
        row.id: result.sentence(one_line(places[result.location], 24))
        for row, result in projected
        if isinstance(result, Shortage)
    }
    moved = [
        (row, _change(typed, row, location), result)
        for row, result in projected
        if isinstance(result, Moved)
    ]
    if refused and is_stale:
        doubt = _told_of_doubt(rows, refused)
        listed = _listed(moved, places) if len(rows) > 1 else ""
        return Preview(typed, " · ".join(filter(None, (doubt, listed))))
    if len(rows) == 1:
        if not moved:
            return Preview(typed, problem=refused[rows[0].id], refused=refused)
        row, change, result = moved[0]
        return Preview(typed, _told_of_one(change, row, result, places))
    points = points_text(sum(result.points.final for _, _, result in moved))
    told = (_counted(rows, refused, typed, places[location]), _listed(moved, places), points)
    problem = _told_of_refused(rows, refused)
    return Preview(typed, " · ".join(filter(None, told)), problem, None, refused)


def _change(typed: TypedChange, row: Resource, location: Location) -> Change:
    return Change("", row.id, typed.kind, location, typed.amount, "")


def _told_of_one(
    change: Change, row: Resource, moved: Moved, places: Mapping[Location, str]
) -> str:
    after = row._replace(hagga=moved.hagga, deep_desert=moved.deep_desert)
    parts = [movement_text(moved, change, places)]
    if row.percent is not None and not change.kind.is_transfer:
        parts.append(f"{row.percent} % → {after.percent} %")
    if after.status is not row.status:
        look = STATUS_LOOKS[after.status]
        parts.append(str(look))
    parts.append(points_text(moved.points.final))
    return " · ".join(part for part in parts if part)


def _told_of_doubt(rows: Sequence[Resource], refused: Mapping[str, str]) -> str:
    """Say that there may be too little, by rows that were not read just now."""
    first = next(iter(refused.values()))
    told = first if len(rows) == 1 else f"{len(refused)} of {len(rows)} rows may not allow it"
    return f"! {told}, as last read; the ledger decides"


def _counted(
    rows: Sequence[Resource], refused: Mapping[str, str], typed: TypedChange, place: str
) -> str:
    at = "" if typed.kind.is_transfer else f" at {one_line(place, 24)}"
    told = f"{len(rows)} rows{at}"
    return f"{told}, {len(rows) - len(refused)} would change" if refused else told


def _listed(moved: Sequence[tuple[Resource, Change, Moved]], places: Mapping[Location, str]) -> str:
    """Name the first rows, each with its quantity before and after."""
    told = [
        f"{one_line(row.name, 24)} {_before_and_after(change, result, places)}"
        for row, change, result in moved[:_LISTED_MOVED]
    ]
    more = len(moved) - len(told)
    return " · ".join(told) + (f" and {more} more" if more > 0 else "")


def _before_and_after(change: Change, moved: Moved, places: Mapping[Location, str]) -> str:
    if change.kind.is_transfer:
        return movement_text(moved, change, places)
    is_at_hagga = change.location is Location.HAGGA
    before = moved.hagga_before if is_at_hagga else moved.deep_desert_before
    after = moved.hagga if is_at_hagga else moved.deep_desert
    return f"{grouped(before)} → {grouped(after)}"


def _told_of_refused(rows: Sequence[Resource], refused: Mapping[str, str]) -> str:
    if not refused:
        return ""
    names = [f"{one_line(row.name, 24)}: {refused[row.id]}" for row in rows if row.id in refused]
    listed = names[:_LISTED]
    if len(names) > _LISTED:
        listed[-1] = f"and {len(names) - _LISTED + 1} more"
    return "\n  ".join((f"{len(refused)} rejected:", *listed))
