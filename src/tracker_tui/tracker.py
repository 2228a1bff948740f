"""The tracker: the one object that the screens and the command line talk to.

It answers at once from the board. One thread of its own keeps what is typed on disk, another one
talks to the ledger. What happens there is told to the listener as an event, in that thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from tracker_tui.config import Config, Remote
from tracker_tui.domain.change import Change
from tracker_tui.domain.grammar import TypedChange
from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.roles import ALL_RIGHTS, Right
from tracker_tui.domain.tally import Tally
from tracker_tui.errors import NotPermitted, TrackerError
from tracker_tui.events import Audience, Event, Kept, Noticed, Settled
from tracker_tui.ledger.ledger import Ledger, random_id
from tracker_tui.ledger_thread import LedgerThread
from tracker_tui.local_thread import LocalThread
from tracker_tui.opening import name_of, open_ledger, site_of
from tracker_tui.sync.board import Board
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.rhythm import Rhythm
from tracker_tui.sync.store import Store

if TYPE_CHECKING:
    from tracker_tui.archive import Archive
    from tracker_tui.domain.history import HistoryEntry


class Member(NamedTuple):
    """Who uses the program: the id that changes are written under, a name, and rights."""

    id: str
    name: str
    rights: frozenset[Right]


class Tracker:
    """Reads, submits and refreshes; safe to call from any thread."""

    def __init__(self, config: Config, *, opener: Callable[[Config], Ledger] = open_ledger) -> None:
        """Open what this machine keeps for the database; raises LocalFileError."""
        self.config = config
        self.member = Member(config.member, config.member, ALL_RIGHTS)
        self.database_name = name_of(config)
        self.is_remote = isinstance(config.database, Remote)
        self.rhythm = Rhythm()
        self._audience = Audience()
        self._board = Board()
        self._store = Store(site_of(config), lambda message: self._audience.tell(Noticed(message)))
        self._engine = Engine(
            self._store,
            self._board,
            lambda outcomes: self._audience.tell(Settled(outcomes)),
            tell_changed=lambda resource_ids: self._audience.tell(Kept(resource_ids)),
        )
        self._ledger_thread = LedgerThread(
            config, opener, self._engine, self.rhythm, self._audience
        )
        self._local_thread = LocalThread(
            self._engine, self._audience, self._ledger_thread.send_soon
        )

    @cached_property
    def archive(self) -> Archive:
        """What the history, charts and the leaderboard are asked by."""
        # Not before anybody asks: `edit` and the first screen must not pay for it.
        from tracker_tui.archive import Archive

        return Archive(self._store, self._ledger_thread, self._local_thread)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell `listener` of every event, from the thread in which it happens."""
        self._audience.listen(listener)

    # Reading

    def resources(self) -> list[Resource]:
        """Return every resource as it is shown: pending changes are in it."""
        return self._board.resources()

    def resource(self, resource_id: str) -> Resource | None:
        """Return one resource as it is shown."""
        return self._board.resource(resource_id)

    def foreseen(self, resource_id: str) -> Resource | None:
        """Return one resource with all that was typed, what is not on disk yet included."""
        return self._board.foreseen(resource_id)

    @property
    def places(self) -> Mapping[Location, str]:
        """What the guild calls its two locations."""
        return self._ledger_thread.refresher.places

    @property
    def names(self) -> Mapping[str, str]:
        """What to call members, by the id that changes are written under."""
        return self._ledger_thread.refresher.names

    def name_of(self, who: str) -> str:
        """Return what to call whoever `updated_by` names; what is unknown stands as it is."""
        return self.names.get(who, who)

    def resource_name(self, resource_id: str) -> str:
        """Return what a resource is called; one that is gone is called by its id."""
        resource = self.resource(resource_id)
        return resource_id if resource is None else resource.name

    def now(self) -> int:
        """Return the database's time, in Unix seconds."""
        return int(time.time() + self._ledger_thread.refresher.clock_offset)

    # How it stands with the ledger

    @property
    def last_refresh(self) -> float | None:
        """When the rows that are shown were read, by time.monotonic(); None if they never were."""
        return self._ledger_thread.refresher.last_refresh

    @property
    def is_stale(self) -> bool:
        """Whether others may have moved what is shown: it was not read within one interval."""
        last = self.last_refresh
        if not self.is_remote or last is None:
            return self.trouble is not None
        # Some part of the interval is spent on the way to the server and back.
        return time.monotonic() - last > self.rhythm.interval * 1.5

    @property
    def can_write(self) -> bool:
        """Whether the ledger takes changes from us, as far as is known."""
        return self._ledger_thread.can_write

    @property
    def trouble(self) -> TrackerError | None:
        """Why the ledger does not answer; None while it does."""
        return self._ledger_thread.trouble

    @property
    def trouble_since(self) -> float | None:
        """Since when it does not, in Unix seconds."""
        return self._ledger_thread.trouble_since

    def waited(self) -> float:
        """Return for how many seconds the ledger has been at work on one thing; 0.0 when idle."""
        return self._ledger_thread.waited()

    @property
    def next_try(self) -> float:
        """Seconds until the ledger is asked again that did not answer."""
        return self._ledger_thread.next_try

    # How it stands with what was typed

    @property
    def tally(self) -> Tally:
        """What this run has brought so far."""
        return self._engine.tally

    def pending(self) -> Sequence[Change]:
        """Return the changes that the ledger has not answered yet."""
        return [entry.change for entry in self._store.outbox.entries() if entry.is_open]

    def is_taken_back(self, change: Change) -> bool:
        """Whether a change is undone as soon as it is known what became of it."""
        entry = self._store.outbox.entry(change.id)
        return entry is not None and entry.is_unwanted

    @property
    def is_unsure(self) -> bool:
        """Whether what is pending may be in the ledger already: an answer got lost."""
        return self._engine.is_unsure

    def needing_player(self) -> Sequence[Outcome]:
        """Return the refused and conflicting changes that nobody dealt with."""
        entries = self._store.outbox.entries()
        return [e.outcome for e in entries if e.needs_player and e.outcome is not None]

    # Acting

    def open(self, once_shown: threading.Event | None = None) -> Future[None]:
        """Show what this machine keeps, then read the ledger.

        If there is anything to show, it goes first: the server is not asked before `once_shown`.
        The future raises what a command should end with.
        """
        loaded = self._local_thread.load(self._ledger_thread.refresher)
        return self._ledger_thread.open(loaded, once_shown)

    def refresh(self) -> Future[None]:
        """Read what others did, rights included; not begun yet, it is the same refresh."""
        return self._ledger_thread.refresh()

    def poll(self) -> None:
        """Look what others did, here and on the server; asked often, it never piles up."""
        self._local_thread.look_around()
        self._ledger_thread.poll()

    def change(
        self, resource_id: str, typed: TypedChange, location: Location, *, seen: int | None
    ) -> Change:
        """Make the change that a player typed.

        `seen` is the quantity at `location` that was on screen, which an absolute change minds;
        None if nothing was.
        """
        return Change(
            random_id(),
            resource_id,
            typed.kind,
            location,
            typed.amount,
            self.member.id,
            typed.reason,
            expected=seen if typed.kind is Kind.SET else None,
        )

    def submit(self, changes: Iterable[Change]) -> Future[None]:
        """Take one submission: kept in the outbox, then shown, and sent in order.

        The future is done once it is kept and shown, or told that it could not be.
        """
        return self._local_thread.keep(changes)

    def delete_entry(self, entry: HistoryEntry) -> Future[None]:
        """Take an entry out of the history; quantities and points stay as they are."""
        if Right.ADMIN not in self.member.rights:
            raise NotPermitted("Only admins delete entries of the history.")
        return self._ledger_thread.ask(lambda ledger: ledger.delete_entry(entry.id))

    def undo(self) -> None:
        """Take back the newest submission of this run that is not undone yet."""
        self._local_thread.undo()

    def resolve(self, change: Change) -> None:
        """Send a change that needed the player once more, as it is now; it keeps its id."""
        self._local_thread.resolve(change)

    def drop(self, change: Change) -> None:
        """Forget a change that needed the player, or take one back that has no answer."""
        self._local_thread.drop(change)

    def edit(self, change: Change) -> Future[Outcome]:
        """Send one change of the resource that its `resource_id` means: an id, or a name.

        The outcome is `queued` where no answer came in time. The future may raise; then nothing of
        it is sent later, unless the error says so.
        """
        return self._ledger_thread.edit(change)

    def close(self) -> Sequence[Change]:
        """Let go of everything, and return what has no answer yet: the next run sends it."""
        self._audience.leave()
        self._local_thread.close()
        self._ledger_thread.close()
        pending = self.pending()
        self._store.close()
        return pending
