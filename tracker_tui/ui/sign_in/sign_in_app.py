"""The app that runs before a guild's dashboard: it signs a member in and checks their access.

With a session on this machine it starts at the access check; without one at the sign-in. Once the
member may enter, it ends with a navigation request, and the dashboard opens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Config
from tracker_tui.guild.database_factory import name_of
from tracker_tui.ui.base_app import BaseApp
from tracker_tui.ui.navigation import GuildSwitcher, NavigationRequest
from tracker_tui.ui.preferences import load_preferences, preferences_path
from tracker_tui.ui.sign_in.access_check_screen import AccessCheckScreen
from tracker_tui.ui.sign_in.sign_in_screen import SignInScreen


class SignInApp(BaseApp):
    """Ends with a request to open the dashboard or another profile, or with None to quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", id="app.palette"),
    ]

    def __init__(self, config: Config, membership: GuildMembership, reason: str = "") -> None:
        """`reason` says why a member who was inside is back here."""
        super().__init__()
        self._config = config
        self._membership = membership
        self._reason = reason
        self._guild = name_of(config)
        self._navigation_request: NavigationRequest | None = None
        self._guilds = GuildSwitcher(self, config)
        self.choose_theme(load_preferences(preferences_path(config)).theme)

    def on_mount(self) -> None:
        """Open the first screen."""
        self.leave_on_signals()
        self.warn_of_unknown_theme()
        self.set_keymap(dict(self._config.keys))
        self._run_screens()

    @work(exclusive=True, group="sign-in")
    async def _run_screens(self) -> None:
        has_session = self._membership.session is not None
        signed_out_because = self._membership.signed_out_because
        reason = self._reason or str(signed_out_because or "")
        while True:
            if not has_session:
                if not await self._sign_in(reason):
                    break
                if self._membership.is_admitted:
                    self._open_dashboard()
                    break
            access_check = AccessCheckScreen(self._config, self._membership, self._guild)
            choice = await self.push_screen_wait(access_check)
            if choice != "sign-in":
                if choice is not None:
                    self._open_dashboard()
                break
            reason, has_session = access_check.reason, False
        self.exit(self._navigation_request)

    async def _sign_in(self, reason: str) -> bool:
        screen = SignInScreen(self._membership, self._guild, reason)
        return await self.push_screen_wait(screen) is not None

    def _open_dashboard(self) -> None:
        self._navigation_request = NavigationRequest(self._config.profile, has_entered=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer other guilds, and to quit."""
        del screen
        yield from self._guilds.commands()
        yield SystemCommand("Quit", "Close the program", self.action_quit)
