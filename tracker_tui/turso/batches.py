"""Batches: whole transactions in one request (Hrana 3, "Batches").

A batch is a list of steps, each with a condition. Every step but the first runs only if the one
before it succeeded, so a transaction of two statements is five steps:

    BEGIN IMMEDIATE
    INSERT …    if step 0 succeeded
    UPDATE …    if step 1 succeeded
    COMMIT      if step 2 succeeded
    ROLLBACK    if a transaction is still open

Without the last one a failed transaction would stay open, and the next batch of the request fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tracker_tui.turso.errors import Error, OutcomeUnknown, TransactionLost
from tracker_tui.turso.statements import Statement, encode_statement
from tracker_tui.turso.statements import only_reads as statement_only_reads
from tracker_tui.turso.values import (
    StatementResult,
    list_of,
    reported_error,
    result_from,
    unusable_if_malformed,
)

Step = dict[str, Any]
Condition = dict[str, Any]

IN_TRANSACTION: Final[Condition] = {"type": "not", "cond": {"type": "is_autocommit"}}
_MAX_DIGITS: Final = 20
"""The number of digits of the largest integer of 64 bits."""


def step(statement: dict[str, Any], condition: Condition | None = None) -> Step:
    """Return one step of a batch, from an encoded statement."""
    return {"stmt": statement, "condition": condition}


def after(number: int) -> Condition:
    """Return the condition that the step of this number succeeded."""
    return {"type": "ok", "step": number}


def batch(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the stream request that runs these steps."""
    return {"type": "batch", "batch": {"steps": list(steps)}}


def only_reads(statements: Sequence[Statement]) -> bool:
    """Whether no statement can change anything, so that sending them twice is safe."""
    return all(statement_only_reads(sql) for sql, _ in statements)


def transaction(statements: Sequence[Statement]) -> dict[str, Any]:
    """Return the request that runs all of the statements or none."""
    begin = "BEGIN" if only_reads(statements) else "BEGIN IMMEDIATE"
    steps = [step({"sql": begin, "want_rows": False})]
    for sql, parameters in statements:
        steps.append(step(encode_statement(sql, parameters), after(len(steps) - 1)))
    steps.append(step({"sql": "COMMIT", "want_rows": False}, after(len(steps) - 1)))
    steps.append(step({"sql": "ROLLBACK", "want_rows": False}, IN_TRANSACTION))
    return batch(steps)


def transaction_results(response: dict[str, Any], expected: int) -> list[StatementResult]:
    """Return a result for each statement; raises the error that undid them all."""
    # BEGIN comes before the statements, COMMIT and ROLLBACK after them.
    outcomes = step_outcomes(response, expected + 3)
    for error in outcomes.errors:
        if error is not None:
            raise error
    done = [result for result in outcomes.results[1:-1] if result is not None]
    if len(done) != expected + 1:
        raise TransactionLost("The server ended the transaction before it was committed.")
    return done[:-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class StepOutcomes:
    """A result or an error for each step of a batch; neither for a step that did not run."""

    results: list[StatementResult | None]
    errors: list[Error | None]


@unusable_if_malformed
def step_outcomes(response: dict[str, Any], expected: int) -> StepOutcomes:
    """Parse a BatchResult of this many steps."""
    result = response["result"]
    outcomes = StepOutcomes(
        results=[
            None if each is None else result_from(each) for each in list_of(result["step_results"])
        ],
        errors=[
            None if each is None else reported_error(each)
            for each in list_of(result["step_errors"])
        ],
    )
    if not len(outcomes.results) == len(outcomes.errors) == expected:
        raise OutcomeUnknown("The server answered another number of steps than it was asked.")
    return outcomes


def replication_index(response: dict[str, Any]) -> int | None:
    """Return the position in the server's log after a batch; None if it does not say."""
    index = str(response["result"].get("replication_index"))
    return int(index) if index.isdecimal() and len(index) <= _MAX_DIGITS else None
