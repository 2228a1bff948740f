"""What earlier runs left is sent by the next one, whatever that was started for."""

from __future__ import annotations

from tracker_tui.cli.local_warnings import tell_notices
from tracker_tui.cli.output import complain
from tracker_tui.config.settings import Config
from tracker_tui.domain.messages import changes_text
from tracker_tui.errors import TrackerError
from tracker_tui.guild.database_factory import stores_of
from tracker_tui.guild.membership_factory import folder_of, membership_of
from tracker_tui.sync.store import pending_elsewhere
from tracker_tui.tracker.tracker import Tracker

_PATIENCE_SECONDS = 5.0


def send_what_waits(config: Config) -> None:
    """Send what waits for the configured database, and say so; where nothing does, do nothing."""
    try:
        membership = membership_of(config)
        own = folder_of(config, membership.member.id).name
    except TrackerError:
        return  # nobody is signed in: who it waits for is not known
    if all(left.key != own for left in pending_elsewhere(stores_of(config))):
        return
    try:
        tracker = Tracker(config, membership=membership)
    except TrackerError as error:
        _tell_why_not(str(error))
        return
    tell_notices(tracker)
    waited = len(tracker.pending())
    try:
        tracker.open().result(_PATIENCE_SECONDS)
    except TimeoutError:
        _tell_why_not("no answer came in time.")
    except TrackerError as error:
        _tell_why_not(str(error))
    finally:
        left = len(tracker.close())
        tell_notices(tracker)
    if left < waited:
        complain(f"sent {changes_text(waited - left)} of earlier runs")


def _tell_why_not(why: str) -> None:
    complain(f"The pending changes could not be sent: {why}")
