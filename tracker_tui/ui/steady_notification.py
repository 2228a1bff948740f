"""What a toast tells, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from textual.notifications import Notification

_SHOWN_AT_LEAST = 0.5


@dataclass
class SteadyNotification(Notification):
    """A notification whose time nothing upsets, neither a clock that is set nor a busy machine.

    Textual 8 counts by the wall clock, and starts a toast's timer with whatever is left: with less
    than nothing, when the time ran out just as the toast came on, that timer never lets anybody
    else have a turn, and the program hangs for good.
    """

    _since: float | None = field(default=None, init=False)
    """When the first toast came on for it, by a clock that nobody sets."""

    @property
    def time_left(self) -> float:
        """Seconds for which a toast that comes on now is shown; always some."""
        if self._since is None:
            self._since = monotonic()
        return max(self._since + self.timeout - monotonic(), _SHOWN_AT_LEAST)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over, which begins when it is first seen."""
        return self._since is not None and monotonic() > self._since + self.timeout
