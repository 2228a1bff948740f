"""Parsing a change as it is typed: `+500`, `-20`, `=1200`, `>300`, `+3*500+20 # spice run`.

    change  = sign sum [ "#" reason ]
    sum     = product { "+" product }
    product = factor { "*" factor }
    factor  = digits, optionally grouped in threes, optional decimals, optional k or m

Amounts are computed exactly, and must come out as whole numbers. The README documents the syntax.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, grouped
from tracker_tui.domain.text import MAX_REASON, clean_reason

SIGNS: Final = {
    "+": Kind.ADD,
    "-": Kind.REMOVE,
    "=": Kind.SET,
    ">": Kind.TO_DEEP_DESERT,
    "<": Kind.TO_HAGGA,
}
WORDS: Final = {
    "add": "+",
    "remove": "-",
    "set": "=",
    "to-deep-desert": ">",
    "to-hagga": "<",
}
"""Words for the signs on the command line, because shells interpret the signs."""

_MAX_SUM_LENGTH = 100
_DECIMALS = 9
_ONE: Final[int] = 10**_DECIMALS
_SUFFIXES = {"": 1, "k": 1_000, "m": 1_000_000}
_FACTOR = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?:[,_ ][0-9]{3})+(?![0-9])|[0-9]+)"
    r"(?:\.(?P<decimals>[0-9]+))?"
    r"(?P<suffix>[kKmM]?)"
)


_ALL = "all"
"""The amount that means the whole quantity at the location."""


class TypedChange(NamedTuple):
    """A parsed change; for Kind.SET, `amount` is the quantity wanted, in units."""

    kind: Kind
    amount: int
    reason: str | None


class ChangeSyntaxError(ValueError):
    """A text isn't a change; `column`, counted from 0, points at the mistake."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


def parse_change(text: str) -> TypedChange:
    """Parse one change; raises ChangeSyntaxError with the column of the mistake."""
    start = len(text) - len(text.lstrip(" "))
    if start == len(text):
        raise ChangeSyntaxError("type + - = > or < and an amount, such as +500", start)
    kind = SIGNS.get(text[start])
    if kind is None:
        raise ChangeSyntaxError("start with + (add), - (remove), = (set), > or < (move)", start)
    total_text, hash_sign, reason_text = text.partition("#")
    if len(total_text) > _MAX_SUM_LENGTH:
        message = f"an amount has up to {_MAX_SUM_LENGTH} characters"
        raise ChangeSyntaxError(message, _MAX_SUM_LENGTH)
    reason = parse_reason(reason_text, len(total_text) + len(hash_sign))
    amount = _Sum(total_text, start + 1).value()
    if amount == 0 and kind is not Kind.SET:
        raise ChangeSyntaxError("0 changes nothing; only =0 means something", start + 1)
    return TypedChange(kind=kind, amount=amount, reason=reason)


def begins_change(tail: str) -> bool | None:
    """Return whether a sign typed after a search begins a change; None while that is undecided.

    It does if a digit, a blank or `all` follows; otherwise it belongs to the search, as in
    `spice-infused`.
    """
    after = tail[1:].lower()
    if after[:1] == " " or (after[:1].isascii() and after[:1].isdigit()):
        return True
    if after.startswith(_ALL):
        return True
    return None if _ALL.startswith(after) else False


def parse_reason(text: str, column: int = 0) -> str | None:
    """Return a cleaned reason, None if it is empty; raises ChangeSyntaxError if it is too long."""
    reason = clean_reason(text)
    if reason is not None and len(reason) > MAX_REASON:
        message = f"a reason has up to {MAX_REASON} characters, this one has {len(reason)}"
        raise ChangeSyntaxError(message, column)
    return reason


class _Sum:
    """A parser of a sum of products, from a column on; it computes in units of 10**-9."""

    def __init__(self, text: str, column: int) -> None:
        self._text = text
        self._column = column

    def value(self) -> int:
        self._skip_blanks()
        first = self._column
        total = self._product()
        while self._take("+"):
            total += self._product()
        if self._column < len(self._text):
            raise ChangeSyntaxError(self._unexpected(), self._column)
        whole, rest = divmod(total, _ONE)
        if rest:
            raise ChangeSyntaxError("the result must be a whole number", first)
        if whole > MAX_QUANTITY:
            raise ChangeSyntaxError(f"more than {grouped(MAX_QUANTITY)}", first)
        return whole

    def _product(self) -> int:
        product = self._factor()
        while self._take("*"):
            column = self._column
            product, rest = divmod(product * self._factor(), _ONE)
            if rest:
                raise ChangeSyntaxError("too many decimals", column)
        return product

    def _factor(self) -> int:
        self._skip_blanks()
        match = _FACTOR.match(self._text, self._column)
        if match is None:
            raise ChangeSyntaxError(self._unexpected(), self._column)
        decimals = match["decimals"] or ""
        if len(decimals) > _DECIMALS:
            raise ChangeSyntaxError("too many decimals", match.start("decimals"))
        whole = int(re.sub("[,_ ]", "", match["whole"]))
        units = whole * _ONE + int(decimals.ljust(_DECIMALS, "0"))
        self._column = match.end()
        self._skip_blanks()
        return units * _SUFFIXES[match["suffix"].lower()]

    def _take(self, sign: str) -> bool:
        if self._text.startswith(sign, self._column):
            self._column += 1
            return True
        return False

    def _skip_blanks(self) -> None:
        while self._text.startswith(" ", self._column):
            self._column += 1

    def _unexpected(self) -> str:
        if self._column >= len(self._text):
            return "a number is missing here"
        char = self._text[self._column]
        if char in ",_" or (char.isdigit() and char.isascii()):
            return "use , _ or a blank only between groups of three digits, as in 1,200"
        if char.isprintable():
            return f"“{char}” doesn't belong here: an amount is made of numbers, k, m, + and *"
        return "an unprintable character doesn't belong here"
