"""Text in exactly so many cells of a terminal."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def fit(text: str, width: int, *, is_right: bool = False) -> str:
    """Return text in exactly `width` cells, whatever cells its characters take."""
    length = cell_len(text)
    if length > width:
        text = set_cell_size(text, width - 1) + "…" if width > 0 else ""
        length = cell_len(text)
    padding = " " * (width - length)
    return padding + text if is_right else text + padding


def marked(text: str) -> list[tuple[str, str]]:
    """Return the one of several choices that is shown, as a tab: text and style of its parts.

    The half blocks at its ends are not reversed: their coloured halves lie towards the text.
    """
    return [("▐", "$accent"), (text, "bold reverse $accent"), ("▌", "$accent")]
