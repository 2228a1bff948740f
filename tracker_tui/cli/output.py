"""Results on standard output, messages on standard error: text, tables and JSON documents.

Standard output holds the result and nothing else, so `tracker-tui list --json | jq` works. A
message is one line on standard error that begins with "tracker-tui:".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Sequence
from contextlib import suppress
from io import UnsupportedOperation
from typing import Any, TextIO

from tracker_tui.domain.points import effective_multiplier
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import OutputError, ReaderGone


def prepare_output() -> None:
    """Print and read "?" for characters that a standard stream can't encode or decode.

    A stream that the parent process closed becomes the null device: else the next file that is
    opened would get its number.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with suppress(UnsupportedOperation):  # it was read from already
                stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Print a result; raises OutputError on a full disk, ReaderGone on a closed pipe."""
    try:
        print(text, flush=True)
    except BrokenPipeError as error:
        _close(sys.stdout)
        raise ReaderGone("The program that reads the result has ended.") from error
    except OSError as error:
        _close(sys.stdout)
        message = f"The result could not be printed: {error.strerror}."
        raise OutputError(message) from error


def complain(text: str) -> None:
    """Print a message in one line on standard error."""
    if sys.stderr is None:
        return  # closed by the parent process: `print` would use standard output instead
    try:
        print(f"tracker-tui: {text}", file=sys.stderr, flush=True)
    except OSError:
        # The message is lost; the exit status remains.
        _close(sys.stderr)


def _close(stream: TextIO) -> None:
    # Else Python flushes the stream once more at its end, and prints the error of that.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_table(rows: Sequence[Sequence[str]], right: Container[int]) -> None:
    """Print rows, the header first, in columns as wide as their widest cell.

    `right` holds the positions of right-aligned columns. Cells are printed unchanged: remove
    control characters from other people's text first.
    """
    from rich.cells import cell_len, set_cell_size

    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = (
            " " * (width - cell_len(cell)) + cell if column in right else set_cell_size(cell, width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    say("\n".join(lines))


def print_json(document: Any) -> None:
    """Print one JSON document in ASCII, so it can hold no control sequence for a terminal."""
    import json

    say(json.dumps(document, indent=2, allow_nan=False))


def resource_document(resource: Resource, updated_by: str) -> dict[str, Any]:
    """Return the JSON document of a resource (README, "JSON").

    Times are in Unix seconds; `updated_by` is the member's current name.
    """
    return {
        "id": resource.id,
        "name": resource.name,
        "category": resource.shown_category,
        "hagga": resource.hagga,
        "deep_desert": resource.deep_desert,
        "total": resource.total,
        "target": resource.target,
        "status": resource.status.value,
        "priority": bool(resource.priority),
        "multiplier": effective_multiplier(resource.multiplier),
        "updated_at": resource.updated_at,
        "updated_by": updated_by,
    }
