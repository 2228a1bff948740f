"""The rights probe: what our token allows. And whether a database answers at all.

A probe changes nothing. `UPDATE resources SET id = id WHERE 0` touches no row, but a database
rejects it from a token that may only read. It does take the write lock, so a probe never rides
along with a read: each reader would wait for each writer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from peewee import SQL, BaseQuery, RawQuery, Select, Value

from tracker_tui.db.database import NUMBER, Database, results_or_raise
from tracker_tui.db.layout import Layout
from tracker_tui.db.models import ResourceRow
from tracker_tui.errors import WriteRejected
from tracker_tui.ledger.expressions import DATABASE_CLOCK


def write_probe() -> BaseQuery:
    """Return an update of no row, which only a database that accepts our changes runs."""
    row = ResourceRow
    return row.update({row.id: row.id}).where(SQL("0"))


class Permission(NamedTuple):
    """A permission of a member's token, and a statement without effect that needs it."""

    name: str
    purpose: str
    probe: BaseQuery


PERMISSIONS: Final = (
    Permission("resources:data_update", "changes", write_probe()),
    Permission(
        "resource_history:data_add",
        "changes",
        RawQuery("INSERT INTO resource_history SELECT * FROM resource_history WHERE 0"),
    ),
    Permission(
        "leaderboard:data_add",
        "points",
        RawQuery("INSERT INTO leaderboard SELECT * FROM leaderboard WHERE 0"),
    ),
    Permission("leaderboard:data_delete", "undo", RawQuery("DELETE FROM leaderboard WHERE 0")),
)
"""The permissions that a member's changes need."""


def missing_permissions(database: Database) -> list[Permission]:
    """Return the PERMISSIONS that our token lacks; one request if it has them all."""
    if _allows(database, *PERMISSIONS):
        return []
    return [permission for permission in PERMISSIONS if not _allows(database, permission)]


def _allows(database: Database, *permissions: Permission) -> bool:
    try:
        results = database.batches([[each.probe] for each in permissions], repeatable=True)
        for result in results:
            results_or_raise(result)
    except WriteRejected:
        return False
    return True


def ping(database: Database) -> None:
    """Ask for nothing, to see that the database answers; raises LedgerError."""
    database.batch([Select(columns=[Value(1)])])


def read_clock_and_layout(database: Database) -> tuple[int, Layout]:
    """Return the database's clock, in Unix seconds, and its columns; one request."""
    clock, columns = database.batch([Select(columns=[DATABASE_CLOCK]), Layout.query()])
    return NUMBER.only(clock.rows)[0], Layout.from_rows(columns.rows)
