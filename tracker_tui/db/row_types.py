"""Checks that the rows of an answer have the types that their query promises.

SQLite lets any row hold any value, so our queries cast what they select. If a value still has
another type, the answer was changed on the way or comes from something other than SQLite. Such an
answer is unusable as a whole: nothing of it is shown or stored.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from tracker_tui.db.database import Rows
from tracker_tui.errors import AnswerLost

TEXT: Final = (str,)
TEXT_OR_NULL: Final = (str, NoneType)
INTEGER: Final = (int,)
INTEGER_OR_NULL: Final = (int, NoneType)
REAL: Final = (float,)
REAL_OR_NULL: Final = (float, NoneType)

NONSENSE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What Python raises while it makes something of an answer that has the wrong shape or types."""


class RowType:
    """The types that each column of a query may have."""

    def __init__(self, *columns: tuple[type, ...]) -> None:
        self._columns = columns

    def checked(self, rows: Rows) -> Rows:
        """Return the rows; raises AnswerLost where one of them has other types."""
        # Rows of one query share a handful of signatures: a large answer costs next to nothing.
        for signature in {tuple(map(type, row)) for row in rows}:
            if not self.has(signature):
                raise unusable_answer()
        return rows

    def only(self, rows: Rows) -> tuple[Any, ...]:
        """Return the one row of an answer; raises AnswerLost where it has another shape."""
        if len(rows) != 1:
            raise unusable_answer()
        return self.checked(rows)[0]

    def has(self, signature: tuple[type, ...]) -> bool:
        """Whether a row with values of these types is one of ours."""
        return len(signature) == len(self._columns) and all(
            found in allowed for found, allowed in zip(signature, self._columns, strict=True)
        )


NUMBER: Final = RowType(INTEGER)
"""A row of one whole number."""


def unusable_answer() -> AnswerLost:
    """Return the error for an answer that makes no sense; of a change it does not tell the fate."""
    return AnswerLost(
        "The database gave no usable answer: its values have the wrong types. "
        "Try again in a moment."
    )
