"""The program's SQLite files: created once, never overwritten, with clear errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from helpers.other_schemas import ask
from helpers.processes import locked, run_together
from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.local.sqlite_file import LocalFile, set_aside

SCHEMA = "CREATE TABLE notes (text); CREATE TABLE more (text)"
MAKE = f"""
import sys
from pathlib import Path
from tracker_tui.local.sqlite_file import LocalFile
print("ready", flush=True)
sys.stdin.readline()
file = LocalFile(Path(sys.argv[1]), {SCHEMA!r}, 1, is_durable=True)
with file.transaction() as connection:
    connection.execute("INSERT INTO notes VALUES (?)", (sys.argv[2],))
file.close()
"""
Open = Callable[..., LocalFile]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own" / "file.db"


@pytest.fixture
def open_file(path: Path) -> Iterator[Open]:
    made: list[LocalFile] = []

    def make(version: int = 1, *, is_durable: bool = True) -> LocalFile:
        made.append(LocalFile(path, SCHEMA, version, is_durable=is_durable))
        return made[-1]

    yield make
    for file in made:
        file.close()


def write(file: LocalFile, text: str) -> None:
    with file.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))


def read(file: LocalFile) -> list[str]:
    with file.reading() as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes")]


def test_programs_that_start_together_create_a_file_once(path: Path) -> None:
    run_together(MAKE, [[path, name] for name in "abc"])
    assert sorted(ask(path, "SELECT text FROM notes")) == [("a",), ("b",), ("c",)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_garbage_and_a_file_cut_short_anywhere_are_damaged_and_stay_as_they_are(
    path: Path, open_file: Open
) -> None:
    file = open_file()
    for number in range(40):
        write(file, f"{number} " * 400)
    file.close()
    whole = path.read_bytes()
    lengths = (100, 512, 4096, len(whole) // 2, len(whole) - 4096)
    garbage = (b"garbage", b"garbage" * 1000, b"SQLite format 3\0" + b"\1" * 500)
    for content in (*garbage, *(whole[:length] for length in lengths)):
        path.write_bytes(content)
        for is_durable in (True, False):
            with pytest.raises(LocalFileDamaged, match="is damaged"):
                open_file(is_durable=is_durable)
            assert path.read_bytes() == content


def test_only_a_replaceable_file_of_another_version_may_be_set_aside(
    path: Path, open_file: Open
) -> None:
    write(open_file(version=2), "precious")
    with pytest.raises(LocalFileError, match="another version") as caught:
        open_file(version=1)
    assert not isinstance(caught.value, LocalFileDamaged)
    assert read(open_file(version=2)) == ["precious"]
    with pytest.raises(LocalFileDamaged, match="another version"):
        open_file(version=1, is_durable=False)
    if sys.platform != "win32":
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_removed_or_replaced_while_open_is_opened_again(
    tmp_path: Path, path: Path, open_file: Open
) -> None:
    file = open_file()
    write(file, "before")
    removed = set_aside(path)
    assert file.changed_elsewhere()
    assert not file.changed_elsewhere()
    write(file, "after")
    assert read(file) == ["after"]
    assert ask(path, "SELECT text FROM notes") == [("after",)]
    assert ask(removed, "SELECT text FROM notes") == [("before",)]
    backup = LocalFile(tmp_path / "backup.db", SCHEMA, 1, is_durable=True)
    write(backup, "new")
    backup.close()
    removed.unlink()
    set_aside(path)
    (tmp_path / "backup.db").rename(path)
    assert file.is_another_file()
    assert not file.is_another_file()
    assert read(file) == ["new"]


def test_only_changes_by_others_count_as_changes_elsewhere(open_file: Open) -> None:
    mine, other = open_file(), open_file()
    write(mine, "mine")
    assert not mine.changed_elsewhere()
    assert other.changed_elsewhere()
    write(other, "theirs")
    assert mine.changed_elsewhere()
    assert not mine.changed_elsewhere()
    assert read(mine) == ["mine", "theirs"]


def test_after_an_error_or_on_a_full_disk_nothing_is_half_written(open_file: Open) -> None:
    file = open_file()
    write(file, "before")
    with suppress(KeyError), file.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('half')")
        raise KeyError
    with file.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LocalFileError, match="the disk is full") as caught:
        write(file, "x" * 100_000)
    assert not isinstance(caught.value, LocalFileDamaged)
    assert read(file) == ["before"]
    file._connection.execute("PRAGMA max_page_count = 1000000")
    write(file, "after")
    assert read(file) == ["before", "after"]


def test_a_file_that_another_program_holds_is_in_use_and_can_be_used_afterwards(
    path: Path, open_file: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    file = open_file()
    with locked(path), pytest.raises(LocalFileError, match="in use by another program"):
        write(file, "too early")
    write(file, "now")
    assert read(file) == ["now"]


def test_a_folder_that_is_a_file_is_one_clear_error(path: Path, open_file: Open) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(LocalFileError, match="cannot be used") as caught:
        open_file()
    assert str(path) in str(caught.value)


def test_setting_aside_moves_the_log_too(path: Path, open_file: Open) -> None:
    write(open_file(), "in the log")
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    aside = set_aside(path)
    assert all(found.name.startswith(aside.name) for found in path.parent.iterdir())
    assert ask(aside, "SELECT text FROM notes") == [("in the log",)]
