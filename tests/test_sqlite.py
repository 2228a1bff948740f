"""A ledger in a SQLite file: opened without a trace, created whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from helpers import wild
from helpers.books import Books, MakeLedger
from helpers.build import add, config_for, new_resource
from helpers.processes import await_line, locked, run_together, start
from helpers.wild import ask, dump, journal_mode, make_file
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite, open_sqlite
from tracker_tui.domain.outcome import Verdict
from tracker_tui.errors import DatabaseBusy, DatabaseError, NotATrackerDatabase
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.opening import bring_up_to_date, open_ledger

ONE_RESOURCE = (
    "INSERT INTO resources (id, name, last_updated_by, created_at, updated_at)"
    " VALUES ('spice', 'Spice', 'x', 1, 1)"
)

OPEN_FIRST = """
import sys
from pathlib import Path
from helpers.build import config_for
from tracker_tui.opening import open_ledger
print("ready", flush=True)
sys.stdin.readline()
ledger = open_ledger(config_for(Path(sys.argv[1]), is_default=True))
print(*sorted(resource.id for resource in ledger.refresh().resources))
ledger.close()
"""

# An audit hook sees the step that comes next; _exit runs no `finally`, as no kill does.
CREATE_AND_DIE = """
import os, sys
from pathlib import Path
from helpers.build import config_for
from tracker_tui.opening import open_ledger
def die(event, arguments):
    if event == sys.argv[2]:
        os._exit(9)
sys.addaudithook(die)
open_ledger(config_for(Path(sys.argv[1]), is_default=True)).close()
"""

CREATE_AND_WAIT = """
import sys
from pathlib import Path
from helpers.build import new_resource
from tracker_tui.db.sqlite import create_sqlite
from tracker_tui.ledger.ledger import Ledger
def fill(database, layout):
    Ledger(database, layout).create([new_resource()], "x")
    print("half way", flush=True)
    sys.stdin.readline()
create_sqlite(Path(sys.argv[1]), fill)
"""


def files_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def read_once(path: Path) -> None:
    with closing(open_ledger(config_for(path))) as ledger:
        ledger.refresh()


def change_once(path: Path) -> None:
    with closing(open_ledger(config_for(path))) as ledger:
        ledger.apply(add(1))


def plant_spice(database: SqliteLedgerDatabase, layout: Layout) -> None:
    Ledger(database, layout).create([new_resource()], "x")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tracker.db"


# Opening


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("schema", wild.OURS)
def test_opening_and_reading_changes_no_byte(tmp_path: Path, schema: str, journal: str) -> None:
    path = make_file(tmp_path / "guild.db", (*wild.OURS[schema], ONE_RESOURCE), journal=journal)
    before = path.read_bytes()
    ledger = open_ledger(config_for(path))
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    assert ledger.recent_history("spice") == []
    ledger.close()
    assert path.read_bytes() == before
    assert files_in(tmp_path) == [path.name]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_change_leaves_the_journal_mode_alone(tmp_path: Path, journal: str) -> None:
    path = make_file(tmp_path / "guild.db", (*wild.FOUNDING, ONE_RESOURCE), journal=journal)
    ledger = open_ledger(config_for(path))
    assert ledger.apply(add(5)).verdict is Verdict.APPLIED
    ledger.close()
    assert journal_mode(path) == journal


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = make_file(tmp_path / "50% of #1? & ünï côdé.db", wild.FOUNDING)
    database, _ = open_sqlite(path)
    database.close()
    assert files_in(tmp_path) == [path.name]


def damaged_page(path: Path, table: str) -> None:
    """Overwrite the first page of a table with nonsense."""
    ((page,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = ?", table)
    ((size,),) = ask(path, "PRAGMA page_size")
    assert isinstance(page, int)
    assert isinstance(size, int)
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)


def a_missing_file(path: Path) -> None:
    path.parent.mkdir()


def a_missing_folder(path: Path) -> None:
    assert not path.parent.exists()


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_file_for_a_folder(path: Path) -> None:
    path.parent.write_text("no folder")


def garbage(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"What I remember of Arrakis is sand." * 500)


def a_database_cut_short(path: Path) -> None:
    path.parent.mkdir()
    make_file(path, (*wild.FOUNDING, ONE_RESOURCE))
    path.write_bytes(path.read_bytes()[:5000])


def a_damaged_catalogue(path: Path) -> None:
    path.parent.mkdir()
    make_file(path, (*wild.FOUNDING, ONE_RESOURCE))
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xa5" * 3996 + content[4096:])


UNUSABLE: list[Callable[[Path], None]] = [
    a_missing_file,
    a_missing_folder,
    a_folder,
    a_file_for_a_folder,
    garbage,
    a_database_cut_short,
    a_damaged_catalogue,
]


def assert_is_one_clear_sentence(error: DatabaseError, path: Path) -> None:
    assert str(path) in str(error)
    assert "\n" not in str(error)
    assert str(error).endswith((".", "`", "--plan"))


@pytest.mark.parametrize("make", UNUSABLE)
def test_what_is_no_database_is_one_clear_error(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(DatabaseError) as caught:
        read_once(path)
    assert_is_one_clear_sentence(caught.value, path)


@pytest.mark.parametrize("make", UNUSABLE)
def test_a_failed_opening_touches_nothing(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    before = {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}
    with pytest.raises(DatabaseError):
        read_once(path)
    assert before == {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}


def test_a_name_that_no_file_can_have_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    with pytest.raises(DatabaseError) as caught:
        open_ledger(config_for(path))
    assert_is_one_clear_sentence(caught.value, path)


@pytest.mark.parametrize("table", ["resources", "resource_history"])
def test_a_damaged_page_is_told_of_when_it_is_met(tmp_path: Path, table: str) -> None:
    path = make_file(tmp_path / "guild.db", (*wild.FOUNDING, ONE_RESOURCE))
    damaged_page(path, table)
    ledger = open_ledger(config_for(path))
    with pytest.raises(DatabaseError, match="is damaged"):
        ledger.apply(add(5))
    ledger.close()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ((), "is an empty database"),
        (wild.FOREIGN, "is no tracker database"),
        ((wild.USERS, wild.RESOURCES), "has no user_sessions"),
        (
            (*(s for s in wild.FOUNDING if s is not wild.RESOURCES), *wild.FOREIGN),
            "has no resources",
        ),
        (
            tuple(s.replace("target_quantity integer, ", "") for s in wild.FOUNDING),
            r"has no resources\.target_quantity",
        ),
    ],
    ids=["empty", "foreign", "partial", "one table missing", "one column missing"],
)
def test_a_database_that_is_not_ours_is_one_clear_error(
    tmp_path: Path, statements: wild.Statements, message: str
) -> None:
    path = make_file(tmp_path / "guild.db", statements)
    before = path.read_bytes()
    with pytest.raises(NotATrackerDatabase, match=message) as caught:
        open_ledger(config_for(path))
    assert_is_one_clear_sentence(caught.value, path)
    assert path.read_bytes() == before


def test_an_empty_file_is_one_clear_error_and_stays_empty(tmp_path: Path) -> None:
    path = tmp_path / "guild.db"
    path.touch()
    with pytest.raises(NotATrackerDatabase, match="is an empty database"):
        open_ledger(config_for(path))
    assert path.read_bytes() == b""


# Creating


def test_the_default_database_is_made_on_first_start(path: Path) -> None:
    ledger = open_ledger(config_for(path, is_default=True))
    assert len(ledger.refresh().resources) > 50
    ledger.close()
    assert files_in(path.parent) == [path.name]


def test_a_file_that_we_create_is_in_wal_mode(path: Path) -> None:
    assert create_sqlite(path, plant_spice)
    assert journal_mode(path) == "wal"


def test_creating_over_an_existing_file_changes_nothing_in_it(path: Path) -> None:
    path.parent.mkdir()
    make_file(path, wild.FOUNDING)
    before = path.read_bytes()
    assert not create_sqlite(path, plant_spice)
    assert path.read_bytes() == before
    assert files_in(path.parent) == [path.name]


def test_a_filling_that_fails_leaves_nothing(path: Path) -> None:
    def fail(database: SqliteLedgerDatabase, layout: Layout) -> None:
        plant_spice(database, layout)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sqlite(path, fail)
    assert files_in(path.parent) == []


def in_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("no folder")
    return tmp_path / "file" / "tracker.db"


def with_an_endless_name(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 300)


def with_a_name_that_leaves_no_room_for_the_draft(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 250)


@pytest.mark.parametrize(
    "place", [in_a_file, with_an_endless_name, with_a_name_that_leaves_no_room_for_the_draft]
)
def test_a_place_where_no_file_can_be_made_is_one_clear_error(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    path = place(tmp_path)
    with pytest.raises(DatabaseError) as caught:
        open_ledger(config_for(path, is_default=True))
    assert_is_one_clear_sentence(caught.value, path)


def test_four_first_starts_at_once_make_one_database(path: Path) -> None:
    printed = run_together(OPEN_FIRST, [(path,)] * 4)
    catalogues = {out.splitlines()[-1] for out in printed}
    assert len(catalogues) == 1
    assert len(catalogues.pop().split()) > 50
    assert files_in(path.parent) == [path.name]


@pytest.mark.parametrize("event", ["os.mkdir", "sqlite3.connect/handle", "os.link"])
def test_a_first_start_that_dies_before_the_end_makes_no_database(path: Path, event: str) -> None:
    process = start(CREATE_AND_DIE, path, event)
    assert process.wait(60) == 9, process.communicate()
    process.communicate()
    assert not path.exists()
    ledger = open_ledger(config_for(path, is_default=True))
    assert len(ledger.refresh().resources) > 50
    ledger.close()


def test_a_first_start_that_dies_after_the_link_leaves_a_whole_database(path: Path) -> None:
    process = start(CREATE_AND_DIE, path, "os.remove")
    assert process.wait(60) == 9, process.communicate()
    process.communicate()
    ledger = open_ledger(config_for(path))
    assert len(ledger.refresh().resources) > 50
    ledger.close()


def test_a_creation_killed_half_way_makes_no_database(path: Path) -> None:
    process = start(CREATE_AND_WAIT, path)
    assert await_line(process) == "half way"
    process.kill()
    process.communicate()
    assert not path.exists()
    assert create_sqlite(path, plant_spice)
    assert ask(path, "SELECT count(*) FROM resources") == [(1,)]


def test_init_of_a_missing_file_creates_it(path: Path) -> None:
    assert bring_up_to_date(config_for(path), starter=False).created
    assert ask(path, "SELECT count(*) FROM resources") == [(0,)]


def test_init_starter_plants_once(path: Path) -> None:
    first = bring_up_to_date(config_for(path), starter=True)
    second = bring_up_to_date(config_for(path), starter=True)
    assert (first.created, second.created) == (True, False)
    assert first.planted > 50
    assert (second.planted, second.statements) == (0, [])


# Running out of room


def add_until_it_fails(ledger: Ledger) -> tuple[int, DatabaseError]:
    """Return how many changes found room, and what was said of the one that did not."""
    for applied in range(2000):
        try:
            ledger.apply(add(1, reason="x" * 500))
        except DatabaseError as error:
            return applied, error
    pytest.fail("there was room for everything")


def test_a_change_that_finds_no_room_leaves_nothing_and_the_next_one_works(books: Books) -> None:
    database = books.database
    assert isinstance(database, SqliteLedgerDatabase)
    connection = database.connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    applied, error = add_until_it_fails(books.ledger)
    assert "full" in str(error)
    assert books.quantities() == (applied, 0)
    assert len(books.rows("resource_history")) == 1 + applied
    before = books.everything()
    with pytest.raises(DatabaseError, match="full"):
        books.ledger.apply(add(1000, reason="x" * 5000))
    assert books.everything() == before
    connection.execute("PRAGMA max_page_count = 1000000")
    assert books.ledger.apply(add(1)).verdict is Verdict.APPLIED


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, check=False).returncode:
        pytest.skip("a disk of its own needs root on Linux")
    yield folder
    # Lazily: a test that failed may still hold a file open.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """Leave not a byte free in this folder's file system; returns the file to delete."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_told_of_and_nothing_is_half_written(small_disk: Path) -> None:
    path = small_disk / "tracker.db"
    create_sqlite(path, plant_spice)
    ledger = open_ledger(config_for(path))
    ledger.apply(add(1))
    ballast = fill_up(small_disk)
    applied, _ = add_until_it_fails(ledger)
    refused = add(10, reason="x" * 5000)
    with pytest.raises(DatabaseError):
        ledger.apply(refused)
    ballast.unlink()
    assert ledger.apply(refused).verdict is Verdict.APPLIED
    (spice,) = ledger.refresh().resources
    assert spice.hagga == 1 + applied + 10
    assert len(ledger.recent_history("spice", 5000)) == 1 + 1 + applied + 1
    ledger.close()
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_creation_that_finds_no_room_leaves_nothing(small_disk: Path) -> None:
    ballast = fill_up(small_disk)
    path = small_disk / "tracker.db"
    with pytest.raises(DatabaseError):
        create_sqlite(path, plant_spice)
    assert files_in(small_disk) == [ballast.name]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_change_on_a_disk_that_is_read_only_is_one_clear_error(
    small_disk: Path, journal: str
) -> None:
    path = make_file(small_disk / "guild.db", (*wild.FOUNDING, ONE_RESOURCE), journal=journal)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(DatabaseError, match=r"read only|cannot be opened") as caught:
        change_once(path)
    assert_is_one_clear_sentence(caught.value, path)


def test_a_disk_that_is_read_only_can_be_read(small_disk: Path) -> None:
    path = make_file(small_disk / "guild.db", (*wild.FOUNDING, ONE_RESOURCE))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    ledger = open_ledger(config_for(path))
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    ledger.close()


# Batches


def test_the_clock_may_tick_between_the_statements_of_a_change(books: Books) -> None:
    database = books.database
    assert isinstance(database, SqliteLedgerDatabase)
    ticks = count(1_800_000_000)
    database.connection().create_function("strftime", 2, lambda _format, _when: str(next(ticks)))
    change = add(1000)
    books.ledger.apply(change)
    at = books.row("resource_history", change.id)["created_at"]
    assert at >= 1_800_000_000
    assert books.resource()["updated_at"] == at
    assert books.row("leaderboard", change.id)["created_at"] == at


def test_thousands_are_created_at_once_within_the_limits_of_any_sqlite(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(wild.LATER)
    assert isinstance(books.database, SqliteLedgerDatabase)
    # What SQLite has unless who built it raised it, as Debian does.
    books.database.connection().setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    books.ledger.create([new_resource(f"r{number}") for number in range(3000)], "x")
    assert len(books.ledger.refresh().resources) == 3000


def test_times_are_the_clock_of_the_database_in_seconds(books: Books) -> None:
    books.ledger.apply(add(1))
    assert abs(books.resource()["updated_at"] - time.time()) < 10
    assert abs(books.ledger.refresh().now - time.time()) < 10


def test_a_reader_waits_for_nobody_in_a_file_of_ours(path: Path) -> None:
    create_sqlite(path, plant_spice)
    ledger, writer = open_ledger(config_for(path)), SqliteLedgerDatabase(path)
    connection = writer.connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE resources SET name = 'Melange'")
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    connection.execute("ROLLBACK")
    writer.close()
    ledger.close()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_that_stays_busy_is_told_of_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)
    path = make_file(tmp_path / "guild.db", (*wild.FOUNDING, ONE_RESOURCE), journal=journal)
    before = dump(path)
    ledger, writer = open_ledger(config_for(path)), SqliteLedgerDatabase(path)
    writer.connection().execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy, match="in use by another program"):
        ledger.apply(add(1))
    writer.connection().execute("ROLLBACK")
    writer.close()
    assert dump(path) == before
    assert ledger.apply(add(1)).verdict is Verdict.APPLIED
    ledger.close()


def test_opening_what_somebody_else_holds_is_told_of_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)
    path = make_file(tmp_path / "guild.db", (*wild.FOUNDING, ONE_RESOURCE))
    with locked(path), pytest.raises(DatabaseBusy, match="in use by another program"):
        open_ledger(config_for(path))


def test_changed_elsewhere_tells_of_others_commits_and_not_of_ours(path: Path) -> None:
    create_sqlite(path, plant_spice)
    ours, theirs = open_ledger(config_for(path)), open_ledger(config_for(path))
    ours.changed_elsewhere()
    ours.apply(add(1))
    assert not ours.changed_elsewhere()
    theirs.apply(add(1))
    assert ours.changed_elsewhere()
    assert not ours.changed_elsewhere()
    ours.close()
    theirs.close()
