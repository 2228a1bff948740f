"""What the demo's players know of the game: where things lie, what is made of what, what they say.

The proportions of recipes are near the game's, not exact. Every name is one of the starter
catalogue; a test compares them.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from tracker_tui.demo.members import Habit

SPICE: Final = "Spice Sand"
DEEP_DESERT_FINDS: Final = (SPICE, "Stravidium Mass", "Titanium Ore")
"""What is brought in at the base in the Deep Desert, and hauled from there."""

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
"""What the base in the Deep Desert lives on, and is flown out to it."""


class Recipe(NamedTuple):
    """What one unit of a product takes; no parts: made of what the crafter has in own chests."""

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
"""The share of changes without a reason: who plays types little."""

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
        "night run, nobody around",
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


def reason(dice: Random, habit: Habit, what: str) -> str | None:
    """Return why somebody did it, or None, as often as people leave it out.

    `what` is a resource's category, its name, or one of the occasions of the habit.
    """
    known = _REASONS.get((habit, what))
    if known is None or dice.random() < _SILENT:
        return None
    return dice.choice(known)
