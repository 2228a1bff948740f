"""What all screens have in common: a key does all its work, and a screen that ends does so once."""

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
"""How often what one key does leads from a widget to its screen: twice in the palette."""


class BaseScreen(Screen[Answer], Generic[Answer]):
    """A screen that says when a key has done all its work, for the next one to be looked at."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_laid_out = asyncio.Event()
        self._has_settled = asyncio.Event()

    class Passing(Message):
        """Comes to the screen behind whatever a widget told it before."""

    async def laid_out(self) -> None:
        """Wait until it can take keys: it may only just have been opened."""
        await _soon(self._is_laid_out)

    async def settled(self) -> None:
        """Wait until it has heard what its widgets told it: the last key may have ended it."""
        for _ in range(_HOPS):
            self._has_settled.clear()
            if not self.is_active or not (self.focused or self).post_message(self.Passing()):
                return
            await _soon(self._has_settled)

    @on(Passing)
    def _let_pass(self, passing: Passing) -> None:
        passing.stop()
        self._has_settled.set()

    def on_screen_resume(self) -> None:
        """Take keys."""
        self._is_laid_out.set()

    def on_unmount(self) -> None:
        """Let go of what it drew: Textual keeps that of a thousand widgets, with their colours."""
        StylesCache.get_inner_outer.cache_clear()


class EndingScreen(BaseScreen[Answer], Generic[Answer]):
    """A screen that ends with an answer: once, and takes no other screen away with it.

    Two Enters in one read ask twice for the same, and `Screen.dismiss` takes away what lies on top.
    """

    _due: tuple[Answer | None] | None = None
    has_ended = False
    """Whether it is over, though keys and clicks may still be on their way to it."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """End, once nothing lies over it; what asks for that again is too late."""
        if not self.has_ended and self.is_active and self._is_laid_out.is_set():
            self.has_ended = True
            self._has_settled.set()
            return super().dismiss(result)
        if not self.has_ended and self in self.app.screen_stack:
            self._due = self._due or (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """End now, if that was due before."""
        self._is_laid_out.set()
        if self._due is not None:
            self.dismiss(*self._due)


async def _soon(event: asyncio.Event) -> None:
    if not event.is_set():
        with suppress(TimeoutError):  # the screen was gone before
            await asyncio.wait_for(event.wait(), _LONGEST_WAIT)
