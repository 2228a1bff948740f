"""`tracker-tui` and `tracker-tui demo`: opening the dashboard."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Event

from tracker_tui.cli.output import complain, say
from tracker_tui.config import Config, config_without_settings, load_config
from tracker_tui.domain.change import Change, describe
from tracker_tui.domain.text import one_line
from tracker_tui.domain.wording import tally_sentence
from tracker_tui.errors import UsageError
from tracker_tui.opening import site_of, stores_of
from tracker_tui.sync.store import left_behind
from tracker_tui.tracker import Tracker

_LISTED_AT_MOST = 6
_LAST_STORE = "last-database"
"""In the state folder: the store that the dashboard was last opened on."""


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
    if not config.is_demo:
        _ask_before_switching(config)
    tracker = Tracker(config)
    # The ledger opens in its own thread while Textual is imported in this one.
    is_shown = Event()
    opened = tracker.open(once_shown=is_shown)
    try:
        from tracker_tui.ui.app import TrackerApp

        if opened.done() and tracker.last_refresh is None:
            opened.result()
        app = TrackerApp(tracker, is_shown)
        app.run()
    finally:
        is_shown.set()
        unsent = tracker.close()
    _say_farewell(tracker, unsent)
    return app.return_code or 0


def _say_farewell(tracker: Tracker, unsent: Sequence[Change]) -> None:
    """Tell what the session has brought, and what is still to be sent."""
    if tracker.tally.changes:
        say(tally_sentence(tracker.tally))
    if unsent:
        listed = ", ".join(_told(change, tracker) for change in unsent[:_LISTED_AT_MOST])
        if len(unsent) > _LISTED_AT_MOST:
            listed += f" and {len(unsent) - _LISTED_AT_MOST} more"
        changes = "1 change waits" if len(unsent) == 1 else f"{len(unsent)} changes wait"
        complain(f"{changes} on this machine, and the next tracker-tui sends them: {listed}")
    if tracker.needing_player():
        complain(f"{len(tracker.needing_player())} refused: the dashboard has them under o")


def _ask_before_switching(config: Config) -> None:
    """Ask whoever leaves a database for another one while changes wait for the first.

    Raises UsageError where the answer is no.
    """
    site = site_of(config)
    last = config.folders.state / _LAST_STORE
    try:
        before = last.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        before = ""
    if before != site.folder.name:
        waiting = [left for left in left_behind(stores_of(config)) if left.key == before]
        for left in waiting:
            changes = "1 change waits" if left.how_many == 1 else f"{left.how_many} changes wait"
            _ask(f"{changes} for {one_line(left.place, 80)}")
        with suppress(OSError):
            # Only a question is at stake; where nothing can be written, none is asked.
            last.parent.mkdir(parents=True, exist_ok=True)
            last.write_text(site.folder.name, encoding="utf-8")


def _ask(told: str) -> None:
    complain(f"{told}, on this machine, until that database is opened again.")
    try:
        answer = input("Open the other database all the same? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing opened. The changes are sent when that database is opened.")


def _told(change: Change, tracker: Tracker) -> str:
    resource = tracker.resource(change.resource_id)
    name = change.resource_id if resource is None else resource.name
    place = one_line(tracker.places[change.location], 24)
    return f"{one_line(name, 60)} {describe(change)} at {place}"
