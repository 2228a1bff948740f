"""Formatting of values for the screen: fixed widths, bars, percentages, sparklines, styles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_LARGEST_PERCENT: Final = 999


def bar(percent: int | None, width: int) -> str:
    """Return a bar that is full at 100 %, in steps of half a cell; blank without a target."""
    if percent is None or width <= 0:
        return " " * max(width, 0)
    whole, half = divmod(max(0, min(percent, 100)) * width * 2 // 100, 2)
    return ("━" * whole + "╸" * half).ljust(width, "┈")


def percent_text(percent: int | None) -> str:
    """Return `77 %`, in at most six characters."""
    if percent is None:
        return ""
    return (
        f"{percent} %"
        if abs(percent) <= _LARGEST_PERCENT
        else f"{'<-' if percent < 0 else '>'}999%"
    )


def sparkline(values: Sequence[int], width: int) -> str:
    """Return a line of blocks from the smallest value to the largest.

    Equal values are drawn as the lowest block. If values share a cell, the last one counts.
    """
    if not values or width <= 0:
        return " " * max(width, 0)
    cells = min(width, len(values))
    chosen = [values[(cell + 1) * len(values) // cells - 1] for cell in range(cells)]
    low, high = min(chosen), max(chosen)
    top = len(_BLOCKS) - 1
    heights = [(value - low) * top // (high - low) if high > low else 0 for value in chosen]
    return "".join(_BLOCKS[height] for height in heights).rjust(width)


def fit(text: str, width: int, *, is_right: bool = False) -> str:
    """Pad or cut a text to exactly `width` cells; wide characters take two."""
    length = cell_len(text)
    if length > width:
        text = set_cell_size(text, width - 1) + "…" if width > 0 else ""
        length = cell_len(text)
    padding = " " * (width - length)
    return padding + text if is_right else text + padding


def tab_parts(text: str) -> list[tuple[str, str]]:
    """Return texts and styles that draw the current one of several choices as a tab.

    The half blocks at its ends are not reversed: their coloured halves are next to the text.
    """
    return [("▐", "$accent"), (text, "bold reverse $accent"), ("▌", "$accent")]


def labelled_lines(named: Sequence[tuple[str, str | Text]]) -> Text:
    """Return a line for each label with a value, the values below each other."""
    width = max((len(name) for name, _ in named), default=0) + 2
    text = Text()
    for name, value in named:
        if value:
            text.append(name.ljust(width), "dim")
            text.append(value) if isinstance(value, str) else text.append_text(value)
            text.append("\n")
    return text


def component_style(widget: Widget, name: str) -> Style:
    """Return the style of a component class, to be added to the style of a row.

    Textual resolves `auto` colours such as $text-muted to white in partial styles; here they are
    resolved against the real background.
    """
    partial = widget.get_component_rich_style(name, partial=True)
    whole = widget.get_component_rich_style(name)
    resolved = Style(
        color=None if partial.color is None else whole.color,
        bgcolor=None if partial.bgcolor is None else whole.bgcolor,
    )
    return partial + resolved
