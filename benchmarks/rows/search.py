"""A key in the search, until the table is redrawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks import programs
from benchmarks.repetition import warmed_in_turns
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import MANY, Bench

_WORD = "spice"
Probe = dict[str, list[float]]
"""Seconds for each key, by what was measured."""


def lines(bench: Bench) -> Iterator[Line]:
    """Measure each key of a word against a DataTable that is cleared and filled with the hits."""
    environment = programs.environment(bench.databases.of(MANY))
    rounds = warmed_in_turns(
        partial(_probe, "dashboard", environment),
        partial(_probe, "datatable", environment),
        bench.times(4),
    )
    ours, plain = [a for a, _ in rounds], [b for _, b in rounds]

    keys, plain_keys = _of_each_key(ours, "keys"), _of_each_key(plain, "keys")
    computing = _of_each_key(ours, "computing")
    what = f"search, {MANY:,} resources, key to redraw"
    yield _line(what, median(keys), median(plain_keys))
    yield _line("  the slowest key of the word", max(keys), max(plain_keys))
    yield _line("  computing alone", median(computing), None)
    yield _line("  computing alone, the slowest key", max(computing), None)


def _of_each_key(probes: list[Probe], measure: str) -> list[float]:
    """Return the median milliseconds of each key of the word."""
    return [1000 * median(key) for key in zip(*(probe[measure] for probe in probes), strict=True)]


def _line(what: str, measured: float, baseline: float | None) -> Line:
    return Line(what, measured, baseline, Unit.MILLISECONDS, below=50.0)


def _probe(kind: str, environment: dict[str, str]) -> Probe:
    measured: Probe = programs.answer_of(programs.search_probe(kind, _WORD), environment)
    return measured
