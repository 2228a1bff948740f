"""`tracker-tui` and `tracker-tui demo`: opening the dashboard."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, TextIO

from tracker_tui.auth.errors import NotSignedIn
from tracker_tui.auth.membership import Membership, Owner
from tracker_tui.cli.local_warnings import tell_notices
from tracker_tui.cli.output import complain, say
from tracker_tui.config.settings import Config, config_without_settings, load_config
from tracker_tui.domain.change import Change, describe
from tracker_tui.domain.messages import changes_pending, needing_text, stats_sentence
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileError, OutputError, ReaderGone, UsageError, fault_of
from tracker_tui.guild.database_factory import store_location, stores_of
from tracker_tui.guild.membership_factory import as_member, membership_of
from tracker_tui.local.private_file import read_private, write_private
from tracker_tui.sync.store import pending_elsewhere
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.navigation import NavigationRequest

if TYPE_CHECKING:
    from tracker_tui.auth.guild_membership import GuildMembership
    from tracker_tui.ui.base_app import BaseApp

_LISTED_AT_MOST = 6
_LAST_STORE = "last-database"
"""In the state folder: the store that the dashboard was last opened on."""


def open_dashboard(arguments: argparse.Namespace) -> int:
    """Open the dashboard on the configured database, and on others from there."""
    return _run_profiles(0, NavigationRequest(arguments.profile))


def open_demo(arguments: argparse.Namespace) -> int:
    """Open the dashboard on a database that is thrown away at the end."""
    from tracker_tui.demo import demo_database

    del arguments  # a demo belongs to no guild, so no profile
    config = config_without_settings(os.environ)
    with demo_database(config.member) as path:
        demo = config._replace(database=path, is_default_database=False, is_demo=True)
        status, left_for = _run_profile(demo, NavigationRequest(None))
    # Who goes elsewhere from a demo means it.
    return _run_profiles(status, left_for)


def _run_profiles(status: int, navigation_request: NavigationRequest | None) -> int:
    """Open one profile after the other until somebody has enough; return the last status."""
    while navigation_request is not None and not status:
        config = load_config(os.environ, navigation_request.profile)
        for warning in config.warnings:
            # Here too: a start that ends with an error may end with it because of this.
            complain(warning)
        status, navigation_request = _run_profile(config, navigation_request)
    return status


def _run_profile(
    config: Config, navigation_request: NavigationRequest
) -> tuple[int, NavigationRequest | None]:
    """Let somebody in and show them the dashboard; return the status and where they go next."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise UsageError("The dashboard needs a terminal. For scripts there are `list` and `edit`.")
    membership = membership_of(config)
    if not isinstance(membership, Owner) and not membership.is_admitted:
        passed = _at_the_door(config, membership, navigation_request.reason)
        if passed is None:
            raise NotSignedIn("Nothing was opened: nobody signed in who may enter.")
        if not passed.has_entered:
            return 0, passed
    config = as_member(config, membership.member.id)
    if not config.is_demo:
        _ask_before_switching(config, is_agreed=navigation_request.is_agreed)
    status, left_for = _dashboard(config, membership)
    if left_for is None or not left_for.signs_out:
        return status, left_for
    from tracker_tui.cli.login import sign_out_and_tell

    return sign_out_and_tell(config, discard=False), None


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether there is a terminal; None is what was closed by whoever started us."""
    return stream is not None and stream.isatty()


def _at_the_door(
    config: Config, membership: GuildMembership, told: str
) -> NavigationRequest | None:
    """Let somebody sign in; returns None if they left."""
    from tracker_tui.ui.sign_in.app import SignInApp

    # A dashboard is to open at once; what comes before it pays for its own imports.
    gc.enable()
    return _left(SignInApp(config, membership, told))


def _left(app: BaseApp) -> NavigationRequest | None:
    """Run an app; raises UnexpectedError where it ended by a fault of its own."""
    navigation_request = app.run()
    if app.crash is not None:
        raise fault_of(app.crash) from app.crash
    return navigation_request


def _dashboard(config: Config, membership: Membership) -> tuple[int, NavigationRequest | None]:
    tracker = Tracker(config, membership=membership)
    # The ledger opens in its own thread while Textual is imported in this one.
    is_shown = Event()
    opened = tracker.open(once_shown=is_shown)
    try:
        from tracker_tui.ui.app import TrackerApp

        if opened.done() and tracker.last_refresh is None:
            opened.result()
        app = TrackerApp(tracker, is_shown)
        left_for = _left(app)
    finally:
        is_shown.set()
        unsent = tracker.close()
        tell_notices(tracker)
    _say_farewell(tracker, unsent)
    return app.return_code or 0, left_for


def _say_farewell(tracker: Tracker, unsent: Sequence[Change]) -> None:
    """Tell what the session has brought, and what is still to be sent; nobody may be there."""
    with suppress(OutputError, ReaderGone):
        _tell_of_session(tracker, unsent)


def _tell_of_session(tracker: Tracker, unsent: Sequence[Change]) -> None:
    if tracker.stats.changes:
        say(stats_sentence(tracker.stats))
    if unsent:
        listed = ", ".join(_told(change, tracker) for change in unsent[:_LISTED_AT_MOST])
        if len(unsent) > _LISTED_AT_MOST:
            listed += f" and {len(unsent) - _LISTED_AT_MOST} more"
        waiting = changes_pending(len(unsent))
        complain(f"{waiting} on this machine; the next tracker-tui sends them: {listed}")
    if tracker.needing_player():
        complain(f"{needing_text(tracker.needing_player())}: decide in the dashboard's Outbox (o)")


def _ask_before_switching(config: Config, *, is_agreed: bool = False) -> None:
    """Ask whoever leaves a database for another one while changes wait for the first.

    Not where it `is_agreed` already. Raises UsageError where the answer is no.
    """
    site = store_location(config)
    last = config.folders.state / _LAST_STORE
    try:
        before = (read_private(last) or b"").decode("utf-8").strip()
    except (LocalFileError, UnicodeDecodeError):
        before = ""
    if before != site.folder.name:
        waiting = [left for left in pending_elsewhere(stores_of(config)) if left.key == before]
        for left in () if is_agreed else waiting:
            _ask(f"{changes_pending(left.changes)} for {one_line(left.place, 80)}")
        with suppress(LocalFileError):
            # Only a question is at stake; where nothing can be written, none is asked.
            write_private(last, site.folder.name.encode(), is_durable=False)


def _ask(told: str) -> None:
    complain(f"{told}, on this machine, until that database is opened again.")
    try:
        answer = input("Open the other database anyway? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError(
            "Nothing opened. The pending changes are sent when that database is opened."
        )


def _told(change: Change, tracker: Tracker) -> str:
    resource = tracker.resource(change.resource_id)
    name = change.resource_id if resource is None else resource.name
    place = one_line(tracker.places[change.location], 24)
    return f"{one_line(name, 60)} {describe(change)} at {place}"
