"""Others on the same file: whom we wait for, and what we notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import wild
from helpers.build import add, config_for
from helpers.processes import locked
from helpers.sqlite_files import ONE_RESOURCE, plant_spice
from helpers.wild import dump, make_file
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import DatabaseBusy
from tracker_tui.guild.database_factory import open_ledger


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
