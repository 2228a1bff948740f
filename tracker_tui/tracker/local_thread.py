"""The thread that keeps on disk what is typed, one thing after the other, and never waits longer.

What it does is told to the audience in that thread; what is to be sent then, the other one sends.
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
    Loaded,
    LocalWarning,
    QueueFailed,
    Undone,
)

T = TypeVar("T")


class LocalThread:
    """Works on the outbox and the replica; its methods only ask, and return at once."""

    def __init__(
        self,
        engine: Engine,
        event_bus: EventBus,
        send_soon: Callable[[], None],
        look_too: Callable[[], None],
    ) -> None:
        """Work for an engine, and tell the audience of it.

        `send_soon` is called when there may be something new to send, `look_too` whenever it is
        looked what other programs of this machine did.
        """
        self._engine = engine
        self._event_bus = event_bus
        self._send_soon = send_soon
        self._look_too = look_too
        self._thread = ThreadPoolExecutor(1, "local files")
        self._unkept: list[Change] = []
        self._replaced: list[Change] = []
        """What goes with the same stroke in which the unkept are kept."""
        self._dropped: list[Change] = []
        self._unkept_lock = threading.Lock()
        self._look_queued = threading.Lock()

    def load(self, refresher: Refresher) -> Future[None]:
        """Show what this machine keeps."""
        return self._do(partial(self._load, refresher))

    def keep(self, changes: Iterable[Change], instead_of: Change | None = None) -> Future[None]:
        """Put one submission into the outbox, and show it; or tell that it could not be."""
        submission = tuple(changes)
        self._engine.ask(submission)
        with self._unkept_lock:
            self._unkept += submission
            self._replaced += () if instead_of is None else (instead_of,)
        return self._do(self._keep)

    def undo(self) -> None:
        """Take back the newest submission that is not undone yet."""
        # What is newest is decided now: the thread may be busy for a moment.
        self._do(partial(self._undo, self._engine.newest_submission))

    def resolve(self, change: Change) -> None:
        """Send a change that needed the player once more."""
        self._do(partial(self._resolve, change))

    def drop(self, change: Change) -> None:
        """Forget a change that needed the player, or take one back that has no answer."""
        with self._unkept_lock:
            self._dropped.append(change)
        self._do(self._drop)

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Have something read from this machine's files; the future raises TrackerError only."""
        return self._thread.submit(explained, work)

    def look_around(self) -> None:
        """Look what other programs of this machine did; asked often, it never piles up."""
        if self._look_queued.acquire(blocking=False):
            self._do(self._look_around)

    def close(self) -> None:
        """Finish what was asked for."""
        self._thread.shutdown(wait=True)

    # In the thread

    def _do(self, work: Callable[[], object]) -> Future[None]:
        return self._thread.submit(self._guarded, work)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            explained(work)
        except TrackerError as error:
            # Nobody is above a thread to hear of it.
            self._event_bus.tell(LocalWarning(str(error)))

    def _load(self, refresher: Refresher) -> None:
        if refresher.load():
            everything = frozenset(resource.id for resource in self._engine.board.resources())
            self._event_bus.tell(Loaded(everything, frozenset(), is_first=True))

    def _keep(self) -> None:
        with self._unkept_lock:
            changes, self._unkept = tuple(self._unkept), []
            replaced, self._replaced = self._replaced, []
        if not changes:
            return  # kept with those before them, in one go
        try:
            self._engine.keep(changes, replaced)
        except LocalFileError as error:
            self._event_bus.tell(QueueFailed(changes, error))
            return
        self._show_and_send((*changes, *replaced))

    def _undo(self, up_to: int) -> None:
        withdrawn, underway, counters = self._engine.undo(up_to)
        self._show((*withdrawn, *underway, *counters))
        self._event_bus.tell(Undone(tuple(withdrawn), tuple(underway), tuple(counters)))
        self._send_soon()

    def _resolve(self, change: Change) -> None:
        self._engine.resolve(change)
        self._show_and_send([change])

    def _drop(self) -> None:
        with self._unkept_lock:
            changes, self._dropped = self._dropped, []
        if changes:  # else dropped with those before them, in one go
            self._engine.drop(changes)
            self._show_and_send(changes)

    def _look_around(self) -> None:
        self._look_queued.release()
        self._look_too()
        self._engine.catch_up()

    def _show_and_send(self, changes: Iterable[Change]) -> None:
        self._show(changes)
        self._send_soon()

    def _show(self, changes: Iterable[Change]) -> None:
        changed = frozenset(change.resource_id for change in changes)
        if changed:
            self._event_bus.tell(ChangesQueued(changed))
