"""The rows of the table, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.report import Line
from benchmarks.rows import (
    burst,
    edit,
    history,
    ledger,
    many,
    memory,
    network,
    reading,
    search,
    server,
    start,
    wheel,
)
from benchmarks.rows.bench import Bench

ROWS: dict[str, Callable[[Bench], Iterator[Line]]] = {
    "start": start.lines,
    "edit": edit.lines,
    "many": many.lines,
    "search": search.lines,
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
