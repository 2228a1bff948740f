"""SQL values and results as JSON (Hrana 3, "Values" and "Statement results"), to and from Python.

Everything that arrives is checked: a value of a wrong type makes the whole answer unusable
(OutcomeUnknown).

Integers travel as strings, blobs as unpadded base64, floats as numbers. The server turns a float's
digits into an integer, then into a float, and divides that by a power of ten. It rounds twice where
once would be right, so 1.4000000000000001 arrives as 1.4. `with_exact_floats` writes other digits
for the same float, which survive; a server that rounds once reads them correctly, too.
"""

from __future__ import annotations

import math
import re
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from tracker_tui.turso.errors import DataError, Error, OutcomeUnknown, ProgrammingError, error_for

SqlValue = None | int | float | str | bytes
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**63 - 1
_NULL = {"type": "null"}
_JSON_FLOAT = re.compile(r'("type":"float","value":)([^}]+)')
_WHOLE_FROM: Final = 2.0**53
_WHOLE_UP_TO: Final = 2.0**63
_SMALLEST: Final = 1e-280
_LARGEST_EXPONENT: Final = 308
_TRIES: Final = 4


def encode(value: object) -> dict[str, Any]:
    """Return the JSON of a Python value, adapted as `sqlite3` adapts it.

    Raises OverflowError beyond 64 bits and UnicodeEncodeError for half a surrogate pair, as
    `sqlite3` does; ProgrammingError for a type that no column can hold; DataError for infinity.
    """
    if value is None:
        return _NULL
    if isinstance(value, str):
        value.encode("utf-8")
        return {"type": "text", "value": value}
    if isinstance(value, int):
        if not _MIN_INTEGER <= value <= _MAX_INTEGER:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        # A string, because other languages read a JSON number as a float.
        return {"type": "integer", "value": str(int(value))}
    if isinstance(value, float):
        return _encode_float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"type": "blob", "base64": b64encode(value).decode("ascii").rstrip("=")}
    return encode(_adapt(value))


def decode(encoded: dict[str, Any]) -> SqlValue:
    """Return the Python value of JSON from the server.

    Raises TypeError, ValueError or LookupError for anything else.
    """
    kind = encoded["type"]
    if kind == "text":
        if isinstance(text := encoded["value"], str):
            return text
        raise TypeError(text)
    if kind == "integer":
        return _integer(encoded["value"])
    if kind == "null":
        return None
    if kind == "float":
        # JSON has no infinity. The server writes null, which loses the sign.
        number = encoded["value"]
        return math.inf if number is None else _float(number)
    if kind == "blob":
        digits: str = encoded["base64"]
        return b64decode(digits + "=" * (-len(digits) % 4))
    raise ValueError(kind)


def _integer(value: object) -> int:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError(value)
    return checked_integer(int(value))


def checked_integer(number: int) -> int:
    """Return an integer that SQLite can hold; raises ValueError for a larger one."""
    if not _MIN_INTEGER <= number <= _MAX_INTEGER:
        raise ValueError("not an integer of 64 bits")
    return number


def _float(value: object) -> float:
    if not isinstance(value, float | int) or isinstance(value, bool) or math.isnan(value):
        raise TypeError(value)
    return float(value)


def _encode_float(value: float) -> dict[str, Any]:
    if math.isnan(value):
        return _NULL  # SQLite stores NaN as NULL
    if math.isinf(value):
        raise DataError("Infinity cannot be sent to a libSQL server.")
    return {"type": "float", "value": value}


def _adapt(value: object) -> object:
    try:
        adapted = sqlite3.adapt(value, sqlite3.PrepareProtocol)
    except sqlite3.ProgrammingError as error:
        message = f"Error binding parameter: type '{type(value).__name__}' is not supported"
        raise ProgrammingError(message) from error
    if not isinstance(adapted, str | int | float | bytes | bytearray | memoryview | None):
        raise ProgrammingError(f"The adapter of '{type(value).__name__}' makes no SQL value.")
    return adapted


# Floats


def with_exact_floats(json_text: str) -> str:
    """Replace the floats in a request's JSON, which has no spaces between its parts.

    Quotes inside a JSON string have a backslash, so no string is mistaken for a float.
    """
    return _JSON_FLOAT.sub(lambda match: match[1] + float_literal(float(match[2])), json_text)


def float_literal(number: float) -> str:
    """Return digits that the server reads exactly; the usual ones if none are found."""
    usual = repr(number)
    size = abs(number)
    # 15 digits are read exactly. There are no better ones for very small and very large floats.
    if not _SMALLEST < size < _WHOLE_FROM or float(f"{number:.15g}") == number:
        return usual
    first = max(0, math.ceil(math.log10(_WHOLE_FROM / size)))
    for exponent in range(first, min(first + _TRIES, _LARGEST_EXPONENT + 1)):
        power = float(f"1e{exponent}")
        for whole in _around(size * power):
            digits = f"{int(whole)}e-{exponent}"
            if _WHOLE_FROM <= whole < _WHOLE_UP_TO and whole / power == size == float(digits):
                return digits if number > 0 else f"-{digits}"
    return usual


def _around(number: float) -> Iterator[float]:
    """Yield a float and its nearest neighbours."""
    yield number
    lower = higher = number
    for _ in range(_TRIES):
        lower, higher = math.nextafter(lower, 0.0), math.nextafter(higher, math.inf)
        yield lower
        yield higher


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
