"""The rows of the table, by the names that can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.report import Line
from benchmarks.rows import (
    burst,
    edit,
    filtering,
    history,
    ledger,
    many,
    memory,
    network,
    reading,
    server,
    start,
    wheel,
)
from benchmarks.rows.bench import Bench

ROWS: dict[str, Callable[[Bench], Iterator[Line]]] = {
    "start": start.lines,
    "edit": edit.lines,
    "many": many.lines,
    "filter": filtering.lines,
    "memory": memory.lines,
    "ledger": ledger.lines,
    "burst": burst.lines,
    "history": history.lines,
    "reading": reading.lines,
    "wheel": wheel.lines,
    "server": server.lines,
    "network": network.lines,
}

__all__ = ["ROWS", "Bench"]
