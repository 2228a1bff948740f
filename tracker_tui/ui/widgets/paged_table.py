"""A table whose rows are read page by page as they are scrolled to.

The pages are in `paged_rows`; a subclass draws a row. Whenever the lines on screen change, `look`
asks the loader for the next job and runs it in a worker, until nothing is missing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final, Generic

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker

from tracker_tui.domain.period import date_of, local_time
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.query_cache import QueryCache
from tracker_tui.ui.widgets.line_table import LineTable, filled
from tracker_tui.ui.widgets.paged_rows import Ask, DayLine, Job, PagedRows, PageLoader, R

_MOST_DRAWN: Final = 600
"""Drawn lines that are cached."""


class PagedTable(LineTable, Generic[R]):
    """Rows of the query cache; a subclass draws a row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="pages.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--day"}

    class Read(Message):
        """Rows were read, or an attempt to read failed."""

    class FurtherBack(Message):
        """The player wants to see rows older than the period."""

    def __init__(self, query_cache: QueryCache, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._query_cache = query_cache
        self._loader: PageLoader[R] = PageLoader(query_cache, self._keep_cursor, self.rows_came)
        self._worker: Worker[None] | None = None
        self._drawn: dict[tuple[R | DayLine, bool, bool, int], Strip] = {}
        """The drawn lines."""
        self.end_text = ""
        """The last line if the period has no older rows; Enter there posts `FurtherBack`."""
        self.nothing_text = "Nothing here yet."

    # For subclasses

    @abstractmethod
    def entry_line(self, row: R, base: Style, width: int) -> Strip:
        """Draw one row on the background `base`."""

    def rows_came(self, rows: list[R]) -> None:
        """Called with rows before they are shown."""

    # Display

    def show(self, ask: Ask) -> None:
        """Show the rows of `ask`, from the newest on."""
        self._loader.begin(ask)
        self.cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self._restart()

    def go_on(self, ask: Ask) -> None:
        """Continue with the rows of `ask` where the shown rows end."""
        self._loader.go_on(ask)
        self._restart()

    def refresh_newest(self) -> None:
        """Read new rows; what failed before is tried again."""
        # Display names may have changed.
        self._drawn.clear()
        self._loader.expire_newest()
        self.look()

    def refresh_everything(self) -> None:
        """Read the shown rows again and draw them with current names."""
        self._loader.expire_everything(round(self.scroll_y))
        self.redraw()
        self.look()

    def reread_row(self, row_id: str) -> None:
        """Read the page of a row that was changed or deleted again."""
        self._rows.forget(row_id)
        self.look()

    @property
    def read_at(self) -> float | None:
        """When the newest rows were read, in Unix seconds by the local clock."""
        return self._loader.read_at

    @property
    def trouble(self) -> TrackerError | None:
        """Why the last attempt to read failed."""
        return self._loader.trouble

    @property
    def _rows(self) -> PagedRows[R]:
        return self._loader.rows

    @property
    def highlighted(self) -> R | None:
        """The row under the cursor."""
        if not 0 <= self.cursor < self._rows.size:
            return None
        line = self._rows.line(self.cursor)
        return None if line is None or isinstance(line, DayLine) else line

    @property
    def has_rows(self) -> bool:
        """Whether any rows are shown."""
        return self._rows.size > 0

    @property
    def held(self) -> int:
        """Number of rows in memory."""
        return self._rows.held

    @property
    def is_reading(self) -> bool:
        """Whether rows are being read."""
        return self._worker is not None and not self._worker.is_finished

    @property
    def row_count(self) -> int:
        """Number of lines, with the last one that says how to go on."""
        return self._rows.size + bool(self._last_line)

    @property
    def _last_line(self) -> str:
        loader, rows = self._loader, self._rows
        if not rows.size and not loader.waits:
            return ""
        if loader.trouble is not None:
            return f"r tries again: {one_line(str(loader.trouble), 300)}"
        if loader.waits:
            day = local_time(loader.looked_back_to, self._query_cache.zone)
            return f"looked back to {day.day} {day:%B %Y}: enter looks further back"
        return self.end_text if rows.is_last else "reading …"

    def _empty_text_now(self) -> str:
        if self.trouble is not None:
            return f"{one_line(str(self.trouble), 500)} r tries again."
        return self.nothing_text if self._rows.is_last else "reading …"

    # Reading

    def _restart(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        self._show_changed()
        self.look()

    def look(self) -> None:
        """Start reading what the lines on screen need, unless a worker runs."""
        if not self.is_reading and self._next_job() is not None:
            self._worker = self.run_worker(self._read_what_is_missing, group="pages")

    async def _read_what_is_missing(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                await job()
            except TrackerError as error:
                self._loader.failed(error)
            self._show_changed()

    def _next_job(self) -> Job | None:
        top = round(self.scroll_y)
        return self._loader.next_job(top, top + self.size.height)

    def _keep_cursor(self, change: Callable[[], object]) -> None:
        """Change the lines, and keep the cursor on its row and the row in its place on screen."""
        row, top = self.highlighted, round(self.scroll_y)
        is_at_top = top == 0 and self.cursor <= 1
        change()
        position = None if row is None or is_at_top else self._rows.position_of(row.id)
        self.fit_scrollbar()
        if position is not None and position != self.cursor:
            offset = self.cursor - top
            self.cursor = position
            self.scroll_to(y=position - offset, animate=False, immediate=True)

    def _show_changed(self) -> None:
        self._rows.drop_far_from(round(self.scroll_y) + self.size.height // 2)
        self.empty_text = self._empty_text_now()
        self.fit_scrollbar()
        # Not `put_cursor`: it scrolls, but the player may have scrolled away from the cursor.
        self.cursor = self.nearest_row(self.cursor, 1)
        self.refresh()
        self.post_message(self.Read())

    # Moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Read what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self.look()

    def is_divider(self, position: int) -> bool:
        """Whether a row is a day line."""
        return 0 <= position < self._rows.size and isinstance(self._rows.line(position), DayLine)

    def action_open(self) -> None:
        """Open the row; on the last line search further back."""
        if self.cursor < self._rows.size:
            if self.highlighted is not None:
                super().action_open()
        elif self._loader.waits:
            self._loader.go_on()
            self._restart()
        elif self._rows.is_last and self.end_text:
            self.post_message(self.FurtherBack())

    # Drawing

    def row_line(self, position: int, width: int) -> Strip:
        """Draw a row, a day line or the last line, or return the cached one."""
        is_cursor = position == self.cursor
        if position >= self._rows.size:
            return self._note_line(f"   {self._last_line}", self.ground(is_cursor=is_cursor), width)
        line = self._rows.line(position)
        if line is None:
            return self._note_line("   …", self.ground(is_cursor=is_cursor), width)
        key = (line, is_cursor, is_cursor and self.has_focus, width)
        drawn = self._drawn.get(key)
        if drawn is None:
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.clear()
            drawn = self._drawn[key] = self._draw(line, width, is_cursor=is_cursor)
        return drawn

    def _draw(self, line: R | DayLine, width: int, *, is_cursor: bool) -> Strip:
        if isinstance(line, DayLine):
            return self._day_line(line, width)
        return self.entry_line(line, self.ground(is_cursor=is_cursor), width)

    def redraw(self) -> None:
        """Draw all lines again."""
        self._drawn.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw all lines again in another theme."""
        super().notify_style_update()
        self._drawn.clear()

    def _note_line(self, text: str, ground: Style, width: int) -> Strip:
        return filled(text, ground + self.style_of("dim"), width, ground)

    def _day_line(self, line: DayLine, width: int) -> Strip:
        day = date_of(line.day)
        text = f"── {day:%A}, {day.day} {day:%B %Y} "
        return filled(text.ljust(width, "─"), self.style_of("") + self.style_of("day"), width)

    def on_resize(self) -> None:
        """Read what comes into sight."""
        self.call_after_refresh(self.look)
