"""Results of statements, parsed from the server's JSON (Hrana 3, "Statement results").

Everything is checked: a value of a wrong type makes the whole answer unusable (OutcomeUnknown).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from tracker_tui.turso.errors import Error, OutcomeUnknown, error_for
from tracker_tui.turso.values import SqlValue, decode

Row = tuple[SqlValue, ...]
P = ParamSpec("P")
T = TypeVar("T")


def unusable_if_malformed(parse: Callable[P, T]) -> Callable[P, T]:
    """Make a parser raise OutcomeUnknown for malformed answers."""

    @wraps(parse)
    def parse_checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return parse(*args, **kwargs)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise OutcomeUnknown("The answer is not what a libSQL server sends") from error

    return parse_checked


class StatementResult(NamedTuple):
    """The rows of one statement and the numbers that the server counted."""

    rows: list[Row]
    rowcount: int
    """How many rows an INSERT, UPDATE or DELETE changed; meaningless for other statements."""
    columns: tuple[str, ...] = ()
    lastrowid: int | None = None
    rows_read: int = 0
    rows_written: int = 0


def result_from(answer: dict[str, Any]) -> StatementResult:
    """Parse a StmtResult."""
    last = answer.get("last_insert_rowid")
    names = tuple([_text(column["name"] or "") for column in list_of(answer["cols"])])
    if any("\0" in name for name in names):
        raise ValueError("SQLite has no such name")
    rows = [tuple([decode(value) for value in list_of(row)]) for row in list_of(answer["rows"])]
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
    """Parse an Error structure."""
    return error_for(str(report.get("code") or ""), str(report.get("message") or "unknown error"))


class PipelineAnswer(NamedTuple):
    """A StreamResult for each request, and where the stream continues."""

    results: list[dict[str, Any]]
    baton: str | None
    base_url: str | None


@unusable_if_malformed
def pipeline_answer(answer: dict[str, Any], expected: int) -> PipelineAnswer:
    """Parse the answer to this many requests."""
    results, baton, base_url = list_of(answer["results"]), answer["baton"], answer.get("base_url")
    if not {"ok", "error"}.issuperset(result["type"] for result in results):
        raise ValueError("results of an unknown type")
    if len(results) != expected:
        raise OutcomeUnknown("The server answered another number of requests")
    return PipelineAnswer(
        results,
        None if baton is None else _text(baton),
        None if base_url is None else _text(base_url),
    )


@unusable_if_malformed
def response_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return the response in a StreamResult; raises the error that is in its place."""
    if result["type"] == "error":
        raise reported_error(result["error"])
    response: dict[str, Any] = result["response"]
    return response


@unusable_if_malformed
def is_autocommit(result: dict[str, Any]) -> bool:
    """Whether no transaction is open; raises the error that is in its place."""
    answer = response_of(result)["is_autocommit"]
    if not isinstance(answer, bool):
        raise TypeError(answer)
    return answer


def list_of(value: object) -> list[Any]:
    """Return a value that must be a list."""
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
