"""The table of resources: which rows it shows, selects and lights up, and how each one looks.

A DataTable takes a second to be filled with 10,000 rows; here a row costs nothing until it is
scrolled to, and a change redraws its own line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import ClassVar, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
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

FLASH_SECONDS = 1.5


class Divider(NamedTuple):
    """A line that says why the rows below it are there."""

    title: str


class _Look(NamedTuple):
    """Everything that decides how a line looks, within one context and one theme."""

    resource: Resource
    is_cursor: bool
    has_focus: bool
    is_flashing: bool
    is_selected: bool
    width: int


class ResourceTable(LineTable):
    """Rows of resources; the cursor stays on its resource."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "Details", id="table.open", tooltip="Everything about this resource"
        ),
        Binding(
            "space",
            "mark",
            "Select",
            id="table.mark",
            tooltip="Select this row; a quick edit changes all selected rows",
        ),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--flash",
        "table--mark",
        "table--critical",
        "table--low",
        "table--on-target",
        "table--above-target",
        "table--stale",
    }

    class MarksChanged(Message):
        """Other rows are selected than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.rows: list[Resource | Divider] = []
        self.hits = 0
        """How many rows stand above all dividers."""
        self.marked: dict[str, None] = {}
        """Ids of the selected rows, in the order in which they were selected."""
        self._positions: dict[str, int] = {}
        self._everything: Sequence[Resource] = ()
        self._columns: list[Column] = []
        self._known = Context(0, str, {}, Location.HAGGA)
        self._flashing: dict[str, float] = {}
        self._sort = ("", False)
        self._lines: dict[str, tuple[_Look, Strip]] = {}
        """Lines as they were last drawn, by resource: most of them are drawn as they were."""
        self._style: tuple[str, Style] | None = None
        self._laid_out_width = 0

    # What is shown

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
        """Show `rows` of `everything`, and others below the titles that say why they are there.

        The cursor stays on its resource, or goes to the top; by itself it never goes below.
        """
        highlighted = None if to_top else self.highlighted
        self._take_context(everything, context)
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

    def show_anew(self, everything: Sequence[Resource], context: Context) -> None:
        """Show the same rows in the same order as they are now; what is gone stays as it was."""
        self._take_context(everything, context)
        for resource in everything:
            position = self._positions.get(resource.id)
            if position is not None:
                self.rows[position] = resource
        self.refresh()

    def _take_context(self, everything: Sequence[Resource], context: Context) -> None:
        if everything is not self._everything or context[1:] != self._known[1:]:
            self._everything, self._known = everything, context
            self._lay_out()
        if context != self._known:
            self._lines.clear()
        self._known = context

    def update_row(self, resource: Resource, now: int) -> None:
        """Show another version of a resource where it stands; redraws one line."""
        position = self._positions.get(resource.id)
        if position is not None:
            self._known = self._known._replace(now=now)
            self.rows[position] = resource
            self.refresh_row(position)

    def flash(self, resource_ids: Iterable[str]) -> None:
        """Light up rows for a moment."""
        until = monotonic() + FLASH_SECONDS
        for resource_id in resource_ids:
            if resource_id in self._positions:
                self._flashing[resource_id] = until
                self.refresh_row(self._positions[resource_id])
        if self._flashing:
            self.set_timer(FLASH_SECONDS + 0.05, self._end_flashes)

    @property
    def row_count(self) -> int:
        """How many lines there are, dividers included."""
        return len(self.rows)

    def is_divider(self, position: int) -> bool:
        """Whether a line only says why the rows below it are there."""
        return 0 <= position < len(self.rows) and isinstance(self.rows[position], Divider)

    @property
    def highlighted(self) -> Resource | None:
        """The resource under the cursor."""
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return None if isinstance(row, Divider) else row

    def is_shown(self, resource_id: str) -> bool:
        """Whether a resource is among the rows."""
        return resource_id in self._positions

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource, if it is among the rows."""
        position = self._positions.get(resource_id)
        if position is not None:
            self.put_cursor(position)

    def select_rows(self, resource_ids: Iterable[str]) -> None:
        """Select these resources and no others."""
        self.marked = dict.fromkeys(resource_ids)
        self.refresh()
        self.post_message(self.MarksChanged())

    def deselect(self, resource_ids: Iterable[str]) -> None:
        """Select these no more."""
        gone = self.marked.keys() & set(resource_ids)
        if gone:
            self.select_rows(key for key in self.marked if key not in gone)

    def show_ages(self, now: int) -> None:
        """Let time go by: redraw the rows where they stand."""
        self._known = self._known._replace(now=now)
        self._lines.clear()
        self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        """Draw all lines anew in another theme; where only the focus moved they are the same."""
        super().notify_style_update()
        style = (self.app.theme, self.rich_style)
        if style != self._style:
            self._style = style
            self._lines.clear()

    def header_line(self, width: int) -> Strip:
        """Draw the titles; the one that rows are sorted by has an arrow."""
        plain = self.get_component_rich_style("table--header")
        current = plain + self.get_component_rich_style("table--current", partial=True)
        segments: list[Segment] = []
        for column in self._columns:
            title = column.title
            if column.key == self._sort[0]:
                arrow = "↑" if self._sort[1] else "↓"
                title = set_cell_size(title, min(len(title), column.width - 1)) + arrow
            style = current if is_current(column, self._known.location) else plain
            segments.append(Segment(fit(title, column.width, is_right=column.is_right), style))
            segments.append(Segment(" " * GAP, plain))
        return line(segments, width, plain)

    def row_line(self, position: int, width: int) -> Strip:
        """Draw one row, if it looks different from the last time."""
        resource = self.rows[position]
        if isinstance(resource, Divider):
            ground = self.style_of("")
            return filled(f" ── {resource.title} ──", ground + self.style_of("dim"), width, ground)
        look = _Look(
            resource,
            position == self.cursor,
            position == self.cursor and self.has_focus,
            resource.id in self._flashing,
            resource.id in self.marked,
            width,
        )
        drawn = self._lines.get(resource.id)
        if drawn is None or drawn[0] != look:
            drawn = self._lines[resource.id] = (look, self._drawn(look))
        return drawn[1]

    def _drawn(self, look: _Look) -> Strip:
        base, flash = self.ground(is_cursor=look.is_cursor), Style.null()
        resource = look.resource
        if look.is_flashing:
            flash = self.style_of("flash")
        segments: list[Segment] = []
        for column in self._columns:
            # Under the cursor the name does not flash, so that the cursor is never out of sight.
            is_kept = look.is_cursor and column.key in ("priority", "name")
            ground = base if is_kept else base + flash
            style = ground + self._cell_style(column, resource)
            segments.append(Segment(self._cell(column, resource), style))
            segments.append(Segment(" " * GAP, ground))
        return line(segments, look.width, base + flash)

    def _cell(self, column: Column, resource: Resource) -> str:
        text = cell_text(column, resource, self._known)
        if column.key == "priority":
            text = ("●" if resource.id in self.marked else " ") + text
        return fit(text, column.width, is_right=column.is_right)

    def _cell_style(self, column: Column, resource: Resource) -> Style:
        match column.key:
            case "status" | "bar" | "progress":
                name = STATUS_LOOKS[resource.status].word.replace(" ", "-")
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
        return self.style_of(name)

    def _lay_out(self) -> None:
        self._lines.clear()
        self._laid_out_width = self.row_width
        if self.row_width > 0:
            self._columns = lay_out(self.row_width, self._everything, self._known)

    def _end_flashes(self) -> None:
        now = monotonic()
        for resource_id in [key for key, until in self._flashing.items() if until <= now]:
            del self._flashing[resource_id]
            position = self._positions.get(resource_id)
            if position is not None:
                self.refresh_row(position)

    def on_resize(self) -> None:
        """Choose the columns anew; Textual calls the one above as well."""
        if self.row_width != self._laid_out_width:
            self._lay_out()
            self.refresh()

    def action_mark(self) -> None:
        """Select the highlighted row, or select it no more, and move on within its part."""
        resource = self.highlighted
        if resource is None:
            return
        if self.marked.pop(resource.id, self) is self:
            self.marked[resource.id] = None
        self.refresh_row(self.cursor)
        self.post_message(self.MarksChanged())
        if not self.is_divider(self.cursor + 1):
            self.action_move(1)

    def column_at(self, x: int) -> str | None:
        """Return the key of the column in whose title the cell `x` is."""
        left = 0
        for column in self._columns:
            left += column.width + GAP
            if x < left:
                return column.key
        return None
