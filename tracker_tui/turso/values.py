"""Values as the protocol writes them (Hrana 3, "Values"), to and from Python."""

from __future__ import annotations

import math
import sqlite3
from base64 import b64decode, b64encode
from typing import Any

from tracker_tui.turso.errors import DataError, ProgrammingError

SqlValue = None | int | float | str | bytes
_LEAST, _MOST = -(2**63), 2**63 - 1
_NULL = {"type": "null"}


def encode(value: object) -> dict[str, Any]:
    """Return a Python value for the wire; what `sqlite3` has an adapter for is adapted.

    Raises OverflowError over 64 bits and UnicodeEncodeError for half a character, as `sqlite3`
    does, ProgrammingError for a type that no column can hold, DataError for infinity.
    """
    if value is None:
        return _NULL
    if isinstance(value, str):
        value.encode("utf-8")
        return {"type": "text", "value": value}
    if isinstance(value, int):
        if not _LEAST <= value <= _MOST:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        # As text: other languages read a number of JSON as a float.
        return {"type": "integer", "value": str(int(value))}
    if isinstance(value, float):
        return _encoded_float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"type": "blob", "base64": b64encode(value).decode("ascii").rstrip("=")}
    return encode(_adapted(value))


def decode(wired: dict[str, Any]) -> SqlValue:
    """Return the Python value of what the server sent.

    Raises TypeError, ValueError or LookupError if it is none.
    """
    kind = wired["type"]
    if kind == "text":
        if isinstance(text := wired["value"], str):
            return text
        raise TypeError(text)
    if kind == "integer":
        return _integer(wired["value"])
    if kind == "null":
        return None
    if kind == "float":
        # JSON has no infinity, so the server writes null for it; its sign is lost.
        number = wired["value"]
        return math.inf if number is None else _float(number)
    if kind == "blob":
        encoded: str = wired["base64"]
        return b64decode(encoded + "=" * (-len(encoded) % 4))
    raise ValueError(kind)


def _integer(sent: object) -> int:
    if not isinstance(sent, str | int) or isinstance(sent, bool):
        raise TypeError(sent)
    return checked_integer(int(sent))


def checked_integer(number: int) -> int:
    """Return a number that SQLite can hold; raises ValueError for any other."""
    if not _LEAST <= number <= _MOST:
        raise ValueError("no integer of 64 bits")
    return number


def _float(sent: object) -> float:
    if not isinstance(sent, float | int) or isinstance(sent, bool) or math.isnan(sent):
        raise TypeError(sent)
    return float(sent)


def _encoded_float(value: float) -> dict[str, Any]:
    if math.isnan(value):
        return _NULL  # as SQLite stores it
    if math.isinf(value):
        raise DataError("Infinity cannot be sent to a libSQL server.")
    return {"type": "float", "value": value}


def _adapted(value: object) -> object:
    try:
        adapted = sqlite3.adapt(value, sqlite3.PrepareProtocol)
    except sqlite3.ProgrammingError as error:
        message = f"Error binding parameter: type '{type(value).__name__}' is not supported"
        raise ProgrammingError(message) from error
    if not isinstance(adapted, str | int | float | bytes | bytearray | memoryview | None):
        raise ProgrammingError(f"The adapter of '{type(value).__name__}' makes no SQL value.")
    return adapted
