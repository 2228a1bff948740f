"""The text below the quick edit: the effect of a typed change on its rows. Pure functions.

For `+500` on one row: `Hagga 1,200 → 1,700 · 85 % → 121 % · ▲ above target · +152 points`. For many
rows the first five are named, and rejected rows say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracker_tui.domain.change import Change, Moved, Shortage, project
from tracker_tui.domain.change_syntax import ChangeSyntaxError, TypedChange, parse_change
from tracker_tui.domain.messages import STATUS_LOOKS, movement_text, points_text
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line

_MOST_REJECTED = 4
_MOST_CHANGED = 5


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The typed change and what to show for it."""

    typed: TypedChange | None
    """None if the text is no change."""
    text: str = ""
    problem: str = ""
    column: int | None = None
    """Where in the text the problem is; None: not in the text, but in the rows."""
    rejected: Mapping[str, str] = field(default_factory=dict)
    """Why a row does not allow the change, by its id."""
    note: str = ""
    """Which of the selected rows are left out."""


def preview(
    text: str,
    rows: Sequence[Resource],
    location: Location,
    places: Mapping[Location, str],
    *,
    is_stale: bool = False,
) -> Preview:
    """Return what `text` would do to `rows`.

    If the rows `is_stale`, someone may have changed them: too small a quantity is a warning then,
    and the ledger decides.
    """
    try:
        typed = parse_change(text)
    except ChangeSyntaxError as error:
        return Preview(typed=None, problem=error.message, column=error.column)
    if not rows:
        return Preview(typed=typed, problem="this resource was deleted")
    projected = [(row, project(_change(typed, row, location), row)) for row in rows]
    rejected = {
        row.id: result.sentence(one_line(places[result.location], 24))
        for row, result in projected
        if isinstance(result, Shortage)
    }
    moved = [
        (row, _change(typed, row, location), result)
        for row, result in projected
        if isinstance(result, Moved)
    ]
    if rejected and is_stale:
        doubt = _doubt_text(rows, rejected)
        listed = _listed(moved, places) if len(rows) > 1 else ""
        return Preview(typed=typed, text=" · ".join(filter(None, (doubt, listed))))
    if len(rows) == 1:
        if not moved:
            return Preview(typed=typed, problem=rejected[rows[0].id], rejected=rejected)
        row, change, result = moved[0]
        return Preview(typed=typed, text=_one_text(change, row, result, places))
    points = points_text(sum(result.points.final for _, _, result in moved))
    parts = (_count_text(rows, rejected, typed, places[location]), _listed(moved, places), points)
    return Preview(
        typed=typed,
        text=" · ".join(filter(None, parts)),
        problem=_rejected_text(rows, rejected),
        rejected=rejected,
    )


def _change(typed: TypedChange, row: Resource, location: Location) -> Change:
    return Change("", row.id, typed.kind, location, typed.amount, "")


def _one_text(change: Change, row: Resource, moved: Moved, places: Mapping[Location, str]) -> str:
    after = row._replace(hagga=moved.hagga, deep_desert=moved.deep_desert)
    parts = [movement_text(moved, change, places)]
    if row.percent is not None and not change.kind.is_transfer:
        parts.append(f"{row.percent} % → {after.percent} %")
    if after.status is not row.status:
        parts.append(str(STATUS_LOOKS[after.status]))
    parts.append(points_text(moved.points.final))
    return " · ".join(part for part in parts if part)


def _doubt_text(rows: Sequence[Resource], rejected: Mapping[str, str]) -> str:
    """Warn that there may be too little, by quantities that were not read just now."""
    first = next(iter(rejected.values()))
    text = first if len(rows) == 1 else f"{len(rejected)} of {len(rows)} rows may not allow it"
    return f"! {text}, as last read; the ledger decides"


def _count_text(
    rows: Sequence[Resource], rejected: Mapping[str, str], typed: TypedChange, place: str
) -> str:
    at = "" if typed.kind.is_transfer else f" at {one_line(place, 24)}"
    text = f"{len(rows)} rows{at}"
    return f"{text}, {len(rows) - len(rejected)} would change" if rejected else text


def _listed(moved: Sequence[tuple[Resource, Change, Moved]], places: Mapping[Location, str]) -> str:
    """Name the first rows, each with its quantity before and after."""
    listed = [
        f"{one_line(row.name, 24)} {_before_and_after(change, result, places)}"
        for row, change, result in moved[:_MOST_CHANGED]
    ]
    more = len(moved) - len(listed)
    return " · ".join(listed) + (f" and {more} more" if more > 0 else "")


def _before_and_after(change: Change, moved: Moved, places: Mapping[Location, str]) -> str:
    if change.kind.is_transfer:
        return movement_text(moved, change, places)
    is_at_hagga = change.location is Location.HAGGA
    before = moved.hagga_before if is_at_hagga else moved.deep_desert_before
    after = moved.hagga if is_at_hagga else moved.deep_desert
    return f"{grouped(before)} → {grouped(after)}"


def _rejected_text(rows: Sequence[Resource], rejected: Mapping[str, str]) -> str:
    if not rejected:
        return ""
    names = [f"{one_line(row.name, 24)}: {rejected[row.id]}" for row in rows if row.id in rejected]
    listed = names[:_MOST_REJECTED]
    if len(names) > _MOST_REJECTED:
        listed[-1] = f"and {len(names) - _MOST_REJECTED + 1} more"
    return "\n  ".join((f"{len(rejected)} rejected:", *listed))
