"""The settings and the tracker of a command, and the warnings of both on standard error."""

from __future__ import annotations

import argparse
import os
from typing import Final

from tracker_tui.cli.output import complain
from tracker_tui.config.settings import Config, load_config
from tracker_tui.domain.messages import changes_text
from tracker_tui.errors import TrackerError
from tracker_tui.guild.database_factory import stores_of
from tracker_tui.guild.membership_factory import folder_of, membership_of
from tracker_tui.sync.local_store import pending_elsewhere
from tracker_tui.tracker.events import Event, LocalWarning
from tracker_tui.tracker.tracker import Tracker

_SENDING_SECONDS: Final = 5.0


def load_settings(arguments: argparse.Namespace) -> Config:
    """Load the settings of a command, and print warnings about unknown names in them."""
    config = load_config(os.environ, arguments.profile)
    for warning in config.warnings:
        complain(warning)
    return config


def print_local_warnings(tracker: Tracker) -> None:
    """Print warnings about this machine's files, those from before this call included."""

    def print_warning(event: Event) -> None:
        if isinstance(event, LocalWarning):
            complain(event.message)

    tracker.listen(print_warning)


def send_pending(config: Config) -> None:
    """Send the changes of earlier runs, and print how many arrived.

    Do nothing if there are none, or if no member is signed in. A failure is printed, not raised.
    """
    try:
        membership = membership_of(config)
        own = folder_of(config, membership.member.id).name
    except TrackerError:
        return
    if all(left.key != own for left in pending_elsewhere(stores_of(config))):
        return
    try:
        tracker = Tracker(config, membership=membership)
    except TrackerError as error:
        _print_failure(str(error))
        return
    print_local_warnings(tracker)
    before = len(tracker.pending())
    try:
        tracker.open().result(_SENDING_SECONDS)
    except TimeoutError:
        _print_failure("no answer came in time.")
    except TrackerError as error:
        _print_failure(str(error))
    finally:
        after = len(tracker.close())
        print_local_warnings(tracker)
    if after < before:
        complain(f"sent {changes_text(before - after)} of earlier runs")


def _print_failure(why: str) -> None:
    complain(f"The pending changes could not be sent: {why}")
