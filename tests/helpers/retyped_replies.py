"""Replies of a real server whose values lose their types on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from helpers.proxy import Fate, altered

Cell = dict[str, Any]


RETYPED: dict[str, Callable[[Cell], Cell]] = {
    "all text": lambda cell: {"type": "text", "value": str(cell.get("value", ""))},
    "all NULL": lambda _: {"type": "null"},
    "floats for integers": lambda cell: (
        {"type": "float", "value": float(cell["value"])} if cell["type"] == "integer" else cell
    ),
    "integers beyond 64 bits": lambda cell: (
        {"type": "integer", "value": str(2**63)} if cell["type"] == "integer" else cell
    ),
}


def retyped(name: str) -> Fate:
    """Pass the request on, and change the types of all values in the reply."""

    def alter(body: bytes) -> bytes:
        document = json.loads(body)
        for row in _rows(document):
            row[:] = [RETYPED[name](cell) for cell in row]
        return json.dumps(document).encode()

    return altered(alter)


def _rows(document: Any) -> Iterator[list[Cell]]:
    for each in document["results"]:
        result = each.get("response", {}).get("result", {})
        for step in result.get("step_results", [result]):
            yield from (step or {}).get("rows", [])
