"""The thread that works on this machine's files: the outbox, the replica, the query cache.

A key press never waits for the disk. The methods register what was asked and return at once; the
thread writes it to disk, publishes an event, and lets the ledger's thread send it. Submissions that
arrive while the disk is busy are written in one transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from tracker_tui.domain.change import Change
from tracker_tui.errors import LocalFileError, TrackerError, explained
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.refresher import Refresher
from tracker_tui.tracker.events import (
    ChangesQueued,
    EventBus,
    LocalWarning,
    QueueFailed,
    Refreshed,
    Undone,
)

T = TypeVar("T")


class LocalThread:
    """Works on outbox and replica; its methods return at once."""

    def __init__(
        self,
        engine: Engine,
        event_bus: EventBus,
        send_soon: Callable[[], None],
        check_rights: Callable[[], None],
    ) -> None:
        """`check_rights` is called whenever the thread looks for changes of other programs."""
        self._engine = engine
        self._event_bus = event_bus
        self._send_soon = send_soon
        self._check_rights = check_rights
        self._thread = ThreadPoolExecutor(1, "local files")
        self._submitted: list[Change] = []
        self._replaced: list[Change] = []
        """Changes that leave the outbox in the transaction that writes the submitted ones."""
        self._dropped: list[Change] = []
        self._lock = threading.Lock()
        self._catch_up_queued = threading.Lock()

    def load(self, refresher: Refresher) -> Future[None]:
        """Show the replica with the outbox on top."""
        return self._run(partial(self._load, refresher))

    def submit(self, changes: Iterable[Change], instead_of: Change | None = None) -> Future[None]:
        """Write one submission to the outbox and show it, or publish that this failed."""
        submission = tuple(changes)
        self._engine.register(submission)
        with self._lock:
            self._submitted += submission
            self._replaced += () if instead_of is None else (instead_of,)
        return self._run(self._save_submitted)

    def undo(self) -> None:
        """Undo the newest submission of this run that is not undone yet."""
        # The newest one at this moment: the thread may be busy, and more may be typed.
        self._run(partial(self._undo, self._engine.newest_submission))

    def resolve(self, change: Change) -> None:
        """Send a rejected or conflicting change again, as it is now; it keeps its id."""
        self._run(partial(self._resolve, change))

    def drop(self, change: Change) -> None:
        """Delete a change that needs the player, or cancel one without an answer."""
        with self._lock:
            self._dropped.append(change)
        self._run(self._drop)

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Read something from this machine's files; the future raises TrackerError only."""
        return self._thread.submit(explained, work)

    def catch_up(self) -> None:
        """Look for changes of other programs; repeated calls do not queue up."""
        if self._catch_up_queued.acquire(blocking=False):
            self._run(self._catch_up)

    def close(self) -> None:
        """Finish what was asked for."""
        self._thread.shutdown(wait=True)

    # In the thread

    def _run(self, work: Callable[[], object]) -> Future[None]:
        return self._thread.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            explained(work)
        except TrackerError as error:
            self._event_bus.publish(LocalWarning(str(error)))

    def _load(self, refresher: Refresher) -> None:
        if refresher.load():
            everything = frozenset(row.id for row in self._engine.overlay.resources())
            self._event_bus.publish(Refreshed(changed=everything, is_first=True))

    def _save_submitted(self) -> None:
        with self._lock:
            changes, self._submitted = tuple(self._submitted), []
            replaced, self._replaced = self._replaced, []
        if not changes:
            return  # already written together with earlier ones
        try:
            self._engine.save(changes, replaced)
        except LocalFileError as error:
            self._event_bus.publish(QueueFailed(changes=changes, error=error))
            return
        self._publish_and_send((*changes, *replaced))

    def _undo(self, up_to: int) -> None:
        result = self._engine.undo(up_to)
        withdrawn, in_flight, counters = (tuple(changes) for changes in result)
        self._publish_queued((*withdrawn, *in_flight, *counters))
        self._event_bus.publish(Undone(withdrawn=withdrawn, in_flight=in_flight, counters=counters))
        self._send_soon()

    def _resolve(self, change: Change) -> None:
        self._engine.resolve(change)
        self._publish_and_send([change])

    def _drop(self) -> None:
        with self._lock:
            changes, self._dropped = self._dropped, []
        if changes:  # otherwise already dropped together with earlier ones
            self._engine.drop(changes)
            self._publish_and_send(changes)

    def _catch_up(self) -> None:
        self._catch_up_queued.release()
        self._check_rights()
        self._engine.catch_up()

    def _publish_and_send(self, changes: Iterable[Change]) -> None:
        self._publish_queued(changes)
        self._send_soon()

    def _publish_queued(self, changes: Iterable[Change]) -> None:
        resource_ids = frozenset(change.resource_id for change in changes)
        if resource_ids:
            self._event_bus.publish(ChangesQueued(resource_ids))
