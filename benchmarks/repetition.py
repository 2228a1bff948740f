"""Measuring two things in turns, so that a bad moment of the machine affects both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Pair(NamedTuple):
    """The medians of a measurement and of its baseline."""

    measured: float
    baseline: float


def in_turns(first: Callable[[], T], second: Callable[[], T], times: int) -> list[tuple[T, T]]:
    """Call one, then the other, `times` times, without a warm-up."""
    return [(first(), second()) for _ in range(times)]


def warmed_in_turns(
    first: Callable[[], T], second: Callable[[], T], times: int
) -> list[tuple[T, T]]:
    """Return `in_turns` after one more round, which fills the caches and does not count."""
    return in_turns(first, second, times + 1)[1:]


def medians(first: Callable[[], float], second: Callable[[], float], times: int) -> Pair:
    """Return the medians of two measurements, made in turns with warm caches."""
    return medians_of(warmed_in_turns(first, second, times))


def medians_of(rounds: Iterable[tuple[float, float]]) -> Pair:
    """Return the median of each side."""
    measured, baseline = zip(*rounds, strict=True)
    return Pair(median(measured), median(baseline))


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start
