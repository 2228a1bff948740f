"""From exec to the first filled table."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.repetition import medians
from benchmarks.report import Line
from benchmarks.rows.bench import FEW, Bench
from benchmarks.rows.screens import dashboard, least_app


def lines(bench: Bench) -> Iterator[Line]:
    """Measure the start with 100 resources against the least Textual app."""
    ours, least = dashboard(bench.databases, FEW), least_app(bench.databases, FEW)
    pair = medians(ours.first_screen, least.first_screen, bench.times(13))
    yield Line(f"start, {FEW} resources, to the table on screen", *pair, ratio_at_most=1.5)
