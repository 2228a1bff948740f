"""Going from one guild to another, and joining one: what the palette offers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from tracker_tui.config.settings import Auth, Config, profile_names
from tracker_tui.domain.messages import changes_wait
from tracker_tui.errors import TrackerError
from tracker_tui.ui.base_app import BaseApp
from tracker_tui.ui.navigation import NavigationRequest

_FIRST = "the settings above all profiles"


class GuildSwitcher:
    """For one app, which ends where somebody goes elsewhere."""

    def __init__(
        self, app: BaseApp, config: Config, waiting: Callable[[], int] = lambda: 0
    ) -> None:
        """Offer what is there; `waiting` returns how many changes would be left behind."""
        self._app = app
        self._config = config
        self._waiting = waiting

    def commands(self) -> Iterable[SystemCommand]:
        """Return what can be done from here."""
        yield SystemCommand("Join a guild", "By an invitation, or by answering", self.join)
        others = self._others()
        if others:
            yield SystemCommand("Switch profile", "Another guild", partial(self._pick, others))

    def sign_out_command(self) -> Iterable[SystemCommand]:
        """Return how to sign out, where somebody is signed in."""
        if self._config.auth is Auth.DISCORD:
            yield SystemCommand("Sign out", "At Discord and on this machine", self._sign_out)

    def join(self) -> None:
        """Ask for a guild's settings."""
        from tracker_tui.ui.join.screen import JoinScreen

        self._app.push_screen(JoinScreen(self._config), self._go_if)

    def _others(self) -> dict[str, str]:
        try:
            names = profile_names(self._config.folders)
        except TrackerError:
            return {}  # a settings file that was damaged meanwhile: told at the next start
        found = {name: name for name in names}
        return {k: v for k, v in {"": _FIRST, **found}.items() if k != (self._config.profile or "")}

    def _pick(self, others: dict[str, str]) -> None:
        from tracker_tui.ui.widgets.pick import PickDialog

        def go(name: str | None) -> None:
            if name is not None:
                self._leave(NavigationRequest(name or None))

        self._app.push_screen(PickDialog("Switch to another profile", others), go)

    def _go_if(self, navigation_request: NavigationRequest | None) -> None:
        if navigation_request is not None:
            self._leave(navigation_request)

    def _leave(self, navigation_request: NavigationRequest) -> None:
        waiting = self._waiting()
        if not waiting:
            self._app.leave_for(navigation_request)
            return
        from tracker_tui.ui.widgets.ask_dialog import AskDialog

        screen = AskDialog(
            "Go all the same?",
            f"{changes_wait(waiting)} to be sent, on this machine, until this database is opened "
            "again.",
            "Go all the same",
            "Stay",
        )
        agreed = navigation_request._replace(is_agreed=True)
        self._go_after(screen, agreed)

    def _sign_out(self) -> None:
        from tracker_tui.ui.widgets.ask_dialog import AskDialog

        waiting = self._waiting()
        if waiting:
            told = "Changes wait, and would be lost: let them be sent first, or decide under o."
            self._app.notify(told, severity="warning", markup=False)
            return
        screen = AskDialog(
            "Sign out?",
            "Discord signs this application out for you everywhere, on other machines too. What is "
            "personal is removed from this machine.",
            "Sign out",
            "Stay",
        )
        navigation_request = NavigationRequest(self._config.profile, signs_out=True)
        self._go_after(screen, navigation_request)

    def _go_after(self, screen: Screen[bool], navigation_request: NavigationRequest) -> None:
        def go(is_sure: bool | None) -> None:
            if is_sure:
                self._app.leave_for(navigation_request)

        self._app.push_screen(screen, go)
