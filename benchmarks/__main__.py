"""`make bench`: measure the rows and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from platform import python_version

from benchmarks.databases import Databases
from benchmarks.pty_probe import Unanswered
from benchmarks.report import HEADING, as_text
from benchmarks.rows import ROWS, Bench


def main() -> int:
    """Measure the rows; return 1 if something could not be measured, never for a slow result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, coarser numbers")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)}; default: all")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.rows if name not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)} (there are {', '.join(ROWS)})")
    textual = metadata.version("textual")
    print(f"Python {python_version()}, Textual {textual}; medians, in turns with the baseline\n")
    print(HEADING)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        bench = Bench(Databases(Path(folder)), is_quick=arguments.quick)
        for name in arguments.rows or ROWS:
            try:
                for line in ROWS[name](bench):
                    print(as_text(line), flush=True)
            except Unanswered as problem:
                failures += 1
                print(f"| {name} | could not be measured: {problem}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
