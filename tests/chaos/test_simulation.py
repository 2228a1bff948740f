"""Short chaos runs with every fault; `make chaos` plays long ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chaos.simulation import Simulation
from helpers.servers import Server, running
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import LedgerError
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry, OutboxTransaction
from tracker_tui.sync.sender import Sender

CHANGES = 60


@pytest.fixture(scope="module")
def own_server(server_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that no other test uses, because runs restart it."""
    with running(server_binary, tmp_path_factory.mktemp("server")) as server:
        yield server


def play(seed: int, server: Server, folder: Path, changes: int = CHANGES) -> list[str]:
    with ExitStack() as stack:
        simulation = Simulation(seed, server, folder, stack)
        try:
            simulation.play(changes)
        except BaseException:
            print("\n".join(simulation.log[-60:]))
            raise
        return simulation.log


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_or_applied_twice(seed: int, own_server: Server, tmp_path: Path) -> None:
    play(seed, own_server, tmp_path)


def test_the_same_seed_gives_the_same_run(own_server: Server, tmp_path: Path) -> None:
    first, second = (play(7, own_server, tmp_path / name, 40) for name in ("first", "second"))
    assert first == second


# The audit finds what a broken program loses, doubles or only pretends to do.

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


FAULTS = (
    (OutboxTransaction, "settle", delete_what_was_rejected, "lost: "),
    (Sender, "request_failed", make_pending_after_a_lost_answer, "said not to be in the ledger"),
    (OutboxTransaction, "insert_counter", insert_two_counters, "undone twice"),
    (OutboxTransaction, "cancel", cancel_in_memory_only, "(undone|dropped), and "),
    (Outbox, "_claim", delete_what_is_being_sent, "lost: "),
)


def test_the_audit_finds_faults(
    own_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for broken, name, instead, finding in FAULTS:
        with monkeypatch.context() as patched:
            patched.setattr(broken, name, instead)
            with pytest.raises(AssertionError, match=finding):
                play(SEED, own_server, tmp_path / name)
