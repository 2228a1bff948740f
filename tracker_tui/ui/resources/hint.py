"""One line for somebody who is here for the first time, and can do without it."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class Hint(Widget):
    """Says how to join a guild, until it is dismissed for good; hidden at first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.display = False
        self.is_dismissed = False

    def offer(self) -> None:
        """Show it, unless it was dismissed once."""
        self.display = not self.is_dismissed

    def dismiss(self) -> None:
        """Show it no more."""
        self.is_dismissed, self.display = True, False

    def on_click(self) -> None:
        """Go away."""
        self.dismiss()

    def render(self) -> Content:
        """Draw the line."""
        return Content.assemble(
            ("join a guild: ", ""), ("ctrl+p", "bold $accent"), ("   esc hides this", "$text-muted")
        )
