"""The columns of the table of resources, and which of them fit.

To add a column, add its key to `_KINDS` (title, width, alignment), to `_CELLS` (its text) and to
`_AS_ROOM_ALLOWS` (how soon it gives way), and to `_SORTABLE` and `resource_list.SORT_KEYS` if rows
can be sorted by it. `lay_out` chooses columns for a width; a wider table never shows fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from tracker_tui.domain.messages import STATUS_LOOKS, ago
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.ui.widgets.formatting import bar, percent_text, sparkline

if TYPE_CHECKING:
    from tracker_tui.domain.quantity_series import DailyTotals


GAP: Final = 1
SPARKLINE_DAYS: Final = 30
_NAME_AT_LEAST: Final = 18
_NAME_WANTED: Final = 28
_NAME_AT_MOST: Final = 48
_CATEGORY_AT_MOST: Final = 24
_BAR_AT_MOST: Final = 24
_NUMBER_AT_LEAST: Final = 7
_AIR_AT_MOST: Final = 3
_PLACE_AT_MOST: Final = 13
_STATUS_WORD: Final = 14
"""Cells of `▲ above target`."""


class Context(NamedTuple):
    """Data for cells that is not part of their resource."""

    now: int
    name_of: Callable[[str], str]
    places: Mapping[Location, str]
    location: Location
    totals: DailyTotals | None = None
    """Daily totals for the trend column; None if it is off."""


class Column(NamedTuple):
    """A column with its width in cells; its key is also its sort key."""

    key: str
    title: str
    width: int
    is_right: bool = False


class _Kind(NamedTuple):
    title: str
    width: int
    is_right: bool


_KINDS: Final = {
    "priority": _Kind("", 2, False),
    "icon": _Kind("", 2, False),
    "name": _Kind("Resource", _NAME_AT_LEAST, False),
    "category": _Kind("Category", 8, False),
    "subcategory": _Kind("Subcategory", 14, False),
    "tier": _Kind("Tier", 20, False),
    "hagga": _Kind("", _NUMBER_AT_LEAST, True),
    "deep_desert": _Kind("", _NUMBER_AT_LEAST, True),
    "total": _Kind("Total", _NUMBER_AT_LEAST, True),
    "target": _Kind("Target", _NUMBER_AT_LEAST, True),
    "bar": _Kind("", 6, False),
    "progress": _Kind("%", 6, True),
    "status": _Kind("Status", 6, False),
    "trend": _Kind("30 days", 10, False),
    "updated": _Kind("Updated", 8, True),
    "by": _Kind("By", 14, False),
}
"""All columns, from left to right."""
_SORTABLE: Final = {
    "name": "Name",
    "priority": "Priority",
    "category": "Category",
    "subcategory": "Subcategory",
    "tier": "Tier",
    "hagga": "",
    "deep_desert": "",
    "total": "Total",
    "target": "Target",
    "progress": "Percent of target",
    "status": "Status",
    "updated": "Updated",
    "by": "By",
}
_ALWAYS: Final = ("priority", "name", "hagga", "deep_desert", "status")
_AS_ROOM_ALLOWS: Final = (
    "trend",
    "total",
    "progress",
    "updated",
    "status",
    "target",
    "category",
    "name",
    "bar",
    "by",
    "icon",
    "tier",
    "subcategory",
)
"""The most wanted first, the first to give way last; from `name` on, names have their room."""
_LOCATIONS: Final = {"hagga": Location.HAGGA, "deep_desert": Location.DEEP_DESERT}


def lay_out(width: int, resources: Sequence[Resource], context: Context) -> list[Column]:
    """Return the columns that fit into `width` cells, stretched to fill them."""
    widths = _natural_widths(resources, context)
    chosen: list[str] = list(_ALWAYS)
    room = width - sum(widths[key] + GAP for key in chosen) + GAP
    longest = max((len(r.name) for r in resources), default=0)
    for key in _AS_ROOM_ALLOWS:
        if key == "name":
            room = _stretch(widths, key, min(_NAME_WANTED, longest), room)
        elif key == "status":
            # Where its word does not fit, the sign stands alone.
            if room < _STATUS_WORD - widths[key]:
                break
            room = _stretch(widths, key, _STATUS_WORD, room)
        elif key in widths:
            # Later ones are left out too, even if they fit: a wider table never shows less.
            if widths[key] + GAP > room:
                break
            chosen.append(key)
            room -= widths[key] + GAP
    # If even these are too wide, the name is cut rather than a quantity.
    widths["name"] = max(4, widths["name"] + min(0, room))
    room = _stretch(widths, "name", min(_NAME_AT_MOST, longest), room)
    if "trend" in chosen:
        room = _stretch(widths, "trend", SPARKLINE_DAYS, room)
    if "bar" in chosen:
        room = _stretch(widths, "bar", _BAR_AT_MOST, room)
    for key in chosen:
        widths[key] += min(_AIR_AT_MOST, max(0, room) // len(chosen))
    return [
        Column(key, _title(key, widths[key], context), widths[key], kind.is_right)
        for key, kind in _KINDS.items()
        if key in chosen
    ]


def cell_text(column: Column, resource: Resource, context: Context) -> str:
    """Return the plain text of a cell; it may be longer than the column is wide."""
    return _CELLS[column.key](resource, context, column.width)


def _updated(resource: Resource, context: Context, _width: int) -> str:
    mark = " !" if resource.needs_update(context.now) else "  "
    return ago(context.now - resource.updated_at) + mark


def _status(resource: Resource, _context: Context, width: int) -> str:
    look = STATUS_LOOKS[resource.status]
    return str(look) if width >= _STATUS_WORD else look.sign


def _trend(resource: Resource, context: Context, width: int) -> str:
    if context.totals is None:
        return ""
    return sparkline(context.totals.of(resource.id, resource.total), width)


_CELLS: Final[dict[str, Callable[[Resource, Context, int], str]]] = {
    "priority": lambda r, _, __: "★" if r.priority else "",
    "icon": lambda r, _, __: one_line(r.icon or "", 4),
    "name": lambda r, _, width: one_line(r.name, width + 1),
    "category": lambda r, _, __: one_line(r.shown_category, 40),
    "subcategory": lambda r, _, __: one_line(r.subcategory or "", 40),
    "tier": lambda r, _, __: r.shown_tier,
    "hagga": lambda r, _, __: grouped(r.hagga),
    "deep_desert": lambda r, _, __: grouped(r.deep_desert),
    "total": lambda r, _, __: grouped(r.total),
    "target": lambda r, _, __: grouped(r.target) if r.target else "—",
    "bar": lambda r, _, width: bar(r.percent, width),
    "progress": lambda r, _, __: percent_text(r.percent),
    "status": _status,
    "trend": _trend,
    "updated": _updated,
    "by": lambda r, context, _: one_line(context.name_of(r.updated_by), 40),
}


def sortable_columns(
    resources: Sequence[Resource], places: Mapping[Location, str]
) -> dict[str, str]:
    """Return the names of columns that rows can be sorted by; empty columns are left out."""
    named = {key: one_line(places[location], 24) for key, location in _LOCATIONS.items()}
    columns = _SORTABLE | named
    for key, is_there in _optional_columns(resources).items():
        if not is_there:
            columns.pop(key, None)
    return columns


def is_current(column: Column, location: Location) -> bool:
    """Whether this is the column of the current location."""
    return _LOCATIONS.get(column.key) is location


def _natural_widths(resources: Sequence[Resource], context: Context) -> dict[str, int]:
    widths = {key: kind.width for key, kind in _KINDS.items()}
    for key in ("hagga", "deep_desert", "total", "target"):
        longest = _longest_number(getattr(r, key) or 0 for r in resources)
        widths[key] = max(widths[key], longest)
    categories = {r.shown_category for r in resources}
    longest_category = max(map(len, categories), default=0)
    widths["category"] = max(widths["category"], min(_CATEGORY_AT_MOST, longest_category))
    for key, location in _LOCATIONS.items():
        # With room for the sign of the current location.
        title = min(_PLACE_AT_MOST, len(one_line(context.places[location], 24)) + 2)
        widths[key] = max(widths[key], title)
    has = _optional_columns(resources) | {"trend": context.totals is not None}
    for key, is_there in has.items():
        if not is_there:
            del widths[key]
    return widths


def _optional_columns(resources: Sequence[Resource]) -> dict[str, bool]:
    return {
        "icon": any(r.icon for r in resources),
        "subcategory": any(r.subcategory for r in resources),
        "tier": any(r.tier is not None for r in resources),
    }


def _longest_number(numbers: Iterable[int]) -> int:
    smallest = largest = 0
    for number in numbers:
        if number > largest:
            largest = number
        elif number < smallest:
            smallest = number
    return max(len(grouped(largest)), len(grouped(smallest)))


def _stretch(widths: dict[str, int], key: str, at_most: int, room: int) -> int:
    more = max(0, min(room, at_most - widths[key]))
    widths[key] += more
    return room - more


def _title(key: str, width: int, context: Context) -> str:
    location = _LOCATIONS.get(key)
    if location is None:
        return _KINDS[key].title
    place = one_line(context.places[location], 24)
    title = f"▸ {place}" if location is context.location else place
    return title if len(title) <= width else title[: width - 1] + "…"
