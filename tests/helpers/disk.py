"""A disk that is full, and files that other users may read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, check=False).returncode:
        pytest.skip("a separate disk needs root on Linux")
    yield folder
    # Lazily, because a failed test may still have a file open.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """Fill this folder's file system to the last byte; return the file to delete."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def others_may(folder: Path) -> dict[str, str]:
    """Return the permissions of all entries of a folder that other users can access."""
    modes = {str(path): path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    return {path: oct(mode) for path, mode in modes.items() if mode & 0o077}
