"""The base of the dashboard and the sign-in app: themes, notifications, crashes and signals."""

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
    """Call `handler` in the running event loop when a signal comes.

    On Windows and outside the main thread, Python's own handling stays.
    """
    with suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(number, handler)


_SIGNALLED = 128
"""A shell adds this to the number of the signal that ended a program."""
HUNG_UP = _SIGNALLED + 1
"""The exit status if the terminal is gone; SIGHUP is 1 everywhere."""


class BaseApp(App[NavigationRequest]):
    """An app that ends with a request where to go next, or None to end the program."""

    TITLE = "tracker-tui"
    # An absolute path, because subclasses lie in other folders.
    CSS_PATH = Path(__file__).with_name("tracker.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._given_theme = os.environ.get("TEXTUAL_THEME", "").strip()
        self._remembered_theme: str | None = None
        self.crash: Exception | None = None
        """The unexpected error that ended the app."""
        # Textual's own filter halves the brightness of dim text, legible or not.
        self._filters.insert(0, LegibleDim())

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own prints every local variable, and one of them may be a token.
        self.bell()
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """End the app because of an error in Textual's driver."""
        del renderables  # they may hold a token, see `_fatal_error`
        self.fail(RuntimeError("the terminal's driver"))

    def fail(self, error: Exception) -> None:
        """End the app because of an unexpected error."""
        self._handle_exception(error)

    def hang_up(self) -> None:
        """End the app because the terminal is gone."""
        self.exit(return_code=HUNG_UP)

    async def on_event(self, event: events.Event) -> None:
        """Drop clicks on a widget that was just removed: Textual crashes on them."""
        if isinstance(event, events.MouseDown) and self._is_on_removed_widget(event):
            return
        await super().on_event(event)

    def _is_on_removed_widget(self, event: events.MouseDown) -> bool:
        try:
            widget, _ = self.screen.get_widget_at(event.x, event.y)
        except (NoWidget, ScreenStackError):
            return False
        return widget.parent is None

    def pause_work(self) -> None:
        """Prepare to be stopped by Ctrl+Z."""

    def resume_work(self) -> None:
        """Continue after Ctrl+Z and `fg`."""

    def on_mount(self) -> None:
        """Redraw everything after another program had the terminal."""
        self.app_resume_signal.subscribe(self, self._redraw)

    def _redraw(self, _app: App[NavigationRequest]) -> None:
        self.refresh(layout=True)

    def get_driver_class(self) -> type[Driver]:
        """Return our driver where Textual would choose its driver for Linux and macOS."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        try:
            from tracker_tui.ui.terminal_driver import TerminalDriver
        except ImportError:
            # A Textual version without the private parts that our driver uses.
            return chosen
        return TerminalDriver

    def action_command_palette(self) -> None:
        """Open the palette, unless it is open."""
        from tracker_tui.ui.command_palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def search_themes(self) -> None:
        """Open a palette of the themes."""
        from tracker_tui.ui.command_palette import Palette

        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))

    def leave_for(self, request: NavigationRequest) -> None:
        """End the app with a request where to go next."""
        self.exit(request)

    def choose_theme(self, name: str | None) -> None:
        """Show the theme that TEXTUAL_THEME names, else the one called `name`, else the default."""
        for theme in THEMES:
            self.register_theme(theme)
        self._remembered_theme = name
        names = (self._given_theme, name, DARK.name)
        self.theme = next(each for each in names if each in self.available_themes)

    @property
    def theme_to_remember(self) -> str | None:
        """The theme that the player chose; TEXTUAL_THEME applies to one run only."""
        is_given = bool(self._given_theme) and self.theme == self._given_theme
        return self._remembered_theme if is_given else self.theme

    def warn_of_unknown_theme(self) -> None:
        """Show a warning if TEXTUAL_THEME names no theme."""
        if self._given_theme and self._given_theme not in self.available_themes:
            text = f"TEXTUAL_THEME names no theme: “{one_line(self._given_theme, 40)}”. There are "
            text += f"{', '.join(sorted(self.available_themes))}."
            self.notify(text, severity="warning", timeout=15, markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """Return the theme's variables, its text colours made legible."""
        self.theme_variables = with_legible_texts(super().get_css_variables())
        return self.theme_variables

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the one colour that Textual's own themes lack."""
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
        """Show a notification for `timeout` seconds."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        notification = SteadyNotification(message, title, severity, seconds, markup)
        self.post_message(Notify(notification))

    def leave_on_signals(self) -> None:
        """End the app in good order on SIGTERM and SIGHUP."""
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                handle_signal(number, partial(self.exit, return_code=_SIGNALLED + number))
