"""What the tracker tells, as a Textual message: it crosses from its thread to the screens."""

from __future__ import annotations

from textual.message import Message

from tracker_tui.tracker.events import Event


class TrackerMessage(Message, bubble=False):
    """Something happened in one of the tracker's threads."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__()
