"""Private parts of libraries: tests and benchmarks name theirs in one file each.

`CONTRIBUTING.md` lists those of the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from peewee import SqliteDatabase
from textual.app import App
from textual.command import CommandPalette
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Input, OptionList

ROOT = Path(__file__).resolve().parents[1]
NAMED_HERE = {"tests/helpers/privates.py", "benchmarks/probes/drawing.py"}

PUBLIC = {"_replace", "_asdict", "_make", "_fields", "_meta", "_exit"}
"""Of named tuples, Peewee's models and os: documented in spite of their names."""
BASES = (App, CommandPalette, Input, LinuxDriver, OptionList, Screen, SqliteDatabase)

USED = re.compile(r"(?:\w|\))\.(_[a-z]\w*)")
IMPORT = re.compile(r"^ *(?:from|import) (?:textual|peewee|rich)\b(?:.*\([^)]*\)|.*)", re.M)
PRIVATE = re.compile(r"\b_[a-z]\w*")
DEFINED = re.compile(
    r"^ *(?:async )?(?:def|class) (_[a-z]\w*)"
    r"|^ *(?:self\.|cls\.)?(_[a-z]\w*)(?=(?:, self\._\w+)*(?:: [^=\n]+)? = |: )"
    r"|, self\.(_[a-z]\w*)(?=(?:, self\._\w+)* = )",
    re.M,
)
METHOD = re.compile(r"^    (?:async )?def (_[a-z]\w*)", re.M)


def sources(*folders: str) -> dict[str, str]:
    """Return the text of each module by its path."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


def defined_in(texts: Iterable[str]) -> set[str]:
    """Return the private names that these modules define."""
    return {name for text in texts for found in DEFINED.findall(text) for name in found if name}


def foreign(text: str, ours: set[str]) -> set[str]:
    """Return the private names of others that a module uses."""
    used = set(USED.findall(text)) - ours - PUBLIC
    return used.union(*map(PRIVATE.findall, IMPORT.findall(text)))


def overridden(text: str) -> set[str]:
    """Return the private methods of Textual and Peewee that a module replaces."""
    return (
        set(METHOD.findall(text)) & set().union(*map(dir, BASES)) if IMPORT.search(text) else set()
    )


def test_tests_and_benchmarks_name_private_parts_in_one_file_each() -> None:
    ours = defined_in(sources("tracker_tui", "tests", "benchmarks").values())
    found = {
        name: foreign(text, ours)
        for name, text in sources("tests", "benchmarks").items()
        if name not in NAMED_HERE
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_the_programs_private_parts_are_listed_for_contributors() -> None:
    package = sources("tracker_tui")
    ours = defined_in(package.values())
    found = {
        (name.removeprefix("tracker_tui/"), private)
        for name, text in package.items()
        for private in foreign(text, ours) | overridden(text)
    }
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    listed = {
        (row[1], private)
        for row in re.finditer(r"^\| `([\w/]+\.py)` \| (.*?) \|", page, re.M)
        for private in re.findall(r"`(_\w+)`", row[2])
    }
    assert found == listed
