"""CONTRIBUTING.md names rooms, files and functions that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# A step of a walk: "1. `sync/outbox.py` `Outbox.put`: what it does".
STEP = re.compile(r"^\d+\. `([\w/.]+)` `([\w.]+)`: \S", re.MULTILINE)


def definitions(tree: ast.AST, prefix: str = "") -> set[str]:
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= {prefix + node.name} | definitions(node, f"{prefix}{node.name}.")
    return found


def test_four_walks_name_functions_that_exist() -> None:
    walks = [part for part in PAGE.split("\n### ")[1:] if STEP.search(part)]
    assert len(walks) == 4
    for walk in walks:
        lines = re.findall(r"^\d+\. .*", walk.split("\n## ")[0], re.MULTILINE)
        steps = STEP.findall(walk)
        assert len(steps) == len(lines) >= 5, lines
        for file, name in steps:
            source = (ROOT / "tracker_tui" / file).read_text(encoding="utf-8")
            assert name in definitions(ast.parse(source)), f"{file}: {name}"


def test_the_map_names_every_room() -> None:
    listed = re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)
    rooms = [path.parent.name for path in (ROOT / "tracker_tui").glob("*/__init__.py")]
    assert sorted(listed) == sorted(rooms)
