"""Another program on this machine that holds the send lock, so that this one cannot send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tracker_tui.local.file_lock import SEND_LOCK_NAME, FileLock


@contextmanager
def send_lock_held(store: Path) -> Iterator[None]:
    """Another program holds the send lock while the block runs, and sends nothing."""
    with closing(FileLock(store / SEND_LOCK_NAME)) as lock, lock.try_acquire() as is_ours:
        assert is_ours
        yield
