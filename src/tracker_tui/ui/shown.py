"""How values look on screen: bars, percentages, spans of time."""

from __future__ import annotations

from typing import Final

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
