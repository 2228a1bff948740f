"""Quantities: their limits, the two locations, the kinds of change, and how numbers are written."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MAX_QUANTITY: Final = 999_999_999
"""The largest quantity or target, in units; the smallest is 0 (data contract, "Values")."""

_TOO_LONG: Final = 1e12
"""From here on a number is shown in scientific notation: its digits would fill the line."""


class Location(StrEnum):
    """One of the guild's two bases; the value is its word on the command line."""

    HAGGA = "hagga"
    DEEP_DESERT = "deep-desert"

    @property
    def other(self) -> Location:
        """The base at the other end of a transfer."""
        return Location.DEEP_DESERT if self is Location.HAGGA else Location.HAGGA


class Kind(StrEnum):
    """The kind of a change (data contract, "A change").

    ADD and REMOVE are the contract's 'relative', SET is 'absolute', the last two are 'transfer'.
    """

    ADD = "add"
    REMOVE = "remove"
    SET = "set"
    TO_DEEP_DESERT = "to-deep-desert"
    TO_HAGGA = "to-hagga"

    @property
    def is_transfer(self) -> bool:
        """Whether it changes both locations."""
        return self in (Kind.TO_DEEP_DESERT, Kind.TO_HAGGA)

    @property
    def sign(self) -> str:
        """The character that begins a typed change of this kind."""
        return _SIGNS[self]


_SIGNS = {
    Kind.ADD: "+",
    Kind.REMOVE: "-",
    Kind.SET: "=",
    Kind.TO_DEEP_DESERT: ">",
    Kind.TO_HAGGA: "<",
}


def grouped(number: int) -> str:
    """Return a number with its thousands separated: `1,234,567`."""
    return f"{number:,}"


def decimal(number: float) -> str:
    """Return a number with two decimals, `1,234.50`; a huge one as `1e+300`."""
    return f"{number:,.2f}" if abs(number) < _TOO_LONG else f"{number:.3g}"


def signed(number: int) -> str:
    """Return a difference with its sign: `+1,234`, `-5`, `±0`."""
    return f"{number:+,}" if number else "±0"
