"""The columns of the history, and how wide each one is. Pure: no Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from tracker_tui.domain.history import EntryKind, HistoryEntry
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.text import one_line

GAP: Final = 1
_TIME: Final = 5
_KIND: Final = 8
_NAME_AT_MOST: Final = 40
_WHO_AT_MOST: Final = 20
_NAME_AT_LEAST: Final = 15
_WHO_AT_LEAST: Final = 8
_REASON_WANTED: Final = 24
_ARROW: Final = " → "

KIND_LOOKS: Final = {
    EntryKind.ADDED: ("+", "added"),
    EntryKind.REMOVED: ("-", "removed"),
    EntryKind.SET: ("=", "set"),
    EntryKind.TRANSFER: (">", "moved"),
}
"""A sign that needs no colour, and a word; a transfer to Hagga has the other sign."""


class Widths(NamedTuple):
    """How many characters the longest of each are, of the rows that came so far."""

    who: int = _WHO_AT_LEAST
    name: int = _NAME_AT_LEAST
    change: int = 4
    quantity: int = 4

    def with_rows(
        self, rows: Iterable[HistoryEntry], who: Mapping[str, str], names: Mapping[str, str]
    ) -> Widths:
        """Return what is needed for these rows too; texts by what they are called."""
        widths = self
        for row in rows:
            changes = (row.hagga_change, row.deep_desert_change)
            quantities = (row.hagga, row.deep_desert)
            widths = Widths(
                max(widths.who, len(who[row.by])),
                max(widths.name, len(names[row.resource_id])),
                max(widths.change, *(len(signed(n)) for n in changes)),
                max(widths.quantity, *(len(grouped(n)) for n in quantities)),
            )
        return widths


class HistoryLayout(NamedTuple):
    """Cells of each column; 0: it is not shown."""

    time: int
    kind: int
    who: int
    name: int
    change: int
    quantity: int
    reason: int

    @property
    def moved(self) -> int:
        """Cells of the change at one location and what came of it."""
        return self.change + len(_ARROW) + self.quantity


def lay_out(width: int, widths: Widths) -> HistoryLayout:
    """Share out `width` cells: numbers are never cut, the reason gives way first, then names."""
    moved = widths.change + len(_ARROW) + widths.quantity
    who, name = min(widths.who, _WHO_AT_MOST), min(widths.name, _NAME_AT_MOST)
    fixed = _TIME + 2 * moved + 6 * GAP
    kind = 1
    room = width - fixed - kind - who - name
    if room >= _REASON_WANTED + _KIND:
        kind, room = _KIND + 2, room - _KIND - 1
    lacking = max(0, _REASON_WANTED - room)
    given = min(lacking, max(0, who - _WHO_AT_LEAST))
    who, lacking = who - given, lacking - given
    name = max(min(name, _NAME_AT_LEAST), name - lacking)
    room = width - fixed - kind - who - name
    name = max(0, name + min(0, room))
    return HistoryLayout(_TIME, kind, who, name, widths.change, widths.quantity, max(0, room))


def kind_text(entry: HistoryEntry, width: int) -> str:
    """Return the kind of an entry: its sign, and where there is room the word."""
    sign, word = KIND_LOOKS[entry.kind]
    if entry.kind is EntryKind.TRANSFER and entry.hagga_change > 0:
        sign = "<"
    return sign if width == 1 else f"{sign} {word}".ljust(width)


def moved_text(change: int, quantity: int, layout: HistoryLayout, *, is_counted: bool) -> str:
    """Return `+1,500 → 2,700`; blank where nothing moved, unless it was counted."""
    if not change and not is_counted:
        return " " * layout.moved
    shown = signed(change).rjust(layout.change)
    return f"{shown}{_ARROW}{grouped(quantity).rjust(layout.quantity)}"


def titles(layout: HistoryLayout, places: Mapping[Location, str]) -> list[tuple[str, int]]:
    """Return the titles, each with its width."""
    hagga, deep_desert = (one_line(places[location], layout.moved) for location in Location)
    shown = [("Time", layout.time), ("", layout.kind), ("Who", layout.who)]
    if layout.name:
        shown.append(("Resource", layout.name))
    shown += [(hagga.rjust(layout.moved), layout.moved)]
    shown += [(deep_desert.rjust(layout.moved), layout.moved)]
    return [*shown, ("Reason", layout.reason)]
