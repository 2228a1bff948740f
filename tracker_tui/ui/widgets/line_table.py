"""The line table: rows under a fixed header, of which only the visible ones are drawn.

Textual's DataTable lays out every row, which takes a second for 10,000 rows. A LineTable asks its
subclass for the lines on screen, one at a time: `row_line(position, width)` returns a `Strip`.
Scrolling and the cursor are here; the subclass knows what a row is. For example, three names:

    class Names(LineTable):
        row_count = 3

        def header_line(self, width: int) -> Strip:
            return filled("Name", self.style_of("header"), width)

        def row_line(self, position: int, width: int) -> Strip:
            ground = self.ground(is_cursor=position == self.cursor)
            return filled(["Spice", "Water", "Ore"][position], ground, width)

`line`, `filled` and `spaced` make the colours of a line legible once, so a subclass that caches its
lines pays for that only when a row changes. After a change `refresh_row` redraws a single line.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tracker_tui.ui.themes import legible
from tracker_tui.ui.widgets.formatting import component_style

HEADER = 1
_EMPTY_INDENT = 3


def line(segments: Iterable[Segment], width: int, ground: Style) -> Strip:
    """Return a line of `width` cells in legible colours; the rest of it has the style `ground`.

    Colours are made legible here and not in `render_line`, because most lines are drawn once and
    shown many times.
    """
    strip = Strip(Segment(text, style and legible(style)) for text, style, _ in segments)
    return strip.extend_cell_length(width, ground).crop(0, width)


def filled(text: str, style: Style, width: int, ground: Style | None = None) -> Strip:
    """Return a line with one text; the rest of it has the style `ground`."""
    return line([Segment(text, style)], width, ground or style)


def spaced(cells: Iterable[tuple[str, Style]], width: int, ground: Style) -> Strip:
    """Return a line of cells with a blank behind each."""
    gap = Segment(" ", ground)
    parts = (part for text, style in cells for part in (Segment(text, style), gap))
    return line(parts, width, ground)


class LineTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws visible rows, and moves the cursor by keys and clicks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page-down"),
        Binding("g,home", "top", "To the top", show=False, id="table.top"),
        Binding("G,end", "bottom", "To the bottom", show=False, id="table.bottom"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--current",
        "table--cursor",
        "table--cursor-blurred",
        "table--dim",
        "table--gain",
        "table--loss",
    }

    cursor = reactive(0, repaint=False)
    """Index of the highlighted row."""
    empty_text = reactive("")
    """Shown if there are no rows; wrapped to several lines."""

    class Opened(Message):
        """The player wants to open the highlighted row."""

    class HeaderClicked(Message):
        """A column's title was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._styles: dict[str, Style] = {}
        self._clicked: int | None = None

    # For subclasses

    @property
    @abstractmethod
    def row_count(self) -> int:
        """Number of rows."""

    @abstractmethod
    def header_line(self, width: int) -> Strip:
        """Draw the header."""

    @abstractmethod
    def row_line(self, position: int, width: int) -> Strip:
        """Draw one row."""

    def is_divider(self, position: int) -> bool:
        """Whether a row is a divider; the cursor never stays on one."""
        del position
        return False

    def column_at(self, x: int) -> str | None:
        """Return the key of the column whose title is at the cell `x`, or None."""
        del x
        return None

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw the visible line `y`."""
        width = self.row_width
        if y == 0:
            return self.header_line(width)
        position = y - HEADER + round(self.scroll_y)
        if position < self.row_count:
            return self.row_line(position, width)
        text = "" if self.row_count else self._empty_line(y - HEADER - 1, width)
        ground = self.style_of("")
        return filled(text, ground + self.style_of("dim"), width, ground)

    def _empty_line(self, number: int, width: int) -> str:
        indent = " " * _EMPTY_INDENT
        lines = wrap(self.empty_text, max(1, width - 2 * _EMPTY_INDENT))
        return indent + lines[number] if 0 <= number < len(lines) else ""

    def style_of(self, name: str) -> Style:
        """Return the style of the component class `table--name`; empty: of the table."""
        style = self._styles.get(name)
        if style is None:
            style = self.rich_style
            if name:
                style = component_style(self, f"table--{name}")
            self._styles[name] = style
        return style

    def style_of_change(self, change: int) -> Style:
        """Return the style of a quantity that grew, shrank or stayed."""
        return self.style_of("gain" if change > 0 else "loss" if change < 0 else "dim")

    def ground(self, *, is_cursor: bool) -> Style:
        """Return the background style of a row."""
        ground = self.style_of("")
        if is_cursor:
            ground += self.style_of("cursor" if self.has_focus else "cursor-blurred")
        return ground

    def notify_style_update(self) -> None:
        """Look styles up again in another theme."""
        super().notify_style_update()
        self._styles.clear()

    def refresh_row(self, position: int) -> None:
        """Redraw one row."""
        y = position - round(self.scroll_y) + HEADER
        if HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self.row_width, 1))

    @property
    def row_width(self) -> int:
        """Width of a row in cells, without the scrollbar."""
        return self.scrollable_content_region.width

    def fit_scrollbar(self) -> None:
        """Fit the scrollbar to the number of rows."""
        self.virtual_size = Size(self.row_width, self.row_count + HEADER)

    def on_resize(self) -> None:
        """Keep the cursor visible."""
        self.fit_scrollbar()
        self.call_after_refresh(self._scroll_to_cursor)

    # Moving

    def watch_cursor(self, before: int, now: int) -> None:
        """Redraw the two rows that changed."""
        self.refresh_row(before)
        self.refresh_row(now)

    def put_cursor(self, position: int) -> None:
        """Move the cursor to a row, or the nearest one, and scroll to it."""
        self.cursor = self.nearest_row(position, -1 if position < self.cursor else 1)
        self._scroll_to_cursor()
        if self.cursor == 1 and self.is_divider(0):
            self.scroll_to(y=0, animate=False, immediate=True)

    def nearest_row(self, position: int, step: int) -> int:
        """Return `position`, or if that is a divider, the row next to it in direction `step`."""
        position = max(0, min(position, self.row_count - 1))
        if self.is_divider(position):
            position += step
            if not 0 <= position < self.row_count or self.is_divider(position):
                position -= 2 * step
        return position

    def _scroll_to_cursor(self) -> None:
        visible = max(1, self.size.height - HEADER)
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + visible:
            self.scroll_to(y=self.cursor - visible + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.put_cursor(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self.put_cursor(self.cursor + pages * max(1, self.size.height - HEADER - 1))

    def action_top(self) -> None:
        """Move to the first row."""
        self.put_cursor(0)

    def action_bottom(self) -> None:
        """Move to the last row."""
        self.put_cursor(self.row_count - 1)

    def action_open(self) -> None:
        """Open the highlighted row."""
        if self.row_count:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Report a click on a title; highlight the clicked row; a second click opens it."""
        if event.y < HEADER:
            key = self.column_at(event.x)
            if key is not None:
                self.post_message(self.HeaderClicked(key))
            return
        position = event.y - HEADER + round(self.scroll_y)
        if position < self.row_count and not self.is_divider(position):
            self.put_cursor(position)
            # The first of two clicks may have closed a dialog above the table.
            if event.chain > 1 and self._clicked == position:
                self.action_open()
            self._clicked = position if event.chain == 1 else None
