"""The contents of the outboxes, step by step, read from their files and not from the programs.

It looks after every transaction, before a kill and after the restart. The current action must
allow each step, so that a change that disappears without a reason counts as lost, whichever
program lost it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from chaos.audit import Tables, after, quantities_after
from helpers.ledger_under_test import Row
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location

NEEDS_PLAYER: Final = ("refused", "conflict")
_APPLIED_KEPT: Final = 200
_ALLOWED: Final = {
    ("pending", "sending"): ("send",),
    ("sending", "pending"): ("send",),
    ("sending", "sending"): ("undo", "decide"),
    ("sending", "applied"): ("send",),
    ("sending", "refused"): ("send",),
    ("sending", "conflict"): ("send",),
    ("refused", "pending"): ("decide",),
    ("refused", "sending"): ("decide",),
    ("conflict", "pending"): ("decide",),
}
"""The allowed steps from state to state, and the actions during which they may happen."""
_SELECT: Final = "SELECT id, number, state, sent_at, is_unwanted, change FROM entries"


class Line(NamedTuple):
    """An entry of an outbox as it is on disk."""

    number: int
    state: str
    sent_at: float | None
    cancel_requested: bool
    change: Change

    @property
    def waits(self) -> bool:
        return self.state != "applied"

    @property
    def is_certainly_unsent(self) -> bool:
        """Whether the change is certainly not in the ledger."""
        return self.waits and self.sent_at is None


class Rejection(NamedTuple):
    """A counter-change that was rejected, and the length of the history before and after."""

    counter: Change
    since: int
    until: int


class Journal:
    """The steps of all outboxes of one guild."""

    def __init__(self, history: Callable[[], Sequence[str]]) -> None:
        """`history` returns the ids in the guild's history, in order of commit."""
        self._history = history
        self._held: dict[Path, dict[str, Line]] = {}
        self.typed: dict[str, Change] = {}
        """The changes that players typed, whether they were stored or not."""
        self.changes: dict[str, Change] = {}
        """The changes that were stored, as they were last; they may be in the ledger like this."""
        self._never: set[str] = set()
        """Removed, and never to be applied: withdrawn, dropped, or known not to have arrived."""
        self._applied: set[str] = set()
        """Removed because they were applied long ago."""
        self._cancelled: set[str] = set()
        """Applied, and to be followed by a counter-change, unless they moved nothing."""
        self._sent_since: dict[str, int] = {}
        self._rejections: list[Rejection] = []

    @property
    def typed_count(self) -> int:
        return sum(change.undoes is None for change in self.changes.values())

    def unsettled(self) -> set[str]:
        """Return the changes that have no answer or need the player."""
        return {key for held in self._held.values() for key, line in held.items() if line.waits}

    def pending(self, path: Path) -> list[Change]:
        """Return the changes that a screen must show on top of the ledger, in order."""
        lines = sorted(read_outbox(path).values())
        open_ones = [line for line in lines if line.state in ("pending", "sending")]
        return [line.change for line in open_ones if not line.cancel_requested]

    def look(self, path: Path, doing: str) -> None:
        """Check the steps of an outbox since the last look; `doing` is the action, "" for none."""
        before, after = self._held.get(path, {}), read_outbox(path)
        self._held[path] = after
        for key in sorted(before.keys() | after.keys()):
            old, new = before.get(key), after.get(key)
            if old == new:
                continue
            step = f"{key}: {old and old.state} -> {new and new.state} in “{doing}”"
            if old is None:
                assert new is not None
                self._came(key, new, doing, step)
            elif new is None:
                self._went(key, old, doing, step)
                is_full = sum(not line.waits for line in after.values()) >= _APPLIED_KEPT
                assert old.state != "applied" or is_full, f"deleted too early: {step}"
            else:
                self._moved(key, old, new, doing, step)

    # Changes must be on disk when players see them

    def has_kept(self, path: Path, submission: Iterable[Change]) -> None:
        held = read_outbox(path)
        missing = [change.id for change in submission if change.id not in held]
        assert not missing, f"lost: on screen, and not on disk: {missing}"

    def has_dropped(self, path: Path, change: Change) -> None:
        """Note that the screen shows a change as dropped."""
        line = read_outbox(path).get(change.id)
        is_late = line is not None and (not line.waits or change.undoes is not None)
        is_noted = line is None or line.cancel_requested or is_late
        assert is_noted, f"dropped, and still on disk: {change.id}"

    def has_undone(self, path: Path, changes: Iterable[Change]) -> None:
        """Note that the screen shows a submission as undone, as far as it could be."""
        held, countered = read_outbox(path), {each.undoes for each in self.changes.values()}
        for change in changes:
            line = held.get(change.id)
            if (line is None and change.id in self._applied) or (line and not line.waits):
                self._cancelled.add(change.id)
            elif line is not None and change.undoes is None and change.id not in countered:
                is_noted = line.cancel_requested or line.state in NEEDS_PLAYER
                assert is_noted, f"undone, and {line.state} on disk: {change.id}"

    # Steps

    def _came(self, key: str, line: Line, doing: str, step: str) -> None:
        assert line[1:4] == ("pending", None, False), step
        change = line.change
        if change.undoes is None:
            assert doing == "type", f"never typed {step}"
            assert self.typed[key] == change, f"typed {self.typed[key]}, stored {change}"
            assert key not in self.changes, f"stored twice: {step}"
        else:
            assert doing in ("undo", "send"), f"nothing was undone: {step}"
            assert change.undoes in self.changes, f"undoes an unknown change: {step}"
            assert key not in self.changes or key in self._never, f"undone twice: {step}"
        self.changes[key] = change
        self._never.discard(key)

    def _went(self, key: str, line: Line, doing: str, step: str) -> None:
        if line.state == "applied":
            assert doing == "send", step
            self._applied.add(key)
            return
        if line.state == "sending":
            is_undo = line.change.undoes is not None
            assert doing == "send", f"lost: {step}"
            assert line.cancel_requested or is_undo, f"lost: {step}"
            if is_undo:
                since = self._sent_since.pop(key)
                self._rejections.append(Rejection(line.change, since, len(self._history())))
        else:
            is_right = doing == "decide" or (doing == "undo" and line.state == "pending")
            assert is_right, f"lost: {step}"
            if line.sent_at is not None:
                return  # it was never known whether it was applied
        self._is_not_there(key, step)
        self._never.add(key)

    def _moved(self, key: str, old: Line, new: Line, doing: str, step: str) -> None:
        assert old.number == new.number, step
        assert doing in _ALLOWED[old.state, new.state], step
        if new.state == "pending":
            assert new.sent_at is None, step
            assert old.state == "sending" or old.sent_at is None, f"it may be there: {step}"
        if new.state == "sending":
            assert new.sent_at is not None, step
            if new.change.undoes is not None:
                self._sent_since.setdefault(key, len(self._history()))
        if new.is_certainly_unsent:
            self._is_not_there(key, step)
        if old.cancel_requested and new.state == "applied":
            self._cancelled.add(key)
        if old.change != new.change:
            assert _is_decided(old, new), f"{old.change} became {new.change}: {step}"
            self.changes[key] = new.change

    def _is_not_there(self, key: str, step: str) -> None:
        assert key not in self._history(), f"said not to be in the ledger, and is: {step}"

    # At the end

    def check(self, tables: Tables) -> None:
        """Assert that the ledger has exactly the changes that it must have."""
        history = {row["id"]: row for row in tables["resource_history"]}
        lines = {key: line for held in self._held.values() for key, line in held.items()}
        applied = {key for key, line in lines.items() if not line.waits}
        lost = (self._applied | applied) - history.keys()
        assert not lost, f"lost: {sorted(lost)}"
        never = self._never | {key for key, line in lines.items() if line.is_certainly_unsent}
        assert not never & history.keys(), f"applied nevertheless: {sorted(never & history.keys())}"
        countered = {change.undoes for change in self.changes.values()}
        for key in self._cancelled - countered:
            row = history[key]
            moved = row["change_amount_hagga"], row["change_amount_deep_desert"]
            assert moved == (0, 0), f"undone, applied and never countered: {key}"
        for rejection in self._rejections:
            rows = tables["resource_history"][: rejection.until]
            assert _is_right(rejection, rows), f"rejected, though there was enough: {rejection}"


def read_outbox(path: Path) -> dict[str, Line]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_SELECT).fetchall()
    return {
        key: Line(number, state, sent_at, bool(cancel_requested), _change_of(document))
        for key, number, state, sent_at, cancel_requested, document in rows
    }


@lru_cache(10_000)
def _change_of(document: str) -> Change:
    change = Change(**json.loads(document))
    return change._replace(kind=Kind(change.kind), location=Location(change.location))


def _is_decided(old: Line, new: Line) -> bool:
    """Whether a player may resolve a change in this way: without guard, or as a difference."""
    before, after = old.change, new.change
    if old.state not in NEEDS_PLAYER or after.expected is not None:
        return False
    if after == before._replace(expected=None):
        return True
    seen = before.expected
    if before.kind is not Kind.SET or seen is None:
        return False
    kind = Kind.ADD if before.amount > seen else Kind.REMOVE
    return after == before._replace(kind=kind, amount=abs(before.amount - seen), expected=None)


def _is_right(rejection: Rejection, rows: Sequence[Row]) -> bool:
    """Whether the rejection was right at some moment between request and answer."""
    counter = rejection.counter
    earlier, between = rows[: rejection.since], rows[rejection.since :]
    states = [row for row in earlier if row["resource_id"] == counter.resource_id][-1:]
    states += [row for row in between if row["resource_id"] == counter.resource_id]
    return any(after(counter, *quantities_after(row)) is None for row in states)
