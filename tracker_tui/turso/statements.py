"""SQL texts as the protocol wants them, with the little of SQL that a client must understand.

`sqlite3` lets a dictionary hold more names than the statement has, and a sequence fill named
placeholders; the server takes neither, so the placeholders of a statement are found here.
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
# Atomic, so that a comment never goes on behind its end.
_BLANK = r"(?>[ \t\n\f\r]+|--[^\n]*|/\*.*?(?:\*/|\Z))*"
_FIRST_WORD = re.compile(_BLANK + r"([A-Za-z]+)", re.DOTALL)
_NOTHING = re.compile(_BLANK + r";?", re.DOTALL)
# Others change something, or do where they are given a value.
_READING_PRAGMA = re.compile(r"PRAGMA +schema_version", re.IGNORECASE)
# Names and numbers are looked at only because a $ within them begins nothing.
_TOKEN = re.compile(
    r"""; | '[^']*' | "[^"]*" | `[^`]*` | \[[^\]]*\] | --[^\n]* | /\*.*?(?:\*/|\Z)
      | [\w\x80-\U0010ffff][\w$\x80-\U0010ffff]*
      | (?P<placeholder>[:@$][\w$\x80-\U0010ffff]+ | \?[0-9]*)""",
    re.VERBOSE | re.DOTALL,
)
_MOST_PLACEHOLDERS = 32766


def first_word(sql: str) -> str:
    """Return the word that a statement begins with, in capitals; "" if there is none."""
    found = _FIRST_WORD.match(sql)
    return found[1].upper() if found else ""


def changes_data(sql: str) -> bool:
    """Whether `sqlite3` would begin a transaction for this statement by itself."""
    return first_word(sql) in _DATA_CHANGES


def only_reads(sql: str) -> bool:
    """Whether a statement changes nothing; False where that takes more than a look at its words."""
    word = first_word(sql)
    if word == "WITH":
        return all(token[0].upper() not in _DATA_CHANGES for token in _TOKEN.finditer(sql))
    return word in _READS or _READING_PRAGMA.fullmatch(sql) is not None


def check_text(sql: str) -> None:
    """Raise what `sqlite3` raises for an SQL text that is none."""
    if "\0" in sql:
        raise ProgrammingError("the query contains a null character")
    sql.encode("utf-8")


def split(script: str) -> list[str]:
    """Return the statements of a script, without those that say nothing."""
    pieces, begin = [], 0
    for token in _TOKEN.finditer(script):
        # A trigger has semicolons of its own.
        if token[0] == ";" and complete_statement(script[begin : token.end()]):
            pieces.append(script[begin : token.end()])
            begin = token.end()
    pieces.append(script[begin:])
    return [piece for piece in pieces if not _NOTHING.fullmatch(piece)]


def wired(sql: str, parameters: Parameters = ()) -> dict[str, Any]:
    """Return a statement for the wire; raises ProgrammingError as `sqlite3` does."""
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
    spelled = [name for name in names if name and name[0] != "?"]
    if not spelled:
        return {"sql": sql, "args": encoded}
    if len(spelled) < len(names):
        # The server takes values by number or by name, never both.
        return {"sql": _numbered(sql, names), "args": encoded}
    arguments = zip(spelled, encoded, strict=True)
    return {"sql": sql, "named_args": [{"name": name, "value": value} for name, value in arguments]}


@lru_cache(maxsize=128)
def _placeholders(sql: str) -> tuple[str | None, ...]:
    """Return the names of the values that a statement takes, as SQLite numbers them; None for `?`.

    `?5` makes five values of which the fifth is named "?5".
    """
    check_text(sql)
    # Looked at here: where the second statement is half a one, the server would not see it.
    if ";" in sql and len(split(sql)) > 1:
        raise ProgrammingError("You can only execute one statement at a time.")
    names: list[str | None] = []
    for token in _TOKEN.finditer(sql):
        name = token["placeholder"]
        if name == "?":
            names.append(None)
        elif name and name[0] == "?":
            number = int(name[1:])
            if not 1 <= number <= _MOST_PLACEHOLDERS:
                raise OperationalError(
                    f"variable number must be between ?1 and ?{_MOST_PLACEHOLDERS}"
                )
            names += [None] * (number - len(names))
            names[number - 1] = names[number - 1] or name
        elif name and name not in names:
            names.append(name)
    return tuple(names)


def _by_name(names: Sequence[str | None], values: Mapping[str, Any]) -> list[Any]:
    found = []
    for number, name in enumerate(names, 1):
        if name is None:
            raise ProgrammingError(f"Binding {number} has no name, but only names have values.")
        try:
            found.append(values[name[1:]])
        except LookupError as error:
            message = f"You did not supply a value for binding parameter {name}."
            raise ProgrammingError(message) from error
    return found


def _numbered(sql: str, names: Sequence[str | None]) -> str:
    """Return the statement with numbers in place of names."""

    def numbered(token: re.Match[str]) -> str:
        name = token["placeholder"]
        is_name = name is not None and name[0] != "?"
        return f"?{names.index(name) + 1}" if is_name else token[0]

    return _TOKEN.sub(numbered, sql)
