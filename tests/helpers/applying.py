"""Apply changes to a ledger, and every kind of change with the rows that it writes."""

from __future__ import annotations

from typing import Any

from peewee import RawQuery

from helpers.build import DEEP_DESERT, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books, Row
from tracker_tui.domain.change import Change, Outcome, Verdict, counter_change

NOW = 1_700_000_000

HISTORY_COLUMNS = (
    *("previous_quantity_hagga", "new_quantity_hagga", "change_amount_hagga"),
    *("previous_quantity_deep_desert", "new_quantity_deep_desert", "change_amount_deep_desert"),
    *("change_type", "transfer_amount", "transfer_direction"),
)
MOVES = [
    (add(7), (1000, 1007, 7, 400, 400, 0, "relative", None, None)),
    (add(7, DEEP_DESERT), (1000, 1000, 0, 400, 407, 7, "relative", None, None)),
    (remove(7), (1000, 993, -7, 400, 400, 0, "relative", None, None)),
    (remove(400, DEEP_DESERT), (1000, 1000, 0, 400, 0, -400, "relative", None, None)),
    (set_to(7), (1000, 7, -993, 400, 400, 0, "absolute", None, None)),
    (set_to(900, DEEP_DESERT), (1000, 1000, 0, 400, 900, 500, "absolute", None, None)),
    (set_to(1000), (1000, 1000, 0, 400, 400, 0, "absolute", None, None)),
    (to_deep_desert(7), (1000, 993, -7, 400, 407, 7, "transfer", 7, "to_deep_desert")),
    (to_hagga(7), (1000, 1007, 7, 400, 393, -7, "transfer", 7, "to_hagga")),
    # The cursor's location doesn't matter for a transfer.
    (
        to_hagga(7, location=DEEP_DESERT),
        (1000, 1007, 7, 400, 393, -7, "transfer", 7, "to_hagga"),
    ),
]


def stock(books: Books) -> None:
    """Leave only Spice, without history: 1,000 at Hagga, 400 in the Deep Desert, no target."""
    emptied = ("leaderboard", "resource_history", "resources")
    books.database.batch([RawQuery(f"DELETE FROM {table}") for table in emptied])
    books.insert_resource(quantity_hagga=1000, quantity_deep_desert=400, category="Raw")


def update(books: Books, **values: Any) -> None:
    for column, value in values.items():
        books.run(f"UPDATE resources SET {column} = ?", value)


def apply(books: Books, change: Change) -> Row:
    """Apply a change that must go through, and return its history row."""
    outcome = books.ledger.apply(change)
    assert outcome.verdict is Verdict.APPLIED, outcome
    return books.row("resource_history", change.id)


def points_of(books: Books, change: Change) -> Row:
    return books.row("leaderboard", change.id)


def rejected(books: Books, change: Change) -> Outcome:
    """Apply a change that must be rejected and leave every table as it was."""
    before = books.everything()
    outcome = books.ledger.apply(change)
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.moved is None
    assert books.everything() == before
    return outcome


def undo(books: Books, change: Change, **given: Any) -> Change:
    """Return the counter-change of a change that was applied."""
    moved = books.ledger.apply(change).moved
    assert moved is not None
    counter = counter_change(change, moved, "the undoer")
    assert counter is not None
    return counter._replace(**given)
