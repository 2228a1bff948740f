"""Signals of the system, handled between two events of the dashboard.

What the dashboard and the door before it have in common: themes, toasts, how to leave.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual import events
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.errors import NoWidget
from textual.notifications import Notify, SeverityLevel
from textual.theme import ThemeProvider

from tracker_tui.domain.text import one_line
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.notifications import SteadyNotification
from tracker_tui.ui.themes import DARK, THEMES, LegibleDim, with_legible_texts


def handle_signal(number: int, handler: Callable[[], object]) -> None:
    """Call `handler` in the running loop when a signal comes.

    Windows cannot do this, nor can a dashboard outside the main thread: they keep what Python does.
    """
    with suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(number, handler)


_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""
HUNG_UP = _SIGNALLED + 1
"""The exit status where the terminal is gone; SIGHUP is 1 everywhere."""


class BaseApp(App[NavigationRequest]):
    """An app that ends with where to go next; None is out."""

    TITLE = "tracker-tui"
    # An absolute path: a subclass lies in another folder.
    CSS_PATH = Path(__file__).with_name("tracker.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._given_theme = os.environ.get("TEXTUAL_THEME", "").strip()
        self._remembered_theme: str | None = None
        self.crash: Exception | None = None
        """What ended the app that nobody expected."""
        # Textual's own filters make dim text half as bright, whatever that leaves of it.
        self._filters.insert(0, LegibleDim())

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own prints every local variable, and one of them may hold a token.
        self.bell()
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """End by a fault that Textual met outside of any message."""
        del renderables  # see `_fatal_error`
        self.fail(RuntimeError("the terminal's driver"))

    def fail(self, error: Exception) -> None:
        """End by a fault of the program's own."""
        self._handle_exception(error)

    def hang_up(self) -> None:
        """End because the terminal is gone."""
        self.exit(return_code=HUNG_UP)

    async def on_event(self, event: events.Event) -> None:
        """Drop a click on a widget that was just removed: Textual fails to find where it stood."""
        if isinstance(event, events.MouseDown) and self._is_on_removed_widget(event):
            return
        await super().on_event(event)

    def _is_on_removed_widget(self, event: events.MouseDown) -> bool:
        try:
            widget, _ = self.screen.get_widget_at(event.x, event.y)
        except (NoWidget, ScreenStackError):
            return False
        return widget.parent is None

    def rest(self) -> None:
        """Prepare for the process to be stopped."""

    def wake(self) -> None:
        """Go on after that."""

    def on_mount(self) -> None:
        """Draw everything anew whenever the terminal was somebody else's."""
        self.app_resume_signal.subscribe(self, self._draw_anew)

    def _draw_anew(self, _app: App[NavigationRequest]) -> None:
        self.refresh(layout=True)

    def get_driver_class(self) -> type[Driver]:
        """Return the driver of our own, where Textual would take its own for such a terminal."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        try:
            from tracker_tui.ui.terminal_driver import TerminalDriver
        except ImportError:
            # Another Textual, without what ours is made of: its own reads keys too.
            return chosen
        return TerminalDriver

    def action_command_palette(self) -> None:
        """Open the palette, once."""
        from tracker_tui.ui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Offer the themes in a palette of their own."""
        from tracker_tui.ui.palette import Palette

        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))

    def leave_for(self, navigation_request: NavigationRequest) -> None:
        """End, and go elsewhere."""
        self.exit(navigation_request)

    def choose_theme(self, name: str | None) -> None:
        """Show the theme that TEXTUAL_THEME names, else the one of a name, else the usual one."""
        for theme in THEMES:
            self.register_theme(theme)
        self._remembered_theme = name
        wanted = (self._given_theme, name, DARK.name)
        self.theme = next(each for each in wanted if each in self.available_themes)

    @property
    def theme_to_remember(self) -> str | None:
        """The theme that the player chose; TEXTUAL_THEME holds for one run."""
        is_given = bool(self._given_theme) and self.theme == self._given_theme
        return self._remembered_theme if is_given else self.theme

    def tell_of_unknown_theme(self) -> None:
        """Say that TEXTUAL_THEME names no theme."""
        if self._given_theme and self._given_theme not in self.available_themes:
            told = f"TEXTUAL_THEME names no theme: “{one_line(self._given_theme, 40)}”. There are "
            told += f"{', '.join(sorted(self.available_themes))}."
            self.notify(told, severity="warning", timeout=15, markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's variables, with text colours that can be read."""
        self.theme_variables = with_legible_texts(super().get_css_variables())
        return self.theme_variables

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give Textual's own themes the one colour that only ours define."""
        return {"above": DARK.variables["above"]}

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast, for `timeout` seconds."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        told = SteadyNotification(message, title, severity, seconds, markup)
        self.post_message(Notify(told))

    def leave_on_signals(self) -> None:
        """Leave in good order when the terminal is closed or the program is ended from outside."""
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                handle_signal(number, partial(self.exit, return_code=_SIGNALLED + number))
