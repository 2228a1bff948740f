"""The table of history entries: who changed what by how much, and why."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from tracker_tui.domain.history import EntryKind, HistoryEntry
from tracker_tui.domain.period import local_time
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.history.columns import (
    HistoryLayout,
    Widths,
    kind_text,
    lay_out,
    moved_text,
    titles,
)
from tracker_tui.ui.widgets.formatting import fit
from tracker_tui.ui.widgets.line_table import spaced
from tracker_tui.ui.widgets.paged_table import PagedTable

_WHO_AT_MOST = 40
_BOLD = Style(bold=True)
_NAME_AT_MOST = 60


class HistoryTable(PagedTable[HistoryEntry]):
    """Entries of the history, newest first."""

    def __init__(self, tracker: Tracker, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(tracker.query_cache, id=id)
        self._tracker = tracker
        self._widths = Widths()
        self._layout: tuple[int, HistoryLayout] | None = None

    def who(self, entry: HistoryEntry) -> str:
        """Return what to call whoever did it."""
        return one_line(self._tracker.name_of(entry.by), _WHO_AT_MOST)

    def what(self, entry: HistoryEntry) -> str:
        """Return what the resource is called."""
        return one_line(self._tracker.resource_name(entry.resource_id), _NAME_AT_MOST)

    def rows_came(self, rows: list[HistoryEntry]) -> None:
        """Make room for the longest numbers and names."""
        who = {row.by: self.who(row) for row in rows}
        names = {row.resource_id: self.what(row) for row in rows}
        widths = self._widths.with_rows(rows, who, names)
        if widths != self._widths:
            self._widths, self._layout = widths, None
            self.redraw()

    def laid_out(self, width: int) -> HistoryLayout:
        """Return the columns for so many cells."""
        if self._layout is None or self._layout[0] != width:
            self._layout = (width, lay_out(width, self._widths))
        return self._layout[1]

    def header_line(self, width: int) -> Strip:
        """Draw the titles."""
        style = self.style_of("header")
        named = titles(self.laid_out(width), self._tracker.places)
        return spaced([(fit(title, cells), style) for title, cells in named], width, style)

    def entry_line(self, row: HistoryEntry, base: Style, width: int) -> Strip:
        """Draw an entry."""
        layout = self.laid_out(width)
        dim = base + self.style_of("dim")
        is_counted = row.kind is EntryKind.SET and not (row.hagga_change or row.deep_desert_change)
        time = f"{local_time(row.at, self._query_cache.zone):%H:%M}"
        cells = [
            (fit(time, layout.time), dim),
            (fit(kind_text(row, layout.kind), layout.kind), base),
            (fit(self.who(row), layout.who), base),
        ]
        if layout.name:
            cells.append((fit(self.what(row), layout.name), base + _BOLD))
        for change, quantity in (
            (row.hagga_change, row.hagga),
            (row.deep_desert_change, row.deep_desert),
        ):
            text = moved_text(change, quantity, layout, is_counted=is_counted)
            cells.append((text, base + self.style_of_change(change)))
        cells.append((fit(one_line(row.reason or "", 500), layout.reason), dim))
        return spaced(cells, width, base)
