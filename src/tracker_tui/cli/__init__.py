"""The command line, for people and for scripts: one clear line where something is wrong."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from tracker_tui.cli.arguments import parse_arguments
from tracker_tui.errors import TrackerError

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (README, "Exit status")."""
    # Nothing that a start makes is garbage. The dashboard turns collecting on when it runs.
    gc.disable()
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except TrackerError as error:
        if arguments.debug:
            _log_traceback()
        print(f"tracker-tui: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _log_traceback() -> None:
    import traceback

    from tracker_tui.config import find_folders

    text = traceback.format_exc()
    print(text, file=sys.stderr)
    log = find_folders(os.environ).state / "debug.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
        print(f"tracker-tui: written to {log}", file=sys.stderr)
    except OSError as error:
        print(f"tracker-tui: {log} could not be written: {error.strerror}", file=sys.stderr)
