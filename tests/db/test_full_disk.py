"""Full disks, and disks that are read only."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import add, config_for
from helpers.commands import Run
from helpers.disk import fill_up
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask, make_file
from helpers.sqlite_files import (
    ONE_RESOURCE,
    assert_is_one_clear_sentence,
    change_once,
    files_in,
    plant_spice,
)
from helpers.tracking import recent_history
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import LedgerError
from tracker_tui.guild.database_factory import open_ledger
from tracker_tui.ledger.ledger import Ledger


def add_until_it_fails(ledger: Ledger) -> tuple[int, LedgerError]:
    """Fill the disk with changes; return their number, and the error of the first that failed."""
    for applied in range(2000):
        try:
            ledger.apply(add(1, reason="x" * 500))
        except LedgerError as error:
            return applied, error
    pytest.fail("there was room for everything")


def test_a_change_on_a_full_disk_leaves_nothing_and_the_next_one_works(books: Books) -> None:
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
    with pytest.raises(LedgerError, match="full"):
        books.ledger.apply(add(1000, reason="x" * 5000))
    assert books.everything() == before
    connection.execute("PRAGMA max_page_count = 1000000")
    assert books.ledger.apply(add(1)).verdict is Verdict.APPLIED


def test_a_full_disk_is_reported_and_nothing_is_half_written(small_disk: Path) -> None:
    path = small_disk / "tracker.db"
    ballast = fill_up(small_disk)
    with pytest.raises(LedgerError):
        create_sqlite(path, plant_spice)
    assert files_in(small_disk) == [ballast.name]
    ballast.unlink()
    create_sqlite(path, plant_spice)
    ledger = open_ledger(config_for(path))
    ledger.apply(add(1))
    ballast = fill_up(small_disk)
    applied, _ = add_until_it_fails(ledger)
    large = add(10, reason="x" * 5000)
    with pytest.raises(LedgerError):
        ledger.apply(large)
    ballast.unlink()
    assert ledger.apply(large).verdict is Verdict.APPLIED
    (spice,) = ledger.refresh().resources
    assert spice.hagga == 1 + applied + 10
    assert len(recent_history(ledger, "spice", 5000)) == 1 + 1 + applied + 1
    ledger.close()
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_change_on_a_disk_that_is_read_only_is_one_clear_error(
    small_disk: Path, journal: str
) -> None:
    path = make_file(
        small_disk / "guild.db", (*other_schemas.FOUNDING, ONE_RESOURCE), journal=journal
    )
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LedgerError, match=r"read only|cannot be opened") as caught:
        change_once(path)
    assert_is_one_clear_sentence(caught.value, path)
    if journal == "delete":
        # It can be read. SQLite cannot read a WAL without its shared memory.
        with closing(open_ledger(config_for(path))) as ledger:
            assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]


def test_a_start_on_a_full_disk_says_that_it_is_full(
    small_disk: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(small_disk / "home"))
    for is_known in (False, True):
        if is_known:
            assert run("edit", "Plastone", "+5").status == 0
        ballast = fill_up(small_disk)
        for argv in (["edit", "Plastone", "+5"], ["list"]):
            ran = run(*argv)
            if argv[0] == "edit" or not is_known:
                assert ran.status in (1, 4)
                assert "the disk is full" in ran.error
            assert "permissions" not in ran.err
            assert "I/O" not in ran.err
        ballast.unlink()
