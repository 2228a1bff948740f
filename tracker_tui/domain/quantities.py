"""Where resources lie, and the ways in which they move (data contract, "A change")."""

from __future__ import annotations

from enum import StrEnum


class Location(StrEnum):
    """One of the guild's two bases; the value is the word that the command line uses."""

    HAGGA = "hagga"
    DEEP_DESERT = "deep-desert"

    @property
    def other(self) -> Location:
        """The base at the other end of a transfer."""
        return Location.DEEP_DESERT if self is Location.HAGGA else Location.HAGGA


class Kind(StrEnum):
    """What a change does; `Kind.SET` is the contract's 'absolute', the first two 'relative'."""

    ADD = "add"
    REMOVE = "remove"
    SET = "set"
    TO_DEEP_DESERT = "to-deep-desert"
    TO_HAGGA = "to-hagga"

    @property
    def is_transfer(self) -> bool:
        """Whether both locations move."""
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


_READABLE = 1e12
"""From where on nobody counts digits any more; no guild earns as much."""


def grouped(number: int) -> str:
    """Return a number as people read it: `1,234,567`."""
    return f"{number:,}"


def decimal(number: float) -> str:
    """Return a number with two decimals, `1,234.50`; one without measure as `1e+300`."""
    return f"{number:,.2f}" if abs(number) < _READABLE else f"{number:.3g}"


def signed(number: int) -> str:
    """Return a difference as people read it: `+1,234`, `-5`, `±0`."""
    return f"{number:+,}" if number else "±0"
