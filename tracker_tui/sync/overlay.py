"""The board: what is shown, the ledger's rows as last seen with pending changes laid over."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, project
from tracker_tui.domain.resource import Resource


class Difference(NamedTuple):
    """What a refresh changed on the board."""

    changed: frozenset[str]
    """Ids of resources that look different now, or are new."""
    removed: frozenset[str]
    moves: tuple[tuple[Resource, Resource], ...]
    """Rows whose quantities somebody else moved, before and after."""


class Overlay:
    """Resources by id; may be read and written from several threads.

    A change is first asked for, which only `projected` minds, and shown once it is kept on disk.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Resource] = {}
        self._pending: dict[str, dict[str, Change]] = {}
        self._numbers: dict[str, int] = {}
        self._unkept: set[str] = set()
        self._applied_ids: set[str] = set()
        self._shown: dict[str, Resource] = {}

    def resource(self, resource_id: str) -> Resource | None:
        """Return a resource as it is shown."""
        with self._lock:
            return self._shown.get(resource_id)

    def projected(self, resource_id: str) -> Resource | None:
        """Return a resource with everything that was typed so far, kept on disk or not yet."""
        with self._lock:
            return self._laid_over(resource_id, self._applied_ids)

    def row(self, resource_id: str) -> Resource | None:
        """Return a resource as the ledger had it when it was last seen, nothing laid over."""
        with self._lock:
            return self._rows.get(resource_id)

    def rows(self) -> list[Resource]:
        """Return all resources as the ledger had them when they were last seen."""
        with self._lock:
            return list(self._rows.values())

    def resources(self) -> list[Resource]:
        """Return all resources as they are shown, in no particular order."""
        with self._lock:
            return list(self._shown.values())

    @property
    def applied_ids(self) -> frozenset[str]:
        """Changes without an answer whose effect is in the rows already."""
        with self._lock:
            return frozenset(self._applied_ids)

    def refresh(
        self,
        rows: Iterable[Resource],
        applied_ids: Iterable[str],
        *,
        is_whole: bool,
        unsure: Iterable[str] = (),
    ) -> Difference:
        """Take the rows that a refresh read, and tell what is different from before.

        `applied_ids` are the pending changes that are in these rows. Of the resources that are
        `unsure` nobody can tell which changes are: they stay as they are.
        """
        with self._lock:
            before, rows_before = self._shown, self._rows
            kept = set(unsure)
            fresh = {row.id: row for row in rows if row.id not in kept}
            staying = {change for key in kept for change in self._pending.get(key, ())}
            if is_whole:
                self._rows = {key: row for key, row in rows_before.items() if key in kept} | fresh
                # A restored backup may lack changes that were in these rows before.
                self._applied_ids &= staying
            else:
                self._rows = rows_before | fresh
            pending = {change for changes in self._pending.values() for change in changes}
            self._applied_ids = (self._applied_ids | (set(applied_ids) - staying)) & pending
            touched = fresh.keys() | (rows_before.keys() - self._rows.keys())
            self._shown = dict(before)
            for resource_id in touched | self._pending.keys():
                self._lay_over(resource_id)
            changed = {key for key in touched if self._shown.get(key) != before.get(key)}
            removed = before.keys() - self._shown.keys()
            pairs = ((rows_before[key], fresh[key]) for key in fresh if key in rows_before)
            moves = tuple(pair for pair in pairs if _quantities(pair[0]) != _quantities(pair[1]))
            return Difference(frozenset(changed - removed), frozenset(removed), moves)

    def ask(self, changes: Iterable[Change]) -> None:
        """Mind changes that are being put into the outbox."""
        with self._lock:
            for change in changes:
                self._pending.setdefault(change.resource_id, {})[change.id] = change
                self._unkept.add(change.id)

    def keep(self, changes: Iterable[Change], numbers: Mapping[str, int] = {}) -> None:
        """Show changes that are in the outbox, and that the ledger has not answered yet.

        `numbers` are their places in the outbox, by id, which is the order of their effects.
        """
        with self._lock:
            self._numbers |= numbers
            touched = set()
            for change in changes:
                self._pending.setdefault(change.resource_id, {})[change.id] = change
                self._unkept.discard(change.id)
                touched.add(change.resource_id)
            for resource_id in touched:
                self._lay_over(resource_id)

    def answer(self, outcomes: Iterable[Outcome], *, from_other_process: bool = False) -> None:
        """Show the ledger's answers: rows as they are now, without those that are gone.

        By hearsay, from another program, a row is older than one that has the change already.
        """
        touched = set()
        with self._lock:
            for outcome in outcomes:
                change, row = outcome.change, outcome.resource
                touched.add(change.resource_id)
                is_old = from_other_process and self._is_older(change, row)
                self._forget(change)
                if row is not None and not is_old:
                    self._rows[row.id] = row
                elif outcome.refusal is Rejection.NO_RESOURCE:
                    self._rows.pop(change.resource_id, None)
            for resource_id in touched:
                self._lay_over(resource_id)

    def withdraw(self, changes: Iterable[Change]) -> None:
        """Show the resources as if the changes had never been asked for."""
        with self._lock:
            touched = set()
            for change in changes:
                self._forget(change)
                touched.add(change.resource_id)
            # Once for each resource: thousands of changes may be pending on one.
            for resource_id in touched:
                self._lay_over(resource_id)

    def _is_older(self, change: Change, row: Resource | None) -> bool:
        known = self._rows.get(change.resource_id)
        is_newer = known is not None and row is not None and known.updated_at > row.updated_at
        return change.id in self._applied_ids or is_newer

    def _forget(self, change: Change) -> None:
        self._unkept.discard(change.id)
        self._applied_ids.discard(change.id)
        self._numbers.pop(change.id, None)
        pending = self._pending.get(change.resource_id)
        if pending is not None:
            pending.pop(change.id, None)
            if not pending:
                del self._pending[change.resource_id]

    def _lay_over(self, resource_id: str) -> None:
        shown = self._laid_over(resource_id, self._applied_ids | self._unkept)
        if shown is None:
            self._shown.pop(resource_id, None)
        else:
            self._shown[resource_id] = shown

    def _laid_over(self, resource_id: str, left_out: set[str]) -> Resource | None:
        row = self._rows.get(resource_id)
        if row is None:
            return None
        pending = self._pending.get(resource_id, {}).values()
        laid_over = [change for change in pending if change.id not in left_out]
        # What is in no outbox yet was typed last.
        laid_over.sort(key=lambda change: self._numbers.get(change.id, sys.maxsize))
        return reduce(_after, laid_over, row)


def _quantities(row: Resource) -> tuple[int, int]:
    return row.hagga, row.deep_desert


def _after(resource: Resource, change: Change) -> Resource:
    projected = project(change, resource)
    if not isinstance(projected, Moved):
        return resource
    return resource._replace(
        hagga=projected.hagga,
        deep_desert=projected.deep_desert,
        updated_by=change.entered_by or change.by,
    )
