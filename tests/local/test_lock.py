"""The turn to send: one at a time on a machine, and free again however its holder ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from helpers.processes import SECONDS, await_line, start
from tracker_tui.errors import LocalFileError
from tracker_tui.local.lock import TURN_NAME, FileLock

TAKE = """
import sys
from pathlib import Path
from tracker_tui.local.lock import FileLock
with FileLock(Path(sys.argv[1])).taken() as is_ours:
    print("ours" if is_ours else "taken", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key" / TURN_NAME


@contextmanager
def other_program(path: Path) -> Iterator[Popen[str]]:
    process = start(TAKE, path)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def is_free(path: Path) -> bool:
    turn = FileLock(path)
    try:
        with turn.taken() as is_ours:
            return is_ours
    finally:
        turn.close()


def test_one_program_of_many_has_the_turn(path: Path) -> None:
    with other_program(path) as a, other_program(path) as b, other_program(path) as c:
        assert sorted(await_line(process) for process in (a, b, c)) == ["ours", "taken", "taken"]
        assert not is_free(path)


def test_the_turn_of_a_program_that_ends_is_free(path: Path) -> None:
    with other_program(path) as process:
        assert await_line(process) == "ours"
        process.communicate("let go\n", timeout=SECONDS)
        assert is_free(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_the_turn_of_a_program_that_is_killed_is_free(path: Path) -> None:
    with other_program(path) as process:
        assert await_line(process) == "ours"
        assert not is_free(path)
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        assert is_free(path)


def test_one_within_a_program_has_the_turn_and_then_another(path: Path) -> None:
    first, second = FileLock(path), FileLock(path)
    for _ in range(2):
        with first.taken() as is_firsts, second.taken() as is_seconds:
            assert (is_firsts, is_seconds) == (True, False)
        with second.taken() as is_seconds, first.taken() as is_firsts:
            assert (is_firsts, is_seconds) == (False, True)
    first.close()
    second.close()


def test_a_turn_that_ends_with_an_error_is_free(path: Path) -> None:
    turn = FileLock(path)

    def fail() -> None:
        with turn.taken():
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert is_free(path)
    turn.close()


def test_the_file_stays_empty(path: Path) -> None:
    assert is_free(path)
    assert path.read_bytes() == b""


def test_a_file_that_cannot_be_used_is_one_clear_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LocalFileError, match=TURN_NAME), FileLock(path).taken():
        pytest.fail("nobody can have it")
