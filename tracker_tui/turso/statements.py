"""SQL statements as JSON, and the little of SQL that a client must understand.

In `sqlite3` a dictionary may hold more names than the statement uses, and a sequence may fill named
placeholders. The server accepts neither, so this module finds the placeholders of a statement:

    encode_statement("SELECT :a", {"a": 1, "b": 2})
    # {"sql": "SELECT :a", "named_args": [{"name": ":a", "value": {"type": "integer", …}}]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from sqlite3 import complete_statement
from typing import Any

from tracker_tui.turso.errors import OperationalError, ProgrammingError
from tracker_tui.turso.values import encode

Parameters = Sequence[Any] | Mapping[str, Any]
Statement = tuple[str, Parameters]
"""An SQL text and the values of its placeholders."""

_DATA_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
_READS = frozenset({"SELECT", "VALUES", "EXPLAIN"})
# An atomic group, so that a comment never continues after its end.
_BLANK = r"(?>[ \t\n\f\r]+|--[^\n]*|/\*.*?(?:\*/|\Z))*"
_FIRST_WORD = re.compile(_BLANK + r"([A-Za-z]+)", re.DOTALL)
_NOTHING = re.compile(_BLANK + r";?", re.DOTALL)
# Other pragmas change something, or do so if they get a value.
_READING_PRAGMA = re.compile(r"PRAGMA +schema_version", re.IGNORECASE)
# Names and numbers matter only because a $ inside them begins no placeholder.
_TOKEN = re.compile(
    r"""; | '[^']*' | "[^"]*" | `[^`]*` | \[[^\]]*\] | --[^\n]* | /\*.*?(?:\*/|\Z)
      | [\w\x80-\U0010ffff][\w$\x80-\U0010ffff]*
      | (?P<placeholder>[:@$][\w$\x80-\U0010ffff]+ | \?[0-9]*)""",
    re.VERBOSE | re.DOTALL,
)
_MAX_PLACEHOLDERS = 32766


def first_word(sql: str) -> str:
    """Return the first word of a statement in capitals; empty if there is none."""
    match = _FIRST_WORD.match(sql)
    return match[1].upper() if match else ""


def changes_data(sql: str) -> bool:
    """Whether `sqlite3` would begin a transaction for this statement."""
    return first_word(sql) in _DATA_CHANGES


def only_reads(sql: str) -> bool:
    """Whether a statement surely changes nothing, judged by its words alone."""
    word = first_word(sql)
    if word == "WITH":
        return all(token[0].upper() not in _DATA_CHANGES for token in _TOKEN.finditer(sql))
    return word in _READS or _READING_PRAGMA.fullmatch(sql) is not None


def check_text(sql: str) -> None:
    """Raise what `sqlite3` raises for text that cannot be SQL."""
    if "\0" in sql:
        raise ProgrammingError("the query contains a null character")
    sql.encode("utf-8")


def split(script: str) -> list[str]:
    """Return the statements of a script, without empty ones."""
    pieces, begin = [], 0
    for token in _TOKEN.finditer(script):
        # The body of a trigger contains semicolons.
        if token[0] == ";" and complete_statement(script[begin : token.end()]):
            pieces.append(script[begin : token.end()])
            begin = token.end()
    pieces.append(script[begin:])
    return [piece for piece in pieces if not _NOTHING.fullmatch(piece)]


def encode_statement(sql: str, parameters: Parameters = ()) -> dict[str, Any]:
    """Return a statement as JSON; raises ProgrammingError as `sqlite3` does."""
    names = _placeholders(sql)
    if isinstance(parameters, Mapping):
        values: Sequence[Any] = _by_name(names, parameters)
    elif isinstance(parameters, Sequence):
        values = parameters
    else:
        raise ProgrammingError("parameters are of unsupported type")
    if len(values) != len(names):
        raise ProgrammingError(
            "Incorrect number of bindings supplied. The current statement uses"
            f" {len(names)}, and there are {len(values)} supplied."
        )
    encoded = [encode(value) for value in values]
    real_names = [name for name in names if name and name[0] != "?"]
    if not real_names:
        return {"sql": sql, "args": encoded}
    if len(real_names) < len(names):
        # The server accepts values by number or by name, but not both.
        return {"sql": _numbered(sql, names), "args": encoded}
    arguments = zip(real_names, encoded, strict=True)
    return {"sql": sql, "named_args": [{"name": name, "value": value} for name, value in arguments]}


@lru_cache(maxsize=128)
def _placeholders(sql: str) -> tuple[str | None, ...]:
    """Return the names of a statement's values in SQLite's order; None for `?`.

    `?5` means five values, of which the fifth has the name "?5".
    """
    check_text(sql)
    # Check here: the server would overlook a second statement that is incomplete.
    if ";" in sql and len(split(sql)) > 1:
        raise ProgrammingError("You can only execute one statement at a time.")
    names: list[str | None] = []
    for token in _TOKEN.finditer(sql):
        name = token["placeholder"]
        if name == "?":
            names.append(None)
        elif name and name[0] == "?":
            number = int(name[1:])
            if not 1 <= number <= _MAX_PLACEHOLDERS:
                raise OperationalError(
                    f"variable number must be between ?1 and ?{_MAX_PLACEHOLDERS}"
                )
            names += [None] * (number - len(names))
            names[number - 1] = names[number - 1] or name
        elif name and name not in names:
            names.append(name)
    return tuple(names)


def _by_name(names: Sequence[str | None], values: Mapping[str, Any]) -> list[Any]:
    in_order = []
    for number, name in enumerate(names, 1):
        if name is None:
            raise ProgrammingError(f"Binding {number} has no name, but only names have values.")
        try:
            in_order.append(values[name[1:]])
        except LookupError as error:
            message = f"You did not supply a value for binding parameter {name}."
            raise ProgrammingError(message) from error
    return in_order


def _numbered(sql: str, names: Sequence[str | None]) -> str:
    """Return the statement with numbers in place of names."""

    def numbered(token: re.Match[str]) -> str:
        name = token["placeholder"]
        is_name = name is not None and name[0] != "?"
        return f"?{names.index(name) + 1}" if is_name else token[0]

    return _TOKEN.sub(numbered, sql)
