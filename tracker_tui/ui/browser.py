"""The browser with windows of its own, where there is one."""

from __future__ import annotations

import os
import sys
import webbrowser


def find_browser() -> webbrowser.BaseBrowser | None:
    """Return a browser that leaves the terminal alone; may take a while.

    None over SSH, and where there is nothing but a browser for terminals.
    """
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
