"""What statements gave, read from the server's JSON (Hrana 3, "Statement results")."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from tracker_tui.turso.errors import Error, OutcomeUnknown, error_for
from tracker_tui.turso.values import SqlValue, decode

Row = tuple[SqlValue, ...]
_DIGITS = 20
"""Of the greatest number of 64 bits."""
P = ParamSpec("P")
T = TypeVar("T")


def _understood(read: Callable[P, T]) -> Callable[P, T]:
    """Let a reader raise OutcomeUnknown for an answer that makes no sense, whatever it holds."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise OutcomeUnknown("The answer is not what a libSQL server sends") from error

    return reading


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
    names = tuple([_text(column["name"] or "") for column in _list(answer["cols"])])
    if any("\0" in name for name in names):
        raise ValueError("no name of SQLite's")
    rows = [tuple([decode(value) for value in _list(row)]) for row in _list(answer["rows"])]
    if not {len(names)}.issuperset(map(len, rows)):
        raise ValueError("rows of another length than their columns")
    return StatementResult(
        rows,
        int(answer["affected_row_count"]),
        names,
        None if last is None else int(last),
        int(answer.get("rows_read") or 0),
        int(answer.get("rows_written") or 0),
    )


def reported_error(report: dict[str, Any]) -> Error:
    """Read an Error structure."""
    return error_for(str(report.get("code") or ""), str(report.get("message") or "unknown error"))


class Pipeline(NamedTuple):
    """A whole answer: a StreamResult for each request, and where the stream goes on."""

    results: list[dict[str, Any]]
    baton: str | None
    base_url: str | None


@_understood
def pipeline_of(answer: dict[str, Any], expected: int) -> Pipeline:
    """Read the answer to so many requests."""
    results, baton, base_url = _list(answer["results"]), answer["baton"], answer.get("base_url")
    if not {"ok", "error"}.issuperset(result["type"] for result in results):
        raise ValueError("results of an unknown type")
    if len(results) != expected:
        raise OutcomeUnknown("The server answered another number of requests")
    return Pipeline(
        results,
        None if baton is None else _text(baton),
        None if base_url is None else _text(base_url),
    )


@_understood
def response_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return the response in a StreamResult; raises what the server reports instead."""
    if result["type"] == "error":
        raise reported_error(result["error"])
    response: dict[str, Any] = result["response"]
    return response


@_understood
def is_autocommit(result: dict[str, Any]) -> bool:
    """Read whether no transaction is open; raises what the server reports instead."""
    answer = response_of(result)["is_autocommit"]
    if not isinstance(answer, bool):
        raise TypeError(answer)
    return answer


class Steps(NamedTuple):
    """What became of each step of a batch: a result, or an error, or neither if it did not run."""

    results: list[StatementResult | None]
    errors: list[Error | None]

    def raise_first_error(self) -> None:
        """Raise what the first failing step reports; the ones after it did not run."""
        for error in self.errors:
            if error is not None:
                raise error


@_understood
def steps_of(response: dict[str, Any], expected: int) -> Steps:
    """Read a BatchResult of so many steps."""
    result = response["result"]
    steps = Steps(
        [None if step is None else result_from(step) for step in _list(result["step_results"])],
        [None if step is None else reported_error(step) for step in _list(result["step_errors"])],
    )
    if not len(steps.results) == len(steps.errors) == expected:
        raise OutcomeUnknown("The server answered another number of steps than it was asked.")
    return steps


def replication_index(response: dict[str, Any]) -> int | None:
    """Return how far the server's log had come; None where it says nothing that makes sense."""
    index = str(response["result"].get("replication_index"))
    return int(index) if index.isdecimal() and len(index) <= _DIGITS else None


def _list(found: object) -> list[Any]:
    if not isinstance(found, list):
        raise TypeError(found)
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(found)
    return found
