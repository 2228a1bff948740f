"""What a command tells of this machine's own files: set aside, not writable."""

from __future__ import annotations

from tracker_tui.cli.output import complain
from tracker_tui.events import Event, Noticed
from tracker_tui.tracker import Tracker


def tell_notices(tracker: Tracker) -> None:
    """Print the notices of a tracker, those of its opening too."""

    def hear(event: Event) -> None:
        if isinstance(event, Noticed):
            complain(event.message)

    tracker.listen(hear)
