"""How long commands wait before they give up, in seconds."""

from __future__ import annotations

from typing import Final, NamedTuple


class Timeouts(NamedTuple):
    """Limits in seconds, as a part of the settings."""

    edit: float = 2.7
    """For all of `tracker-tui edit`: the promised 3 s, less the time to start and to end it."""
    retry: float = 1.0
    """For repeating a change that fails fast."""


TIMEOUTS: Final = Timeouts()
