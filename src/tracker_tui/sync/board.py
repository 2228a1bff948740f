"""The board: what is shown, the ledger's rows as last seen with pending changes laid over."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from tracker_tui.domain.change import Change, Moved, foresee
from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.resource import Resource


class Difference(NamedTuple):
    """What a refresh changed on the board, by resource id."""

    changed: frozenset[str]
    removed: frozenset[str]


class Board:
    """Resources by id; may be read and written from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Resource] = {}
        self._pending: dict[str, dict[str, Change]] = {}
        self._shown: dict[str, Resource] = {}

    def resource(self, resource_id: str) -> Resource | None:
        """Return a resource as it is shown."""
        with self._lock:
            return self._shown.get(resource_id)

    def row(self, resource_id: str) -> Resource | None:
        """Return a resource as the ledger had it when it was last seen, nothing laid over."""
        with self._lock:
            return self._rows.get(resource_id)

    def resources(self) -> list[Resource]:
        """Return all resources as they are shown, in no particular order."""
        with self._lock:
            return list(self._shown.values())

    def replace(self, rows: Iterable[Resource]) -> Difference:
        """Take the rows of a whole refresh, and tell what is different from before."""
        with self._lock:
            before = self._shown
            self._rows = {row.id: row for row in rows}
            self._shown = dict(self._rows)
            for resource_id in self._pending:
                self._lay_over(resource_id)
            changed = {key for key, row in self._shown.items() if before.get(key) != row}
            return Difference(frozenset(changed), frozenset(before.keys() - self._shown.keys()))

    def ask(self, change: Change) -> None:
        """Show a change that the ledger has not answered yet."""
        with self._lock:
            self._pending.setdefault(change.resource_id, {})[change.id] = change
            shown = self._shown.get(change.resource_id)
            if shown is not None:
                self._shown[change.resource_id] = _after(shown, change)

    def answer(self, outcomes: Iterable[Outcome]) -> None:
        """Show the ledger's answers: rows as they are now, without those that are gone."""
        touched = set()
        with self._lock:
            for outcome in outcomes:
                change, row = outcome.change, outcome.resource
                touched.add(change.resource_id)
                self._forget(change)
                if row is None:
                    self._rows.pop(change.resource_id, None)
                else:
                    self._rows[row.id] = row
            for resource_id in touched:
                self._lay_over(resource_id)

    def withdraw(self, change: Change) -> None:
        """Show the resource as if the change had never been asked for."""
        with self._lock:
            self._forget(change)
            self._lay_over(change.resource_id)

    def _forget(self, change: Change) -> None:
        pending = self._pending.get(change.resource_id)
        if pending is not None:
            pending.pop(change.id, None)
            if not pending:
                del self._pending[change.resource_id]

    def _lay_over(self, resource_id: str) -> None:
        row = self._rows.get(resource_id)
        if row is None:
            self._shown.pop(resource_id, None)
        else:
            pending = self._pending.get(resource_id, {}).values()
            self._shown[resource_id] = reduce(_after, pending, row)


def _after(resource: Resource, change: Change) -> Resource:
    foreseen = foresee(change, resource)
    if not isinstance(foreseen, Moved):
        return resource
    return resource._replace(
        hagga=foreseen.hagga,
        deep_desert=foreseen.deep_desert,
        updated_by=change.entered_by or change.by,
    )
