"""The parameters of each row."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.databases import Databases

FEW = 100
MANY = 10_000


class Bench(NamedTuple):
    """The databases, and whether to use few repetitions."""

    databases: Databases
    is_quick: bool

    def times(self, number: int) -> int:
        """Return how often to repeat a measurement that usually has `number` repetitions."""
        return max(2, number // 4) if self.is_quick else number
