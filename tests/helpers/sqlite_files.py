"""Ledgers in SQLite files: files in the folder, first rows, and error messages."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from helpers.build import add, config_for, new_resource
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import SqliteLedgerDatabase
from tracker_tui.errors import LedgerError
from tracker_tui.guild.database_factory import open_ledger
from tracker_tui.ledger.ledger import Ledger

ONE_RESOURCE = (
    "INSERT INTO resources (id, name, last_updated_by, created_at, updated_at)"
    " VALUES ('spice', 'Spice', 'x', 1, 1)"
)


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


def assert_is_one_clear_sentence(error: LedgerError, path: Path) -> None:
    assert str(path) in str(error)
    assert "\n" not in str(error)
    assert str(error).endswith((".", "`", "--plan"))
