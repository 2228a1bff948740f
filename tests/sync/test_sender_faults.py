"""Sending to a server with faults: a change that may have arrived never becomes pending again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from helpers.build import add, new_resource
from helpers.ledger_under_test import Books
from helpers.other_schemas import FOUNDING
from helpers.proxy import Proxy, answer, cut_after, cut_before, pass_on
from helpers.rejected_writes import NO_DATABASE
from sync.conftest import Start
from sync.programs import Clock, Program
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import AnswerLost, DatabaseUnreachable, LedgerError
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.outbox_entries import EntryState


@pytest.fixture
def guild(remote_url: str) -> Iterator[Books]:
    """1,000 Spice at Hagga on a server, accessed without the proxy."""
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        books = Books(database, FOUNDING)
        books.ledger.create([new_resource(hagga=1000)], "founder")
        yield books


@pytest.fixture
def begin(guild: Books, proxy: Proxy, folder: Path, clock: Clock) -> Iterator[Start]:
    """Start another program, which uses the proxy."""
    with ExitStack() as stack:

        def start() -> Program:
            database = stack.enter_context(closing(open_remote(Remote(proxy.url, token=None))))
            ledger = Ledger(database, guild.ledger.layout)
            return stack.enter_context(closing(Program(folder, ledger, clock)))

        yield start


@pytest.fixture
def remote(begin: Start) -> Program:
    program = begin()
    program.refresh()
    return program


def test_an_unanswered_change_cannot_be_withdrawn(
    remote: Program, proxy: Proxy, guild: Books, begin: Start
) -> None:
    change = add(5)
    remote.submit(change)
    # A retry that fails otherwise leaves it so.
    fates = ((cut_before, AnswerLost), (cut_after, AnswerLost), (answer(503), DatabaseUnreachable))
    for fate, kind in fates:
        proxy.fate = fate
        with pytest.raises(kind):
            remote.send()
        assert remote.states() == {change.id: EntryState.SENDING}
        assert remote.outbox.withdraw([change.id]) == []
        assert remote.shown() == (1005, 0)
    proxy.fate = pass_on
    remote.close()
    later = begin()
    later.refresh()
    assert later.shown() == (1005, 0)
    (outcome,) = later.send()
    assert outcome.verdict is Verdict.ALREADY_APPLIED
    assert later.shown() == guild.quantities() == (1005, 0)


def test_a_change_that_was_not_sent_is_pending(remote: Program, proxy: Proxy, guild: Books) -> None:
    for name, fate in (("429", answer(429)), ("401", answer(401)), ("404", NO_DATABASE)):
        change = add(5)
        remote.submit(change)
        proxy.fate = fate
        with pytest.raises(LedgerError) as caught:
            remote.send()
        assert not isinstance(caught.value, AnswerLost), name
        (entry,) = remote.outbox.entries()
        assert (entry.state, entry.sent_at) == (EntryState.PENDING, None), name
        assert remote.outbox.withdraw([change.id]) == [change], name
        assert guild.quantities() == (1000, 0)
