"""The ledger that most tests begin with."""

from __future__ import annotations

import pytest

from helpers.applying import NOW
from helpers.ledger_under_test import Books, MakeLedger


@pytest.fixture
def store(make_ledger: MakeLedger) -> Books:
    """Spice as an older website left it: 1,000 at Hagga, 400 in the Deep Desert, no target."""
    books = make_ledger(clock=lambda: NOW)
    books.insert_resource(quantity_hagga=1000, quantity_deep_desert=400, category="Raw")
    return books
