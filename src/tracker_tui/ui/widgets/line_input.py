"""A one-line input that takes keys the moment they arrive (see `TrackerApp.on_event`)."""

from __future__ import annotations

from textual.widgets import Input


class LineInput(Input):
    """An input of one line and no border."""

    def take_text(self, text: str) -> None:
        """Put text in at the cursor, over what is selected: a typed character, or a paste."""
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)
