"""The twelve of the demo's guild: what they are called, how often they play, what they like."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple


class Habit(Enum):
    """What a member may do of an evening."""

    GATHER = auto()
    SCAVENGE = auto()
    RAID = auto()
    CRAFT = auto()
    HAUL = auto()
    USE = auto()
    COUNT = auto()


class DemoMember(NamedTuple):
    """One member of the guild."""

    id: str
    """Discord id, or the id of the local user."""
    username: str
    nickname: str | None
    attendance: float
    """The share of evenings on which they play."""
    habits: Mapping[Habit, int]
    """How likely they do what, in weights."""


_GATHERER: Final = {Habit.GATHER: 8, Habit.SCAVENGE: 2, Habit.RAID: 1, Habit.USE: 1}
_SCAVENGER: Final = {Habit.SCAVENGE: 8, Habit.GATHER: 2, Habit.RAID: 1, Habit.USE: 2}
_RAIDER: Final = {Habit.RAID: 4, Habit.SCAVENGE: 3, Habit.USE: 2, Habit.HAUL: 2}
_CRAFTER: Final = {Habit.CRAFT: 7, Habit.USE: 5, Habit.GATHER: 1}
_BUILDER: Final = {Habit.USE: 8, Habit.CRAFT: 3, Habit.SCAVENGE: 1}
_HAULER: Final = {Habit.HAUL: 9, Habit.USE: 2, Habit.GATHER: 1, Habit.RAID: 1}
_OFFICER: Final = {Habit.COUNT: 3, Habit.CRAFT: 2, Habit.USE: 2, Habit.HAUL: 2}
_ALL_ROUNDER: Final = {
    Habit.GATHER: 3,
    Habit.SCAVENGE: 3,
    Habit.CRAFT: 3,
    Habit.USE: 3,
    Habit.HAUL: 1,
    Habit.RAID: 1,
}

# Discord's ids hold the time at which they were given: these are of the year 2083, nobody's.
_GUILD: Final = (
    DemoMember("9041220164736057101", "ilsabet.corr", "Ilsabet Corr", 0.85, _OFFICER),
    DemoMember("9041220164736057118", "nadimq", "Nadim Quill", 0.75, _GATHERER),
    DemoMember("9041220164736057126", "marrow_", "Marrow", 0.60, _GATHERER),
    DemoMember("9041220164736057139", "teff42", "Teff", 0.35, _GATHERER),
    DemoMember("9041220164736057144", "sabiha.k", "Sabiha", 0.65, _SCAVENGER),
    DemoMember("9041220164736057153", "juno-harrak", "Juno Harrak", 0.50, _SCAVENGER),
    DemoMember("9041220164736057162", "duststep", "Ravi Duststep", 0.60, _RAIDER),
    DemoMember("9041220164736057170", "torvash", "Torvald Ashe", 0.70, _CRAFTER),
    DemoMember("9041220164736057187", "ysoldethemaker", "Ysolde", 0.55, _CRAFTER),
    DemoMember("9041220164736057195", "old.bashir", None, 0.55, _BUILDER),
    DemoMember("9041220164736057208", "kesh_air_freight", "Kesh Air Freight", 0.60, _HAULER),
    DemoMember("9041220164736057216", "sietch_wanda", "Wormsign Wanda", 0.70, _ALL_ROUNDER),
)


def guild_members(local: str | None = None) -> tuple[DemoMember, ...]:
    """Return the twelve; the last, who does a bit of everything, is `local` if that is given."""
    if local is None:
        return _GUILD
    *others, last = _GUILD
    return (*others, last._replace(id=local, username=local, nickname=None))
