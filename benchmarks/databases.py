"""Databases to measure on, made with the program's own code in a temporary folder."""

from __future__ import annotations

import shutil
from itertools import count, islice, product
from pathlib import Path
from random import Random
from time import time

from benchmarks import long_history
from tracker_tui.db.sqlite import create_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import NewResource

# Short words, so that a whole name fits into the narrowest column and can be waited for.
_FIRST = (
    *("Amber", "Basalt", "Carbon", "Cobalt", "Copper", "Desert", "Dune", "Erg", "Flour"),
    *("Iron", "Jasmin", "Melange", "Plast", "Quartz", "Rock", "Salt", "Silver", "Spice"),
    *("Spike", "Steel", "Stone", "Sun", "Water", "Wind", "Worm"),
)
_SECOND = (
    *("Bar", "Bolt", "Cable", "Coil", "Core", "Dust", "Filter", "Gear", "Glass", "Ingot"),
    *("Lens", "Mesh", "Nut", "Ore", "Part", "Pipe", "Plate", "Pump", "Sand", "Wire"),
)
_CATEGORIES = ("Raw", "Refined", "Components", "Fuel", "Other")
_BATCH = 500
"""Rows in one statement; SQLite binds at most 32,766 values."""


class Databases:
    """Makes each database once. Benchmarks that write use a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: dict[int, Path] = {}
        self._histories: dict[int, Path] = {}
        self._numbers = count(1)

    def of(self, number: int) -> Path:
        """Return the database with this many resources."""
        if number not in self._made:
            path = self.folder / f"{number}.db"
            create_sqlite(path, lambda database, layout: fill(Ledger(database, layout), number))
            self._made[number] = path
        return self._made[number]

    def with_history(self, entries: int) -> Path:
        """Return the database with this many entries in two years of history."""
        if entries not in self._histories:
            path = self.folder / f"history-{entries}.db"
            now = int(time())
            create_sqlite(path, lambda database, _: long_history.fill(database, entries, now))
            self._histories[entries] = path
        return self._histories[entries]

    def copy_of(self, number: int) -> Path:
        """Return a new copy of the database with this many resources."""
        path = self.folder / f"{number}-{next(self._numbers)}.db"
        shutil.copyfile(self.of(number), path)
        return path


def names(number: int) -> list[str]:
    """Return the names of the resources, in the order of the dashboard."""
    return sorted((new.name for new in _resources(number)), key=str.casefold)


def _resources(number: int) -> list[NewResource]:
    combined = product(range(1, number + 1), _FIRST, _SECOND)
    made = [
        NewResource(
            f"resource-{index:05}",
            f"{first} {second} {serial}",
            _CATEGORIES[index % len(_CATEGORIES)],
            hagga=index * 37 % 9_000,
            deep_desert=index * 11 % 700,
            description=f"The guild's stock of {second.lower()}.",
            target=4_000 + index % 13 * 500 if index % 5 else None,
            priority=index % 12 == 0,
        )
        for index, (serial, first, second) in enumerate(islice(combined, number))
    ]
    # Shuffled, because sorting rows that are already in order would be too cheap.
    Random(number).shuffle(made)
    return made


def fill(ledger: Ledger, number: int) -> None:
    """Create this many resources."""
    remaining = iter(_resources(number))
    while batch := list(islice(remaining, _BATCH)):
        ledger.create(batch, "benchmark")
