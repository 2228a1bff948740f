"""The table of resources: a widget on Textual's line API, which draws what is visible and no more.

A DataTable takes a second to be filled with 10,000 rows; here a row costs nothing until it is
scrolled to, and a change redraws its own line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from time import monotonic
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.wording import STATUS_LOOKS
from tracker_tui.ui.columns import GAP, Column, Context, cell_text, is_current, lay_out

FLASH_SECONDS = 1.5
_HEADER = 1
_EMPTY_INDENT = 3


class ResourceTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of resources under a fixed header; the cursor stays on its resource."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page-down"),
        Binding("g,home", "top", "To the top", show=False, id="table.top"),
        Binding("G,end", "bottom", "To the bottom", show=False, id="table.bottom"),
        Binding(
            "enter", "open", "Details", id="table.open", tooltip="Everything about this resource"
        ),
        Binding("space", "mark", "Mark", id="table.mark", tooltip="Mark for a change of many"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--current",
        "table--cursor",
        "table--cursor-blurred",
        "table--flash",
        "table--mark",
        "table--dim",
        "table--critical",
        "table--below",
        "table--at",
        "table--above",
        "table--stale",
    }

    cursor = reactive(0, repaint=False)
    """Index of the highlighted row."""
    empty_text = reactive("")
    """What to say where there is no row; it may take several lines."""

    class Opened(Message):
        """The highlighted resource was asked for."""

    class HeaderClicked(Message):
        """A column's title was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    class MarksChanged(Message):
        """Other rows are marked than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.rows: list[Resource] = []
        self.marked: dict[str, None] = {}
        """Ids of the marked rows, in the order in which they were marked."""
        self._positions: dict[str, int] = {}
        self._everything: Sequence[Resource] = ()
        self._columns: list[Column] = []
        self._known = Context(0, str, {}, Location.HAGGA)
        self._flashing: dict[str, float] = {}
        self._sort = ("", False)

    # What is shown

    def show(
        self,
        rows: list[Resource],
        everything: Sequence[Resource],
        context: Context,
        *,
        sort: tuple[str, bool],
        to_top: bool = False,
    ) -> None:
        """Show `rows` of `everything`; the cursor stays on its resource, or goes to the top."""
        highlighted = None if to_top else self.highlighted
        if everything is not self._everything or context[1:] != self._known[1:]:
            self._everything, self._known = everything, context
            self._lay_out()
        self._known, self._sort = context, sort
        self.rows = rows
        self._positions = {row.id: index for index, row in enumerate(rows)}
        self.virtual_size = Size(self._width, len(rows) + _HEADER)
        cursor = 0 if to_top else min(self.cursor, max(0, len(rows) - 1))
        if highlighted is not None:
            cursor = self._positions.get(highlighted.id, cursor)
        self._put_cursor(cursor)
        self.refresh()

    def update_row(self, resource: Resource, now: int) -> None:
        """Show another version of a resource where it stands; redraws one line."""
        position = self._positions.get(resource.id)
        if position is not None:
            self._known = self._known._replace(now=now)
            self.rows[position] = resource
            self._refresh_row(position)

    def flash(self, resource_ids: Iterable[str]) -> None:
        """Light up rows for a moment."""
        until = monotonic() + FLASH_SECONDS
        for resource_id in resource_ids:
            if resource_id in self._positions:
                self._flashing[resource_id] = until
                self._refresh_row(self._positions[resource_id])
        if self._flashing:
            self.set_timer(FLASH_SECONDS + 0.05, self._end_flashes)

    @property
    def highlighted(self) -> Resource | None:
        """The resource under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def is_shown(self, resource_id: str) -> bool:
        """Whether a resource is among the rows."""
        return resource_id in self._positions

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource, if it is among the rows."""
        position = self._positions.get(resource_id)
        if position is not None:
            self._put_cursor(position)

    def set_marks(self, resource_ids: Iterable[str]) -> None:
        """Mark these resources and no others."""
        self.marked = dict.fromkeys(resource_ids)
        self.refresh()
        self.post_message(self.MarksChanged())

    def unmark(self, resource_ids: Iterable[str]) -> None:
        """Take marks away, of rows that are gone."""
        gone = self.marked.keys() & set(resource_ids)
        if gone:
            self.set_marks(key for key in self.marked if key not in gone)

    def show_ages(self, now: int) -> None:
        """Let time go by: redraw the rows where they stand."""
        self._known = self._known._replace(now=now)
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of what is visible: the header, or a row."""
        width = self._width
        if y == 0:
            return self._header_line(width)
        position = y - _HEADER + round(self.scroll_y)
        if position >= len(self.rows):
            text = "" if self.rows else self._empty_line(y - _HEADER - 1, width)
            dim = self.rich_style + self.get_component_rich_style("table--dim", partial=True)
            return (
                Strip([Segment(text, dim)])
                .extend_cell_length(width, self.rich_style)
                .crop(0, width)
            )
        return self._row_line(position, width)

    def _empty_line(self, number: int, width: int) -> str:
        indent = " " * _EMPTY_INDENT
        lines = wrap(self.empty_text, max(1, width - 2 * _EMPTY_INDENT))
        return indent + lines[number] if 0 <= number < len(lines) else ""

    def _header_line(self, width: int) -> Strip:
        plain = self.get_component_rich_style("table--header")
        current = plain + self.get_component_rich_style("table--current", partial=True)
        segments: list[Segment] = []
        for column in self._columns:
            title = column.title
            if column.key == self._sort[0]:
                arrow = "↑" if self._sort[1] else "↓"
                title = set_cell_size(title, min(len(title), column.width - 1)) + arrow
            style = current if is_current(column, self._known.location) else plain
            segments.append(Segment(_fit(title, column), style))
            segments.append(Segment(" " * GAP, plain))
        return Strip(segments).extend_cell_length(width, plain).crop(0, width)

    def _row_line(self, position: int, width: int) -> Strip:
        resource = self.rows[position]
        base = self.rich_style
        if position == self.cursor:
            name = "table--cursor" if self.has_focus else "table--cursor-blurred"
            base += self.get_component_rich_style(name, partial=True)
        flash = Style.null()
        if resource.id in self._flashing:
            flash = self.get_component_rich_style("table--flash", partial=True)
        segments: list[Segment] = []
        for column in self._columns:
            # Under the cursor the name does not flash, so that the cursor is never out of sight.
            is_kept = position == self.cursor and column.key in ("priority", "name")
            ground = base if is_kept else base + flash
            style = ground + self._cell_style(column, resource)
            segments.append(Segment(self._cell(column, resource), style))
            segments.append(Segment(" " * GAP, ground))
        return Strip(segments).extend_cell_length(width, base + flash).crop(0, width)

    def _cell(self, column: Column, resource: Resource) -> str:
        text = cell_text(column, resource, self._known)
        if column.key == "priority":
            text = ("●" if resource.id in self.marked else " ") + text
        return _fit(text, column)

    def _cell_style(self, column: Column, resource: Resource) -> Style:
        match column.key:
            case "status" | "bar" | "progress":
                name = STATUS_LOOKS[resource.status].word
            case "priority":
                name = "mark"
            case "updated" if resource.needs_update(self._known.now):
                name = "stale"
            case "name":
                return Style.null()
            case _ if is_current(column, self._known.location):
                name = "current" if getattr(resource, column.key) else "dim"
            case "hagga" | "deep_desert" | "total" if getattr(resource, column.key):
                return Style.null()
            case _:
                name = "dim"
        return self.get_component_rich_style(f"table--{name}", partial=True)

    def _refresh_row(self, position: int) -> None:
        y = position - round(self.scroll_y) + _HEADER
        if _HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self._width, 1))

    def _lay_out(self) -> None:
        if self._width > 0:
            self._columns = lay_out(self._width, self._everything, self._known)

    @property
    def _width(self) -> int:
        """Cells for a row, beside the scrollbar."""
        return self.scrollable_content_region.width

    def _end_flashes(self) -> None:
        now = monotonic()
        for resource_id in [key for key, until in self._flashing.items() if until <= now]:
            del self._flashing[resource_id]
            position = self._positions.get(resource_id)
            if position is not None:
                self._refresh_row(position)

    def on_resize(self) -> None:
        """Choose the columns anew; the cursor's row stays in sight."""
        self.virtual_size = Size(self._width, len(self.rows) + _HEADER)
        self._lay_out()
        self.refresh()
        self.call_after_refresh(self._scroll_to_cursor)

    # Moving

    def watch_cursor(self, before: int, now: int) -> None:
        """Redraw the two rows that differ."""
        self._refresh_row(before)
        self._refresh_row(now)

    def _put_cursor(self, position: int) -> None:
        self.cursor = max(0, min(position, len(self.rows) - 1))
        self._scroll_to_cursor()

    def _scroll_to_cursor(self) -> None:
        visible = max(1, self.size.height - _HEADER)
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + visible:
            self.scroll_to(y=self.cursor - visible + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self._put_cursor(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self._put_cursor(self.cursor + pages * max(1, self.size.height - _HEADER - 1))

    def action_top(self) -> None:
        """Move to the first row."""
        self._put_cursor(0)

    def action_bottom(self) -> None:
        """Move to the last row."""
        self._put_cursor(len(self.rows) - 1)

    def action_open(self) -> None:
        """Ask for the highlighted resource's details."""
        if self.highlighted is not None:
            self.post_message(self.Opened())

    def action_mark(self) -> None:
        """Mark or unmark the highlighted row and move on."""
        resource = self.highlighted
        if resource is None:
            return
        if self.marked.pop(resource.id, self) is self:
            self.marked[resource.id] = None
        self._refresh_row(self.cursor)
        self.post_message(self.MarksChanged())
        self.action_move(1)

    def on_click(self, event: events.Click) -> None:
        """Sort by a title, highlight a row; a second click opens it."""
        if event.y < _HEADER:
            key = self._column_at(event.x)
            if key is not None:
                self.post_message(self.HeaderClicked(key))
            return
        position = event.y - _HEADER + round(self.scroll_y)
        if position < len(self.rows):
            self._put_cursor(position)
            if event.chain > 1:
                self.action_open()

    def _column_at(self, x: int) -> str | None:
        left = 0
        for column in self._columns:
            left += column.width + GAP
            if x < left:
                return column.key
        return None


def _fit(text: str, column: Column) -> str:
    """Return text in exactly the column's width, whatever cells its characters take."""
    length = cell_len(text)
    if length > column.width:
        text = set_cell_size(text, column.width - 1) + "…"
        length = cell_len(text)
    padding = " " * (column.width - length)
    return padding + text if column.is_right else text + padding
