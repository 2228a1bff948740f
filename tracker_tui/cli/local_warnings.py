"""What a command tells besides: of settings, and of this machine's own files."""

from __future__ import annotations

import argparse
import os

from tracker_tui.cli.output import complain
from tracker_tui.config.settings import Config, load_config
from tracker_tui.tracker.events import Event, LocalWarning
from tracker_tui.tracker.tracker import Tracker


def configured(arguments: argparse.Namespace) -> Config:
    """Return the settings of a command, and print what is wrong with their names."""
    config = load_config(os.environ, arguments.profile)
    for warning in config.warnings:
        complain(warning)
    return config


def tell_notices(tracker: Tracker) -> None:
    """Print the notices of a tracker, those of its opening too."""

    def hear(event: Event) -> None:
        if isinstance(event, LocalWarning):
            complain(event.message)

    tracker.listen(hear)
