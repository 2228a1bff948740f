"""Fixture data of the demo: its members and their habits, recipes, and reasons for changes.

The proportions of recipes are near the game's, not exact. Every resource is one of the starter
catalogue's; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from random import Random
from typing import Final, NamedTuple


class Habit(Enum):
    """An activity that a member may choose in the evening."""

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
    """A Discord id, or the id of the local user."""
    username: str
    nickname: str | None
    attendance: float
    """The share of evenings on which this member plays."""
    habits: Mapping[Habit, int]
    """The relative frequency of each habit."""


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

# Discord ids contain the time of their creation. These are from 2083, so no account has them.
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
    """Return the twelve members; `local`, if given, replaces the all-rounder's id and name."""
    if local is None:
        return _GUILD
    *others, last = _GUILD
    return (*others, last._replace(id=local, username=local, nickname=None))


SPICE: Final = "Spice Sand"
DEEP_DESERT_FINDS: Final = (SPICE, "Stravidium Mass", "Titanium Ore")
"""Resources that are found in the Deep Desert and hauled to Hagga."""

SUPPLIES: Final = (
    "Fuel Cell",
    "Large Vehicle Fuel Cell",
    "Medium Sized Vehicle Fuel Cell",
    "Spice-infused Fuel Cell",
    "Welding wire",
    "Industrial-grade Lubricant",
    "Particulate Filter",
    "Advanced Particulate Filter",
    "Rockets",
    "Missile",
    "Plastone",
    "Off-world Medical Supplies",
)
"""Resources that the base in the Deep Desert uses up."""


class Recipe(NamedTuple):
    """The parts of one unit of a product; none if the crafter brings their own."""

    product: str
    parts: tuple[tuple[str, float], ...] = ()


RECIPES: Final = (
    Recipe("Copper Ingot", (("Copper Ore", 4),)),
    Recipe("Iron Ingot", (("Iron Ore", 4),)),
    Recipe("Steel Ingot", (("Iron Ingot", 1), ("Carbon Ore", 4))),
    Recipe("Aluminum Ingot", (("Aluminum Ore", 6),)),
    Recipe("Duraluminum Ingot", (("Aluminum Ingot", 1), ("Jasmium Crystal", 3))),
    Recipe("Plastanium Ingot", (("Titanium Ore", 4), ("Stravidium Fiber", 1))),
    Recipe("Stravidium Fiber", (("Stravidium Mass", 3),)),
    Recipe("Spice Melange", ((SPICE, 2),)),
    Recipe("Spice Residue", ((SPICE, 1),)),
    Recipe("Silicone Block", (("Flour Sand", 3),)),
    Recipe("Cobalt Paste", (("Erythrite Crystal", 3),)),
    Recipe("Plastone", (("Basalt", 1), ("Silicone Block", 0.2))),
    Recipe("Small Vehicle Fuel Cell", (("Fuel Cell", 10),)),
    Recipe("Medium Sized Vehicle Fuel Cell", (("Fuel Cell", 30),)),
    Recipe("Large Vehicle Fuel Cell", (("Fuel Cell", 40), ("Spice Residue", 10))),
    Recipe("Low-grade Lubricant", (("Spice Residue", 8),)),
    Recipe("Industrial-grade Lubricant", (("Spice Residue", 12),)),
    Recipe("Welding wire", (("Copper Ingot", 1),)),
    Recipe("Standard Filter", (("Plant Fiber", 10),)),
    Recipe("Particulate Filter"),
    Recipe("Armor Plating"),
    Recipe("Micro-sandwich Fabric"),
    Recipe("Atmospheric Filtered Fabric"),
    Recipe("Rockets"),
    Recipe("Missile"),
)

_SILENT: Final = 0.4
"""The share of changes without a reason."""

_REASONS: Final = {
    (Habit.GATHER, "Raw"): (
        "two buggy loads",
        "rift run",
        "ore run before dinner",
        "Vermillius Gap, all nodes up",
        "crawler full",
        "solo, quick one",
        "with the cutteray mk5, finally",
        "on the way home from Arrakeen",
        "got eaten on the second trip",
        "sandstorm cut it short",
        "for the refinery queue",
    ),
    (Habit.SCAVENGE, "Components"): (
        "testing station run",
        "shipwreck",
        "cleared my chests",
        "station 76 with the duo",
        "from the Sheol, wear a suit",
        "leftovers after the gear rebuild",
        "loot split",
        "caves",
    ),
    (Habit.SCAVENGE, "Other"): ("contracts", "sold spare gear", "exchange", "dues"),
    (Habit.RAID, "Raw"): (
        "DD run",
        "E5, two thopters",
        "convoy back safe",
        "half of it, the worm took the rest",
        "night run, all quiet",
        "DD, 4 people",
    ),
    (Habit.RAID, SPICE): (
        "spice blow, D6",
        "big blow, whole crew!",
        "harvester full",
        "small blow near the shield wall",
        "wormsign after 5 min, got out",
    ),
    (Habit.USE, "Raw"): (
        "new base",
        "lent to the alliance",
        "starter kits",
        "traded",
        "medium base kit",
    ),
    (Habit.USE, "Refined"): (
        "repairs",
        "new assault thopter",
        "base upkeep",
        "buggy mk6",
        "stillsuits for the new ones",
        "generators",
        "lost the carrier, rebuilding",
    ),
    (Habit.USE, "Components"): (
        "augments",
        "rifle for the raid",
        "thopter wings",
        "gear set",
        "trade with the alliance",
        "2 suits",
    ),
    (Habit.USE, "Other"): ("taxes", "vendor schematics", "base taxes, both", "bought at exchange"),
    (Habit.HAUL, "home"): (
        "carrier flight home",
        "wipe day, bringing all back",
        "assault thopter, 2 trips",
        "before the storm",
    ),
    (Habit.HAUL, "out"): ("stocking up DD", "supplies for the weekend", "DD base low", "carrier"),
    (Habit.HAUL, "spent"): ("DD generators", "refuel", "thopters at DD", "base repairs DD"),
    (Habit.COUNT, "day"): ("daily check", "checked", "recount"),
}


def choose_reason(dice: Random, habit: Habit, occasion: str) -> str | None:
    """Return a reason for a change, or None as often as players leave it out.

    `occasion` is a resource's category or name, or a special key of `_REASONS`.
    """
    reasons = _REASONS.get((habit, occasion))
    if reasons is None or dice.random() < _SILENT:
        return None
    return dice.choice(reasons)
