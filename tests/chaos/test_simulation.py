"""Short chaos runs with every fault; `make chaos` plays long ones."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from chaos.simulation import Simulation
from helpers.servers import Server, running

CHANGES = 60


def play(seed: int, server: Server, folder: Path) -> list[str]:
    """Play a run and return its log."""
    with ExitStack() as stack:
        simulation = Simulation(seed, server, folder, stack)
        try:
            simulation.play(CHANGES)
        except BaseException:
            print("\n".join(simulation.log[-60:]))
            raise
        return simulation.log


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_applied_twice(seed: int, server_binary: Path, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with running(server_binary, tmp_path / "server") as server:
        play(seed, server, tmp_path / "homes")


def test_the_same_seed_gives_the_same_run(server_binary: Path, tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with running(server_binary, tmp_path / "server") as server:
        first, second = (play(7, server, tmp_path / name) for name in ("first", "second"))
    assert first == second
