"""Copying: by the terminal, and by tmux, which by default lets no program ask its terminal.

The browser with windows of its own, where there is one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.ui.background import run_in_thread

if TYPE_CHECKING:
    import webbrowser

_SECONDS: Final = 2.0


def copy(screen: Screen[Any], text: str, told: str = "") -> None:
    """Copy a text, and say so in a notification, or say what is `told` instead."""
    # The terminal does it or not, and never says.
    screen.app.copy_to_clipboard(text)
    told = told or f"Copied: {text}"
    if os.environ.get("TMUX"):
        _: Worker[None] = screen.run_worker(
            partial(_copy_in_tmux, screen, text, told), group="clipboard"
        )
    else:
        screen.notify(told, markup=False, timeout=2)


async def _copy_in_tmux(screen: Screen[Any], text: str, told: str) -> None:
    if await run_in_thread(partial(_given_to_tmux, text)):
        screen.notify(told, markup=False, timeout=2)
        return
    told = "tmux rejected it: it is copied only if your terminal copies by itself."
    screen.notify(told, severity="warning", markup=False)


def _given_to_tmux(text: str) -> bool:
    """Hand a text to tmux, which passes it on to the clipboard of its terminal.

    An old tmux only keeps it for its own paste. Returns whether tmux took it.
    """
    return _loaded(text, "-w") or _loaded(text)


def _loaded(text: str, *options: str) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - nothing of the text is in the command
            ("tmux", "load-buffer", *options, "-"),  # noqa: S607 - whichever tmux this is
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
    """Return a browser that leaves the terminal alone; may take a while.

    None over SSH, and where there is nothing but a browser for terminals.
    """
    import webbrowser  # the first screen must not pay for it

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
