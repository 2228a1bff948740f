"""Minutes of random keys: `python -m soak --minutes 5 --seed 1 --loaded`, from the folder `tests`.

Starts a server and two other writers; with `--loaded` every core is busy too. Prints the resources
that the dashboard's process held; fails if it crashes, hangs or grows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.servers import running, unpacked_server
from soak.scenario import Scenario


def main() -> int:
    """Play one scenario; return 1 if it failed."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loaded", action="store_true", help="keep every core busy besides")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        binary = unpacked_server(folder / "unpacked")
        (folder / "server").mkdir()
        with running(binary, folder / "server") as server:
            scenario = Scenario(given.seed, server, folder / "scenario")
            try:
                scenario.play(given.minutes * 60, is_loaded=given.loaded)
            except AssertionError as error:
                say(f"seed {given.seed}: {error}")
                return 1
            finally:
                say(f"typed {scenario.typed} times, started {scenario.starts} times")
                say(f"stopped without a request: {scenario.unrequested}")
                for memory, threads, files in scenario.samples[::3]:
                    say(f"  {memory:.0f} MB, {threads} threads, {files} files")
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
