"""The mutants of a module: for each expression that can be wrong in a simple way, the wrong one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one expression or statement.

    `function` and `nth` find it again when lines have moved: it is the nth place in that function
    where the text `was` can become the text `becomes`.
    """

    file: str
    function: str
    was: str
    becomes: str
    nth: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """A mutant with its place: lines of its statement, and characters of the source to replace."""

    mutant: Mutant
    lines: range
    start: int
    end: int


def places(root: Path, file: str) -> list[Place]:
    """Return all mutants of a file, in the order of the source.

    Outside functions only the domain's tables count: other constants are limits and names.
    """
    source = (root / file).read_text("utf-8")
    found, seen = [], dict[tuple[str, str, str], int]()
    starts = _line_starts(source)
    for change in _changes(ast.parse(source), Path(file).parent.name == "domain"):
        node = change.node
        start = _offset(source, starts, node.lineno, node.col_offset)
        end = _offset(source, starts, node.end_lineno or 0, node.end_col_offset or 0)
        key = (change.function, source[start:end], change.becomes)
        seen[key] = seen.get(key, 0) + 1
        mutant = Mutant(
            file=file,
            function=change.function,
            was=source[start:end],
            becomes=change.becomes,
            nth=seen[key],
            line=node.lineno,
        )
        lines = range(change.statement.lineno, (node.end_lineno or node.lineno) + 1)
        found.append(Place(mutant=mutant, lines=lines, start=start, end=end))
    return found


def mutated(source: str, place: Place) -> str:
    """Return the source with the mutant in it."""
    return source[: place.start] + place.mutant.becomes + source[place.end :]


@dataclass(frozen=True, kw_only=True)
class _Change:
    function: str
    statement: ast.stmt
    node: ast.expr | ast.stmt
    becomes: str


def _changes(tree: ast.Module, outside_functions: bool) -> Iterator[_Change]:
    yield from _in_body(tree.body, (), counts=outside_functions, outside=outside_functions)


def _in_body(
    body: list[ast.stmt], names: tuple[str, ...], *, counts: bool, outside: bool
) -> Iterator[_Change]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = counts or not isinstance(statement, ast.ClassDef)
            yield from _in_body(
                statement.body, (*names, statement.name), counts=inner, outside=outside
            )
            continue
        for node, becomes in _of_statement(statement) if counts else ():
            function = ".".join(names)
            yield _Change(function=function, statement=statement, node=node, becomes=becomes)
        for holder in (statement, *getattr(statement, "handlers", []), *_cases(statement)):
            for block in ("body", "orelse", "finalbody"):
                nested = getattr(holder, block, [])
                yield from _in_body(nested, names, counts=counts, outside=outside)


def _cases(statement: ast.stmt) -> list[ast.match_case]:
    return statement.cases if isinstance(statement, ast.Match) else []


def _of_statement(statement: ast.stmt) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    match statement:
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise():
            yield statement, "pass"
        case ast.If(test=test) | ast.While(test=test) if isinstance(
            test, ast.Name | ast.Attribute | ast.Call
        ):
            yield test, f"(not {ast.unparse(test)})"
        case ast.Import() | ast.ImportFrom():
            return
        case _:
            pass
    for node in _expressions(statement):
        for becomes in _wrong(node):
            yield node, becomes


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, but not those of statements inside it."""
    waiting: list[ast.AST] = []
    for name, value in ast.iter_fields(statement):
        if name not in ("annotation", "returns", "decorator_list"):
            waiting += value if isinstance(value, list) else [value]
    while waiting:
        node = waiting.pop(0)
        # Positions inside an f-string are wrong before Python 3.12.
        if isinstance(node, ast.JoinedStr | ast.stmt | ast.excepthandler | ast.match_case):
            continue
        if isinstance(node, ast.expr):
            yield node
        if isinstance(node, ast.AST):
            waiting += ast.iter_child_nodes(node)


def _wrong(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression is replaced with."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _SWAPPED:
            yield _with(node, ops=[_SWAPPED[type(op)]()])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(op)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.IfExp(test=test):
            yield _with(node, test=ast.UnaryOp(op=ast.Not(), operand=test))
        case ast.Constant(value=bool()):
            yield str(not node.value)
        case ast.Constant(value=int()):
            yield str(node.value + 1)
        case ast.Call(keywords=[_, *_]):
            yield _with(node, keywords=node.keywords[:-1])
        case _:
            pass


def _with(node: ast.expr, **changed: object) -> str:
    fields = {name: getattr(node, name) for name in node._fields} | changed
    return f"({ast.unparse(ast.fix_missing_locations(type(node)(**fields)))})"


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _offset(source: str, starts: list[int], line: int, column: int) -> int:
    """Return the index of a place that `ast` gives as a line and a column in UTF-8 bytes."""
    start = starts[line - 1]
    text = source[start : starts[line]]
    return start + len(text.encode()[:column].decode())
