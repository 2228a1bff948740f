"""SQL texts as the protocol wants them, with the little of SQL that a client must understand.

`sqlite3` lets a dictionary hold more names than the statement has, and a sequence fill named
placeholders; the server takes neither, so the names in a statement are found here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tracker_tui.db.turso.errors import ProgrammingError
from tracker_tui.db.turso.values import encode

Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]
"""An SQL text and the values of its placeholders."""

_DATA_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_BLANK = r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*"
_FIRST_WORD = re.compile(_BLANK + r"([A-Za-z]+)", re.DOTALL)
_PLACEHOLDER = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]
      | --[^\n]* | /\*.*?(?:\*/|\Z) | (?P<named>[:@$]\w+) | (?P<bare>\?\d*)""",
    re.VERBOSE | re.DOTALL,
)


def first_word(sql: str) -> str:
    """Return the word that a statement begins with, in capitals; "" if there is none."""
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def changes_data(sql: str) -> bool:
    """Whether `sqlite3` would begin a transaction for this statement by itself."""
    return first_word(sql) in _DATA_CHANGES


def wired(sql: str, parameters: Parameters = ()) -> dict[str, Any]:
    """Return a statement for the wire; raises ProgrammingError as `sqlite3` does."""
    if isinstance(parameters, Mapping):
        return {"sql": sql, "named_args": _by_name(sql, parameters)}
    if not isinstance(parameters, Sequence):
        raise ProgrammingError("parameters are of unsupported type")
    names = _names(sql) if any(sign in sql for sign in ":@$") else []
    if names and len(names) == len(parameters):
        return {"sql": sql, "named_args": list(map(_named, names, parameters))}
    return {"sql": sql, "args": [encode(value) for value in parameters]}


def _by_name(sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if any(found["bare"] for found in _PLACEHOLDER.finditer(sql)):
        raise ProgrammingError("A placeholder has no name, but the values have only names.")
    arguments = []
    for name in _names(sql):
        try:
            value = values[name[1:]]
        except LookupError as error:
            message = f"You did not supply a value for binding parameter {name}."
            raise ProgrammingError(message) from error
        arguments.append(_named(name, value))
    return arguments


def _names(sql: str) -> list[str]:
    """Return the named placeholders in the order in which SQLite numbers them."""
    found = (match["named"] for match in _PLACEHOLDER.finditer(sql))
    return list(dict.fromkeys(name for name in found if name))


def _named(name: str, value: object) -> dict[str, Any]:
    return {"name": name, "value": encode(value)}
