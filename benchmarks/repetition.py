"""Measuring two things by turns, so that a machine's bad moment hits both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Pair(NamedTuple):
    """The medians of what is measured and of its baseline."""

    measured: float
    baseline: float


def by_turns(first: Callable[[], T], second: Callable[[], T], times: int) -> list[tuple[T, T]]:
    """Call one, then the other, `times` times; nothing is warmed up before."""
    return [(first(), second()) for _ in range(times)]


def warmed_by_turns(
    first: Callable[[], T], second: Callable[[], T], times: int
) -> list[tuple[T, T]]:
    """Return `by_turns` after a round that counts for nothing: it fills the caches."""
    return by_turns(first, second, times + 1)[1:]


def medians(first: Callable[[], float], second: Callable[[], float], times: int) -> Pair:
    """Return the medians of two measurements that are made by turns, the caches warm."""
    return medians_of(warmed_by_turns(first, second, times))


def medians_of(rounds: Iterable[tuple[float, float]]) -> Pair:
    """Return the median of each side."""
    measured, baseline = zip(*rounds, strict=True)
    return Pair(median(measured), median(baseline))


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start
