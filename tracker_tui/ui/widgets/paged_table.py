"""Rows that come page by page as they are scrolled to, and go again when they are far away."""

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

_DRAWN_AT_MOST: Final = 600
"""Lines that are remembered as they were drawn."""


class PagedTable(LineTable, Generic[R]):
    """A window on rows of the archive; how a row looks is a subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="pages.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--day"}

    class Read(Message):
        """Rows came, or could not be read."""

    class FurtherBack(Message):
        """What is older than the period was asked for."""

    def __init__(self, query_cache: QueryCache, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._query_cache = query_cache
        self._reader: PageLoader[R] = PageLoader(query_cache, self._keeping_place, self.rows_came)
        self._work: Worker[None] | None = None
        self._drawn: dict[tuple[R | DayLine, bool, bool, int], Strip] = {}
        """Lines as they were last drawn."""
        self.end_text = ""
        """What the last line says where nothing older is in the period; Enter there asks for it."""
        self.nothing_text = "Nothing here yet."

    # What a subclass says

    @abstractmethod
    def entry_line(self, row: R, base: Style, width: int) -> Strip:
        """Draw one row on the ground of `base`."""

    def rows_came(self, rows: list[R]) -> None:
        """Take note of rows that are about to be shown."""

    # What is shown

    def show(self, ask: Ask) -> None:
        """Show what `ask` asks for, from the newest row on."""
        self._reader.begin(ask)
        self.cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self._begin_anew()

    def go_on(self, ask: Ask) -> None:
        """Go on with what `ask` asks for where the rows that are shown end."""
        self._reader.go_on(ask)
        self._begin_anew()

    def refresh_newest(self) -> None:
        """Read what is new, if anything is shown yet; what failed before is tried again."""
        # Somebody may be called otherwise now.
        self._drawn.clear()
        self._reader.want_newest()
        self.look()

    def refresh_everything(self) -> None:
        """Read again what is shown, and draw it with what things are called now."""
        self._reader.want_everything(round(self.scroll_y))
        self.draw_anew()
        self.look()

    def read_row_anew(self, row_id: str) -> None:
        """Read the page of a row anew, which was changed or deleted."""
        self._rows.forget(row_id)
        self.look()

    @property
    def read_at(self) -> float | None:
        """When the newest rows were read, in Unix seconds by this machine's clock."""
        return self._reader.read_at

    @property
    def trouble(self) -> TrackerError | None:
        """Why they could not be read anew."""
        return self._reader.trouble

    @property
    def _rows(self) -> PagedRows[R]:
        return self._reader.window

    @property
    def highlighted(self) -> R | None:
        """The row under the cursor."""
        if not 0 <= self.cursor < self._rows.size:
            return None
        line = self._rows.line(self.cursor)
        return None if line is None or isinstance(line, DayLine) else line

    @property
    def has_rows(self) -> bool:
        """Whether any row is shown."""
        return self._rows.size > 0

    @property
    def held(self) -> int:
        """How many rows are held in memory."""
        return self._rows.held

    @property
    def is_reading(self) -> bool:
        """Whether rows are on their way."""
        return self._work is not None and not self._work.is_finished

    @property
    def row_count(self) -> int:
        """How many lines there are, the last one included that tells how it goes on."""
        return self._rows.size + bool(self._last_line)

    @property
    def _last_line(self) -> str:
        reader, window = self._reader, self._rows
        if not window.size and not reader.waits:
            return ""
        if reader.trouble is not None:
            return f"r tries again: {one_line(str(reader.trouble), 300)}"
        if reader.waits:
            day = local_time(reader.looked_back_to, self._query_cache.zone)
            return f"looked back to {day.day} {day:%B %Y}: enter looks further back"
        return self.end_text if window.is_last else "reading …"

    def _why_empty(self) -> str:
        if self.trouble is not None:
            return f"{one_line(str(self.trouble), 500)} r tries again."
        return self.nothing_text if self._rows.is_last else "reading …"

    # Reading

    def _begin_anew(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self._show_changed()
        self.look()

    def look(self) -> None:
        """Read what is missing, if it is not on its way already."""
        if not self.is_reading and self._next_job() is not None:
            self._work = self.run_worker(self._read_what_is_missing, group="pages")

    async def _read_what_is_missing(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                await job()
            except TrackerError as error:
                self._reader.failed(error)
            self._show_changed()

    def _next_job(self) -> Job | None:
        top = round(self.scroll_y)
        return self._reader.next_job(top, top + self.size.height)

    def _keeping_place(self, change: Callable[[], object]) -> None:
        """Change the lines; the cursor stays on its row, and the row where it is on screen."""
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
        self.empty_text = self._why_empty()
        self.fit_scrollbar()
        # Not `put_cursor`, which would scroll to it: the wheel may have turned far away.
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
        """Open the row; on the last line look further back."""
        if self.cursor < self._rows.size:
            if self.highlighted is not None:
                super().action_open()
        elif self._reader.waits:
            self._reader.go_on()
            self._begin_anew()
        elif self._rows.is_last and self.end_text:
            self.post_message(self.FurtherBack())

    # Drawing

    def row_line(self, position: int, width: int) -> Strip:
        """Draw a row, a day line, or the last line; most of them are as they were drawn before."""
        is_cursor = position == self.cursor
        if position >= self._rows.size:
            return self._told(f"   {self._last_line}", self.ground(is_cursor=is_cursor), width)
        line = self._rows.line(position)
        if line is None:
            return self._told("   …", self.ground(is_cursor=is_cursor), width)
        key = (line, is_cursor, is_cursor and self.has_focus, width)
        drawn = self._drawn.get(key)
        if drawn is None:
            if len(self._drawn) > _DRAWN_AT_MOST:
                self._drawn.clear()
            drawn = self._drawn[key] = self._draw(line, width, is_cursor=is_cursor)
        return drawn

    def _draw(self, line: R | DayLine, width: int, *, is_cursor: bool) -> Strip:
        if isinstance(line, DayLine):
            return self._day_line(line, width)
        return self.entry_line(line, self.ground(is_cursor=is_cursor), width)

    def draw_anew(self) -> None:
        """Forget how lines were drawn."""
        self._drawn.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw all lines anew in another theme."""
        super().notify_style_update()
        self._drawn.clear()

    def _told(self, text: str, ground: Style, width: int) -> Strip:
        return filled(text, ground + self.style_of("dim"), width, ground)

    def _day_line(self, line: DayLine, width: int) -> Strip:
        day = date_of(line.day)
        text = f"── {day:%A}, {day.day} {day:%B %Y} "
        return filled(text.ljust(width, "─"), self.style_of("") + self.style_of("day"), width)

    def on_resize(self) -> None:
        """Read what comes into sight."""
        self.call_after_refresh(self.look)
