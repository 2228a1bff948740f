"""Rows that come page by page as they are scrolled to, and go again when they are far away."""

from __future__ import annotations

from abc import abstractmethod
from asyncio import wrap_future
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, Final, Generic

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.worker import Worker

from tracker_tui.archive import Answer, Archive, Question
from tracker_tui.domain.days import date_of, day_of, local_time
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.ui.widgets.line_table import LineTable
from tracker_tui.ui.window import DayLine, Page, R, Window

Ask = Callable[..., Question[Any]]
"""Makes the question for a page: what is older than one place, from another one on, and perhaps how
many rows at most."""

_AHEAD: Final = 150
"""Lines before the end at which the next page is asked for."""
_GROWN_AT_MOST: Final = 1_000
"""Rows of a page that is read anew; where there are more, everything is."""


class PagedTable(LineTable, Generic[R]):
    """A window on rows of the archive; how a row looks is a subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="pages.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--day"}

    has_days: ClassVar[bool] = True
    """Whether a line tells on which day the rows below it were written."""

    class Read(Message):
        """Rows came, or could not be read."""

    class FurtherBack(Message):
        """What is older than the period was asked for."""

    def __init__(self, archive: Archive, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._archive = archive
        self._ask: Ask | None = None
        self._window: Window[R] = self._new_window()
        self._work: Worker[None] | None = None
        self._wants_newest = False
        self._is_provisional = False
        """Whether what is shown is only what was seen last."""
        self._keeps_more = True
        """Whether more may have been seen last than what is shown."""
        self._waits = False
        """Whether what is older is read only when the player asks."""
        self.read_at: float | None = None
        """When the newest rows were read, in Unix seconds by this machine's clock."""
        self.trouble: TrackerError | None = None
        """Why they could not be read anew."""
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
        self._ask = ask
        self._window = self._new_window()
        self._waits = self._wants_newest = False
        self.read_at, self.trouble, self._keeps_more = None, None, True
        self.cursor = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self._begin_anew()

    def go_on(self, ask: Ask) -> None:
        """Go on with what `ask` asks for where the rows that are shown end."""
        self._ask = ask
        self._window.is_last = self._waits = False
        self._begin_anew()

    def refresh_newest(self) -> None:
        """Read what is new, if anything is shown yet; what failed before is tried again."""
        self.trouble, self._keeps_more = None, True
        self._wants_newest = not self._is_provisional and self._window.first_page is not None
        self.look()

    def read_row_anew(self, row_id: str) -> None:
        """Read the page of a row anew, which was changed or deleted."""
        self._window.forget(row_id)
        self.look()

    @property
    def highlighted(self) -> R | None:
        """The row under the cursor."""
        if not 0 <= self.cursor < self._window.size:
            return None
        line = self._window.line(self.cursor)
        return None if line is None or isinstance(line, DayLine) else line

    @property
    def has_rows(self) -> bool:
        """Whether any row is shown."""
        return self._window.size > 0

    @property
    def held(self) -> int:
        """How many rows are held in memory."""
        return self._window.held

    @property
    def is_reading(self) -> bool:
        """Whether rows are on their way."""
        return self._work is not None and not self._work.is_finished

    @property
    def row_count(self) -> int:
        """How many lines there are, the last one included that tells how it goes on."""
        return self._window.size + bool(self._last_line)

    @property
    def _last_line(self) -> str:
        window = self._window
        if not window.size and not self._waits:
            return ""
        if self.trouble is not None:
            return f"r tries again: {one_line(str(self.trouble), 300)}"
        if self._waits:
            return f"looked back to {self._looked_back_to}: enter looks further back"
        return self.end_text if window.is_last else "reading …"

    _looked_back_to = ""

    def _why_empty(self) -> str:
        if self.trouble is not None:
            return f"{one_line(str(self.trouble), 500)} r tries again."
        return self.nothing_text if self._window.is_last else "reading …"

    # Reading

    def _begin_anew(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self._show_changed()
        self.look()

    def look(self) -> None:
        """Read what is missing, if it is not on its way already."""
        if self._ask is not None and not self.is_reading and self._next_job() is not None:
            self._work = self.run_worker(self._read_what_is_missing, group="pages")

    async def _read_what_is_missing(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                await job()
            except TrackerError as error:
                self.trouble, self._wants_newest = error, False
            self._show_changed()

    def _next_job(self) -> Callable[[], Awaitable[None]] | None:
        if self._ask is None:
            return None
        window, top = self._window, round(self.scroll_y)
        bottom = top + self.size.height
        if self.trouble is not None:
            is_wanted = bottom >= window.size and not window.is_last
            return partial(self._read_kept, self._ask) if is_wanted and self._keeps_more else None
        if self._wants_newest and window.first_page is not None:
            return partial(self._read_anew, window.first_page, self._ask)
        dropped = window.dropped(top, bottom)
        if dropped is not None:
            return partial(self._read_anew, dropped, self._ask)
        is_near_end = bottom + _AHEAD >= window.size or self._is_provisional
        if is_near_end and not self._waits and (not window.is_last or self._is_provisional):
            return partial(self._read_older, self._ask)
        return None

    async def _read_older(self, ask: Ask) -> None:
        is_first = self._window.end is None or self._is_provisional
        question = ask(None if is_first else self._window.end, None)
        if is_first and not self._is_provisional:
            kept = await wrap_future(self._archive.seen(question))
            if kept is not None:
                self._add(kept)
                self._is_provisional = True
                self._show_changed()
        try:
            answer = await wrap_future(self._archive.ask(question))
        except TrackerError:
            self._is_provisional = False
            raise
        if self._is_provisional:
            self._is_provisional = False
            self._keeping_place(partial(self._start_with, answer))
        else:
            self._add(answer)
        if is_first:
            self.read_at = answer.at

    async def _read_kept(self, ask: Ask) -> None:
        """Go on with what was seen last, where the ledger does not answer."""
        kept = await wrap_future(self._archive.seen(ask(self._window.end, None)))
        self._keeps_more = kept is not None and bool(kept.value.entries)
        if kept is not None and self._keeps_more:
            self._add(kept)

    def _start_with(self, answer: Answer[Any]) -> None:
        self._window = self._new_window()
        self._add(answer)

    def _add(self, answer: Answer[Any]) -> None:
        page = answer.value
        self.rows_came(page.entries)
        before = self._window.end
        self._window.append(page.entries, page.end, is_last=page.is_last)
        # A page that is not full has looked through as much as one request may.
        last = page.entries[-1].place if page.entries else before
        self._waits = not page.is_last and page.end != last
        if self._waits:
            day = local_time(page.looked_back_to, self._archive.zone)
            self._looked_back_to = f"{day.day} {day:%B %Y}"
        if self.read_at is None:
            self.read_at = answer.at

    async def _read_anew(self, page: Page[R], ask: Ask) -> None:
        is_first = page is self._window.first_page
        question = ask(page.before, page.end, _GROWN_AT_MOST)
        answer = await wrap_future(self._archive.ask(question))
        rows = answer.value.entries
        if is_first:
            self._wants_newest = False
            self.read_at = answer.at
        if len(rows) >= _GROWN_AT_MOST:
            self._keeping_place(self._start_over)
            return
        self.rows_came(rows)
        self._keeping_place(partial(self._window.replace, page, rows))

    def _start_over(self) -> None:
        self._window = self._new_window()

    def _keeping_place(self, change: Callable[[], object]) -> None:
        """Change the lines; the cursor stays on its row, and the row where it is on screen."""
        row, top = self.highlighted, round(self.scroll_y)
        is_at_top = top == 0 and self.cursor <= 1
        change()
        position = None if row is None or is_at_top else self._window.position_of(row.id)
        self.fit_scrollbar()
        if position is not None and position != self.cursor:
            offset = self.cursor - top
            self.cursor = position
            self.scroll_to(y=position - offset, animate=False, immediate=True)

    def _show_changed(self) -> None:
        self._window.drop_far_from(round(self.scroll_y) + self.size.height // 2)
        self.empty_text = self._why_empty()
        self.fit_scrollbar()
        self.put_cursor(self.cursor)
        self.refresh()
        self.post_message(self.Read())

    def _new_window(self) -> Window[R]:
        return Window(self._day_of if self.has_days else None)

    def _day_of(self, at: int) -> int:
        return day_of(at, self._archive.zone)

    # Moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Read what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self.look()

    def put_cursor(self, position: int) -> None:
        """Put the cursor on a row, never on a day line."""
        step = -1 if position < self.cursor else 1
        position = max(0, min(position, self.row_count - 1))
        if self._is_day_line(position):
            position += step
            if not 0 <= position < self.row_count or self._is_day_line(position):
                position -= 2 * step
        super().put_cursor(position)
        if position == 1 and self._is_day_line(0):
            self.scroll_to(y=0, animate=False, immediate=True)

    def _is_day_line(self, position: int) -> bool:
        return 0 <= position < self._window.size and isinstance(
            self._window.line(position), DayLine
        )

    def action_open(self) -> None:
        """Open the row; on the last line look further back."""
        if self.cursor < self._window.size:
            if self.highlighted is not None:
                super().action_open()
        elif self._waits:
            self._waits = False
            self._begin_anew()
        elif self._window.is_last and self.end_text:
            self.post_message(self.FurtherBack())

    # Drawing

    def row_line(self, position: int, width: int) -> Strip:
        """Draw a row, a day line, or the last line."""
        base = self.rich_style
        if position == self.cursor:
            name = "table--cursor" if self.has_focus else "table--cursor-blurred"
            base += self.get_component_rich_style(name, partial=True)
        if position >= self._window.size:
            return self._told(f"   {self._last_line}", base, width)
        line = self._window.line(position)
        if line is None:
            return self._told("   …", base, width)
        if isinstance(line, DayLine):
            return self._day_line(line, width)
        return self.entry_line(line, base, width).extend_cell_length(width, base).crop(0, width)

    def _told(self, text: str, base: Style, width: int) -> Strip:
        dim = base + self.get_component_rich_style("table--dim", partial=True)
        return Strip([Segment(text, dim)]).extend_cell_length(width, base).crop(0, width)

    def _day_line(self, line: DayLine, width: int) -> Strip:
        style = self.get_component_rich_style("table--day", partial=True)
        day = date_of(line.day)
        text = f"── {day:%A}, {day.day} {day:%B %Y} "
        return Strip([Segment(text.ljust(width, "─"), self.rich_style + style)]).crop(0, width)

    def on_resize(self) -> None:
        """Read what comes into sight."""
        self.call_after_refresh(self.look)
