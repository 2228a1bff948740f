"""Background work of screens, which never delays a key.

- `TrackerMessage`: the tracker's threads publish an event, and every screen receives it.
- `answers`: a screen asks the query cache and gets the last known answer, then the current one.
- `run_in_thread`: a screen awaits a function that blocks, so that Esc leaves at once.
"""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import AsyncIterator, Callable
from time import time
from typing import TYPE_CHECKING, TypeVar

from textual.message import Message

from tracker_tui.domain.messages import MINUTE, time_since
from tracker_tui.errors import TrackerError, explained
from tracker_tui.net.call_with_timeout import start_in_background
from tracker_tui.tracker.events import Event

if TYPE_CHECKING:
    from tracker_tui.tracker.query_cache import Query, QueryCache, QueryResult

T = TypeVar("T")


class TrackerMessage(Message, bubble=False):
    """Carries an event from one of the tracker's threads to a screen."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__()


async def answers(
    query_cache: QueryCache, query: Query[T], *, is_shown: bool = False
) -> AsyncIterator[QueryResult[T]]:
    """Yield the cached answer, unless something `is_shown` already, then the ledger's answer.

    Raises TrackerError where the ledger does not answer.
    """
    if not is_shown:
        cached = await wrap_future(query_cache.cached(query))
        if cached is not None:
            yield cached
    yield await wrap_future(query_cache.ask(query))


def age_text(read_at: float | None, trouble: TrackerError | None, *, is_reading: bool) -> str:
    """Say how old the data on screen is; empty if it was read less than a minute ago.

    `read_at` is None while there is no data.
    """
    if read_at is None:
        return "reading …" if is_reading else ""
    seconds = int(time() - read_at)
    if trouble is None and seconds < MINUTE:
        return ""
    return f"read {time_since(seconds)}"


async def run_in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns, run in another thread; raises only TrackerError."""
    return await wrap_future(start_in_background(lambda: explained(work)))
