"""The refresher: reads what others changed, with as little as one request and one row.

Most refreshes read by a cursor, the database's clock at the last refresh less 30 seconds. Example:
the last refresh was at 12:00:05, so this one reads the rows that were updated since 11:59:35. A
cursor misses deleted rows, restored backups and rows that were changed without their time. So a
*full* refresh reads everything: the first one of a run, one that the player requests, and one every
15 minutes.

The same request can carry a query of the history, so that `tracker-tui history` is one request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh_queries import OVERLAP_SECONDS, Query, RefreshRequest, Snapshot
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.overlay import Refreshed
from tracker_tui.sync.refresh_and_retry_timing import RefreshSchedule


class Refresher:
    """Keeps the cursor and names between refreshes; written by the ledger's thread, read by all."""

    def __init__(
        self,
        engine: Engine,
        schedule: RefreshSchedule,
        *,
        has_cursor: bool,
        on_names_changed: Callable[[], object] = lambda: None,
    ) -> None:
        """Without a cursor all rows are read each time, which is right for a local file."""
        self._engine = engine
        self._schedule = schedule
        self._has_cursor = has_cursor
        self._on_names_changed = on_names_changed
        self._database_time: int | None = None
        self._nameless_ids: set[str] = set()
        self._has_unexplained_commits = False
        """Whether others committed something that no refresh has shown yet."""
        self.places: Mapping[Location, str] = dict(DEFAULT_PLACES)
        self.names: Mapping[str, str] = {}
        self.clock_offset = 0.0
        """Seconds that the database's clock is ahead of this machine's."""
        self.last_refresh: float | None = None
        """When the rows were read, by time.monotonic(); None if they never were."""
        self.history_stale_at: float | None = None
        """When a refresh last reported `history_may_differ`, by time.monotonic()."""
        self.knows_layout = False
        """Whether this run has read the ledger itself, and so knows its columns."""

    def load(self) -> bool:
        """Start with the replica; returns whether there is one."""
        contents = self._engine.load()
        if contents is None:
            return False
        self.names = contents.names
        if contents.cached_layout is not None:
            self.places = contents.cached_layout.places
        self._database_time = contents.reading.now
        age = max(0.0, time.time() - contents.reading.at)
        self.clock_offset = contents.reading.now - contents.reading.at
        self.last_refresh = time.monotonic() - age
        return True

    def refresh(
        self, ledger: Ledger, *, force: bool = False, query: Query[Any] | None = None
    ) -> tuple[Refreshed, Any]:
        """Read what others changed; returns it with the answer to the query. Raises LedgerError.

        `force` makes it a full refresh. It is one request, but two if the database's clock was set
        back, if there is a new member whose name is unknown, or if the server reports a commit that
        touched none of the rows read: then something was deleted or renamed.
        """
        names_before = (self.names, self.places)
        is_full = force or not self.knows_layout or self._schedule.is_full_due
        request = RefreshRequest(None if is_full else self._cursor, question=query)
        refreshed, snapshot = self._engine.refresh(ledger, request, force=force)
        answer = snapshot.answer
        self._note_commits(refreshed, snapshot, ledger)
        is_extra = self._has_unexplained_commits and self._schedule.allows_extra
        if is_extra or (not snapshot.is_whole and self._was_set_back(snapshot)):
            second, snapshot = self._engine.refresh(ledger, RefreshRequest())
            self._note_commits(second, snapshot, ledger)
            refreshed = _combined(refreshed, second)
        self._learn(snapshot, ledger, is_partial=refreshed.is_partial)
        self._schedule.refreshed(is_full=snapshot.is_whole, is_extra=is_extra)
        history_may_differ = snapshot.is_whole or names_before != (self.names, self.places)
        if history_may_differ:
            self.history_stale_at = self.last_refresh
        return refreshed._replace(history_may_differ=history_may_differ), answer

    def confirm_unchanged(self) -> None:
        """Note that nothing was committed since the last refresh."""
        self.last_refresh = time.monotonic()

    def _note_commits(self, refreshed: Refreshed, snapshot: Snapshot, ledger: Ledger) -> None:
        """Note whether others committed something that this refresh does not show."""
        if not self._has_cursor:
            return  # all rows are read each time
        is_seen = refreshed.changed or refreshed.removed or refreshed.is_partial
        if ledger.changed_elsewhere() and not is_seen:
            self._has_unexplained_commits = True
        if snapshot.is_whole:
            self._has_unexplained_commits = False

    @property
    def _cursor(self) -> int | None:
        if self._database_time is None or not self._has_cursor:
            return None
        return self._database_time - OVERLAP_SECONDS

    def _was_set_back(self, snapshot: Snapshot) -> bool:
        return self._database_time is not None and snapshot.now < self._database_time

    def _learn(self, snapshot: Snapshot, ledger: Ledger, *, is_partial: bool) -> None:
        if snapshot.names is not None:
            if not self.names.items() <= snapshot.names.items():
                self._on_names_changed()
            self.names, self._nameless_ids = snapshot.names, set()
        if snapshot.cached_layout is not None:
            self.places = snapshot.cached_layout.places
        # Old rows may have a nickname in place of an id: it is looked up once, and has no name.
        unknown = {row.updated_by for row in snapshot.resources} - self.names.keys()
        if snapshot.names is None and unknown - self._nameless_ids:
            self.names = ledger.member_names()
        self._nameless_ids |= unknown - self.names.keys()
        if not is_partial:
            self._database_time = snapshot.now
        self.clock_offset = snapshot.now - time.time()
        self.last_refresh = time.monotonic()
        self.knows_layout = True


def _combined(first: Refreshed, second: Refreshed) -> Refreshed:
    return Refreshed(
        changed=(first.changed | second.changed) - second.removed,
        removed=first.removed | second.removed,
        moves=(*first.moves, *second.moves),
        is_partial=second.is_partial,
    )
