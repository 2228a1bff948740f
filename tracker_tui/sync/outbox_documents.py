"""Changes and outcomes as the outbox keeps them: JSON documents, parsed with care."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar, get_type_hints

from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Shortage, Verdict
from tracker_tui.domain.points import Points
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged

N = TypeVar("N")
_TYPES: Final[dict[type[Any], list[Any]]] = {
    # A whole number serves as any number, and 0 and 1 as no and yes: SQLite knows nothing else.
    kind: [hint | int if hint in (float, bool) else hint for hint in get_type_hints(kind).values()]
    for kind in (Resource, Moved, Points, Shortage)
}
_GARBAGE: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_TEXTS: Final = ("id", "resource_id", "by")
_TEXTS_OR_NONE: Final = ("reason", "entered_by", "requires", "undoes", "remark")


def change_document(change: Change) -> str:
    """Return a change as JSON."""
    return json.dumps(change._asdict())


def change_from(text: str) -> Change:
    """Return the change of a document; raises LocalFileDamaged where it is none."""
    try:
        document = json.loads(text)
        expected = document.get("expected")
        texts = {name: _is(str, document[name]) for name in _TEXTS}
        others = {name: _is(str | None, document.get(name)) for name in _TEXTS_OR_NONE}
        return Change(
            kind=Kind(document["kind"]),
            location=Location(document["location"]),
            amount=_is(int, document["amount"]),
            expected=_is(int | None, expected),
            **texts,
            **others,
        )
    except _GARBAGE as error:
        raise LocalFileDamaged("A change in the outbox makes no sense.") from error


def outcome_document(outcome: Outcome) -> str:
    """Return an outcome as JSON, without its change."""
    return json.dumps(outcome._replace(change=None)._asdict())  # type: ignore[arg-type]  # left out


def outcome_from(text: str, change: Change) -> Outcome:
    """Return the outcome of a document; raises LocalFileDamaged where it is none."""
    try:
        document = json.loads(text)
        row, moved, shortage = (document[name] for name in ("resource", "moved", "shortage"))
        refusal = document["refusal"]
        return Outcome(
            change,
            Verdict(document["verdict"]),
            None if row is None else _made(Resource, row),
            None if moved is None else _made(Moved, (*moved[:4], _made(Points, moved[4]))),
            None if refusal is None else Rejection(refusal),
            None if shortage is None else _made(Shortage, (Location(shortage[0]), *shortage[1:])),
            _is(str, document["said"]),
        )
    except _GARBAGE as error:
        raise LocalFileDamaged("An outcome in the outbox makes no sense.") from error


def _made(kind: type[N], values: Sequence[Any]) -> N:
    """Return a named tuple, each value of its field's type; raises TypeError, ValueError."""
    for hint, value in zip(_TYPES[kind], values, strict=True):
        if not isinstance(value, hint):
            raise TypeError(value)
    return kind(*values)


def _is(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(value)
    return value
