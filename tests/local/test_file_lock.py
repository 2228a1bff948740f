"""A file lock has one holder on a machine, and is released however its holder ends."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from helpers.processes import SECONDS, await_line, start
from tracker_tui.errors import LocalFileError
from tracker_tui.local.file_lock import SEND_LOCK_NAME, FileLock

HOLD = """
import sys
from pathlib import Path
from tracker_tui.local.file_lock import FileLock
with FileLock(Path(sys.argv[1])).try_acquire() as is_ours:
    print("ours" if is_ours else "held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key" / SEND_LOCK_NAME


def is_free(path: Path) -> bool:
    lock = FileLock(path)
    try:
        with lock.try_acquire() as is_ours:
            return is_ours
    finally:
        lock.close()


@pytest.mark.parametrize("is_killed", [False, True], ids=["ends", "killed"])
def test_another_program_holds_the_lock_until_its_end(path: Path, *, is_killed: bool) -> None:
    process = start(HOLD, path)
    try:
        assert await_line(process) == "ours"
        assert not is_free(path)
        if is_killed:
            process.kill()
        process.communicate(None if is_killed else "release\n", timeout=SECONDS)
        assert is_free(path)
        assert path.read_bytes() == b""
    finally:
        process.kill()


def test_one_lock_within_a_program_holds_off_another_until_an_error(path: Path) -> None:
    first, second = FileLock(path), FileLock(path)
    for _ in range(2):
        with first.try_acquire() as is_firsts, second.try_acquire() as is_seconds:
            assert (is_firsts, is_seconds) == (True, False)
        with second.try_acquire() as is_seconds, first.try_acquire() as is_firsts:
            assert (is_firsts, is_seconds) == (False, True)
    with suppress(KeyError), first.try_acquire():
        raise KeyError
    assert is_free(path)
    first.close()
    second.close()


def test_a_file_that_cannot_be_used_is_one_clear_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LocalFileError, match=SEND_LOCK_NAME), FileLock(path).try_acquire():
        pytest.fail("nothing can hold it")
