"""Another program of this machine that sends, so that this one may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tracker_tui.local.lock import TURN_NAME, FileLock


@contextmanager
def turn_taken(store: Path) -> Iterator[None]:
    """Another program sends for as long as the block runs, and takes nothing along."""
    with closing(FileLock(store / TURN_NAME)) as turn, turn.taken() as is_ours:
        assert is_ours
        yield
