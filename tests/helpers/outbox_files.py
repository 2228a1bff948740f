"""Read, change and lock the outbox on disk, without the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask
from tracker_tui.local.file_lock import SEND_LOCK_NAME, FileLock


def store_of(home: Path) -> Path:
    """Return the folder of the only store on this machine."""
    (outbox,) = home.rglob("outbox.db")
    return outbox.parent


def outbox_of(home: Path) -> Path:
    return store_of(home) / "outbox.db"


def replica_of(home: Path) -> Path:
    return store_of(home) / "replica.db"


def pending_ids(home: Path) -> list[str]:
    """Return the ids of changes without an answer, oldest first."""
    asked = "SELECT id FROM entries WHERE state IN ('pending', 'sending') ORDER BY number"
    return [row[0] for row in ask(outbox_of(home), asked)]


def states(home: Path) -> list[str]:
    return [row[0] for row in ask(outbox_of(home), "SELECT state FROM entries ORDER BY number")]


def outcomes(home: Path) -> list[Any]:
    """Return the outcome of each change in the outbox, oldest first; None without an answer."""
    rows = ask(outbox_of(home), "SELECT outcome FROM entries ORDER BY number")
    return [None if row[0] is None else json.loads(row[0]) for row in rows]


def let_time_pass(home: Path, seconds: int) -> None:
    """Make all changes in the outbox older."""
    older = "UPDATE entries SET made_at = made_at - :s, sent_at = sent_at - :s"
    ask(outbox_of(home), older.replace(":s", str(seconds)))


def changed(books: Books) -> list[tuple[object, ...]]:
    """Return the changes since the resources were created: id, resource, new quantity."""
    return [
        (row["id"], row["resource_id"], row["new_quantity_hagga"])
        for row in books.rows("resource_history")
        if row["reason"] != "Resource created"
    ]


def queue(run: Run, *argv: str) -> str:
    """Run an edit that stays pending; return the id of the change."""
    ran = run("edit", *argv, "--json")
    assert (ran.status, ran.err, ran.document["outcome"]) == (0, "", "queued")
    change_id = ran.document["change_id"]
    assert isinstance(change_id, str)
    return change_id


@contextmanager
def send_lock_held(store: Path) -> Iterator[None]:
    """Hold the send lock as another program during the block, without sending."""
    with closing(FileLock(store / SEND_LOCK_NAME)) as lock, lock.try_acquire() as is_ours:
        assert is_ours
        yield
