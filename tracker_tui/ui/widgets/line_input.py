"""A one-line input that takes keys the moment they arrive (see `TrackerApp.on_event`)."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.widgets import Input

from tracker_tui.domain.text import one_line


class LineInput(Input):
    """An input of one line and no border; what is pasted goes in whole, as one line."""

    LONGEST_PASTE: ClassVar[int] = 1_000

    def paste(self, text: str) -> None:
        """Put in what was pasted."""
        self.take_text(one_line(text, self.LONGEST_PASTE))

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes the first line and leaves the others out.
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    def take_text(self, text: str) -> None:
        """Put text in at the cursor, over what is selected: a typed character, or a paste."""
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)
