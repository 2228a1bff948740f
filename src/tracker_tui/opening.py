"""Opening the configured database, making it on first start, bringing it up to date."""

from __future__ import annotations

from typing import NamedTuple

from tracker_tui.config import Config
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import (
    SqliteLedgerDatabase,
    create_sqlite,
    is_there,
    open_sqlite,
    open_unchecked,
)
from tracker_tui.ledger.ledger import Ledger


class InitReport(NamedTuple):
    """What `init` did: made a file, ran statements, planted so many resources."""

    created: bool
    statements: list[str]
    planted: int


def open_ledger(config: Config) -> Ledger:
    """Open the ledger; raises DatabaseError with what to do about it.

    Only the embedded default is made when it is missing: a database that somebody named and that
    is not there is a mistake to be told of, not one to be covered by an empty file.
    """
    if config.is_default_database and not is_there(config.database):
        bring_up_to_date(config, starter=True)
    return Ledger(*open_sqlite(config.database, busy_seconds=config.busy_seconds))


def planned_statements(config: Config) -> list[str]:
    """Return the SQL that `bring_up_to_date` would run."""
    from tracker_tui.db.schema import plan, schema_statements

    if not is_there(config.database):
        return schema_statements()
    database, _ = open_unchecked(config.database)
    try:
        return plan(database)
    finally:
        database.close()


def bring_up_to_date(config: Config, *, starter: bool) -> InitReport:
    """Make the database, or add what is missing in it; only ever adds."""
    planted = 0

    def fill(database: SqliteLedgerDatabase, layout: Layout) -> None:
        nonlocal planted
        if starter:
            from tracker_tui.catalogue import plant

            planted = plant(Ledger(database, layout))

    if not is_there(config.database) and create_sqlite(config.database, fill):
        return InitReport(created=True, statements=[], planted=planted)
    from tracker_tui.db.schema import bring_up_to_date as add_what_is_missing

    database, _ = open_unchecked(config.database)
    try:
        statements = add_what_is_missing(database)
        fill(database, Layout.from_rows(database.batch([Layout.query()])[0].rows))
    finally:
        database.close()
    return InitReport(created=False, statements=statements, planted=planted)
