"""A widget sized to its rendered text."""

from __future__ import annotations

from abc import abstractmethod

from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget


class TextDrawing(Widget):
    """Draws `text`; it cannot be selected, because a copy of the drawing is useless."""

    ALLOW_SELECT = False

    text: reactive[str] = reactive("", layout=True)

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.set_reactive(TextDrawing.text, text)

    @property
    @abstractmethod
    def needed(self) -> Size:
        """The size of the drawing."""

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return the width for `width: auto`."""
        return self.needed.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the height for `height: auto`."""
        return self.needed.height
