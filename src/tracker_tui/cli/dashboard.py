"""`tracker-tui` and `tracker-tui demo`: opening the dashboard."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tracker_tui.cli.output import complain
from tracker_tui.config import Config, config_without_settings, load_config
from tracker_tui.domain.change import Change, describe
from tracker_tui.domain.text import one_line
from tracker_tui.errors import UsageError
from tracker_tui.tracker import Tracker


def open_dashboard(arguments: argparse.Namespace) -> int:
    """Open the dashboard on the configured database."""
    return _run(load_config(os.environ, arguments.profile))


def open_demo(arguments: argparse.Namespace) -> int:
    """Open the dashboard on a database that is thrown away at the end."""
    from tracker_tui.demo import demo_database

    del arguments  # a demo belongs to no guild, so no profile
    config = config_without_settings(os.environ)
    with demo_database(config.member) as path:
        return _run(config._replace(database=path, is_default_database=False, is_demo=True))


def _run(config: Config) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The dashboard needs a terminal. For scripts there are `list` and `edit`.")
    tracker = Tracker(config)
    # The ledger opens in its own thread while Textual is imported in this one.
    opened = tracker.open()
    try:
        from tracker_tui.ui.app import TrackerApp

        if opened.done():
            opened.result()
        app = TrackerApp(tracker)
        app.run()
    finally:
        unsent = _store_the_rest(tracker)
    if unsent:
        _tell_of_unsent(unsent, tracker)
        return 1
    return app.return_code or 0


def _store_the_rest(tracker: Tracker) -> Sequence[Change]:
    waiting = len(tracker.pending())
    if waiting:
        complain(f"still storing ({waiting} pending) … ctrl+c gives up")
    try:
        return tracker.close()
    except KeyboardInterrupt:
        _tell_of_unsent(tracker.pending(), tracker)
        # The ledger's thread may hang on a lock for long, and Python would wait for it.
        os._exit(1)


def _tell_of_unsent(unsent: Sequence[Change], tracker: Tracker) -> None:
    listed = ", ".join(_told(change, tracker) for change in unsent)
    if tracker.is_unsure:
        complain(f"No answer came; look whether these are stored before you repeat them: {listed}")
    else:
        complain(f"Not stored, and lost: {listed}")


def _told(change: Change, tracker: Tracker) -> str:
    resource = tracker.resource(change.resource_id)
    name = change.resource_id if resource is None else resource.name
    place = one_line(tracker.places[change.location], 24)
    return f"{one_line(name, 60)} {describe(change)} at {place}"
