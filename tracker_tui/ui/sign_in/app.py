"""The door: who comes to a guild's dashboard signs in here, and is let in or told why not."""

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
from tracker_tui.ui.sign_in.access_check import AccessCheckScreen
from tracker_tui.ui.sign_in.screen import SignInScreen


class SignInApp(BaseApp):
    """Ends with a departure that has entered, with one to another profile, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+p", "command_palette", "Palette", id="app.palette"),
    ]

    def __init__(self, config: Config, membership: GuildMembership, told: str = "") -> None:
        """`told` says why somebody who was inside is here."""
        super().__init__()
        self._config = config
        self._membership = membership
        self._told = told
        self._guild = name_of(config)
        self._navigation_request: NavigationRequest | None = None
        self._guilds = GuildSwitcher(self, config)
        self.choose_theme(load_preferences(preferences_path(config)).theme)

    def on_mount(self) -> None:
        """Receive whoever comes."""
        self.leave_on_signals()
        self.warn_of_unknown_theme()
        self.set_keymap(dict(self._config.keys))
        self._receive()

    @work(exclusive=True, group="door")
    async def _receive(self) -> None:
        has_session = self._membership.session is not None
        because = self._membership.signed_out_because
        told = self._told or (str(because) if because is not None else "")
        while True:
            if not has_session:
                if not await self._signed_in(told):
                    break
                if self._membership.is_admitted:
                    self._let_in()
                    break
            threshold = AccessCheckScreen(self._config, self._membership, self._guild)
            choice = await self.push_screen_wait(threshold)
            if choice != "sign-in":
                if choice is not None:
                    self._let_in()
                break
            told, has_session = threshold.told, False
        self.exit(self._navigation_request)

    async def _signed_in(self, told: str) -> bool:
        screen = SignInScreen(self._membership, self._guild, told)
        return await self.push_screen_wait(screen) is not None

    def _let_in(self) -> None:
        self._navigation_request = NavigationRequest(self._config.profile, has_entered=True)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer other guilds, and how to leave."""
        del screen
        yield from self._guilds.commands()
        yield SystemCommand("Quit", "Close the program", self.action_quit)
