"""The ledger that most tests begin with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.applying import NOW, stock
from helpers.clocks import LedgerClock
from helpers.history_walk import found_guild
from helpers.ledger_under_test import Books, MakeLedger
from tracker_tui.ledger import history


@pytest.fixture
def store(make_ledger: MakeLedger) -> Books:
    """Spice as an older website left it: 1,000 at Hagga, 400 in the Deep Desert, no target."""
    books = make_ledger(clock=lambda: NOW)
    stock(books)
    return books


@pytest.fixture
def clock() -> LedgerClock:
    return LedgerClock(NOW)


@pytest.fixture
def guild(make_ledger: MakeLedger, clock: LedgerClock) -> Books:
    """Members and resources, and no history."""
    books = make_ledger(clock=clock)
    found_guild(books)
    return books


@pytest.fixture
def look_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how many rows a request may look at."""
    return lambda searched: monkeypatch.setattr(history, "SEARCHED", searched)
