"""Copying: by the terminal, and by tmux, which by default lets no program ask its terminal."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from typing import Any, Final

from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.ui.run_in_thread import run_in_thread

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
    told = "tmux did not take it: unless your terminal copies by itself, nothing is copied."
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
