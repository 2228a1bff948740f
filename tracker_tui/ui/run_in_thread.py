"""Waiting in a screen for what takes a while, so that Esc leaves at once, whatever still runs."""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Callable
from typing import TypeVar

from tracker_tui.errors import explained
from tracker_tui.net.call_with_timeout import start_in_background

T = TypeVar("T")


async def run_in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns, done in another thread; raises TrackerError and no other."""
    return await wrap_future(start_in_background(lambda: explained(work)))
