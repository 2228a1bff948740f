"""A player's program, as the simulation drives it: step by step, in one thread."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from chaos.journal import Journal
from chaos.kill import DeadlyDatabase, Killer
from tracker_tui.config.settings import Remote
from tracker_tui.db.layout import Layout
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.change import Change, Rejection, as_difference, without_guard
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.local_store import Store, StoreLocation
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.overlay import Overlay
from tracker_tui.sync.refresh_and_retry_timing import RefreshSchedule
from tracker_tui.sync.refresher import Refresher
from tracker_tui.sync.sender import Sender

PATIENCE = 600.0
"""Seconds for a request: its end comes from the dice alone, however busy the machine is. A program
that gave up by the clock would go on beside what happens in the middle of its request."""
KINDS = (Kind.ADD, Kind.ADD, Kind.REMOVE, Kind.SET, Kind.TO_DEEP_DESERT, Kind.TO_HAGGA)


class Program:
    """One running program on one database, from its start to its end."""

    def __init__(
        self,
        site: StoreLocation,
        url: str,
        dice: random.Random,
        killer: Killer,
        journal: Journal,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._location, self._dice, self._journal, self._new_id = site, dice, journal, new_id
        self._submissions: list[list[Change]] = []
        """The submissions of this run that were not undone."""
        self._overlay = Overlay()
        self._store = Store(site, lambda _: None)
        self._engine = Engine(self._store, self._overlay, lambda _: None, clock=clock)
        self._sender = Sender(self._engine)
        self._refresher = Refresher(self._engine, RefreshSchedule(), has_cursor=True)
        remote = open_remote(Remote(url, None), PATIENCE)
        self._database = DeadlyDatabase(remote, killer)
        self._ledger = Ledger(self._database, Layout.founding(), can_write=None)
        self._refresher.load()

    @property
    def folder(self) -> Path:
        return self._location.folder

    @property
    def outbox(self) -> Path:
        return self.folder / OUTBOX_NAME

    def close(self) -> None:
        """Close everything, as the system does when a program dies."""
        self._store.close()
        self._ledger.close()

    # Steps

    def type(self) -> None:
        """Submit one to three changes."""
        resources = self._overlay.resources()
        if not resources:
            return
        chosen = self._dice.choices(sorted(resources), k=self._dice.choice((1, 1, 1, 2, 3)))
        submission = [self._typed(resource.id) for resource in chosen]
        self._journal.typed.update((change.id, change) for change in submission)
        self._engine.register(submission)
        # On a full disk this raises, and the submission does not count.
        self._engine.save(submission)
        self._journal.has_kept(self.outbox, submission)
        self._submissions.append(submission)

    def _typed(self, resource_id: str) -> Change:
        dice, location = self._dice, self._dice.choice(list(Location))
        kind, seen = dice.choice(KINDS), self._overlay.projected(resource_id)
        expected = seen.at(location) if seen is not None and kind is Kind.SET else None
        amount = dice.randint(0 if kind is Kind.SET else 1, 400)
        by = self._location.member
        return Change(self._new_id(), resource_id, kind, location, amount, by, expected=expected)

    def refresh(self) -> None:
        self._refresher.refresh(self._ledger, force=self._dice.random() < 0.1)

    def send(self) -> None:
        """Send pending changes, if no other program does."""
        if not self._refresher.knows_layout:
            self.refresh()
        with self._sender.try_acquire() as is_acquired:
            if is_acquired:
                self._sender.send(self._ledger)

    def look(self) -> None:
        self._engine.catch_up()

    def undo(self) -> None:
        """Undo the newest submission that is not undone yet."""
        withdrawn, in_flight, counters = self._engine.undo(self._engine.newest_submission)
        touched = {change.id for change in (*withdrawn, *in_flight)}
        touched |= {change.undoes for change in counters if change.undoes is not None}
        while self._submissions:
            submission = self._submissions.pop()
            self._journal.has_undone(self.outbox, submission)
            if not touched.isdisjoint(change.id for change in submission):
                break

    def decide(self) -> None:
        """Resolve or drop a change that needs the player."""
        entries = [entry for entry in self._store.outbox.entries() if entry.needs_player]
        if not entries:
            return
        entry = self._dice.choice(entries)
        change, outcome = entry.change, entry.outcome
        assert outcome is not None
        way = self._dice.choice(("anyway", "difference", "drop"))
        if way == "drop":
            self._engine.drop([change])
            self._journal.has_dropped(self.outbox, change)
            return
        decided = (as_difference(change) if way == "difference" else None) or without_guard(change)
        # An unsure change may be in the ledger as it was first typed.
        self._engine.resolve(change if outcome.rejection is Rejection.UNSURE else decided)

    # At the end

    def drain(self) -> None:
        """Send and read until the outbox has nothing left to send."""
        self.refresh()
        while self._sender.has_unsent:
            self.send()
        self.refresh()

    def shown(self) -> dict[str, tuple[int, int]]:
        return {row.id: (row.hagga, row.deep_desert) for row in self._overlay.resources()}

    def give_up(self) -> None:
        self._database.interrupt()

    def limit_disk(self, pages: int) -> None:
        """Leave room for this many pages of the outbox."""
        self._store.outbox._file._connection.execute(f"PRAGMA max_page_count = {pages}")
