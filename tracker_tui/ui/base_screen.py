"""The base of all screens: each key finishes its work, and a screen ends only once.

A macro pad types `f`, space, Enter, Esc faster than Textual passes messages from widget to screen.
`TrackerApp.on_event` awaits `laid_out()` and `settled()` between two keys, so that Esc finds the
screen that Enter has closed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

from textual import on
from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import Screen

Answer = TypeVar("Answer")
_LONGEST_WAIT: Final = 5.0
_HOPS: Final = 2
"""Messages from widget to screen that one key may cause in a row: two in the palette."""


class BaseScreen(Screen[Answer], Generic[Answer]):
    """A screen that says when a key has finished its work."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_laid_out = asyncio.Event()
        self._has_settled = asyncio.Event()

    class Marker(Message):
        """Reaches the screen after all messages that a widget posted before."""

    async def laid_out(self) -> None:
        """Wait until the screen can receive keys."""
        await _wait_briefly_for(self._is_laid_out)

    async def settled(self) -> None:
        """Wait until the screen has handled its widgets' messages; one of them may close it."""
        for _ in range(_HOPS):
            self._has_settled.clear()
            if not self.is_active or not (self.focused or self).post_message(self.Marker()):
                return
            await _wait_briefly_for(self._has_settled)

    @on(Marker)
    def _note_settled(self, marker: Marker) -> None:
        marker.stop()
        self._has_settled.set()

    def on_screen_resume(self) -> None:
        """Receive keys from now on."""
        self._is_laid_out.set()

    def on_unmount(self) -> None:
        """Free what was drawn: Textual caches the colours of a thousand widgets."""
        StylesCache.get_inner_outer.cache_clear()


class EndingScreen(BaseScreen[Answer], Generic[Answer]):
    """A screen that ends with an answer, once.

    `Screen.dismiss` pops the screen on top, and two Enters in one read dismiss twice.
    """

    _pending_result: tuple[Answer | None] | None = None
    has_ended = False
    """Whether it has ended; keys and clicks may still arrive."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """End as soon as no other screen lies above; further calls do nothing."""
        if not self.has_ended and self.is_active and self._is_laid_out.is_set():
            self.has_ended = True
            self._has_settled.set()
            return super().dismiss(result)
        if not self.has_ended and self in self.app.screen_stack:
            self._pending_result = self._pending_result or (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """End now if `dismiss` was called while another screen lay above."""
        self._is_laid_out.set()
        if self._pending_result is not None:
            self.dismiss(*self._pending_result)


async def _wait_briefly_for(event: asyncio.Event) -> None:
    if not event.is_set():
        with suppress(TimeoutError):  # the screen was closed first
            await asyncio.wait_for(event.wait(), _LONGEST_WAIT)
