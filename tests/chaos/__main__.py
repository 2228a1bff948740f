"""Long chaos runs: `python -m chaos [CHANGES] [FIRST SEED] [RUNS]`, from the folder `tests`.

Prints a line for each run, and the end of its log if a check failed.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from chaos.simulation import Simulation
from helpers.servers import running, unpacked_server


def main(changes: int, first: int, runs: int) -> int:
    """Play runs with consecutive seeds; return how many failed."""
    wrong = 0
    with TemporaryDirectory() as folder:
        binary = unpacked_server(Path(folder) / "unpacked")
        for seed in range(first, first + runs):
            wrong += not _play(seed, changes, binary, Path(folder) / str(seed))
    print(f"{runs} runs, {wrong} failed")
    return wrong


def _play(seed: int, changes: int, binary: Path, folder: Path) -> bool:
    (folder / "server").mkdir(parents=True)
    started = time.monotonic()
    with running(binary, folder / "server") as server, ExitStack() as stack:
        simulation = Simulation(seed, server, folder / "homes", stack)
        try:
            simulation.play(changes)
        except AssertionError as error:
            print(f"seed {seed}: {error}", *simulation.log[-40:], sep="\n  ", flush=True)
            return False
        seconds = time.monotonic() - started
        print(
            f"seed {seed}: {simulation.typed} changes, {seconds:.0f} s;",
            *simulation.log[-2:],
            flush=True,
        )
    return True


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [1_000, 0, 5][len(given) :])))
