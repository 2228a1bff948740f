"""Whole transactions in one request: steps that depend on each other (Hrana 3, "Batches")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tracker_tui.turso.errors import TransactionLost
from tracker_tui.turso.results import StatementResult, steps_of
from tracker_tui.turso.statements import Statement, wired
from tracker_tui.turso.statements import only_reads as reads

Step = dict[str, Any]
Condition = dict[str, Any]

IN_TRANSACTION: Final[Condition] = {"type": "not", "cond": {"type": "is_autocommit"}}


def step(statement: dict[str, Any], condition: Condition | None = None) -> Step:
    """Return one step of a batch, from a statement for the wire."""
    return {"stmt": statement, "condition": condition}


def after(number: int) -> Condition:
    """Return the condition that the step of this number ran and succeeded."""
    return {"type": "ok", "step": number}


def batch(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the stream request that runs these steps."""
    return {"type": "batch", "batch": {"steps": list(steps)}}


def only_reads(statements: Sequence[Statement]) -> bool:
    """Whether none of them can change anything, so that they may safely be sent twice."""
    return all(reads(sql) for sql, _ in statements)


def transaction(statements: Sequence[Statement]) -> dict[str, Any]:
    """Return the request that runs all of the statements or none.

    It ends with a ROLLBACK that runs where a step failed: else the transaction would stay open,
    and the next batch of the same request would fail for it.
    """
    begin = "BEGIN" if only_reads(statements) else "BEGIN IMMEDIATE"
    steps = [step({"sql": begin, "want_rows": False})]
    for sql, parameters in statements:
        steps.append(step(wired(sql, parameters), after(len(steps) - 1)))
    steps.append(step({"sql": "COMMIT", "want_rows": False}, after(len(steps) - 1)))
    steps.append(step({"sql": "ROLLBACK", "want_rows": False}, IN_TRANSACTION))
    return batch(steps)


def transaction_results(response: dict[str, Any], expected: int) -> list[StatementResult]:
    """Return a result for each of the statements; raises the error that undid them all."""
    # BEGIN before them; COMMIT and ROLLBACK behind.
    steps = steps_of(response, expected + 3)
    steps.raise_first_error()
    done = [result for result in steps.results[1:-1] if result is not None]
    if len(done) != expected + 1:
        raise TransactionLost("The server ended the transaction before it was committed.")
    return done[:-1]
