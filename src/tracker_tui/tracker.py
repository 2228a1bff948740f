"""The tracker: the one object that the screens and the command line talk to.

It answers at once from the board, and lets one thread of its own talk to the ledger. What happens
there is told to the listener as an event, in that thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple, TypeVar

from tracker_tui.config import Config, Remote
from tracker_tui.domain.change import Change
from tracker_tui.domain.grammar import TypedChange
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.roles import ALL_RIGHTS, Right
from tracker_tui.editing_once import edit_once
from tracker_tui.errors import DatabaseError, OutcomeUnknown, TrackerError, UnexpectedError
from tracker_tui.events import Event, Failed, Loaded, Settled, Undone
from tracker_tui.ledger.ledger import Ledger, random_id
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.opening import acquaintances_of, name_of, open_ledger
from tracker_tui.sync.board import Board
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.outbox import MemoryOutbox, Outbox
from tracker_tui.sync.pace import Pace

T = TypeVar("T")

_REFRESH_SECONDS = 10.0
"""How often a server is asked what others changed: it tells nothing by itself."""
_LONGEST_PAUSE = 30.0
_BETWEEN_INTERRUPTIONS = 0.05


class Member(NamedTuple):
    """Who uses the program: the id that changes are written under, a name, and rights."""

    id: str
    name: str
    rights: frozenset[Right]


class Tracker:
    """Reads, submits and refreshes; safe to call from any thread."""

    def __init__(self, config: Config, *, opener: Callable[[Config], Ledger] = open_ledger) -> None:
        self.config = config
        self.member = Member(config.member, config.member, ALL_RIGHTS)
        self.database_name = name_of(config)
        self.is_remote = isinstance(config.database, Remote)
        self.places: Mapping[Location, str] = dict(DEFAULT_PLACES)
        self.names: Mapping[str, str] = {}
        self.last_refresh: float | None = None
        """When the board was last read, by time.monotonic()."""
        self.trouble: TrackerError | None = None
        """Why the ledger does not answer; None while it does."""
        self._opener = opener
        self._outbox: Outbox = MemoryOutbox()
        self._board = Board()
        self._engine = Engine(self._outbox, self._board, lambda o: self._listener(Settled(o)))
        self._listener: Callable[[Event], None] = lambda _: None
        self._ledger: Ledger | None = None
        self._ledger_thread = ThreadPoolExecutor(1, "ledger")
        self._flush_queued = threading.Lock()
        self._poll_queued = threading.Lock()
        self._refresh_asked: Future[None] | None = None
        self._is_closing = False
        self._is_sending = False
        self._clock_offset = 0.0
        self._working_since: float | None = None
        self._pace = Pace(_LONGEST_PAUSE if self.is_remote else 0.0)

    # Listening

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell `listener` of every event, from the thread in which it happens."""
        self._listener = listener

    # Reading

    def resources(self) -> list[Resource]:
        """Return every resource as it is shown: pending changes are in it."""
        return self._board.resources()

    def resource(self, resource_id: str) -> Resource | None:
        """Return one resource as it is shown."""
        return self._board.resource(resource_id)

    def name_of(self, who: str) -> str:
        """Return what to call whoever `updated_by` names; what is unknown stands as it is."""
        return self.names.get(who, who)

    def now(self) -> int:
        """Return the database's time, in Unix seconds."""
        return int(time.time() + self._clock_offset)

    @property
    def can_write(self) -> bool:
        """Whether the ledger takes changes from us, as far as is known."""
        return self._ledger is None or self._ledger.can_write is not False

    def pending(self) -> Sequence[Change]:
        """Return the changes that the ledger has not answered yet."""
        return self._outbox.pending()

    @property
    def is_unsure(self) -> bool:
        """Whether what is pending may be in the ledger already: an answer got lost."""
        return self._engine.is_unsure

    def waited(self) -> float:
        """Return for how many seconds the ledger has been at work on one thing; 0.0 when idle."""
        since = self._working_since
        return 0.0 if since is None else time.monotonic() - since

    def needing_player(self) -> Sequence[Outcome]:
        """Return the refused and conflicting changes that nobody dealt with."""
        return self._outbox.needing_player()

    def recent_history(self, resource_id: str) -> Future[list[HistoryEntry]]:
        """Ask for a resource's newest history entries."""
        return self._ask(lambda: self._opened().recent_history(resource_id))

    # Acting

    def open(self) -> Future[None]:
        """Open the ledger and read it; the future raises what a command should end with."""
        return self._ask(self._open)

    def refresh(self) -> Future[None]:
        """Read everything anew, rights included; not begun yet, it is the same refresh."""
        asked = self._refresh_asked
        if asked is None or asked.running() or asked.done():
            work = partial(self._refresh, anew=True)
            asked = self._ledger_thread.submit(self._guarded, work)
            self._refresh_asked = asked
        return asked

    def poll(self) -> None:
        """Refresh if others changed something; asked often, it never piles up."""
        if not self._pace.is_quiet and self._poll_queued.acquire(blocking=False):
            self._ledger_thread.submit(self._guarded, self._poll)

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

    def submit(self, changes: Iterable[Change]) -> None:
        """Take one submission: shown at once, kept in the outbox, sent in order."""
        self._engine.submit(changes)
        self._flush_soon()

    def undo(self) -> None:
        """Take back the newest submission of this run that is not undone yet."""
        # What is newest is decided now: the ledger's thread may be busy for a while.
        up_to = self._engine.newest_submission
        self._ledger_thread.submit(self._guarded, lambda: self._undo(up_to))

    def drop(self, change_id: str) -> None:
        """Forget a change that was refused or in conflict, and send what waited for it."""
        self._outbox.drop(change_id)
        self._flush_soon()

    def edit(self, change: Change) -> Future[Outcome]:
        """Send one change at once, of the resource that its `resource_id` means.

        That is an id, or a name; the future may raise. If it fails nothing is sent later.
        """
        return self._ask(lambda: self._edit(change))

    def close(self) -> Sequence[Change]:
        """Send what is pending, let go of the ledger, and return what could not be sent."""
        self._listener = lambda _: None
        self._is_closing = True
        closed = self._ledger_thread.submit(self._close)
        while not wait([closed], timeout=_BETWEEN_INTERRUPTIONS).done:
            if self._ledger is not None and not self._is_sending:
                # Nobody waits any more for what is being read. Once is not enough: there is
                # nothing to interrupt in the moment before a request begins.
                self._ledger.interrupt()
        self._ledger_thread.shutdown(wait=True)
        return self._outbox.pending()

    # In the ledger's thread

    def _ask(self, work: Callable[[], T]) -> Future[T]:
        """Have work done in the ledger's thread; the future raises TrackerError and no other."""

        def explained() -> T:
            try:
                with self._working():
                    return work()
            except TrackerError:
                raise
            except Exception as error:
                raise _fault(error) from error

        return self._ledger_thread.submit(explained)

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self._opener(self.config)
        return self._ledger

    def _open(self) -> None:
        try:
            self._refresh()
        except TrackerError as error:
            self._fail(error)
            raise

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            with self._working():
                work()
        except TrackerError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - nobody is above a thread to hear of it
            self._fail(_fault(error))

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._working_since = time.monotonic()
        try:
            yield
        finally:
            self._working_since = None

    def _fail(self, error: TrackerError) -> None:
        self.trouble = error
        self._pace.failed()
        self._listener(Failed(error))

    def _refresh(self, *, anew: bool = False) -> None:
        if self._is_closing:
            return
        if self.is_unsure:
            # Laid over rows that have it already, it would be shown twice.
            self._send()
        ledger = self._opened()
        ledger.changed_elsewhere()
        snapshot = ledger.refresh(anew=anew)
        is_first = self.last_refresh is None
        difference = self._board.replace(snapshot.resources)
        self.names, self.places = snapshot.names, snapshot.places
        self._clock_offset = snapshot.now - time.time()
        self.last_refresh = time.monotonic()
        if not self._engine.has_unsent:
            # Else what cannot be sent is still in trouble, whatever can be read.
            self._fare_well()
        self._listener(Loaded(difference.changed, difference.removed, is_first))
        self._flush_soon()

    def _poll(self) -> None:
        self._poll_queued.release()
        if self._pace.is_quiet:
            # What was at work when this was asked for has failed since.
            return
        if self.last_refresh is None or self.trouble or self._may_have_changed():
            self._refresh()
        elif not self.is_remote:
            self.last_refresh = time.monotonic()

    def _may_have_changed(self) -> bool:
        if not self.is_remote:
            return self._opened().changed_elsewhere()
        return time.monotonic() - (self.last_refresh or 0.0) >= _REFRESH_SECONDS

    def _fare_well(self) -> None:
        self.trouble = None
        self._pace.answered()

    def _flush_soon(self) -> None:
        if self._outbox.pending() and self._flush_queued.acquire(blocking=False):
            self._ledger_thread.submit(self._guarded, self._flush)

    def _flush(self) -> None:
        # Released first: what is put from here on asks for a flush of its own.
        self._flush_queued.release()
        if not self._is_closing:
            self._send()

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Keep `close` from interrupting what goes on in the block."""
        self._is_sending = True
        try:
            yield
        finally:
            self._is_sending = False

    def _send(self) -> None:
        with self._sending():
            outcomes = self._engine.send(self._opened())
        if outcomes:
            # Else nothing was sent: all waits for one that needs the player.
            self._fare_well()

    def _edit(self, change: Change) -> Outcome:
        acquaintances = acquaintances_of(self.config)
        edited = edit_once(self._opened, change, acquaintances, lambda: self._is_closing)
        self.names, self.places = edited.names or self.names, edited.places
        return edited.outcome

    def _undo(self, up_to: int) -> None:
        self._learn_what_is_stored()
        with self._sending():
            undoing = self._engine.undo(self._opened(), up_to, random_id, self.member.id)
        self._listener(Undone(len(undoing.withdrawn), len(undoing.counters)))

    def _learn_what_is_stored(self) -> None:
        """Send what may be stored already: that cannot be withdrawn any more, if it is."""
        if not self.is_unsure:
            return
        try:
            self._send()
        except DatabaseError as error:
            message = "Not undone: an answer got lost, and what is stored is not known yet. "
            raise OutcomeUnknown(f"{message}Try again when the server answers.") from error

    def _close(self) -> None:
        if self._outbox.pending():
            self._guarded(self._send)
        if self._ledger is not None:
            self._ledger.close()


def _fault(error: Exception) -> UnexpectedError:
    fault = UnexpectedError(
        f"Something in the program itself went wrong ({type(error).__name__}). "
        "What was not stored stays pending; please report it."
    )
    fault.__cause__ = error
    return fault
