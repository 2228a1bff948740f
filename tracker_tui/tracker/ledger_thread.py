"""The thread that talks to the ledger: it refreshes, sends pending changes, and asks queries.

Each piece of work may take as long as the network does. The methods queue it and return at once;
results arrive as events, published in that thread, and as futures where the caller waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from tracker_tui.auth.membership import Membership
from tracker_tui.config.settings import Config
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
from tracker_tui.ledger.refresh_queries import Query
from tracker_tui.local.sqlite_file import seconds_left
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.one_shot_edit import OneShotEdit
from tracker_tui.sync.refresh_and_retry_timing import RefreshSchedule
from tracker_tui.sync.refresher import Refresher
from tracker_tui.sync.sender import Sender
from tracker_tui.tracker.events import EventBus, Failed, LocalWarning
from tracker_tui.tracker.ledger_connection import LedgerConnection

T = TypeVar("T")
A = TypeVar("A")
_ONE_SHOT_SECONDS: Final = 3.0
_CLOSING_SECONDS: Final = 2.0
"""How long closing waits for changes that are being sent; the rest stays in the outbox."""
_FINISHING_SECONDS: Final = 1.0
"""How long suspending waits for the current request before it aborts it."""
_SUSPENDING_SECONDS: Final = 2.5
"""How long suspending waits in all."""
_FIRST_SCREEN_SECONDS: Final = 2.0
_RIGHTS_SECONDS: Final = 1.0
"""Limit for the rights probe, which takes the write lock and would hold up other members."""
_INTERRUPT_INTERVAL: Final = 0.05
_SEND_LOCK_INTERVAL: Final = 0.05
_SEND_LOCK_TRIES: Final = 20


class LedgerThread:
    """Does all work on the ledger, one piece after the other."""

    def __init__(
        self,
        config: Config,
        connection: LedgerConnection,
        engine: Engine,
        schedule: RefreshSchedule,
        event_bus: EventBus,
        membership: Membership,
        on_names_changed: Callable[[], object],
    ) -> None:
        self._config = config
        self._connection = connection
        self._engine = engine
        self._schedule = schedule
        self._event_bus = event_bus
        self._membership = membership
        self.refresher = Refresher(
            engine,
            schedule,
            has_cursor=connection.is_remote,
            on_names_changed=on_names_changed,
        )
        self._sender = Sender(engine)
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._send_queued = threading.Lock()
        self._poll_queued = threading.Lock()
        self._refresh_requested: Future[None] | None = None
        self._is_closing = False
        self._is_suspended = False
        self._is_sending = False

    # Queueing work

    def open(self, loaded: Future[None], once_shown: threading.Event | None) -> Future[None]:
        """Read the ledger for the first time, after `loaded`; see `Tracker.open`."""
        return self._run(partial(self._open, loaded, once_shown))

    def open_asking(
        self,
        loaded: Future[None],
        make_query: Callable[[], Query[T]],
        then: Callable[[Query[T], T], A],
    ) -> Future[A]:
        """Read the ledger for the first time, after `loaded`, and ask a query in one request.

        The future returns what `then` makes of the query and its answer, or raises TrackerError.
        """
        return self._run(partial(self._open_asking, loaded, make_query, then))

    def ask(self, work: Callable[[Ledger], T]) -> Future[T]:
        """Do something with the ledger; the future raises TrackerError and no other."""
        return self._run(lambda: work(self._connection.open_to_read()))

    def edit(self, change: Change) -> Future[Outcome]:
        """Apply one change to the resource that its `resource_id` means; see `Tracker.edit`."""
        return self._run(partial(self._edit, change))

    def refresh(self) -> Future[None]:
        """Read everything, rights included; a second request before the first begins joins it."""
        requested = self._refresh_requested
        if requested is None or requested.running() or requested.done():
            requested = self._run_and_publish(partial(self._refresh, force=True))
            self._refresh_requested = requested
        return requested

    def poll(self) -> None:
        """Read and send what is due; repeated calls do not queue up."""
        if self._poll_queued.acquire(blocking=False):
            self._run_and_publish(self._poll)

    def send_soon(self) -> None:
        """Send pending changes, if there are any."""
        if self._sender.has_unsent and self._send_queued.acquire(blocking=False):
            self._run_and_publish(self._send_queue)

    def suspend(self, resumed: threading.Event) -> None:
        """Finish the current piece of work, and do nothing until `resumed` is set.

        A long request is aborted; a change whose outcome is unknown is sent again afterwards.
        """
        began, is_suspended = time.monotonic(), threading.Event()
        self._is_suspended = True
        self._thread.submit(self._wait_for_resume, is_suspended, resumed)
        while not is_suspended.wait(_INTERRUPT_INTERVAL):
            waited = time.monotonic() - began
            if waited > _SUSPENDING_SECONDS:
                return
            if waited > _FINISHING_SECONDS:
                self._connection.interrupt()

    def close(self) -> None:
        """Finish sending if that does not take long, and close the ledger."""
        until = time.monotonic() + seconds_left(self._config.until, _CLOSING_SECONDS)
        self._is_closing = True
        closed = self._thread.submit(self._close, until)
        while not wait([closed], timeout=_INTERRUPT_INTERVAL).done:
            if not self._is_sending or time.monotonic() > until:
                # No result of a read is needed any more. Repeated, because an interrupt in the
                # moment before a request begins has no effect.
                self._connection.interrupt()
        self._thread.shutdown(wait=True)

    # In the thread

    def _run(self, work: Callable[[], T]) -> Future[T]:
        """Do work whose failure the caller gets from the future."""
        return self._thread.submit(self._explained, work)

    def _run_and_publish(self, work: Callable[[], object]) -> Future[None]:
        """Do work whose failure is published."""
        return self._thread.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            self._explained(work)
        except TrackerError as error:
            self._fail(error)

    def _explained(self, work: Callable[[], T]) -> T:
        """Do work that raises nothing but TrackerError."""
        with self._connection.busy():
            return explained(work)

    def _wait_for_resume(self, is_suspended: threading.Event, resumed: threading.Event) -> None:
        is_suspended.set()
        resumed.wait()
        self._is_suspended = False

    def _fail(self, error: TrackerError) -> None:
        if self._is_closing or self._is_suspended:
            return  # we aborted it ourselves, so it tells nothing about the ledger
        self._connection.mark_failed(error)
        self._event_bus.publish(Failed(error))

    # Reading

    def _open(self, loaded: Future[None], once_shown: threading.Event | None) -> None:
        wait([loaded])
        if once_shown is not None and self.refresher.last_refresh is not None:
            # Importing the network modules would delay the first screen.
            once_shown.wait(_FIRST_SCREEN_SECONDS)
        self._read_first(None)

    def _open_asking(
        self,
        loaded: Future[None],
        make_query: Callable[[], Query[T]],
        then: Callable[[Query[T], T], A],
    ) -> A:
        wait([loaded])
        try:
            query = make_query()
        except UnknownResource:
            query = None  # not in the replica; the rows that are read now may have it
        answer = self._read_first(query)
        final = make_query()
        if answer is None or final != query:
            answer = self._connection.open_to_read().ask(final)
        if isinstance(answer, LedgerError):
            raise answer
        return then(final, answer)

    def _read_first(self, query: Query[Any] | None) -> Any:
        try:
            return self._refresh(query=query)
        except TrackerError as error:
            self._fail(error)
            raise

    def _refresh(self, *, force: bool = False, query: Query[Any] | None = None) -> Any:
        """Read what is due; returns the answer to the query."""
        if self._is_closing:
            return None
        ledger = self._connection.open_to_read()
        if not self._connection.is_remote:
            # Before reading: whatever is committed after this is read the next time.
            ledger.changed_elsewhere()
        is_first, has_read = self.refresher.last_refresh is None, self.refresher.knows_layout
        refreshed, answer = self.refresher.refresh(ledger, force=force, query=query)
        if not self._sender.has_unsent:
            # With unsent changes the trouble is in sending, and a read does not end it.
            self._connection.mark_healthy()
        # Moves from before this run are no news, and neither are our own.
        own = self._config.member
        moves = [move for move in refreshed.moves if has_read and move[1].updated_by != own]
        self._event_bus.publish(refreshed._replace(is_first=is_first, moves=tuple(moves)))
        self.send_soon()
        if self._membership.pending_record() is not None and not self._is_closing:
            # Later: a reader does not wait until the database can be written.
            self._thread.submit(self._record_sign_in)
        return answer

    def _record_sign_in(self) -> None:
        """Record who signed in; a failure stops nothing else."""
        ledger = self._connection.ledger
        if ledger is None:
            return
        try:
            with self._connection.busy(), self._sending():
                explained(partial(record_sign_in, self._membership, ledger))
        except (DatabaseBusy, DatabaseUnreachable):
            return  # it is tried again after the next refresh
        except TrackerError as error:
            self._event_bus.publish(LocalWarning(not_recorded(error)))

    def _poll(self) -> None:
        self._poll_queued.release()
        if self._connection.backoff.is_quiet or self._is_closing:
            return
        self.send_soon()
        ledger = self._connection.ledger
        if self._is_refresh_due():
            self._refresh()
        elif ledger is not None and not ledger.knows_rights:
            # Only when there is nothing else to do: nothing depends on it.
            ledger.find_out_rights(_RIGHTS_SECONDS)

    def _is_refresh_due(self) -> bool:
        last = self.refresher.last_refresh
        if last is None or not self.refresher.knows_layout:
            return True
        if self._connection.is_remote:
            return self._schedule.is_due(last)
        if self._connection.trouble or self._connection.open().changed_elsewhere():
            return True
        self.refresher.confirm_unchanged()
        return False

    # Sending

    def _send_queue(self) -> None:
        # Released first: a change that is queued from here on requests another send.
        self._send_queued.release()
        if not self._is_closing:
            self._send()

    def _send(self) -> None:
        """Send pending changes; while another program sends, watch the outbox for a moment."""
        if self._connection.is_remote and not self.refresher.knows_layout:
            # With the wrong columns, half a change would be written.
            self._refresh()
            if not self.refresher.knows_layout:
                return
        for _ in range(_SEND_LOCK_TRIES):
            with self._sender.try_acquire() as is_acquired:
                if is_acquired:
                    with self._sending():
                        self._sender.send(self._connection.open(), self._connection.mark_healthy)
                    return
            self._engine.catch_up()
            if self._is_closing or self._is_suspended or not self._sender.has_unsent:
                return
            time.sleep(_SEND_LOCK_INTERVAL)

    def _edit(self, change: Change) -> Outcome:
        edit = OneShotEdit(
            change,
            self._engine,
            self._sender,
            self._connection.open,
            lambda message: self._event_bus.publish(LocalWarning(message)),
            retry_seconds=self._config.timeouts.retry,
        )
        seconds = seconds_left(self._config.until, _ONE_SHOT_SECONDS)
        with self._sending():
            outcome = edit.run(seconds, lambda: self._is_closing)
        self.refresher.names, self.refresher.places = edit.names, edit.places
        return outcome

    @contextmanager
    def _sending(self) -> Iterator[None]:
        self._is_sending = True
        try:
            yield
        finally:
            self._is_sending = False

    def _close(self, until: float) -> None:
        # A command with a deadline has had its time for sending already.
        is_over = self._config.until is not None or time.monotonic() >= until
        if self._sender.has_unsent and self._connection.trouble is None and not is_over:
            self._guarded(self._send)
        if self._connection.trouble is None and time.monotonic() < until:
            self._record_sign_in()
        self._connection.close()
