"""Long evenings: `python -m chaos [CHANGES] [FIRST SEED] [EVENINGS]`, from the folder `tests`.

Prints what came of each; the last lines of its log where something did not hold.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from chaos.simulation import Evening
from helpers.servers import running, unpacked_server


def main(changes: int, first: int, evenings: int) -> int:
    """Play evenings, each with a seed of its own; return how many went wrong."""
    wrong = 0
    with TemporaryDirectory() as folder:
        binary = unpacked_server(Path(folder) / "unpacked")
        for seed in range(first, first + evenings):
            wrong += not _play(seed, changes, binary, Path(folder) / str(seed))
    print(f"{evenings} evenings, {wrong} went wrong")
    return wrong


def _play(seed: int, changes: int, binary: Path, folder: Path) -> bool:
    (folder / "server").mkdir(parents=True)
    started = time.monotonic()
    with running(binary, folder / "server") as server, ExitStack() as stack:
        evening = Evening(seed, server, folder / "homes", stack)
        try:
            evening.play(changes)
        except AssertionError as error:
            print(f"seed {seed}: {error}", *evening.log[-40:], sep="\n  ", flush=True)
            return False
        seconds = time.monotonic() - started
        print(
            f"seed {seed}: {evening.typed} changes, {seconds:.0f} s;", *evening.log[-2:], flush=True
        )
    return True


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [1_000, 0, 5][len(given) :])))
