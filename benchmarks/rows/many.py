"""10,000 resources: until the first screenful, and until a key is answered."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.repetition import warmed_in_turns
from benchmarks.report import Line
from benchmarks.rows.bench import MANY, Bench
from benchmarks.rows.screens import dashboard, least_app


def lines(bench: Bench) -> Iterator[Line]:
    """Measure both programs up to the last row: a screen is ready when it accepts keys."""
    ours, plain = dashboard(bench.databases, MANY), least_app(bench.databases, MANY)
    rounds = warmed_in_turns(ours.first_screen_and_key, plain.first_screen_and_key, bench.times(5))
    yield Line(
        f"start, {MANY:,} resources, and a key answered",
        median(a.last_row for a, _ in rounds),
        median(b.last_row for _, b in rounds),
        ratio_at_most=0.6,
    )
    yield Line(
        "  of that, to the first screenful",
        median(a.first_screen for a, _ in rounds),
        median(b.first_screen for _, b in rounds),
    )
