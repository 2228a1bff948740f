"""One database of a chaos run: behind its own bad network, with a journal of its outboxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from chaos.audit import START, STRANGER, Tables, after, audit
from chaos.journal import Journal
from helpers.build import new_resource
from helpers.ledger_under_test import Books
from helpers.other_schemas import LATER, Statements
from helpers.proxy import Fate, proxy_to
from helpers.records import history_row, moved
from helpers.servers import Server
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.turso import connect

RESOURCES: Final = ("spice", "water", "ore", "plastone", "fuel", "steel")


class Guild:
    """A guild with RESOURCES, whose requests meet a fate."""

    def __init__(self, name: str, server: Server, fate: Fate, stack: ExitStack) -> None:
        self.name, self.url = name, server.new_database()
        self.proxy = stack.enter_context(proxy_to(self.url))
        self.proxy.fate = fate
        self.journal = Journal(self._history)
        start = {"hagga": 1_000, "deep_desert": 500, "target": 2_500}
        with self._books(LATER) as books:
            books.ledger.create([new_resource(name, **start) for name in RESOURCES], "founder")

    @contextmanager
    def _books(self, statements: Statements = ()) -> Iterator[Books]:
        with closing(open_remote(Remote(self.url, None))) as database:
            yield Books(database, statements)

    def tables(self) -> Tables:
        with self._books() as books:
            return books.tables("resources", "resource_history", "leaderboard")

    def _history(self) -> Sequence[str]:
        with closing(connect(self.url)) as connection:
            rows = connection.execute("SELECT id FROM resource_history ORDER BY rowid").fetchall()
        return [row[0] for row in rows]

    def set_from_outside(self, number: int, resource_id: str, quantity: int) -> None:
        """Set a quantity as another program, such as the website, does."""
        with self._books() as books:
            hagga, deep_desert = books.quantities(resource_id)
            now = books.run("SELECT CAST(strftime('%s', 'now') AS INTEGER)")[0][0]
            given = {"resource_id": resource_id, "updated_by": STRANGER, "created_at": now}
            given |= moved((hagga, quantity), (deep_desert, deep_desert))
            row = history_row(f"stranger-{number}", change_type="absolute", **given)
            books.insert("resource_history", **row)
            books.run(
                "UPDATE resources SET quantity_hagga = ?, quantity_location_1 = ?, updated_at = ?,"
                " last_updated_by = ? WHERE id = ?",
                *(quantity, quantity, now, STRANGER, resource_id),
            )

    def screen(self, outbox: Path, tables: Tables) -> dict[str, tuple[int, int]]:
        """Return what a program must show: the ledger with its pending changes on top."""
        applied = {row["id"] for row in tables["resource_history"]}
        shown = {
            row["id"]: (row["quantity_hagga"], row["quantity_deep_desert"])
            for row in tables["resources"]
        }
        for change in self.journal.pending(outbox):
            if change.id not in applied:
                there = shown[change.resource_id]
                shown[change.resource_id] = after(change, *there) or there
        return shown

    def check(self, tables: Tables) -> str:
        """Check the fate of every change; return a summary."""
        self.journal.check(tables)
        audit(tables, self.journal.changes)
        rows = [
            (row["id"], row["new_quantity_hagga"], row["new_quantity_deep_desert"])
            for row in tables["resource_history"]
            if row["reason"] != START
        ]
        pending = len(self.journal.unsettled())
        return f"{len(rows)} applied, {pending} pending, {crc32(repr(rows).encode()):08x}"
