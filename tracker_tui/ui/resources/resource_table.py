"""The table of resources: which rows it shows, selects and flashes, and how a row is drawn.

Rows that a search finds in other ways than by name stand below dividers. Each drawn line is cached
with everything that decides how it looks (`_Look`): after `+500` on one of 10,000 rows, one line is
drawn again. The columns are in `resource_columns`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import ClassVar, Final, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import Status
from tracker_tui.ui.resources.resource_columns import (
    GAP,
    Column,
    Context,
    cell_text,
    is_current,
    lay_out,
)
from tracker_tui.ui.widgets.formatting import fit
from tracker_tui.ui.widgets.line_table import LineTable, filled, line

FLASH_SECONDS: Final = 1.5

_STATUS_STYLES: Final = {
    Status.CRITICAL: "critical",
    Status.BELOW_TARGET: "low",
    Status.AT_TARGET: "on-target",
    Status.ABOVE_TARGET: "above-target",
}


class Divider(NamedTuple):
    """A line that says why the rows below it are in the list."""

    title: str


class _Look(NamedTuple):
    """Everything that decides how a line is drawn, within one context and one theme."""

    resource: Resource
    is_cursor: bool
    has_focus: bool
    is_flashing: bool
    is_selected: bool
    width: int


class ResourceTable(LineTable):
    """Rows of resources; the cursor stays on its resource when the rows change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "Details", id="table.open", tooltip="Everything about this resource"
        ),
        Binding(
            "space",
            "select",
            "Select",
            id="table.mark",
            tooltip="Select this row; a quick edit changes all selected rows",
        ),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--flash",
        "table--selected",
        "table--critical",
        "table--low",
        "table--on-target",
        "table--above-target",
        "table--stale",
    }

    class SelectionChanged(Message):
        """The selection has changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.rows: list[Resource | Divider] = []
        self.hits = 0
        """Number of rows above the first divider."""
        self.selected: dict[str, None] = {}
        """Ids of the selected rows, in the order of their selection."""
        self._positions: dict[str, int] = {}
        self._everything: Sequence[Resource] = ()
        self._columns: list[Column] = []
        self._row_context = Context(0, str, {}, Location.HAGGA)
        self._flashing: dict[str, float] = {}
        self._sort = ("", False)
        self._lines: dict[str, tuple[_Look, Strip]] = {}
        """The last drawn line of each resource, by its id."""
        self._style: tuple[str, Style] | None = None
        self._laid_out_width = 0

    # Display

    def show(
        self,
        rows: Sequence[Resource],
        below: Mapping[str, Sequence[Resource]],
        everything: Sequence[Resource],
        context: Context,
        *,
        sort: tuple[str, bool],
        to_top: bool = False,
    ) -> None:
        """Show `rows` of `everything`, and other rows below dividers with their titles.

        The cursor stays on its resource, or goes to the top. It never moves below a divider by
        itself.
        """
        highlighted = None if to_top else self.highlighted
        self._set_row_context(everything, context)
        self._sort = sort
        self.hits, self.rows = len(rows), list(rows)
        self._positions = {row.id: index for index, row in enumerate(rows)}
        for title, others in below.items():
            if others:
                first = len(self.rows) + 1
                self.rows += [Divider(title), *others]
                self._positions |= {row.id: first + index for index, row in enumerate(others)}
        self.fit_scrollbar()
        cursor = min(0 if to_top else max(0, self.cursor), self.hits - 1)
        if highlighted is not None:
            cursor = self._positions.get(highlighted.id, cursor)
        if cursor < 0:
            self.cursor = cursor
            self.scroll_to(y=0, animate=False, immediate=True)
        else:
            self.put_cursor(cursor)
        self.refresh()

    def update_rows(self, everything: Sequence[Resource], context: Context) -> None:
        """Show the same rows in the same order with their current values; deleted rows stay."""
        self._set_row_context(everything, context)
        for resource in everything:
            position = self._positions.get(resource.id)
            if position is not None:
                self.rows[position] = resource
        self.refresh()

    def _set_row_context(self, everything: Sequence[Resource], context: Context) -> None:
        if everything is not self._everything or context[1:] != self._row_context[1:]:
            self._everything, self._row_context = everything, context
            self._choose_columns()
        if context != self._row_context:
            self._lines.clear()
        self._row_context = context

    def update_row(self, resource: Resource, now: int) -> None:
        """Show a changed resource in its row; draws one line."""
        position = self._positions.get(resource.id)
        if position is not None:
            self._row_context = self._row_context._replace(now=now)
            self.rows[position] = resource
            self.refresh_row(position)

    def flash(self, resource_ids: Iterable[str]) -> None:
        """Highlight rows for a moment."""
        until = monotonic() + FLASH_SECONDS
        for resource_id in resource_ids:
            if resource_id in self._positions:
                self._flashing[resource_id] = until
                self.refresh_row(self._positions[resource_id])
        if self._flashing:
            self.set_timer(FLASH_SECONDS + 0.05, self._end_flashes)

    @property
    def row_count(self) -> int:
        """Number of lines, dividers included."""
        return len(self.rows)

    def is_divider(self, position: int) -> bool:
        """Whether a line is a divider."""
        return 0 <= position < len(self.rows) and isinstance(self.rows[position], Divider)

    @property
    def highlighted(self) -> Resource | None:
        """The resource under the cursor."""
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return None if isinstance(row, Divider) else row

    def is_shown(self, resource_id: str) -> bool:
        """Whether a resource is in the list."""
        return resource_id in self._positions

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource, if it is in the list."""
        position = self._positions.get(resource_id)
        if position is not None:
            self.put_cursor(position)

    def select_rows(self, resource_ids: Iterable[str]) -> None:
        """Select these resources only."""
        self.selected = dict.fromkeys(resource_ids)
        self.refresh()
        self.post_message(self.SelectionChanged())

    def deselect(self, resource_ids: Iterable[str]) -> None:
        """Remove these resources from the selection."""
        gone = self.selected.keys() & set(resource_ids)
        if gone:
            self.select_rows(key for key in self.selected if key not in gone)

    def show_ages(self, now: int) -> None:
        """Redraw the rows with their age at `now`."""
        self._row_context = self._row_context._replace(now=now)
        self._lines.clear()
        self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        """Draw all lines again in another theme; when only the focus moves, they stay."""
        super().notify_style_update()
        style = (self.app.theme, self.rich_style)
        if style != self._style:
            self._style = style
            self._lines.clear()

    def header_line(self, width: int) -> Strip:
        """Draw the titles, with an arrow at the column that rows are sorted by."""
        plain = self.get_component_rich_style("table--header")
        current = plain + self.get_component_rich_style("table--current", partial=True)
        segments: list[Segment] = []
        for column in self._columns:
            title = column.title
            if column.key == self._sort[0]:
                arrow = "↑" if self._sort[1] else "↓"
                title = set_cell_size(title, min(len(title), column.width - 1)) + arrow
            style = current if is_current(column, self._row_context.location) else plain
            segments.append(Segment(fit(title, column.width, is_right=column.is_right), style))
            segments.append(Segment(" " * GAP, plain))
        return line(segments, width, plain)

    def row_line(self, position: int, width: int) -> Strip:
        """Draw a row, or return the cached line if nothing has changed."""
        resource = self.rows[position]
        if isinstance(resource, Divider):
            ground = self.style_of("")
            return filled(f" ── {resource.title} ──", ground + self.style_of("dim"), width, ground)
        look = _Look(
            resource,
            position == self.cursor,
            position == self.cursor and self.has_focus,
            resource.id in self._flashing,
            resource.id in self.selected,
            width,
        )
        drawn = self._lines.get(resource.id)
        if drawn is None or drawn[0] != look:
            drawn = self._lines[resource.id] = (look, self._draw(look))
        return drawn[1]

    def _draw(self, look: _Look) -> Strip:
        base, flash = self.ground(is_cursor=look.is_cursor), Style.null()
        resource = look.resource
        if look.is_flashing:
            flash = self.style_of("flash")
        segments: list[Segment] = []
        for column in self._columns:
            # The name does not flash under the cursor, or the cursor would be invisible.
            is_kept = look.is_cursor and column.key in ("priority", "name")
            ground = base if is_kept else base + flash
            style = ground + self._cell_style(column, resource)
            segments.append(Segment(self._cell(column, resource), style))
            segments.append(Segment(" " * GAP, ground))
        return line(segments, look.width, base + flash)

    def _cell(self, column: Column, resource: Resource) -> str:
        text = cell_text(column, resource, self._row_context)
        if column.key == "priority":
            text = ("●" if resource.id in self.selected else " ") + text
        return fit(text, column.width, is_right=column.is_right)

    def _cell_style(self, column: Column, resource: Resource) -> Style:
        match column.key:
            case "status" | "bar" | "progress":
                name = _STATUS_STYLES[resource.status]
            case "priority":
                name = "selected"
            case "updated" if resource.needs_update(self._row_context.now):
                name = "stale"
            case "name":
                return Style.null()
            case _ if is_current(column, self._row_context.location):
                name = "current" if getattr(resource, column.key) else "dim"
            case "hagga" | "deep_desert" | "total" if getattr(resource, column.key):
                return Style.null()
            case _:
                name = "dim"
        return self.style_of(name)

    def _choose_columns(self) -> None:
        self._lines.clear()
        self._laid_out_width = self.row_width
        if self.row_width > 0:
            self._columns = lay_out(self.row_width, self._everything, self._row_context)

    def _end_flashes(self) -> None:
        now = monotonic()
        for resource_id in [key for key, until in self._flashing.items() if until <= now]:
            del self._flashing[resource_id]
            position = self._positions.get(resource_id)
            if position is not None:
                self.refresh_row(position)

    def on_resize(self) -> None:
        """Choose the columns for the new width; Textual calls LineTable.on_resize as well."""
        if self.row_width != self._laid_out_width:
            self._choose_columns()
            self.refresh()

    def action_select(self) -> None:
        """Select or deselect the highlighted row, and move down unless a divider follows."""
        resource = self.highlighted
        if resource is None:
            return
        if self.selected.pop(resource.id, self) is self:
            self.selected[resource.id] = None
        self.refresh_row(self.cursor)
        self.post_message(self.SelectionChanged())
        if not self.is_divider(self.cursor + 1):
            self.action_move(1)

    def column_at(self, x: int) -> str | None:
        """Return the key of the column whose title is at the cell `x`."""
        left = 0
        for column in self._columns:
            left += column.width + GAP
            if x < left:
                return column.key
        return None
