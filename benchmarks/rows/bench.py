"""What every row is given."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.databases import Databases

FEW = 100
MANY = 10_000


class Bench(NamedTuple):
    """Where the databases are, and whether few repetitions will do."""

    databases: Databases
    is_quick: bool

    def times(self, number: int) -> int:
        """Return how often to repeat what is usually repeated `number` times."""
        return max(2, number // 4) if self.is_quick else number
