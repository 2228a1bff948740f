"""The audit of a chaos run finds what a broken program loses, doubles or only pretends to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chaos.simulation import Simulation
from helpers.servers import running
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import LedgerError
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry, OutboxTransaction
from tracker_tui.sync.sender import Sender

CHANGES = 60
SEED = 3
"""The seed of a run that reaches all of these faults."""
settle, cancel, claim = OutboxTransaction.settle, OutboxTransaction.cancel, Outbox._claim


def delete_what_was_rejected(step: OutboxTransaction, entry: OutboxEntry, outcome: Outcome) -> None:
    settle(step, entry, outcome)
    if not outcome.is_in_history:
        step.delete(entry)


def make_pending_after_a_lost_answer(
    sender: Sender, entries: Iterable[OutboxEntry], _: LedgerError
) -> None:
    sender._outbox.mark_unsent([entry.change.id for entry in entries])


def insert_two_counters(
    step: OutboxTransaction, counter: Change | None, made_at: float
) -> list[Change]:
    counters = [] if counter is None else [counter, counter._replace(id=f"{counter.id} again")]
    for each in counters:
        step.insert(each, made_at, is_named=False)
    return counters


def cancel_in_memory_only(step: OutboxTransaction, change_ids: Iterable[str]) -> list[Change]:
    ids = list(change_ids)
    for entry in step.find(ids, EntryState.SENDING):
        step.written.append(entry._replace(cancel_requested=True))
    sending = [entry.change for entry in step.written]
    return sending + cancel(step, [key for key in ids if key not in {c.id for c in sending}])


def delete_what_is_being_sent(outbox: Outbox) -> None:
    claim(outbox)
    with closing(sqlite3.connect(outbox._file.path)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE state = 'sending'")


@pytest.mark.parametrize(
    ("broken", "name", "instead", "finding"),
    [
        (OutboxTransaction, "settle", delete_what_was_rejected, "lost: "),
        (
            Sender,
            "request_failed",
            make_pending_after_a_lost_answer,
            "said not to be in the ledger, and is",
        ),
        (OutboxTransaction, "insert_counter", insert_two_counters, "undone twice"),
        (OutboxTransaction, "cancel", cancel_in_memory_only, "(undone|dropped), and "),
        (Outbox, "_claim", delete_what_is_being_sent, "lost: "),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_audit_finds_faults(
    server_binary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: type,
    name: str,
    instead: Callable[..., object],
    finding: str,
) -> None:
    monkeypatch.setattr(broken, name, instead)
    (tmp_path / "server").mkdir()
    with running(server_binary, tmp_path / "server") as server, ExitStack() as stack:
        simulation = Simulation(SEED, server, tmp_path / "homes", stack)
        with pytest.raises(AssertionError, match=finding):
            simulation.play(CHANGES)
