"""Where a player can go: to another main screen, to another guild, to the sign-in, or out.

An app ends with a `NavigationRequest`, and `tracker-tui` opens what it asks for: "Switch profile"
ends the dashboard with `NavigationRequest("raiders")`, and the dashboard of that profile follows.

This module imports Textual and the screens only when somebody goes there: `tracker-tui` needs
`NavigationRequest` before that, while the ledger opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tracker_tui.config.settings import Auth, Config, profile_names
from tracker_tui.domain.messages import changes_text
from tracker_tui.errors import TrackerError

if TYPE_CHECKING:
    from textual.app import SystemCommand
    from textual.screen import Screen

    from tracker_tui.tracker.tracker import Tracker
    from tracker_tui.ui.base_app import BaseApp
    from tracker_tui.ui.main_screen import MainScreen

_NO_PROFILE = "the settings above all profiles"


@dataclass(frozen=True)
class NavigationRequest:
    """The profile to open next; it may be the same one."""

    profile: str | None
    _: KW_ONLY
    reason: str = ""
    """Why, to be shown on the next screen."""
    has_entered: bool = False
    """Whether the player passed the sign-in app."""
    signs_out: bool = False
    """Whether to sign out and open nothing."""
    is_agreed: bool = False
    """Whether the player agreed that pending changes wait until this profile is opened again."""


def make_main_screen(name: str, tracker: Tracker) -> MainScreen:
    """Return a new main screen, one of those that are not needed at the start."""
    from tracker_tui.ui.activity.activity_screen import ActivityScreen
    from tracker_tui.ui.history.history_screen import HistoryScreen
    from tracker_tui.ui.leaderboard.leaderboard_screen import LeaderboardScreen

    screens: dict[str, type[HistoryScreen | LeaderboardScreen | ActivityScreen]] = {
        "history": HistoryScreen,
        "leaderboard": LeaderboardScreen,
        "activity": ActivityScreen,
    }
    return screens[name](tracker)


class GuildSwitcher:
    """The palette's commands for joining a guild, switching profiles and signing out."""

    def __init__(
        self, app: BaseApp, config: Config, unsettled_count: Callable[[], int] = lambda: 0
    ) -> None:
        """`unsettled_count` counts pending changes and those that need the player."""
        self._app = app
        self._config = config
        self._unsettled_count = unsettled_count

    def commands(self) -> Iterable[SystemCommand]:
        """Return the commands that lead to another guild."""
        from textual.app import SystemCommand

        yield SystemCommand("Join a guild", "With an invitation, or setting by setting", self.join)
        others = self._other_profiles()
        if others:
            yield SystemCommand("Switch profile", "Another guild", partial(self._pick, others))

    def sign_out_command(self) -> Iterable[SystemCommand]:
        """Return the command to sign out, for a guild with a sign-in."""
        from textual.app import SystemCommand

        if self._config.auth is Auth.DISCORD:
            yield SystemCommand("Sign out", "At Discord and on this machine", self._sign_out)

    def join(self) -> None:
        """Ask for a guild's settings."""
        from tracker_tui.ui.join.join_screen import JoinScreen

        self._app.push_screen(JoinScreen(self._config), self._leave_if_joined)

    def _other_profiles(self) -> dict[str, str]:
        try:
            names = profile_names(self._config.folders)
        except TrackerError:
            return {}  # the settings file was damaged since; the next start says so
        found = {"": _NO_PROFILE, **{name: name for name in names}}
        return {key: name for key, name in found.items() if key != (self._config.profile or "")}

    def _pick(self, others: dict[str, str]) -> None:
        from tracker_tui.ui.widgets.dialogs import PickDialog

        def go(name: str | None) -> None:
            if name is not None:
                self._leave(NavigationRequest(name or None))

        self._app.push_screen(PickDialog("Switch to another profile", others), go)

    def _leave_if_joined(self, request: NavigationRequest | None) -> None:
        if request is not None:
            self._leave(request)

    def _leave(self, request: NavigationRequest) -> None:
        unsettled = self._unsettled_count()
        if not unsettled:
            self._app.leave_for(request)
            return
        from tracker_tui.ui.widgets.dialogs import AskDialog

        dialog = AskDialog(
            "Switch anyway?",
            f"{changes_text(unsettled)} on this machine will wait until this database is opened "
            "again.",
            "Switch anyway",
            "Stay",
        )
        self._leave_after(dialog, replace(request, is_agreed=True))

    def _sign_out(self) -> None:
        from tracker_tui.ui.widgets.dialogs import AskDialog

        if self._unsettled_count():
            self._app.notify(
                "Changes would be lost: wait until the pending ones are sent, and decide about the "
                "others in the Outbox (o).",
                severity="warning",
                markup=False,
            )
            return
        dialog = AskDialog(
            "Sign out?",
            "Discord signs this application out for you everywhere, on other machines too. "
            "Personal files are removed from this machine.",
            "Sign out",
            "Stay",
        )
        self._leave_after(dialog, NavigationRequest(self._config.profile, signs_out=True))

    def _leave_after(self, dialog: Screen[bool], request: NavigationRequest) -> None:
        def go(is_sure: bool | None) -> None:
            if is_sure:
                self._app.leave_for(request)

        self._app.push_screen(dialog, go)
