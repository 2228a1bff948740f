"""The peak memory of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.repetition import warmed_in_turns
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import MANY, Bench
from benchmarks.rows.screens import dashboard, least_app


def lines(bench: Bench) -> Iterator[Line]:
    """Measure the peak with 10,000 resources, after moving to the last row."""
    ours, plain = dashboard(bench.databases, MANY), least_app(bench.databases, MANY)
    rounds = warmed_in_turns(ours.first_screen_and_key, plain.first_screen_and_key, 2)
    yield Line(
        f"memory, {MANY:,} resources, peak",
        _median(a.peak_memory for a, _ in rounds),
        _median(b.peak_memory for _, b in rounds),
        Unit.MEGABYTES,
        below=150.0,
    )


def _median(peaks: Iterator[float | None]) -> float | None:
    known = [peak for peak in peaks if peak is not None]
    return median(known) if known else None
