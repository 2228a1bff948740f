"""Opening: without a trace, and one clear error for what is no ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import wild
from helpers.build import add, config_for
from helpers.recent import recent_history
from helpers.sqlite_files import ONE_RESOURCE, assert_is_one_clear_sentence, files_in, read_once
from helpers.wild import ask, journal_mode, make_file
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import LedgerError, NotATrackerDatabase
from tracker_tui.guild.database_factory import open_ledger


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("schema", wild.OURS)
def test_opening_and_reading_changes_no_byte(tmp_path: Path, schema: str, journal: str) -> None:
    path = make_file(tmp_path / "guild.db", (*wild.OURS[schema], ONE_RESOURCE), journal=journal)
    before = path.read_bytes()
    ledger = open_ledger(config_for(path))
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    assert recent_history(ledger, "spice") == []
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


@pytest.mark.parametrize("make", UNUSABLE)
def test_what_is_no_database_is_one_clear_error(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(LedgerError) as caught:
        read_once(path)
    assert_is_one_clear_sentence(caught.value, path)


@pytest.mark.parametrize("make", UNUSABLE)
def test_a_failed_opening_touches_nothing(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    before = {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}
    with pytest.raises(LedgerError):
        read_once(path)
    assert before == {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}


def test_a_name_that_no_file_can_have_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    with pytest.raises(LedgerError) as caught:
        open_ledger(config_for(path))
    assert_is_one_clear_sentence(caught.value, path)


@pytest.mark.parametrize("table", ["resources", "resource_history"])
def test_a_damaged_page_is_told_of_when_it_is_met(tmp_path: Path, table: str) -> None:
    path = make_file(tmp_path / "guild.db", (*wild.FOUNDING, ONE_RESOURCE))
    damaged_page(path, table)
    ledger = open_ledger(config_for(path))
    with pytest.raises(LedgerError, match="is damaged"):
        ledger.apply(add(5))
    ledger.close()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ((), "is an empty database"),
        (wild.FOREIGN, "is not a tracker database"),
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
