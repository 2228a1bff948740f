"""Rows under a fixed header, one of them under the cursor; drawn line by line, as far as visible.

What the rows are and how they look is a subclass's. A row costs nothing until it is scrolled to.
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
    """Return a line of `width` cells in colours that can be read; what is left has the ground's.

    Colours are made legible here, not where a line is shown: most lines are shown many times.
    """
    strip = Strip(Segment(text, style and legible(style)) for text, style, _ in segments)
    return strip.extend_cell_length(width, ground).crop(0, width)


def filled(text: str, style: Style, width: int, ground: Style | None = None) -> Strip:
    """Return a line of text in `width` cells; what it leaves has the style of the `ground`."""
    return line([Segment(text, style)], width, ground or style)


def spaced(cells: Iterable[tuple[str, Style]], width: int, ground: Style) -> Strip:
    """Return cells with a blank behind each, in a line of `width` cells."""
    gap = Segment(" ", ground)
    parts = (part for text, style in cells for part in (Segment(text, style), gap))
    return line(parts, width, ground)


class LineTable(ScrollView, can_focus=True, inherit_bindings=False):
    """A cursor, and the keys and clicks that move it."""

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
    """What to say where there is no row; it may take several lines."""

    class Opened(Message):
        """The highlighted row was asked for."""

    class HeaderClicked(Message):
        """A column's title was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._styles: dict[str, Style] = {}
        self._clicked: int | None = None

    # What a subclass says

    @property
    @abstractmethod
    def row_count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def header_line(self, width: int) -> Strip:
        """Draw the titles."""

    @abstractmethod
    def row_line(self, position: int, width: int) -> Strip:
        """Draw one row."""

    def is_divider(self, position: int) -> bool:
        """Whether a row only divides others; the cursor never rests on it."""
        del position
        return False

    def column_at(self, x: int) -> str | None:
        """Return the key of the column in whose title the cell `x` is; None where none is."""
        del x
        return None

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw line `y` of what is visible."""
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
        """Return the style of a part of the table; the empty name: of what has none."""
        style = self._styles.get(name)
        if style is None:
            style = self.rich_style
            if name:
                style = component_style(self, f"table--{name}")
            self._styles[name] = style
        return style

    def style_of_change(self, change: int) -> Style:
        """Return the style of what was won or lost."""
        return self.style_of("gain" if change > 0 else "loss" if change < 0 else "dim")

    def ground(self, *, is_cursor: bool) -> Style:
        """Return the style that the cells of a row lie on."""
        ground = self.style_of("")
        if is_cursor:
            ground += self.style_of("cursor" if self.has_focus else "cursor-blurred")
        return ground

    def notify_style_update(self) -> None:
        """Look styles up anew in another theme."""
        super().notify_style_update()
        self._styles.clear()

    def refresh_row(self, position: int) -> None:
        """Draw one row anew."""
        y = position - round(self.scroll_y) + HEADER
        if HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self.row_width, 1))

    @property
    def row_width(self) -> int:
        """Cells for a row, beside the scrollbar."""
        return self.scrollable_content_region.width

    def fit_scrollbar(self) -> None:
        """Take in how many rows there are now."""
        self.virtual_size = Size(self.row_width, self.row_count + HEADER)

    def on_resize(self) -> None:
        """Keep the cursor's row in sight."""
        self.fit_scrollbar()
        self.call_after_refresh(self._scroll_to_cursor)

    # Moving

    def watch_cursor(self, before: int, now: int) -> None:
        """Redraw the two rows that differ."""
        self.refresh_row(before)
        self.refresh_row(now)

    def put_cursor(self, position: int) -> None:
        """Put the cursor on a row, or the one that is nearest, and bring it into sight."""
        self.cursor = self.nearest_row(position, -1 if position < self.cursor else 1)
        self._scroll_to_cursor()
        if self.cursor == 1 and self.is_divider(0):
            self.scroll_to(y=0, animate=False, immediate=True)

    def nearest_row(self, position: int, step: int) -> int:
        """Return the position itself, or of the row beside it where it is a divider."""
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
        """Ask for the highlighted row."""
        if self.row_count:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Tell of a click on a title; highlight a row; a second click opens it."""
        if event.y < HEADER:
            key = self.column_at(event.x)
            if key is not None:
                self.post_message(self.HeaderClicked(key))
            return
        position = event.y - HEADER + round(self.scroll_y)
        if position < self.row_count and not self.is_divider(position):
            self.put_cursor(position)
            # The first of two clicks may have closed what lay over the table.
            if event.chain > 1 and self._clicked == position:
                self.action_open()
            self._clicked = position if event.chain == 1 else None
