"""The desktop around the terminal: its clipboard and its browser.

Text is copied by OSC 52, which works over SSH. By default tmux ignores OSC 52 from programs inside
it, so inside tmux the text goes to `tmux load-buffer -w` as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.ui.background_work import run_in_thread

if TYPE_CHECKING:
    import webbrowser

_SECONDS: Final = 2.0


def copy(screen: Screen[Any], text: str, message: str = "") -> None:
    """Copy text to the clipboard and say so in a notification, by default with the text."""
    # The terminal never reports whether it copied.
    screen.app.copy_to_clipboard(text)
    message = message or f"Copied: {text}"
    if os.environ.get("TMUX"):
        _: Worker[None] = screen.run_worker(
            partial(_copy_in_tmux, screen, text, message), group="clipboard"
        )
    else:
        screen.notify(message, markup=False, timeout=2)


async def _copy_in_tmux(screen: Screen[Any], text: str, message: str) -> None:
    if await run_in_thread(partial(_load_into_tmux, text)):
        screen.notify(message, markup=False, timeout=2)
        return
    message = "tmux did not accept the text. It is copied only if your terminal supports copying."
    screen.notify(message, severity="warning", markup=False)


def _load_into_tmux(text: str) -> bool:
    """Load text into tmux, which passes it on to the clipboard of its terminal.

    An old tmux keeps it for its own paste only. Returns whether tmux accepted it.
    """
    return _run_tmux(text, "-w") or _run_tmux(text)


def _run_tmux(text: str, *options: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - the text is not part of the command
            ("tmux", "load-buffer", *options, "-"),  # noqa: S607 - the tmux of the PATH
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def find_browser() -> webbrowser.BaseBrowser | None:
    """Return a browser with windows; None over SSH, or if there is only a text browser.

    This may take seconds.
    """
    import webbrowser  # slows down the start

    if sys.platform not in ("win32", "darwin"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return None
    elif os.environ.get("SSH_CONNECTION"):
        return None
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    takes_terminal = type(browser) is webbrowser.GenericBrowser
    return None if takes_terminal else browser
