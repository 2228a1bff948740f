"""Asking the archive behind the screen: first what was seen last, then what is true now."""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import AsyncIterator
from time import time
from typing import TypeVar

from tracker_tui.domain.messages import MINUTE, since_told
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.query_cache import Query, QueryCache, QueryResult

T = TypeVar("T")


async def answers(
    query_cache: QueryCache, question: Query[T], *, is_shown: bool = False
) -> AsyncIterator[QueryResult[T]]:
    """Yield what was seen last, unless something `is_shown`, then what the ledger answers.

    Raises TrackerError where it does not.
    """
    if not is_shown:
        seen = await wrap_future(query_cache.seen(question))
        if seen is not None:
            yield seen
    yield await wrap_future(query_cache.ask(question))


def age_told(read_at: float | None, trouble: TrackerError | None, *, is_reading: bool) -> str:
    """Say how old what is shown is, unless it was read just now; `read_at` None: nothing is."""
    if read_at is None:
        return "reading …" if is_reading else ""
    seconds = int(time() - read_at)
    if trouble is None and seconds < MINUTE:
        return ""
    return f"read {since_told(seconds)}"
