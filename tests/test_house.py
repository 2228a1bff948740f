"""The habits of this house (CONTRIBUTING.md): sizes and names of files, names, and sentences."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "tracker_tui"

TESTS = PACKAGE.parent / "tests"

LONGEST_FILE = 350
TEST_LINES_FOR_ONE_OF_SOURCE = 1.4

SEEN_FROM_SEVERAL_LAYERS = {
    "__init__.py": "the face of a package",
    "activity.py": "one member's changes and points",
    "doctor.py": "the checks of what is configured, reachable and permitted",
    "errors.py": "what can go wrong in a room",
    "history.py": "the changes that were applied, newest first",
    "join.py": "taking over a guild's settings",
    "leaderboard.py": "members by their points",
    "members.py": "the guild's members",
    "period.py": "the time that a history or a leaderboard covers",
    "quantity_series.py": "a resource's quantities over time",
}
"""Names of files that occur more than once, and the one thing that each names."""

CLASSES_OF_LIBRARIES = {"Meta"}
"""Inner classes that a library looks for by name, in several of our classes."""

# Words of names that the glossary has retired. Ordinary English words, and words that libraries
# use, are left out: behind, board, called, cells, copies, course, facts, failures, leaving, memory,
# opening, pace, seen, shown, strip, taken, threshold, turn, window.
RETIRED_WORDS = re.compile(
    "acquaintance|admission|anew|archive|arranged|audience|departure|door|errands?|explaining|fare"
    "|foresee|foreseen|hear|hearsay|herald|judge|landed|lore|marked|meanwhile|nobody|noticed"
    "|numerals|refusals|renounced?|rhythm|sever|severed|severing|tally|toasts?|told|unwanted|vault"
    "|wish|wishes|writings"
)
"""Retired as a part of a name, in snake_case as in CamelCase."""

RETIRED_NAMES = re.compile(
    "anyway|client_for|done_behind|Copy|DUE|evening|exchange|in_time|joining|Kept|keyring_safe"
    "|NotKept|OVER|page_reader|recall|seal|Settled|[Ss]ite|[Ss]tanding|struck_from|summary_strip"
    "|tell|WARM|ways"
)
"""Retired as a whole name only, with or without a leading underscore."""

COMMENT = re.compile(r"(?:^ *|  )# (.*)")

RETIRED_SENTENCES = re.compile(
    r"(?:\A|(?<=[.!?] )|(?<=\n))(?:Who|What|Whoever|Such|Of|Let) (?![^.!]*\?)[^.\n]*"
    r"|(?i:\b(?:is told|are told|is taken|take that|nobody|anew|meanwhile|of its own|in force"
    r"|may stand|unless told)\b)"
)
"""Constructions that the glossary replaces, in docstrings, comments and strings."""

RETIRED_ON_SCREEN = re.compile(
    r"\b(?:marked|toasts?|to recount|Mine|your activity|unsent|not taken|change line)\b|^Leave$"
)
"""Words for players that have a successor, in strings that aren't docstrings."""

RETIRED_IN_SENTENCES = re.compile(
    r"\b(?:filter as you type|counted|absolute|transfer|refused|quicker|stale|leave|herald|tally"
    r"|sparkline|all the same|not told|changes? waits?|waits? to be sent|waits? for you)",
    re.IGNORECASE,
)
"""The same in texts of several words or with a capital; alone they may be names in a format."""


@dataclass(kw_only=True)
class SourceFile:
    """A parsed module of the package."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def defined_names(self) -> Iterator[tuple[int, str]]:
        """Yield every name that this file introduces, with its line."""
        if self.path.name != "__init__.py":
            yield 1, self.path.stem
        for node in self.nodes:
            match node:
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield node.lineno, node.name
                case ast.arg():
                    yield node.lineno, node.arg
                case ast.Name(ctx=ast.Store()):
                    yield node.lineno, node.id
                case ast.Attribute(ctx=ast.Store()):
                    yield node.lineno, node.attr
                case ast.alias(asname=str(name)):
                    yield 1, name

    @cached_property
    def docstrings(self) -> dict[int, ast.Constant]:
        """Return the docstrings of modules, classes, functions and attributes, by node id."""
        return {
            id(node.value): node.value
            for node in self.nodes
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        }

    def strings(self) -> Iterator[tuple[int, str]]:
        """Yield the string constants that aren't docstrings."""
        for node in self.nodes:
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in self.docstrings
            ):
                yield node.lineno, node.value

    def comments(self) -> Iterator[tuple[int, str]]:
        """Yield each comment; lines that follow each other are one."""
        blocks: list[tuple[int, list[str]]] = []
        last = 0
        for row, line in enumerate(self.text.splitlines(), start=1):
            if match := COMMENT.search(line):
                if row == last + 1:
                    blocks[-1][1].append(match[1])
                else:
                    blocks.append((row, [match[1]]))
                last = row
        for start, lines in blocks:
            yield start, " ".join(lines)

    def prose(self) -> Iterator[tuple[int, str]]:
        """Yield docstrings, comments and other strings, with blanks and line ends made one."""
        for docstring in self.docstrings.values():
            yield docstring.lineno, re.sub(r"(?<!\n)\n *(?!\n)", " ", str(docstring.value)).strip()
        yield from self.comments()
        yield from self.strings()


@cache
def package() -> list[SourceFile]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(SourceFile(path=path, text=text, tree=ast.parse(text)))
    return found


def words_of(name: str) -> set[str]:
    """Split a name in snake_case or CamelCase into its words, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def lines_of(folder: Path) -> dict[str, int]:
    """Return the number of lines of each Python file in a folder."""
    files = sorted(folder.rglob("*.py"))
    return {str(path.relative_to(folder)): path.read_text("utf-8").count("\n") for path in files}


def repeated_file_names() -> list[str]:
    places = defaultdict(list)
    for file in package():
        places[file.path.name].append(file.name)
    return [
        f"{place}: {name} is also at {', '.join(p for p in found if p != place)}"
        for name, found in places.items()
        if len(found) > 1 and name not in SEEN_FROM_SEVERAL_LAYERS
        for place in found
    ]


def repeated_class_names() -> list[str]:
    places = defaultdict(list)
    for file in package():
        for node in file.nodes:
            if isinstance(node, ast.ClassDef) and node.name not in CLASSES_OF_LIBRARIES:
                places[node.name].append(f"{file.name}:{node.lineno}")
    return [
        f"{place}: class {name} is also at {', '.join(p for p in found if p != place)}"
        for name, found in places.items()
        if len(found) > 1
        for place in found
    ]


def retired_names() -> list[str]:
    return [
        f"{file.name}:{line}: {name}"
        for file in package()
        for line, name in file.defined_names()
        if any(map(RETIRED_WORDS.fullmatch, words_of(name)))
        or RETIRED_NAMES.fullmatch(name.lstrip("_"))
    ]


def retired_sentences() -> list[str]:
    return [
        f"{file.name}:{line}: {match[0]!r}"
        for file in package()
        for line, text in file.prose()
        for match in RETIRED_SENTENCES.finditer(text)
    ]


def retired_words_on_screen() -> list[str]:
    return [
        f"{file.name}:{line}: {match[0]!r} in {text[:60]!r}"
        for file in package()
        for line, text in file.strings()
        for match in (
            *RETIRED_ON_SCREEN.finditer(text),
            *(RETIRED_IN_SENTENCES.finditer(text) if re.search("^[A-Z][a-z]|. .", text) else ()),
        )
    ]


def test_no_file_is_longer_than_350_lines() -> None:
    for folder in (PACKAGE, TESTS):
        lines = lines_of(folder)
        assert len(lines) > 100
        assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_the_tests_stay_short_enough_to_be_read() -> None:
    ratio = sum(lines_of(TESTS).values()) / sum(lines_of(PACKAGE).values())
    assert 0.5 < ratio <= TEST_LINES_FOR_ONE_OF_SOURCE


def test_tests_share_helpers_and_none_imports_another() -> None:
    free = {"helpers", "chaos", "soak"}  # long runs play several rooms
    rooms = {folder.name for folder in TESTS.iterdir()} - free
    for path in lines_of(TESTS):
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [module for module in imports if ".test_" in f".{module}"], path
        own = Path(path).parts[0]
        foreign = rooms - {own} if own not in free else set()
        assert foreign.isdisjoint(module.split(".")[0] for module in imports), path


def test_files_share_a_name_only_if_they_show_the_same_thing() -> None:
    assert repeated_file_names() == []
    names = Counter(file.path.name for file in package())
    assert {name for name in SEEN_FROM_SEVERAL_LAYERS if names[name] < 2} == set()


def test_each_class_name_means_one_thing() -> None:
    assert repeated_class_names() == []


def test_names_that_the_glossary_retired_are_gone() -> None:
    assert retired_names() == []


def test_prose_is_plain_english() -> None:
    assert retired_sentences() == []


def test_players_read_the_words_of_the_glossary() -> None:
    assert retired_words_on_screen() == []
