"""The refresher: reads the ledger as little as it can, and knows what things are called."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh import OVERLAP_SECONDS, Query, RefreshRequest, Snapshot
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.sync.engine import Engine, Refreshed
from tracker_tui.sync.overlay import Difference
from tracker_tui.sync.refresh_schedule import RefreshSchedule


class RefreshResult(NamedTuple):
    """What a refresh found."""

    difference: Difference
    reaches_back: bool
    """Whether the history, too, or what things are called may be otherwise than before."""
    answer: Any = None
    """What `Snapshot.answer` is."""


class Refresher:
    """Keeps the cursor between refreshes; used by the ledger's thread, read by all."""

    def __init__(self, engine: Engine, schedule: RefreshSchedule, *, has_cursor: bool) -> None:
        """`has_cursor` False: all rows are read each time, as a file is."""
        self._engine = engine
        self._schedule = schedule
        self._has_cursor = has_cursor
        self._now: int | None = None
        self._nameless: set[str] = set()
        self._is_unexplained = False
        """Whether others committed something that no refresh has shown yet."""
        self.places: Mapping[Location, str] = dict(DEFAULT_PLACES)
        self.names: Mapping[str, str] = {}
        self.clock_offset = 0.0
        """Seconds that the database's clock is ahead of this machine's."""
        self.last_refresh: float | None = None
        """When the rows were read, by time.monotonic(); None if they never were."""
        self.reached_back_at: float | None = None
        """When the last refresh was that reached back, by time.monotonic(); see `RefreshResult`."""
        self.knows_layout = False
        """Whether this run has read the ledger itself: its columns are known."""

    def load(self) -> bool:
        """Begin with what the replica holds; returns whether that is anything."""
        kept = self._engine.load()
        if kept is None:
            return False
        self.names = kept.names
        if kept.cached_layout is not None:
            self.places = kept.cached_layout.places
        self._now = kept.reading.now
        age = max(0.0, time.time() - kept.reading.at)
        self.clock_offset = kept.reading.now - kept.reading.at
        self.last_refresh = time.monotonic() - age
        return True

    def refresh(
        self, ledger: Ledger, *, anew: bool = False, question: Query[Any] | None = None
    ) -> RefreshResult:
        """Read what others changed; raises LedgerError.

        A full refresh reads everything: the first one of a run, one that is asked for (`anew`), and
        one every quarter of an hour. The others read only the rows that were touched meanwhile.

        One request, in which a question may be asked, too. A second one where the database's clock
        was set back, where somebody is new whose name is to be asked for, or where the server tells
        of a commit that touched no row of these: something was deleted or renamed.
        """
        called = (self.names, self.places)
        is_full = anew or not self.knows_layout or self._schedule.is_thorough_due
        wish = RefreshRequest(None if is_full else self._cursor, question=question)
        refreshed = self._engine.refresh(ledger, wish, anew=anew)
        difference, answer = refreshed.difference, refreshed.snapshot.answer
        self._note_commits(refreshed, ledger)
        is_extra = self._is_unexplained and self._schedule.may_read_more
        if is_extra or (not refreshed.snapshot.is_whole and self._ran_back(refreshed.snapshot)):
            refreshed = self._engine.refresh(ledger, RefreshRequest())
            difference = _both(difference, refreshed.difference)
            self._note_commits(refreshed, ledger)
        self._learn(refreshed, ledger)
        is_full = refreshed.snapshot.is_whole
        self._schedule.refreshed(is_thorough=is_full, is_extra=is_extra)
        reaches_back = is_full or called != (self.names, self.places)
        if reaches_back:
            self.reached_back_at = self.last_refresh
        return RefreshResult(difference, reaches_back, answer)

    def seen_unchanged(self) -> None:
        """Take that nobody changed anything since the last refresh."""
        self.last_refresh = time.monotonic()

    def _note_commits(self, refreshed: Refreshed, ledger: Ledger) -> None:
        """Note whether others committed what this refresh does not show."""
        if not self._has_cursor:
            return  # all rows of a file are read each time
        difference = refreshed.difference
        is_seen = difference.changed or difference.removed or refreshed.has_left_out
        if ledger.changed_elsewhere() and not is_seen:
            self._is_unexplained = True
        if refreshed.snapshot.is_whole:
            self._is_unexplained = False

    @property
    def _cursor(self) -> int | None:
        if self._now is None or not self._has_cursor:
            return None
        return self._now - OVERLAP_SECONDS

    def _ran_back(self, snapshot: Snapshot) -> bool:
        return self._now is not None and snapshot.now < self._now

    def _learn(self, refreshed: Refreshed, ledger: Ledger) -> None:
        snapshot = refreshed.snapshot
        if snapshot.names is not None:
            if not self.names.items() <= snapshot.names.items():
                # Only these answers hold names; somebody is called otherwise, or nobody any more.
                self._engine.store.forget_pages("leaderboard *")
            self.names, self._nameless = snapshot.names, set()
        if snapshot.cached_layout is not None:
            self.places = snapshot.cached_layout.places
        # Of old rows who did it is a nickname, which nobody has to be asked about twice.
        unknown = {row.updated_by for row in snapshot.resources} - self.names.keys()
        if snapshot.names is None and unknown - self._nameless:
            self.names = ledger.member_names()
        self._nameless |= unknown - self.names.keys()
        if not refreshed.has_left_out:
            self._now = snapshot.now
        self.clock_offset = snapshot.now - time.time()
        self.last_refresh = time.monotonic()
        self.knows_layout = True


def _both(first: Difference, second: Difference) -> Difference:
    return Difference(
        (first.changed | second.changed) - second.removed,
        first.removed | second.removed,
        (*first.moves, *second.moves),
    )
