"""How values look on screen: bars, percentages, spans of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
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


def sparkline(values: Sequence[int], width: int) -> str:
    """Return a line of blocks from the least value to the most; where all are equal the lowest.

    Of values that share a cell the last one counts.
    """
    if not values or width <= 0:
        return " " * max(width, 0)
    cells = min(width, len(values))
    chosen = [values[(cell + 1) * len(values) // cells - 1] for cell in range(cells)]
    low, high = min(chosen), max(chosen)
    top = len(_BLOCKS) - 1
    heights = [(value - low) * top // (high - low) if high > low else 0 for value in chosen]
    return "".join(_BLOCKS[height] for height in heights).rjust(width)
