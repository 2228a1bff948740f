"""Pace: how often a server that does not answer, or refuses us, is asked again."""

from __future__ import annotations

import time
from typing import Final

_FIRST_PAUSE: Final = 1.0


class Backoff:
    """Pauses that double from one failure to the next, up to `longest` seconds; 0: none at all."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._pause = 0.0
        self._quiet_until = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether it is too early to ask again without being told to."""
        return time.monotonic() < self._quiet_until

    @property
    def seconds_left(self) -> float:
        """Until it is time to ask again."""
        return max(0.0, self._quiet_until - time.monotonic())

    def failed(self, at_least: float = 0.0) -> None:
        """Pause for longer than the last time, and for as long as the server asked for.

        What the player asks for during a pause, and gets no answer to, makes it no longer.
        """
        from random import uniform  # which `edit` mostly does without, and hurries

        if not self.is_quiet:
            self._pause = min(max(_FIRST_PAUSE, self._pause * 2), self._longest)
            # A guild whose server comes back must not ask it all in the same moment.
            self._quiet_until = time.monotonic() + self._pause * uniform(0.75, 1.0)
        # A moment later, so that it is surely over by the server's clock.
        asked = at_least * uniform(1.0, 1.1) if at_least else 0.0
        self._quiet_until = max(self._quiet_until, time.monotonic() + asked)

    def answered(self) -> None:
        """Pause no more."""
        self._pause = self._quiet_until = 0.0
