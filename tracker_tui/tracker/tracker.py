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
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from tracker_tui.auth.membership import Membership
from tracker_tui.config.settings import Config, Remote
from tracker_tui.domain.change import Change, Outcome, SessionStats
from tracker_tui.domain.change_syntax import TypedChange
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.roles import Member, Right
from tracker_tui.errors import NotPermitted, TrackerError
from tracker_tui.guild.database_factory import name_of, open_ledger, store_location
from tracker_tui.guild.membership_factory import as_member, membership_of
from tracker_tui.ledger.ledger import Ledger, random_id
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.outbox_entries import OutboxEntry
from tracker_tui.sync.overlay import Overlay
from tracker_tui.sync.refresh_schedule import RefreshSchedule
from tracker_tui.sync.store import Store
from tracker_tui.tracker.events import (
    ChangesQueued,
    Event,
    EventBus,
    LocalWarning,
    OutcomesReceived,
    QueueFailed,
    RightsChanged,
)
from tracker_tui.tracker.ledger_thread import LedgerThread
from tracker_tui.tracker.local_thread import LocalThread

if TYPE_CHECKING:
    from tracker_tui.domain.history import HistoryEntry, HistoryFilter
    from tracker_tui.tracker.query_cache import Query, QueryCache, QueryResult

T = TypeVar("T")
DELETING: Final = "delete entries of the history"
EXPORTING: Final = "export CSV"
_RESTING_SECONDS: Final = 1.0
_LEAVING_SECONDS: Final = 2.0
"""How long leaving waits for Discord."""


class Tracker:
    """Reads, submits and refreshes; safe to call from any thread."""

    def __init__(
        self,
        config: Config,
        *,
        membership: Membership | None = None,
        opener: Callable[[Config], Ledger] = open_ledger,
    ) -> None:
        """Open what this machine keeps for the database and the member who is signed in.

        Unless a `membership` says who that is and has been entered, Discord may be asked first,
        which takes a while. Raises NotPermitted, DiscordError, ConfigError, LocalFileError.
        """
        self._until = config.until
        self._membership = membership or membership_of(config)
        self._membership.enter()
        self._member = self._membership.member
        config = as_member(config, self._member.id)
        self.config = config
        self.database_name = name_of(config)
        self.is_remote = isinstance(config.database, Remote)
        self.schedule = RefreshSchedule()
        self._awake = threading.Event()
        self._event_bus = EventBus()
        self._overlay = Overlay()
        self._store = Store(
            store_location(config),
            lambda told: self._event_bus.tell(LocalWarning(told)),
            until=config.until,
        )
        self._engine = Engine(
            self._store,
            self._overlay,
            lambda outcomes: self._event_bus.tell(OutcomesReceived(outcomes)),
            tell_changed=lambda resource_ids: self._event_bus.tell(ChangesQueued(resource_ids)),
        )
        self._ledger_thread = LedgerThread(
            config, opener, self._engine, self.schedule, self._event_bus, self._membership
        )
        self._local_thread = LocalThread(
            self._engine, self._event_bus, self._ledger_thread.send_soon, self._look_at_rights
        )
        self._membership.listen(self._take_rights)

    @cached_property
    def query_cache(self) -> QueryCache:
        """What the history, charts and the leaderboard are asked by."""
        # Not before anybody asks: `edit` and the first screen must not pay for it.
        from tracker_tui.tracker.query_cache import QueryCache

        return QueryCache(self._store, self._ledger_thread, self._local_thread, self._membership)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell `listener` of every event, from the thread in which it happens."""
        self._event_bus.listen(listener)

    # Who asks

    @property
    def member(self) -> Member:
        """Who uses the program, and what they may do as far as is known."""
        return self._member

    @property
    def is_admitted(self) -> bool:
        """Whether anything is shown and sent; once it is not, this tracker is of no more use."""
        return self._membership.is_admitted

    @property
    def roles_age(self) -> float | None:
        """How old in seconds what Discord said of roles is, where it could not be asked anew."""
        return self._membership.unchecked_for

    @property
    def why_barred(self) -> str:
        """Why nothing is shown any more; empty while something is."""
        try:
            self._membership.require()
        except NotPermitted as error:
            return str(error)
        return ""

    def may(self, right: Right) -> bool:
        """Whether the member may do something, for what is to be offered."""
        return right in self._member.rights

    def require(self, right: Right, what: str) -> None:
        """Raise NotPermitted, which names the roles that may do `what`, unless the member may."""
        self._membership.require(right, what)

    def _look_at_rights(self) -> None:
        """Ask Discord where that is due; notice where rights ran out by nothing but time."""
        self._membership.look()
        if self._member.rights and not self.is_admitted:
            self._take_rights()

    def _take_rights(self) -> None:
        """Take that the member may do more or less than before; nothing, where they may not enter.

        What this machine keeps of the ledger is let go of then.
        """
        try:
            self._membership.require()
            self._member = self._membership.member
        except NotPermitted:
            self._member = self._member._replace(rights=frozenset())
            self._store.disable()
        self._event_bus.tell(RightsChanged())

    # Reading

    def resources(self) -> list[Resource]:
        """Return every resource as it is shown: pending changes are in it."""
        return self._overlay.resources() if self.is_admitted else []

    def resource(self, resource_id: str) -> Resource | None:
        """Return one resource as it is shown."""
        return self._overlay.resource(resource_id) if self.is_admitted else None

    def projected(self, resource_id: str) -> Resource | None:
        """Return one resource with all that was typed, what is not on disk yet included."""
        return self._overlay.projected(resource_id) if self.is_admitted else None

    @property
    def places(self) -> Mapping[Location, str]:
        """What the guild calls its two locations."""
        return self._ledger_thread.refresher.places if self.is_admitted else DEFAULT_PLACES

    @property
    def names(self) -> Mapping[str, str]:
        """What to call members, by the id that changes are written under."""
        return self._ledger_thread.refresher.names if self.is_admitted else {}

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
    def reached_back_at(self) -> float | None:
        """When history and names were last found to be possibly otherwise, by time.monotonic()."""
        return self._ledger_thread.refresher.reached_back_at

    def has_rows(self) -> bool:
        """Whether there are rows to show; waits for this machine's own, and for no server."""
        # In the thread that loads them, and so after it has.
        return self._local_thread.ask(lambda: self.last_refresh is not None).result()

    @property
    def is_stale(self) -> bool:
        """Whether others may have moved what is shown: it was not read within one interval."""
        last = self.last_refresh
        if not self.is_remote or last is None:
            return self.trouble is not None
        # Some part of the interval is spent on the way to the server and back.
        return time.monotonic() - last > self.schedule.interval * 1.5

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
    def stats(self) -> SessionStats:
        """What this run has brought so far."""
        return self._engine.stats

    def pending(self) -> Sequence[Change]:
        """Return the changes that the ledger has not answered yet."""
        return [entry.change for entry in self._shown_entries() if entry.is_open]

    def is_taken_back(self, change: Change) -> bool:
        """Whether a change is undone as soon as it is known what became of it."""
        entry = self._store.outbox.entry(change.id)
        return entry is not None and entry.cancel_requested

    @property
    def is_unsure(self) -> bool:
        """Whether what is pending may be in the ledger already: an answer got lost."""
        return self._engine.is_unsure

    def needing_player(self) -> Sequence[Outcome]:
        """Return the refused and conflicting changes that nobody dealt with."""
        entries = self._shown_entries()
        return [e.outcome for e in entries if e.needs_player and e.outcome is not None]

    def _shown_entries(self) -> Sequence[OutboxEntry]:
        return self._store.outbox.entries() if self.is_admitted else []

    # Acting

    def open(self, once_shown: threading.Event | None = None) -> Future[None]:
        """Show what this machine keeps, then read the ledger.

        If there is anything to show, it goes first: the server is not asked before `once_shown`.
        The future raises what a command should end with.
        """
        self._membership.look()
        loaded = self._local_thread.load(self._ledger_thread.refresher)
        return self._ledger_thread.open(loaded, once_shown)

    def open_asking(self, question_of: Callable[[], Query[T]]) -> Future[QueryResult[T]]:
        """Read the ledger and ask it a question, in one request.

        `question_of` is called when this machine's rows are there, and when the ledger was read:
        where that makes another question of it, that is asked, too. The future raises what it does.
        """
        self._membership.look()
        loaded = self._local_thread.load(self._ledger_thread.refresher)
        return self.query_cache.open_asking(loaded, question_of)

    def ask(self, question: Query[T]) -> Future[QueryResult[T]]:
        """Ask the ledger a question that rests on no rows, and read nothing else."""
        self._membership.look()
        return self.query_cache.ask(question)

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

    def submit(
        self, changes: Iterable[Change], *, instead_of: Change | None = None
    ) -> Future[None]:
        """Take one submission: kept in the outbox, then shown, and sent in order.

        The change that it is `instead_of` leaves the outbox in the moment in which it comes there.
        The future is done once it is kept and shown, or told that it could not be.
        """
        submission = tuple(changes)
        try:
            self._membership.require()
        except NotPermitted as error:
            self._event_bus.tell(QueueFailed(submission, error))
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._local_thread.keep(submission, instead_of)

    def export_history(
        self,
        wish: HistoryFilter,
        path: Path,
        tell: Callable[[int], bool],
        is_given_up: Callable[[], bool],
    ) -> bool:
        """Write what passes a filter to a file; see `history_csv.export_history`. Takes a while.

        Raises NotPermitted, too.
        """
        from tracker_tui.tracker.history_export import Naming, export_history

        self.require(Right.EDIT_TARGETS, EXPORTING)
        naming = Naming(self.name_of, self.resource_name)
        return export_history(self.query_cache, wish, naming, path, tell, is_given_up)

    def delete_entry(self, entry: HistoryEntry) -> Future[None]:
        """Take an entry out of the history; quantities and points stay as they are."""
        self.require(Right.ADMIN, DELETING)
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
        it is sent later, unless the error says so. Raises NotPermitted.
        """
        self._membership.require()
        self._membership.look()
        return self._ledger_thread.edit(change)

    def rest(self) -> None:
        """Finish what is being written and sent, since the process is about to be stopped.

        One that stands still in the middle of that keeps its turn, and the locks of its files:
        every other program of this machine would wait for it. Nothing is done until `wake`.
        """
        awake, has_come = threading.Event(), threading.Event()
        self._awake = awake

        def stand_still() -> None:
            has_come.set()
            awake.wait()

        self._local_thread.ask(stand_still)
        has_come.wait(_RESTING_SECONDS)
        self._ledger_thread.rest(awake)

    def wake(self) -> None:
        """Go on, with what was left undone and with what others did meanwhile."""
        self._awake.set()
        self.poll()

    def close(self) -> Sequence[Change]:
        """Let go of everything, and return what has no answer yet: the next run sends it."""
        self._awake.set()
        self._event_bus.leave()
        self._local_thread.close()
        self._ledger_thread.close()
        pending = self.pending()
        self._membership.close(seconds_left(self._until, _LEAVING_SECONDS))
        self._store.close()
        return pending
