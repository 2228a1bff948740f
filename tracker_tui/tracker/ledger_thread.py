"""The thread that talks to the ledger: it opens it, reads it, and sends what waits.

Whatever it does may take as long as a network does. What comes of it is told to the audience in
that thread; what somebody asked for by name is a future, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from tracker_tui.auth.membership import Membership
from tracker_tui.config.settings import Config, Remote
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import (
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    TrackerError,
    UnknownResource,
    explained,
)
from tracker_tui.guild.membership_factory import not_recorded, record_sign_in
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh import Query
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.sync.backoff import Backoff
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.one_shot_edit import OneShotEdits
from tracker_tui.sync.refresh_schedule import RefreshSchedule
from tracker_tui.sync.refresher import Refresher
from tracker_tui.sync.sender import Sender
from tracker_tui.tracker.events import EventBus, Failed, Loaded, LocalWarning

T = TypeVar("T")
A = TypeVar("A")

_LONGEST_PAUSE = 30.0
_ERRAND_SECONDS = 3.0
_LEAVING_SECONDS = 2.0
"""How long leaving waits for what is being sent; what is not through by then stays queued."""
_FINISHING_SECONDS, _RESTING_SECONDS = 1.0, 2.5
"""How long stopping waits for what is being done, and for what was given up."""
_FIRST_SCREEN_SECONDS = 2.0
_RIGHTS_SECONDS = 1.0
"""How long the question may take whether the server takes changes from us: others may write."""
_BETWEEN_INTERRUPTIONS = 0.05
_BETWEEN_TURNS = 0.05
_TURNS = 20


class LedgerThread:
    """Owns the ledger; its methods only ask, and return at once."""

    def __init__(
        self,
        config: Config,
        opener: Callable[[Config], Ledger],
        engine: Engine,
        schedule: RefreshSchedule,
        event_bus: EventBus,
        membership: Membership,
    ) -> None:
        self._is_remote = isinstance(config.database, Remote)
        self.refresher = Refresher(engine, schedule, has_cursor=self._is_remote)
        self.trouble: TrackerError | None = None
        """Why the ledger does not answer; None while it does."""
        self.trouble_since: float | None = None
        """Since when, in Unix seconds."""
        self._config = config
        self._opener = opener
        self._engine = engine
        self._schedule = schedule
        self._event_bus = event_bus
        self._membership = membership
        self._sender = Sender(engine)
        self._backoff = Backoff(_LONGEST_PAUSE if self._is_remote else 0.0)
        self._ledger: Ledger | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._send_queued = threading.Lock()
        self._poll_queued = threading.Lock()
        self._refresh_asked: Future[None] | None = None
        self._is_closing = False
        self._is_resting = False
        self._is_sending = False
        self._working_since: float | None = None

    # How it stands

    @property
    def can_write(self) -> bool:
        """Whether the ledger takes changes from us, as far as is known."""
        return self._ledger is None or self._ledger.can_write is not False

    @property
    def next_try(self) -> float:
        """Seconds until the ledger is asked again that did not answer."""
        return self._backoff.seconds_left

    def waited(self) -> float:
        """Return for how many seconds it has been at work on one thing; 0.0 when idle."""
        since = self._working_since
        return 0.0 if since is None else time.monotonic() - since

    # Asking for work

    def open(self, loaded: Future[None], once_shown: threading.Event | None) -> Future[None]:
        """Read the ledger for the first time, after `loaded`; see `Tracker.open`."""
        return self._do(partial(self._open, loaded, once_shown))

    def open_asking(
        self,
        loaded: Future[None],
        question_of: Callable[[], Query[T]],
        then: Callable[[Query[T], T], A],
    ) -> Future[A]:
        """Read the ledger for the first time, after `loaded`, and ask it, in one request.

        The future has what `then` makes of the question and its answer, and raises TrackerError.
        """
        return self._do(partial(self._open_asking, loaded, question_of, then))

    def ask(self, work: Callable[[Ledger], T]) -> Future[T]:
        """Have something done with the ledger; the future raises TrackerError and no other."""
        return self._do(lambda: work(self._opened_to_read()))

    def edit(self, change: Change) -> Future[Outcome]:
        """Send one change of the resource that its `resource_id` means; see `Tracker.edit`."""
        return self._do(partial(self._edit, change))

    def refresh(self) -> Future[None]:
        """Read what others did, rights included; not begun yet, it is the same refresh."""
        asked = self._refresh_asked
        if asked is None or asked.running() or asked.done():
            asked = self._do_and_tell(partial(self._refresh, anew=True))
            self._refresh_asked = asked
        return asked

    def poll(self) -> None:
        """Read and send what is due; asked often, it never piles up."""
        if self._poll_queued.acquire(blocking=False):
            self._do_and_tell(self._poll)

    def send_soon(self) -> None:
        """Send what may be sent, if there is anything."""
        if self._engine.has_unsent and self._send_queued.acquire(blocking=False):
            self._do_and_tell(self._send_queue)

    def rest(self, awake: threading.Event) -> None:
        """Come to the end of what is being done, and do nothing until it is `awake`.

        What takes long is given up; a change of which nothing is known is sent again then.
        """
        began, has_come = time.monotonic(), threading.Event()
        self._is_resting = True
        self._thread.submit(self._rest, has_come, awake)
        while not has_come.wait(_BETWEEN_INTERRUPTIONS):
            waited = time.monotonic() - began
            if waited > _RESTING_SECONDS:
                return
            if self._ledger is not None and waited > _FINISHING_SECONDS:
                self._ledger.interrupt()

    def close(self) -> None:
        """Finish what is being sent, if that does not take long, and let go of the ledger."""
        until = time.monotonic() + seconds_left(self._config.until, _LEAVING_SECONDS)
        self._is_closing = True
        closed = self._thread.submit(self._close, until)
        while not wait([closed], timeout=_BETWEEN_INTERRUPTIONS).done:
            if self._ledger is not None and (not self._is_sending or time.monotonic() > until):
                # Nobody waits any more for what is being read. Once is not enough: there is
                # nothing to interrupt in the moment before a request begins.
                self._ledger.interrupt()
        self._thread.shutdown(wait=True)

    # In the thread

    def _do(self, work: Callable[[], T]) -> Future[T]:
        """Have work done whose end the caller hears of by the future."""
        return self._thread.submit(self._explained, work)

    def _do_and_tell(self, work: Callable[[], object]) -> Future[None]:
        """Have work done whose failure the audience hears of."""
        return self._thread.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            self._explained(work)
        except TrackerError as error:
            self._fail(error)

    def _explained(self, work: Callable[[], T]) -> T:
        """Work, and raise nothing but TrackerError."""
        with self._working():
            return explained(work)

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._working_since = time.monotonic()
        try:
            yield
        finally:
            self._working_since = None

    def _rest(self, has_come: threading.Event, awake: threading.Event) -> None:
        has_come.set()
        awake.wait()
        self._is_resting = False

    def _fail(self, error: TrackerError) -> None:
        if self._is_closing or self._is_resting:
            return  # it was given up, which says nothing of how it would have gone
        if self.trouble is None:
            self.trouble_since = time.time()
        self.trouble = error
        asked = error.retry_after if isinstance(error, DatabaseUnreachable) else None
        self._backoff.failed(asked or 0.0)
        self._event_bus.tell(Failed(error))

    def _mark_healthy(self) -> None:
        self.trouble = self.trouble_since = None
        self._backoff.answered()

    # Reading

    def _opened(self) -> Ledger:
        """Return the ledger, for a member of the guild; raises NotPermitted for anybody else."""
        self._membership.require()
        if self._ledger is None:
            self._ledger = self._opener(self._config)
        return self._ledger

    def _opened_to_read(self) -> Ledger:
        """Return the ledger; opened only now, it believes what an earlier run learnt of it."""
        is_new = self._ledger is None
        ledger, store = self._opened(), self._engine.store
        if is_new and self._is_remote:
            ledger.presume(store.recall(), store.remember)
        return ledger

    def _open(self, loaded: Future[None], once_shown: threading.Event | None) -> None:
        wait([loaded])
        if once_shown is not None and self.refresher.last_refresh is not None:
            # To import what speaks to servers would hold up what draws the first screen.
            once_shown.wait(_FIRST_SCREEN_SECONDS)
        self._read_first(None)

    def _open_asking(
        self,
        loaded: Future[None],
        question_of: Callable[[], Query[T]],
        then: Callable[[Query[T], T], A],
    ) -> A:
        wait([loaded])
        try:
            question = question_of()
        except UnknownResource:
            question = None  # of the rows that are kept here; those to be read may have it
        answer = self._read_first(question)
        meant = question_of()
        if answer is None or meant != question:
            answer = self._opened_to_read().ask(meant)
        if isinstance(answer, LedgerError):
            raise answer
        return then(meant, answer)

    def _read_first(self, question: Query[Any] | None) -> Any:
        try:
            return self._refresh(question=question)
        except TrackerError as error:
            self._fail(error)
            raise

    def _refresh(self, *, anew: bool = False, question: Query[Any] | None = None) -> Any:
        """Read what is due; returns what `Snapshot.answer` is."""
        if self._is_closing:
            return None
        ledger = self._opened_to_read()
        if not self._is_remote:
            # Before it is read: what is committed from here on is to be read the next time.
            ledger.changed_elsewhere()
        is_first, is_news = self.refresher.last_refresh is None, self.refresher.knows_layout
        difference, reaches_back, answer = self.refresher.refresh(
            ledger, anew=anew, question=question
        )
        if not self._engine.has_unsent:
            # Else what cannot be sent is still in trouble, whatever can be read.
            self._mark_healthy()
        # What happened while nobody looked is no news.
        moves = [m for m in difference.moves if is_news and m[1].updated_by != self._config.member]
        self._event_bus.tell(
            Loaded(difference.changed, difference.removed, is_first, tuple(moves), reaches_back),
        )
        self.send_soon()
        if self._membership.unrecorded() is not None and not self._is_closing:
            # Afterwards: whoever reads does not wait until the database can be written.
            self._thread.submit(self._record)
        return answer

    def _record(self) -> None:
        """Record who signed in; where that fails nothing else does."""
        if self._ledger is None:
            return
        try:
            with self._working(), self._sending():
                explained(partial(record_sign_in, self._membership, self._ledger))
        except (DatabaseBusy, DatabaseUnreachable):
            return  # it stays to be recorded, by whatever is read or sent next
        except TrackerError as error:
            self._event_bus.tell(LocalWarning(not_recorded(error)))

    def _poll(self) -> None:
        self._poll_queued.release()
        if self._backoff.is_quiet or self._is_closing:
            return
        self.send_soon()
        if self._is_refresh_due():
            self._refresh()
        elif self._ledger is not None and not self._ledger.knows_rights:
            # Only while there is nothing else to do: nobody is to wait for it.
            self._ledger.find_out_rights(_RIGHTS_SECONDS)

    def _is_refresh_due(self) -> bool:
        last = self.refresher.last_refresh
        if last is None or not self.refresher.knows_layout:
            return True
        if self._is_remote:
            return self._schedule.is_due(last)
        if self.trouble or self._opened().changed_elsewhere():
            return True
        self.refresher.seen_unchanged()
        return False

    # Sending

    def _send_queue(self) -> None:
        # Released first: what is put from here on asks for being sent of its own.
        self._send_queued.release()
        if not self._is_closing:
            self._send()

    def _send(self) -> None:
        """Send what may be sent; where another program does, watch it for a moment."""
        if self._is_remote and not self.refresher.knows_layout:
            # Its columns are not known, and with the wrong ones a change would be half a change.
            self._refresh()
            if not self.refresher.knows_layout:
                return
        for _ in range(_TURNS):
            with self._sender.turn() as is_ours:
                if is_ours:
                    self._send_now()
                    return
            self._engine.catch_up()
            if self._is_closing or self._is_resting or not self._engine.has_unsent:
                return
            time.sleep(_BETWEEN_TURNS)

    def _send_now(self) -> None:
        with self._sending():
            self._sender.send(self._opened(), self._mark_healthy)

    def _edit(self, change: Change) -> Outcome:
        with self._sending():
            one_shot_edits = OneShotEdits(
                self._engine,
                self._sender,
                self._opened,
                lambda told: self._event_bus.tell(LocalWarning(told)),
            )
            seconds = seconds_left(self._config.until, _ERRAND_SECONDS)
            one_shot_edit = one_shot_edits.run(change, seconds, lambda: self._is_closing)
        self.refresher.names = one_shot_edit.names
        self.refresher.places = one_shot_edit.places
        return one_shot_edit.outcome

    @contextmanager
    def _sending(self) -> Iterator[None]:
        self._is_sending = True
        try:
            yield
        finally:
            self._is_sending = False

    def _close(self, until: float) -> None:
        # A command with a deadline has tried until then what it was started for.
        is_over = self._config.until is not None or time.monotonic() >= until
        if self._engine.has_unsent and self.trouble is None and not is_over:
            self._guarded(self._send)
        if self.trouble is None and time.monotonic() < until:
            self._record()
        if self._ledger is not None:
            self._ledger.close()
