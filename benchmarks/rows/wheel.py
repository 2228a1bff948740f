"""The mouse wheel, turned fast through thousands of entries of the history."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks import programs
from benchmarks.repetition import in_turns
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import MANY, Bench

_A_REDRAW = 1000 / 30
"""Milliseconds: 30 a second look smooth."""
Probe = dict[str, float | None]


def lines(bench: Bench) -> Iterator[Line]:
    """Measure how often the table is redrawn, against a DataTable that has all rows."""
    rows = 1_000 if bench.is_quick else 5_000
    environment = programs.environment(bench.databases.with_history(MANY))
    # No warm-up: a round takes half a minute.
    rounds = in_turns(
        partial(_probe, "history", rows, environment),
        partial(_probe, "datatable", rows, environment),
        1 if bench.is_quick else 2,
    )
    ours, plain = [a for a, _ in rounds], [b for _, b in rounds]

    what = f"wheel through {rows:,} entries, for a redraw"
    yield _milliseconds(what, ours, plain, "redraw", below=_A_REDRAW)
    yield _milliseconds("  the slowest", ours, plain, "slowest")
    yield Line("  entries held at most", _median(ours, "held"), None, Unit.PIECES)
    yield Line("  memory held more than before", _median(ours, "grown"), None, Unit.MEGABYTES)


def _milliseconds(
    what: str, ours: list[Probe], plain: list[Probe], name: str, *, below: float | None = None
) -> Line:
    measured, baseline = (1000 * (_median(probes, name) or 0.0) for probes in (ours, plain))
    return Line(what, measured, baseline, Unit.MILLISECONDS, below=below)


def _median(probes: list[Probe], name: str) -> float | None:
    known = [value for probe in probes if (value := probe[name]) is not None]
    return median(known) if known else None


def _probe(kind: str, rows: int, environment: dict[str, str]) -> Probe:
    measured: Probe = programs.answer_of(programs.wheel_probe(kind, rows), environment)
    return measured
