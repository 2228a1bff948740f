"""Watching an app draw: without a terminal, Textual does not make the text of updates.

The other benchmarks use no private part of Textual.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App


class DrawingWatch:
    """Renders an app's updates as text, as a driver would, and checks it."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._is_awaited: Callable[[str], bool] | None = None
        self._drawn: asyncio.Future[float]
        look_at_updates(app, self._look)

    async def key_to_redraw(self, key: str, is_awaited: Callable[[str], bool]) -> float:
        """Return the seconds from a key to the update that `is_awaited` accepts."""
        self._drawn = asyncio.get_running_loop().create_future()
        self._is_awaited = is_awaited
        start = perf_counter()
        self._app.post_message(events.Key(key, key if len(key) == 1 else None))
        return await asyncio.wait_for(self._drawn, 30) - start

    def _look(self, update: CompositorUpdate) -> None:
        if self._is_awaited is None:
            return
        text = update.render_segments(self._app.console)
        if self._is_awaited(text):
            self._is_awaited = None
            self._drawn.set_result(perf_counter())


def look_at_updates(app: App[None], look: Callable[[CompositorUpdate], None]) -> None:
    """Call `look` with each update of an app."""
    display = app._display  # noqa: SLF001 - all updates pass here

    def display_and_look(screen: Any, update: Any) -> None:
        display(screen, update)
        if isinstance(update, CompositorUpdate):
            look(update)

    app._display = display_and_look  # type: ignore[method-assign,assignment]  # noqa: SLF001
