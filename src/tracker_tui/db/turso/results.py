"""What statements gave, read from the server's JSON (Hrana 3, "Statement results")."""

from __future__ import annotations

from typing import Any, NamedTuple

from tracker_tui.db.turso.errors import Error, OutcomeUnknown, error_for
from tracker_tui.db.turso.values import SqlValue, decode

Row = tuple[SqlValue, ...]


class StatementResult(NamedTuple):
    """The rows of one statement, and what the server counted while it ran."""

    rows: list[Row]
    rowcount: int
    """How many rows were changed; means something for INSERT, UPDATE and DELETE only."""
    columns: tuple[str, ...] = ()
    lastrowid: int | None = None
    rows_read: int = 0
    rows_written: int = 0


def result_from(answer: dict[str, Any]) -> StatementResult:
    """Read a StmtResult."""
    last = answer.get("last_insert_rowid")
    return StatementResult(
        [tuple([decode(value) for value in row]) for row in answer["rows"]],
        int(answer["affected_row_count"]),
        tuple([column["name"] or "" for column in answer["cols"]]),
        None if last is None else int(last),
        int(answer.get("rows_read") or 0),
        int(answer.get("rows_written") or 0),
    )


def reported_error(report: dict[str, Any]) -> Error:
    """Read an Error structure."""
    return error_for(str(report.get("code") or ""), str(report.get("message") or "unknown error"))


def response_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return the response in a StreamResult; raises what the server reports instead."""
    if result["type"] == "error":
        raise reported_error(result["error"])
    response: dict[str, Any] = result["response"]
    return response


class Steps(NamedTuple):
    """What became of each step of a batch: a result, or an error, or neither if it did not run."""

    results: list[StatementResult | None]
    errors: list[Error | None]

    def raise_first_error(self) -> None:
        """Raise what the first failing step reports; the ones after it did not run."""
        for error in self.errors:
            if error is not None:
                raise error


def steps_of(response: dict[str, Any], expected: int) -> Steps:
    """Read a BatchResult of so many steps."""
    result = response["result"]
    steps = Steps(
        [None if step is None else result_from(step) for step in result["step_results"]],
        [None if step is None else reported_error(step) for step in result["step_errors"]],
    )
    if not len(steps.results) == len(steps.errors) == expected:
        raise OutcomeUnknown("The server answered another number of steps than it was asked.")
    return steps
