"""The tracker: the one object that the screens and the command line talk to.

Reading never waits: `resources()` returns the overlay, the replica with pending changes on top.
Acting never waits either. `LocalThread` writes what the player asks for to disk, and `LedgerThread`
talks to the ledger. They publish the results as events, in their threads. Example:

    tracker.listen(post_to_screen)
    tracker.open()                          Refreshed   rows of the replica, then of the ledger
    change = tracker.change("spice", typed, Location.HAGGA, seen=1000)
    tracker.submit([change])                ChangesQueued     on disk and on screen
                                            OutcomesReceived  in the ledger
    tracker.close()
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from tracker_tui.auth.membership import Membership
from tracker_tui.config.settings import Config
from tracker_tui.domain.change import Change, Outcome, SessionStats
from tracker_tui.domain.change_syntax import TypedChange
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.roles import Right
from tracker_tui.errors import NotPermitted
from tracker_tui.guild.database_factory import name_of, open_ledger, store_location
from tracker_tui.guild.membership_factory import as_member, membership_of
from tracker_tui.ledger.ledger import Ledger, random_id
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.local_store import Store
from tracker_tui.sync.outbox_entries import OutboxEntry
from tracker_tui.sync.overlay import Overlay
from tracker_tui.sync.refresh_and_retry_timing import RefreshSchedule
from tracker_tui.tracker.events import (
    ChangesQueued,
    Event,
    EventBus,
    LocalWarning,
    OutcomesReceived,
    QueueFailed,
    RightsChanged,
)
from tracker_tui.tracker.ledger_connection import LedgerConnection
from tracker_tui.tracker.ledger_thread import LedgerThread
from tracker_tui.tracker.local_thread import LocalThread

if TYPE_CHECKING:
    from tracker_tui.domain.history import HistoryEntry
    from tracker_tui.tracker.query_cache import QueryCache

DELETING: Final = "delete entries of the history"
_SUSPENDING_SECONDS: Final = 1.0
_CLOSING_SECONDS: Final = 2.0
"""How long closing waits for Discord."""


class Tracker:
    """Reads, submits and refreshes; safe to use from any thread."""

    def __init__(
        self,
        config: Config,
        *,
        membership: Membership | None = None,
        opener: Callable[[Config], Ledger] = open_ledger,
    ) -> None:
        """Open this machine's files for the database and the member who is signed in.

        Without a `membership` that has been entered, this may ask Discord first, which takes a
        while. Raises NotPermitted, DiscordError, ConfigError, LocalFileError.
        """
        self.membership = membership or membership_of(config)
        """The member's rights; without admission this tracker shows nothing."""
        self.membership.enter()
        self.member = self.membership.member
        """The user of the program, with their rights as far as is known."""
        config = as_member(config, self.member.id)
        self.config = config
        self.database_name = name_of(config)
        self.schedule = RefreshSchedule()
        self._creating = threading.Lock()
        self._query_cache: QueryCache | None = None
        self._resumed = threading.Event()
        self._event_bus = bus = EventBus()
        self._overlay = Overlay()
        self._store = Store(
            store_location(config),
            lambda message: bus.publish(LocalWarning(message)),
            until=config.until,
        )
        self._engine = Engine(
            self._store,
            self._overlay,
            lambda outcomes: bus.publish(OutcomesReceived(outcomes)),
            publish_changed=lambda resource_ids: bus.publish(ChangesQueued(resource_ids)),
        )
        self.connection = LedgerConnection(config, opener, self._store, self.membership)
        self._ledger_thread = LedgerThread(
            config,
            self.connection,
            self._engine,
            self.schedule,
            bus,
            self.membership,
            on_names_changed=lambda: self.query_cache.delete("leaderboard *"),
        )
        self._refresher = self._ledger_thread.refresher
        self._local_thread = LocalThread(
            self._engine, bus, self._ledger_thread.send_soon, self._check_rights
        )
        self.membership.listen(self._update_rights)

    @property
    def query_cache(self) -> QueryCache:
        """Asks for history, charts and the leaderboard."""
        # Imported on first use: `edit` and the first screen do without it.
        from tracker_tui.tracker.query_cache import QueryCache

        with self._creating:  # The ledger's thread may need it first.
            self._query_cache = self._query_cache or QueryCache(
                self._store, self._ledger_thread, self._local_thread, self.membership
            )
        return self._query_cache

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event, in the thread in which it happens."""
        self._event_bus.listen(listener)

    # Rights

    def _check_rights(self) -> None:
        """Ask Discord if that is due, and notice rights that have expired."""
        self.membership.check_in_background()
        if self.member.rights and not self.membership.is_admitted:
            self._update_rights()

    def _update_rights(self) -> None:
        """Apply changed permissions. If access was lost, close the files that copy the ledger."""
        try:
            self.membership.require()
            self.member = self.membership.member
        except NotPermitted:
            self.member = self.member._replace(rights=frozenset())
            self._store.disable()
        self._event_bus.publish(RightsChanged())

    # Reading

    def resources(self) -> list[Resource]:
        """Return every resource as it is shown, pending changes included."""
        return self._overlay.resources() if self.membership.is_admitted else []

    def resource(self, resource_id: str) -> Resource | None:
        return self._overlay.resource(resource_id) if self.membership.is_admitted else None

    def projected(self, resource_id: str) -> Resource | None:
        """Return one resource with all that was typed, on disk or not yet."""
        return self._overlay.projected(resource_id) if self.membership.is_admitted else None

    @property
    def places(self) -> Mapping[Location, str]:
        """The guild's names for its two locations."""
        return self._refresher.places if self.membership.is_admitted else DEFAULT_PLACES

    @property
    def names(self) -> Mapping[str, str]:
        """The names of members, by the id that their changes carry."""
        return self._refresher.names if self.membership.is_admitted else {}

    def name_of(self, who: str) -> str:
        """Return the name of the member in `updated_by`; without one, the id itself."""
        return self.names.get(who, who)

    def resource_name(self, resource_id: str) -> str:
        """Return the name of a resource; of a deleted one, its id."""
        resource = self.resource(resource_id)
        return resource_id if resource is None else resource.name

    def now(self) -> int:
        """Return the database's time, in Unix seconds."""
        return int(time.time() + self._refresher.clock_offset)

    @property
    def last_refresh(self) -> float | None:
        """When the rows on screen were read, by time.monotonic(); None if they never were."""
        return self._refresher.last_refresh

    @property
    def history_stale_at(self) -> float | None:
        """When a refresh last found that history or names may differ, by time.monotonic()."""
        return self._refresher.history_stale_at

    @property
    def is_stale(self) -> bool:
        """Whether the rows are older than one interval, so that others may have changed them."""
        last = self.last_refresh
        if not self.connection.is_remote or last is None:
            return self.connection.trouble is not None
        # The request itself takes some part of the interval.
        return time.monotonic() - last > self.schedule.interval * 1.5

    def has_rows(self) -> bool:
        """Whether there are rows to show; waits for the replica, but not for a server."""
        return self._local_thread.ask(lambda: self.last_refresh is not None).result()

    # The outbox

    @property
    def stats(self) -> SessionStats:
        return self._engine.stats

    def pending(self) -> Sequence[Change]:
        """Return the changes that the ledger has not answered yet."""
        return [entry.change for entry in self._entries() if entry.is_open]

    def cancel_requested(self, change: Change) -> bool:
        """Whether a change in flight is undone as soon as its outcome is known."""
        entry = self._store.outbox.entry(change.id)
        return entry is not None and entry.cancel_requested

    def needing_player(self) -> Sequence[Outcome]:
        """Return the outcomes of rejected and conflicting changes."""
        return [e.outcome for e in self._entries() if e.needs_player and e.outcome is not None]

    def _entries(self) -> Sequence[OutboxEntry]:
        return self._store.outbox.entries() if self.membership.is_admitted else []

    # Acting

    def open(self, once_shown: threading.Event | None = None) -> Future[None]:
        """Show what this machine has stored, then read the ledger.

        If there are stored rows, the server is asked only after `once_shown` is set. The future
        raises the error that a command ends with.
        """
        self.membership.check_in_background()
        loaded = self._local_thread.load(self._refresher)
        return self._ledger_thread.open(loaded, once_shown)

    def refresh(self) -> Future[None]:
        """Read everything, rights included; a second request before the first begins joins it."""
        return self._ledger_thread.refresh()

    def poll(self) -> None:
        """Look for changes of others, here and on the server; repeated calls do not queue up."""
        self._local_thread.catch_up()
        self._ledger_thread.poll()

    def change(
        self, resource_id: str, typed: TypedChange, location: Location, *, seen: int | None
    ) -> Change:
        """Build the change that a player typed.

        `seen` is the quantity at `location` that was on screen, if any: a set conflicts if it is
        no longer right.
        """
        return Change(
            id=random_id(),
            resource_id=resource_id,
            kind=typed.kind,
            location=location,
            amount=typed.amount,
            by=self.member.id,
            reason=typed.reason,
            expected=seen if typed.kind is Kind.SET else None,
        )

    def submit(
        self, changes: Iterable[Change], *, instead_of: Change | None = None
    ) -> Future[None]:
        """Write changes to the outbox, show them, and send them in this order.

        `instead_of` leaves the outbox in the same transaction. The future is done once they are
        shown, or once a QueueFailed is published.
        """
        submission = tuple(changes)
        try:
            self.membership.require()
        except NotPermitted as error:
            self._event_bus.publish(QueueFailed(changes=submission, error=error))
            (done := Future[None]()).set_result(None)
            return done
        return self._local_thread.submit(submission, instead_of)

    def undo(self) -> None:
        """Undo the newest submission of this run that is not undone yet."""
        self._local_thread.undo()

    def resolve(self, change: Change) -> None:
        """Send a rejected or conflicting change again, as it is now; it keeps its id."""
        self._local_thread.resolve(change)

    def drop(self, change: Change) -> None:
        """Delete a change that needs the player, or cancel one without an answer."""
        self._local_thread.drop(change)

    def edit(self, change: Change) -> Future[Outcome]:
        """Apply one change to the resource that its `resource_id` means, an id or a name.

        The outcome is `queued` if no answer came in time. If the future raises, nothing is sent
        later, unless the error says so. Raises NotPermitted.
        """
        self.membership.require()
        self.membership.check_in_background()
        return self._ledger_thread.edit(change)

    def delete_entry(self, entry: HistoryEntry) -> Future[None]:
        """Delete an entry of the history; quantities and points stay as they are."""
        self.membership.require(Right.ADMIN, DELETING)
        return self._ledger_thread.ask(lambda ledger: ledger.delete_entry(entry.id))

    def suspend(self) -> None:
        """Finish writing and sending before the process is stopped (Ctrl+Z); see `resume`.

        A stopped process would keep the send lock and the locks of its files, and every other
        program of this machine would wait for it.
        """
        self._resumed = resumed = threading.Event()
        is_suspended = threading.Event()

        def wait_for_resume() -> None:
            is_suspended.set()
            resumed.wait()

        self._local_thread.ask(wait_for_resume)
        is_suspended.wait(_SUSPENDING_SECONDS)
        self._ledger_thread.suspend(resumed)

    def resume(self) -> None:
        """Continue, and look for changes of others."""
        self._resumed.set()
        self.poll()

    def close(self) -> Sequence[Change]:
        """Close everything; returns the changes without an answer, which the next run sends."""
        self._resumed.set()
        self._event_bus.stop()
        self._local_thread.close()
        self._ledger_thread.close()
        pending = self.pending()
        self.membership.close(seconds_left(self.config.until, _CLOSING_SECONDS))
        self._store.close()
        return pending
