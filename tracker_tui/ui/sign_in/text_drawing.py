"""Widgets that draw a text with half blocks: the QR code and the large code.

A terminal cell is about twice as high as wide, so two pixels one above the other are about square.
Half blocks rather than quadrants, because every font with box characters has them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget


class TextDrawing(Widget):
    """A widget as large as its drawn `text`. It cannot be selected: a copy would be gibberish."""

    ALLOW_SELECT = False

    text: reactive[str] = reactive("", layout=True)

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.set_reactive(TextDrawing.text, text)

    @property
    @abstractmethod
    def needed(self) -> Size:
        """Columns and rows that the drawing takes."""

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return what `width: auto` means."""
        return self.needed.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return what `height: auto` means."""
        return self.needed.height


def half_blocks(pixels: Iterable[Iterable[object]]) -> tuple[str, ...]:
    """Return one line for each two rows of pixels; truthy pixels are drawn, others blank."""
    rows = [[bool(pixel) for pixel in row] for row in pixels]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return tuple(
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
