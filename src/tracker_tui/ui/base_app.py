"""What the dashboard and the door before it have in common: themes, toasts, how to leave."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.notifications import Notify, SeverityLevel

from tracker_tui.ui.departure import Departure
from tracker_tui.ui.notification import SteadyNotification
from tracker_tui.ui.themes import DARK, THEMES

_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""


class BaseApp(App[Departure]):
    """An app that ends with where to go next; None is out."""

    TITLE = "tracker-tui"
    CSS_PATH = "tracker.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
    ]

    crash: Exception | None = None
    """What ended the app that nobody expected."""

    def _handle_exception(self, error: Exception) -> None:
        self.crash = self.crash or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own prints every local variable, and one of them may hold a token.
        self.bell()
        self._close_messages_no_wait()

    def leave_for(self, departure: Departure) -> None:
        """End, and go elsewhere."""
        self.exit(departure)

    def choose_theme(self, name: str | None) -> None:
        """Show a theme, or the usual one where there is none of this name."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = name if name in self.available_themes else DARK.name

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
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                # Not on Windows, nor where the dashboard does not run in the main thread.
                with suppress(NotImplementedError, RuntimeError, ValueError):
                    status = _SIGNALLED + number
                    loop.add_signal_handler(number, partial(self.exit, return_code=status))
