"""`tracker-tui` and `tracker-tui demo`: sign in if necessary, then open the dashboard.

A dashboard can end with a navigation request: another profile to open, or a sign-out. The loop
here follows such requests until the player quits.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Final, TextIO

from tracker_tui.auth.discord_errors import NotSignedIn
from tracker_tui.auth.membership import Membership, Owner
from tracker_tui.cli.command_setup import print_local_warnings
from tracker_tui.cli.output import complain, say
from tracker_tui.config.settings import Config, config_without_settings, load_config
from tracker_tui.domain.change import Change, describe
from tracker_tui.domain.messages import changes_pending, needing_text, stats_sentence
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileError, OutputError, ReaderGone, UsageError, fault_of
from tracker_tui.guild.database_factory import store_location, stores_of
from tracker_tui.guild.membership_factory import as_member, membership_of
from tracker_tui.local.private_file import read_private, write_private
from tracker_tui.sync.local_store import pending_elsewhere
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.navigation import NavigationRequest

if TYPE_CHECKING:
    from tracker_tui.ui.base_app import BaseApp

_LISTED_CHANGES: Final = 6
_LAST_STORE: Final = "last-database"
"""The file in the state folder that names the store of the last dashboard."""


def open_dashboard(arguments: argparse.Namespace) -> int:
    """Open the dashboard on the configured database, and then on those the player goes to."""
    return _run_profiles(0, NavigationRequest(arguments.profile))


def open_demo(arguments: argparse.Namespace) -> int:
    """Open the dashboard on a database that is deleted at the end."""
    from tracker_tui.demo import demo_database

    del arguments  # the demo belongs to no guild, so --profile has no meaning
    config = config_without_settings(os.environ)
    with demo_database(config.member) as path:
        demo = config._replace(database=path, is_default_database=False, is_demo=True)
        status, next_request = _run_profile(demo, NavigationRequest(None))
    return _run_profiles(status, next_request)


def _run_profiles(status: int, request: NavigationRequest | None) -> int:
    """Follow navigation requests until the player quits; return the last status."""
    while request is not None and not status:
        config = load_config(os.environ, request.profile)
        for warning in config.warnings:
            # The dashboard shows them too, but an unknown name can be why it doesn't open.
            complain(warning)
        status, request = _run_profile(config, request)
    return status


def _run_profile(
    config: Config, request: NavigationRequest
) -> tuple[int, NavigationRequest | None]:
    """Sign in if necessary and run the dashboard; return the status and the next request."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise UsageError("The dashboard needs a terminal. For scripts there are `list` and `edit`.")
    membership = membership_of(config)
    if not isinstance(membership, Owner) and not membership.is_admitted:
        from tracker_tui.ui.sign_in.sign_in_app import SignInApp

        # The dashboard's imports run without the collector; the sign-in app runs for minutes.
        gc.enable()
        signed_in = _run_app(SignInApp(config, membership, request.reason))
        if signed_in is None:
            has_session = membership.session is not None
            why = "your access was not confirmed" if has_session else "you are not signed in"
            raise NotSignedIn(f"The dashboard was not opened: {why}.")
        if not signed_in.has_entered:
            return 0, signed_in
    config = as_member(config, membership.member.id)
    if not config.is_demo:
        _confirm_switch(config, is_agreed=request.is_agreed)
    status, next_request = _run_dashboard(config, membership)
    if next_request is None or not next_request.signs_out:
        return status, next_request
    from tracker_tui.cli.login import sign_out_and_report

    return sign_out_and_report(config, discard=False), None


def _is_terminal(stream: TextIO | None) -> bool:
    # A stream is None if the parent process closed it.
    return stream is not None and stream.isatty()


def _run_app(app: BaseApp) -> NavigationRequest | None:
    """Run an app; raises UnexpectedError if it crashed."""
    request = app.run()
    if app.crash is not None:
        raise fault_of(app.crash) from app.crash
    return request


def _run_dashboard(config: Config, membership: Membership) -> tuple[int, NavigationRequest | None]:
    tracker = Tracker(config, membership=membership)
    # The ledger opens in another thread while this one imports Textual.
    is_shown = Event()
    opened = tracker.open(once_shown=is_shown)
    try:
        from tracker_tui.ui.app import TrackerApp

        if opened.done() and tracker.last_refresh is None:
            opened.result()
        app = TrackerApp(tracker, is_shown)
        next_request = _run_app(app)
    finally:
        is_shown.set()
        pending = tracker.close()
        print_local_warnings(tracker)
    # The terminal may be gone, which is no reason to fail.
    with suppress(OutputError, ReaderGone):
        _print_summary(tracker, pending)
    return app.return_code or 0, next_request


def _print_summary(tracker: Tracker, pending: Sequence[Change]) -> None:
    """Print the session's changes and points, and what is pending or needs the player."""
    if tracker.stats.changes:
        say(stats_sentence(tracker.stats))
    if pending:
        listed = ", ".join(_description(change, tracker) for change in pending[:_LISTED_CHANGES])
        if len(pending) > _LISTED_CHANGES:
            listed += f" and {len(pending) - _LISTED_CHANGES} more"
        waiting = changes_pending(len(pending))
        complain(f"{waiting} on this machine; the next tracker-tui sends them: {listed}")
    if tracker.needing_player():
        complain(f"{needing_text(tracker.needing_player())}: decide in the dashboard's Outbox (o)")


def _description(change: Change, tracker: Tracker) -> str:
    place = one_line(tracker.places[change.location], 24)
    name = one_line(tracker.resource_name(change.resource_id), 60)
    return f"{name} {describe(change)} at {place}"


def _confirm_switch(config: Config, *, is_agreed: bool = False) -> None:
    """Ask before another database is opened while the last one has pending changes.

    Don't ask if the player `is_agreed` already. Raises UsageError if they say no.
    """
    folder = store_location(config).folder
    last = config.folders.state / _LAST_STORE
    try:
        before = (read_private(last) or b"").decode("utf-8").strip()
    except (LocalFileError, UnicodeDecodeError):
        before = ""
    if before == folder.name:
        return
    pending = [left for left in pending_elsewhere(stores_of(config)) if left.key == before]
    for left in () if is_agreed else pending:
        _confirm(f"{changes_pending(left.changes)} for {one_line(left.place, 80)}")
    with suppress(LocalFileError):
        # Without this file the question isn't asked, which loses nothing.
        write_private(last, folder.name.encode(), is_durable=False)


def _confirm(reason: str) -> None:
    complain(f"{reason}, on this machine, until that database is opened again.")
    try:
        answer = input("Open the other database anyway? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError(
            "Nothing opened. The pending changes are sent when that database is opened."
        )
