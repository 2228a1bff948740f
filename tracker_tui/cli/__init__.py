"""The command line, for people and for scripts: each error is one line on standard error."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from tracker_tui.cli.arguments import parse_arguments
from tracker_tui.cli.output import complain, prepare_output
from tracker_tui.errors import ReaderGone, TrackerError

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (README, "Exit status")."""
    # Starting up makes objects that stay, so collecting finds nothing. The dashboard turns it on.
    gc.disable()
    prepare_output()
    arguments = None
    try:
        arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
        status: int = arguments.run(arguments)
    except ReaderGone:
        return 1
    except TrackerError as error:
        if arguments is not None and arguments.debug:
            _log_traceback()
        complain(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _log_traceback() -> None:
    import os
    import traceback

    from tracker_tui.config.folders import find_folders
    from tracker_tui.local.private_file import append_private

    text = traceback.format_exc()
    print(text, file=sys.stderr)
    try:
        log = find_folders(os.environ).state / "debug.log"
        append_private(log, f"{text}\n".encode("utf-8", "backslashreplace"))
        complain(f"written to {log}")
    except TrackerError as error:
        complain(str(error))
