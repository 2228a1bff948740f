"""Signals of the system, handled between two events of the dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress


def handle_signal(number: int, handler: Callable[[], object]) -> None:
    """Call `handler` in the running loop when a signal comes.

    Windows cannot do this, nor can a dashboard outside the main thread: they keep what Python does.
    """
    with suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(number, handler)
