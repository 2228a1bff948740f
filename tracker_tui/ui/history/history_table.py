"""The table of history entries, and how wide its columns are.

Numbers are never cut. When the terminal is narrow, the reason gives way first, then names. A column
is as wide as the longest value that was loaded so far, so it only ever grows while you scroll.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.strip import Strip

from tracker_tui.domain.history import EntryKind, HistoryEntry
from tracker_tui.domain.period import local_time
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.widgets.formatting import fit
from tracker_tui.ui.widgets.line_table import spaced
from tracker_tui.ui.widgets.paged_table import PagedTable

GAP: Final = 1
_TIME: Final = 5
_KIND: Final = 8
_NAME_AT_MOST: Final = 40
_MEMBER_AT_MOST: Final = 20
_NAME_AT_LEAST: Final = 15
_MEMBER_AT_LEAST: Final = 8
_REASON_WANTED: Final = 24
_LONGEST_MEMBER: Final = 40
_LONGEST_NAME: Final = 60
_LONGEST_REASON: Final = 500
_ARROW: Final = " → "
_BOLD: Final = Style(bold=True)

KIND_LOOKS: Final = {
    EntryKind.ADDED: ("+", "added"),
    EntryKind.REMOVED: ("-", "removed"),
    EntryKind.SET: ("=", "set"),
    EntryKind.TRANSFER: (">", "moved"),
}
"""A sign that needs no colour, and a word. A move to Hagga has the sign `<` instead."""


class HistoryTable(PagedTable[HistoryEntry]):
    """History entries, newest first."""

    def __init__(self, tracker: Tracker, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(tracker.query_cache, id=id)
        self._tracker = tracker
        self._widths = Widths()
        self._layout: tuple[int, HistoryLayout] | None = None

    def member_name(self, entry: HistoryEntry) -> str:
        """Return the display name of the member who made the change."""
        return one_line(self._tracker.name_of(entry.by), _LONGEST_MEMBER)

    def resource_name(self, entry: HistoryEntry) -> str:
        """Return the display name of the entry's resource."""
        return one_line(self._tracker.resource_name(entry.resource_id), _LONGEST_NAME)

    def rows_came(self, rows: list[HistoryEntry]) -> None:
        """Widen columns for the longest numbers and names of new rows."""
        members = {row.by: self.member_name(row) for row in rows}
        names = {row.resource_id: self.resource_name(row) for row in rows}
        widths = self._widths.with_rows(rows, members, names)
        if widths != self._widths:
            self._widths, self._layout = widths, None
            self.redraw()

    def laid_out(self, width: int) -> HistoryLayout:
        """Return the columns for a table of `width` cells."""
        if self._layout is None or self._layout[0] != width:
            self._layout = (width, lay_out(width, self._widths))
        return self._layout[1]

    def header_line(self, width: int) -> Strip:
        """Draw the column titles."""
        style = self.style_of("header")
        named = titles(self.laid_out(width), self._tracker.places)
        return spaced([(fit(title, cells), style) for title, cells in named], width, style)

    def entry_line(self, row: HistoryEntry, base: Style, width: int) -> Strip:
        """Draw an entry in one line."""
        layout = self.laid_out(width)
        dim = base + self.style_of("dim")
        is_unchanged_set = row.kind is EntryKind.SET and not (
            row.hagga_change or row.deep_desert_change
        )
        time = f"{local_time(row.at, self._query_cache.zone):%H:%M}"
        cells = [
            (fit(time, layout.time), dim),
            (fit(kind_text(row, layout.kind), layout.kind), base),
            (fit(self.member_name(row), layout.member), base),
        ]
        if layout.name:
            cells.append((fit(self.resource_name(row), layout.name), base + _BOLD))
        for change, quantity in (
            (row.hagga_change, row.hagga),
            (row.deep_desert_change, row.deep_desert),
        ):
            text = change_text(change, quantity, layout, shows_zero=is_unchanged_set)
            cells.append((text, base + self.style_of_change(change)))
        cells.append((fit(one_line(row.reason or "", _LONGEST_REASON), layout.reason), dim))
        return spaced(cells, width, base)


# How wide the columns are


@dataclass(frozen=True, kw_only=True)
class Widths:
    """Characters of the longest value of each kind, among the rows loaded so far."""

    member: int = _MEMBER_AT_LEAST
    name: int = _NAME_AT_LEAST
    change: int = 4
    quantity: int = 4

    def with_rows(
        self, rows: Iterable[HistoryEntry], members: Mapping[str, str], names: Mapping[str, str]
    ) -> Widths:
        """Return widths that also fit these rows; display names by member and resource id."""
        member, name, change, quantity = self.member, self.name, self.change, self.quantity
        for row in rows:
            changes = (row.hagga_change, row.deep_desert_change)
            member = max(member, len(members[row.by]))
            name = max(name, len(names[row.resource_id]))
            change = max(change, *(len(signed(n)) for n in changes))
            quantity = max(quantity, *(len(grouped(n)) for n in (row.hagga, row.deep_desert)))
        return Widths(member=member, name=name, change=change, quantity=quantity)


@dataclass(frozen=True, kw_only=True)
class HistoryLayout:
    """Cells of each column; a column of 0 cells is not shown."""

    time: int
    kind: int
    member: int
    name: int
    change: int
    quantity: int
    reason: int

    @property
    def moved(self) -> int:
        """Cells of one location: the change, an arrow and the quantity after it."""
        return self.change + len(_ARROW) + self.quantity


def lay_out(width: int, widths: Widths) -> HistoryLayout:
    """Share out `width` cells among the columns."""
    moved = widths.change + len(_ARROW) + widths.quantity
    member, name = min(widths.member, _MEMBER_AT_MOST), min(widths.name, _NAME_AT_MOST)
    fixed = _TIME + 2 * moved + 6 * GAP
    kind = 1
    room = width - fixed - kind - member - name
    if room >= _REASON_WANTED + _KIND:
        kind, room = _KIND + 2, room - _KIND - 1
    lacking = max(0, _REASON_WANTED - room)
    given = min(lacking, max(0, member - _MEMBER_AT_LEAST))
    member, lacking = member - given, lacking - given
    name = max(min(name, _NAME_AT_LEAST), name - lacking)
    room = width - fixed - kind - member - name
    name = max(0, name + min(0, room))
    return HistoryLayout(
        time=_TIME,
        kind=kind,
        member=member,
        name=name,
        change=widths.change,
        quantity=widths.quantity,
        reason=max(0, room),
    )


# Cells


def titles(layout: HistoryLayout, places: Mapping[Location, str]) -> list[tuple[str, int]]:
    """Return the column titles, each with its width in cells."""
    hagga, deep_desert = (one_line(places[location], layout.moved) for location in Location)
    shown = [("Time", layout.time), ("", layout.kind), ("Who", layout.member)]
    if layout.name:
        shown.append(("Resource", layout.name))
    shown += [(hagga.rjust(layout.moved), layout.moved)]
    shown += [(deep_desert.rjust(layout.moved), layout.moved)]
    return [*shown, ("Reason", layout.reason)]


def kind_text(entry: HistoryEntry, width: int) -> str:
    """Return the sign of an entry's kind; with more than one cell, its word too."""
    sign, word = KIND_LOOKS[entry.kind]
    if entry.kind is EntryKind.TRANSFER and entry.hagga_change > 0:
        sign = "<"
    return sign if width == 1 else f"{sign} {word}".ljust(width)


def change_text(change: int, quantity: int, layout: HistoryLayout, *, shows_zero: bool) -> str:
    """Return `+1,500 → 2,700`; blanks if nothing changed here, unless it `shows_zero`."""
    if not change and not shows_zero:
        return " " * layout.moved
    shown = signed(change).rjust(layout.change)
    return f"{shown}{_ARROW}{grouped(quantity).rjust(layout.quantity)}"
