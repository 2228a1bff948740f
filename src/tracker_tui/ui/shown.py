"""How values look on screen: bars, percentages, spans of time."""

from __future__ import annotations

from typing import Final

from tracker_tui.domain.status import DAY

HOUR: Final = 3_600
MINUTE: Final = 60
_YEAR: Final = 365 * DAY
_LARGEST_PERCENT: Final = 999


def bar(percent: int | None, width: int) -> str:
    """Return a bar that is full at 100 %, in halves of a cell; blank without a target."""
    if percent is None or width <= 0:
        return " " * max(width, 0)
    whole, half = divmod(max(0, min(percent, 100)) * width * 2 // 100, 2)
    return ("━" * whole + "╸" * half).ljust(width, "┈")


def percent_text(percent: int | None) -> str:
    """Return `77 %` in at most six characters: beyond 999 the number tells nothing more."""
    if percent is None:
        return ""
    return (
        f"{percent} %"
        if abs(percent) <= _LARGEST_PERCENT
        else f"{'<-' if percent < 0 else '>'}999%"
    )


def ago(seconds: int) -> str:
    """Return a span of time in a few characters: `now`, `3 min`, `5 h`, `2 d`, `1 y`."""
    if seconds < MINUTE:
        return "now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h"
    if seconds < _YEAR:
        return f"{seconds // DAY} d"
    return f"{seconds // _YEAR} y"
