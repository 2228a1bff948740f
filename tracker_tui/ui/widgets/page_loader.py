"""Reading the pages of a window: what was seen last at once, then what is true now.

No widget here: whoever shows the window says which lines are in sight, and does the jobs one after
the other.
"""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Generic

from tracker_tui.domain.period import day_of
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.query_cache import Query, QueryCache, QueryResult
from tracker_tui.ui.widgets.paged_rows import PagedRows, R, RowPage

Ask = Callable[..., Query[Any]]
"""Makes the question for a page: what is older than one place, from another one on, and perhaps how
many rows at most."""
Job = Callable[[], Awaitable[None]]

_AHEAD: Final = 150
"""Lines before the end at which the next page is asked for."""
_GROWN_AT_MOST: Final = 1_000
"""Rows of a page that is read anew; where there are more, everything is."""


class PageLoader(Generic[R]):
    """A window, and what is known of how it goes on."""

    def __init__(
        self,
        query_cache: QueryCache,
        change: Callable[[Callable[[], object]], None],
        came: Callable[[list[R]], None],
    ) -> None:
        """Let `change` make changes of what is shown already, and `came` hear of all rows."""
        self._query_cache = query_cache
        self._change = change
        self._came = came
        self._ask: Ask | None = None
        self.window: PagedRows[R] = self._new_rows()
        self._wants_newest = False
        self._is_provisional = False
        """Whether what is shown is only what was seen last."""
        self._keeps_more = True
        """Whether more may have been seen last than what is shown."""
        self.waits = False
        """Whether what is older is read only when the player asks."""
        self.looked_back_to = 0
        """Where it waits: down to when was looked, in Unix seconds."""
        self.read_at: float | None = None
        """When the newest rows were read, in Unix seconds by this machine's clock."""
        self.trouble: TrackerError | None = None
        """Why they could not be read anew."""

    # What is wanted

    def begin(self, ask: Ask) -> None:
        """Begin with the newest rows that `ask` asks for."""
        self._ask = ask
        self.window = self._new_rows()
        self.waits = self._wants_newest = self._is_provisional = False
        self.read_at, self.trouble, self._keeps_more = None, None, True

    def go_on(self, ask: Ask | None = None) -> None:
        """Go on where the rows end, with what another `ask` asks for."""
        self._ask = ask or self._ask
        self.window.is_last = self.waits = False

    def want_newest(self) -> None:
        """Read what is new, if anything was read yet; what failed before is tried again."""
        self.trouble, self._keeps_more = None, True
        if self._is_provisional:
            return
        if self.window.first_page is None:
            # There was nothing: all that there is now is new.
            self._start_over()
        else:
            self._wants_newest = True

    def want_everything(self, position: int) -> None:
        """Read again what is held, the page of a line first: any of it may have changed."""
        self.window.expire(position)
        self.want_newest()

    # What is to be done

    def next_job(self, top: int, bottom: int) -> Job | None:
        """Return what is to be read while these lines are in sight; jobs raise TrackerError."""
        if self._ask is None:
            return None
        window = self.window
        if self.trouble is not None:
            is_wanted = bottom >= window.size and not window.is_last
            return partial(self._read_kept, self._ask) if is_wanted and self._keeps_more else None
        if self._wants_newest and window.first_page is not None:
            return partial(self._read_anew, window.first_page, self._ask)
        missing = window.missing(top, bottom)
        if missing is not None:
            return partial(self._read_anew, missing, self._ask)
        is_near_end = bottom + _AHEAD >= window.size and not self.waits and not window.is_last
        if is_near_end or self._is_provisional:
            return partial(self._read_older, self._ask)
        return None

    def failed(self, error: TrackerError) -> None:
        """Take note that a job failed: what is shown stays."""
        self.trouble, self._wants_newest, self._is_provisional = error, False, False

    async def _read_older(self, ask: Ask) -> None:
        window = self.window
        if window.end is None and not self._is_provisional:
            kept = await wrap_future(self._query_cache.seen(ask(None, None)))
            if kept is not None:
                self._add(kept)
                self._is_provisional = True
                return
        is_first = window.end is None or self._is_provisional
        question = ask(None if is_first else window.end, None)
        answer = await wrap_future(self._query_cache.ask(question))
        if self._is_provisional:
            self._is_provisional = False
            self._change(partial(self._start_with, answer))
        else:
            self._add(answer)
        if is_first:
            self.read_at = answer.at

    async def _read_kept(self, ask: Ask) -> None:
        """Go on with what was seen last, where the ledger does not answer."""
        kept = await wrap_future(self._query_cache.seen(ask(self.window.end, None)))
        self._keeps_more = kept is not None and bool(kept.value.entries)
        if kept is not None and self._keeps_more:
            self._add(kept)

    async def _read_anew(self, page: RowPage[R], ask: Ask) -> None:
        question = ask(page.before, page.end, _GROWN_AT_MOST)
        page.is_expired = False
        try:
            answer = await wrap_future(self._query_cache.ask(question))
        except TrackerError:
            page.is_expired = True
            raise
        rows = answer.value.entries
        if page is self.window.first_page:
            self._wants_newest = False
            self.read_at = answer.at
        if len(rows) >= _GROWN_AT_MOST:
            self._change(self._start_over)
            return
        self._came(rows)
        self._change(partial(self.window.replace, page, rows))

    def _start_over(self) -> None:
        self.window = self._new_rows()

    def _start_with(self, answer: QueryResult[Any]) -> None:
        self._start_over()
        self._add(answer)

    def _add(self, answer: QueryResult[Any]) -> None:
        page, before = answer.value, self.window.end
        self._came(page.entries)
        self.window.append(page.entries, page.end, is_last=page.is_last)
        # A page that is not full has looked through as much as one request may.
        last = page.entries[-1].place if page.entries else before
        self.waits = not page.is_last and page.end != last
        if self.waits:
            self.looked_back_to = page.looked_back_to
        if self.read_at is None:
            self.read_at = answer.at

    def _new_rows(self) -> PagedRows[R]:
        return PagedRows(self._day_of)

    def _day_of(self, at: int) -> int:
        return day_of(at, self._query_cache.zone)
