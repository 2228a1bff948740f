"""What is drawn of a text and is as large as that takes."""

from __future__ import annotations

from abc import abstractmethod

from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget


class TextDrawing(Widget):
    """Draws `text` in a way of its own; nobody selects it, for a copy would say nothing."""

    ALLOW_SELECT = False

    text: reactive[str] = reactive("", layout=True)

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.set_reactive(TextDrawing.text, text)

    @property
    @abstractmethod
    def needed(self) -> Size:
        """Columns and rows that it takes."""

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return what `width: auto` means."""
        return self.needed.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return what `height: auto` means."""
        return self.needed.height
