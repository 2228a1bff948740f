"""Running programs on this machine, each with its own store, overlay and engine in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.build import PLAYER
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.ledger.ledger import EVERYTHING, Ledger
from tracker_tui.ledger.refresh_queries import RefreshRequest, Snapshot
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.local_store import Store, StoreLocation
from tracker_tui.sync.outbox_entries import EntryState
from tracker_tui.sync.overlay import Overlay, Refreshed
from tracker_tui.sync.sender import Sender
from tracker_tui.sync.undo import UndoResult

DAY = 86_400.0


class Clock:
    """This machine's clock; only tests set it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Program:
    """One running program that a test drives step by step, in one thread."""

    def __init__(self, folder: Path, ledger: Ledger, clock: Clock) -> None:
        self.outcomes: list[Outcome] = []
        self.warnings: list[str] = []
        self.changed: list[frozenset[str]] = []
        """The resources that other programs changed, as published."""
        location = StoreLocation(folder=folder, member=PLAYER, place="the guild", has_replica=True)
        self.store = Store(location, self.warnings.append)
        self.outbox = self.store.outbox
        self.overlay = Overlay()
        self.engine = Engine(
            self.store,
            self.overlay,
            self.outcomes.extend,
            clock=clock,
            publish_changed=self.changed.append,
        )
        self.sender = Sender(self.engine)
        self.ledger = ledger
        self.engine.load()

    def submit(self, *changes: Change) -> None:
        self.engine.register(changes)
        self.engine.save(changes)

    def undo(self) -> UndoResult:
        return self.engine.undo(self.engine.newest_submission)

    def send(self) -> list[Outcome]:
        with self.sender.try_acquire() as is_acquired:
            assert is_acquired
            return list(self.sender.send(self.ledger))

    def refresh(
        self, request: RefreshRequest = EVERYTHING, *, ledger: Ledger | None = None
    ) -> Refreshed:
        refreshed, _ = self.engine.refresh(ledger or self.ledger, request)
        return refreshed

    def shown(self, resource_id: str = "spice") -> tuple[int, int]:
        resource = self.overlay.resource(resource_id)
        assert resource is not None
        return resource.hagga, resource.deep_desert

    def states(self) -> dict[str, EntryState]:
        return {entry.change.id: entry.state for entry in self.outbox.entries()}

    def close(self) -> None:
        self.store.close()


class Interleaved(Ledger):
    """A ledger that calls a function just before or just after a refresh."""

    def __init__(self, ledger: Ledger, **calls: Callable[[], object]) -> None:
        super().__init__(ledger.database, ledger.layout)
        self._calls = {"before": lambda: None, "after": lambda: None} | calls

    def refresh(self, request: RefreshRequest = EVERYTHING, *, force: bool = False) -> Snapshot:
        self._calls["before"]()
        snapshot = super().refresh(request, force=force)
        self._calls["after"]()
        return snapshot
