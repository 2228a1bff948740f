"""Standard output and standard error, whatever is behind them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import UnsupportedOperation
from typing import TextIO

from tracker_tui.errors import OutputError, ReaderGone


def prepare_output() -> None:
    """Let no arrow or star fail on an output that has none: it becomes a question mark.

    Where one was closed by whoever started us, no file that is opened later gets its number.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # Nor an answer on what was typed: a byte that is no text becomes a replacement character.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with suppress(UnsupportedOperation):  # read from already, so it has to stay as it is
                stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Print a result; raises OutputError on a full disk, ReaderGone on a closed pipe."""
    try:
        print(text, flush=True)
    except BrokenPipeError as error:
        _close(sys.stdout)
        raise ReaderGone("Nobody reads the result.") from error
    except OSError as error:
        _close(sys.stdout)
        message = f"The result could not be printed: {error.strerror}."
        raise OutputError(message) from error


def complain(text: str) -> None:
    """Print one line for the person in front of it."""
    if sys.stderr is None:
        return  # closed by whoever started us: `print` would take standard output instead
    try:
        print(f"tracker-tui: {text}", file=sys.stderr, flush=True)
    except OSError:
        # Nobody listens at all; the exit status still tells.
        _close(sys.stderr)


def _close(stream: TextIO) -> None:
    # Python would try once more when it ends, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
