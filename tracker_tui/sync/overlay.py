"""The overlay: what the screen shows, replica rows with pending changes on top.

The overlay holds the rows as the ledger last had them, and the changes without an answer. Each
shown row is computed by applying its pending changes to it, in the order of the outbox. Example:

    row       Spice: 1,000 at Hagga             (read from the ledger)
    pending   +500, then -200                   (in the outbox)
    shown     Spice: 1,300 at Hagga

A refresh may return rows that contain a change before its answer arrives. `applied_ids` names such
changes, so that the +500 is not counted twice: the row says 1,500, and only -200 is applied on top.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, project
from tracker_tui.domain.resource import Resource


class Refreshed(NamedTuple):
    """The rows were read from the ledger or the replica: how they differ from those before."""

    changed: frozenset[str] = frozenset()
    """Ids of resources that look different now, or are new."""
    removed: frozenset[str] = frozenset()
    moves: tuple[tuple[Resource, Resource], ...] = ()
    """Rows whose quantities other people moved, before and after."""
    is_first: bool = False
    """Whether nothing was shown before."""
    history_may_differ: bool = False
    """Whether history, names of members or names of locations may differ too."""
    is_partial: bool = False
    """Whether some rows were left out: the next refresh reads them again."""


class Overlay:
    """Resources by id; safe to use from several threads.

    A change is registered first, which only `projected` considers, and shown once it is on disk.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Resource] = {}
        self._pending: dict[str, dict[str, Change]] = {}
        self._numbers: dict[str, int] = {}
        self._unsaved_ids: set[str] = set()
        self._applied_ids: set[str] = set()
        self._shown: dict[str, Resource] = {}

    def resource(self, resource_id: str) -> Resource | None:
        """Return a resource as it is shown."""
        with self._lock:
            return self._shown.get(resource_id)

    def projected(self, resource_id: str) -> Resource | None:
        """Return a resource with everything that was typed, on disk or not yet."""
        with self._lock:
            return self._with_pending(resource_id, self._applied_ids)

    def row(self, resource_id: str) -> Resource | None:
        """Return a resource as the ledger last had it, without pending changes."""
        with self._lock:
            return self._rows.get(resource_id)

    def rows(self) -> list[Resource]:
        """Return all resources as the ledger last had them."""
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
    ) -> Refreshed:
        """Replace rows by those that a refresh read, and return the differences.

        `applied_ids` are the pending changes that these rows contain. Resources that are `unsure`
        keep their old rows: it is unknown which changes the new ones contain.
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
                self._update_shown(resource_id)
            changed = {key for key in touched if self._shown.get(key) != before.get(key)}
            removed = before.keys() - self._shown.keys()
            pairs = ((rows_before[key], fresh[key]) for key in fresh if key in rows_before)
            return Refreshed(
                changed=frozenset(changed - removed),
                removed=frozenset(removed),
                moves=tuple(pair for pair in pairs if _quantities(pair[0]) != _quantities(pair[1])),
                is_partial=bool(kept),
            )

    def register(self, changes: Iterable[Change]) -> None:
        """Register changes that are about to be written to the outbox."""
        with self._lock:
            for change in changes:
                self._pending.setdefault(change.resource_id, {})[change.id] = change
                self._unsaved_ids.add(change.id)

    def show(self, changes: Iterable[Change], numbers: Mapping[str, int] = {}) -> None:
        """Show changes that are in the outbox and have no answer yet.

        `numbers` are their places in the outbox, by change id; changes take effect in this order.
        """
        with self._lock:
            self._numbers |= numbers
            touched = set()
            for change in changes:
                self._pending.setdefault(change.resource_id, {})[change.id] = change
                self._unsaved_ids.discard(change.id)
                touched.add(change.resource_id)
            for resource_id in touched:
                self._update_shown(resource_id)

    def apply(self, outcomes: Iterable[Outcome], *, from_other_process: bool = False) -> None:
        """Show the rows of the ledger's answers, and remove rows of deleted resources.

        An outcome that another program received may be older than the row that is shown; then it
        only removes the pending change.
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
                elif outcome.rejection is Rejection.NO_RESOURCE:
                    self._rows.pop(change.resource_id, None)
            for resource_id in touched:
                self._update_shown(resource_id)

    def remove(self, changes: Iterable[Change]) -> None:
        """Show the resources without these changes."""
        with self._lock:
            touched = set()
            for change in changes:
                self._forget(change)
                touched.add(change.resource_id)
            # Once for each resource: thousands of changes may be pending on one.
            for resource_id in touched:
                self._update_shown(resource_id)

    def _is_older(self, change: Change, row: Resource | None) -> bool:
        known = self._rows.get(change.resource_id)
        is_newer = known is not None and row is not None and known.updated_at > row.updated_at
        return change.id in self._applied_ids or is_newer

    def _forget(self, change: Change) -> None:
        self._unsaved_ids.discard(change.id)
        self._applied_ids.discard(change.id)
        self._numbers.pop(change.id, None)
        pending = self._pending.get(change.resource_id)
        if pending is not None:
            pending.pop(change.id, None)
            if not pending:
                del self._pending[change.resource_id]

    def _update_shown(self, resource_id: str) -> None:
        shown = self._with_pending(resource_id, self._applied_ids | self._unsaved_ids)
        if shown is None:
            self._shown.pop(resource_id, None)
        else:
            self._shown[resource_id] = shown

    def _with_pending(self, resource_id: str, left_out: set[str]) -> Resource | None:
        row = self._rows.get(resource_id)
        if row is None:
            return None
        pending = self._pending.get(resource_id, {}).values()
        changes = [change for change in pending if change.id not in left_out]
        # A change without a number is not in the outbox yet, so it was typed last.
        changes.sort(key=lambda change: self._numbers.get(change.id, sys.maxsize))
        return reduce(_after, changes, row)


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
