"""Running programs on this machine: each with its own store, board and engine, one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.build import PLAYER
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.ledger.ledger import EVERYTHING, Ledger
from tracker_tui.ledger.refresh import RefreshRequest, Snapshot
from tracker_tui.sync.engine import Engine, Refreshed
from tracker_tui.sync.outbox_entries import EntryState
from tracker_tui.sync.overlay import Overlay
from tracker_tui.sync.sender import Sender
from tracker_tui.sync.store import Store, StoreLocation
from tracker_tui.sync.undo import Undoing

DAY = 86_400.0


class Clock:
    """This machine's clock, which goes on when a test says so."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Program:
    """One running program, whose threads do what a test tells them, one after the other."""

    def __init__(self, folder: Path, ledger: Ledger, clock: Clock) -> None:
        self.told: list[Outcome] = []
        self.notices: list[str] = []
        self.changed: list[frozenset[str]] = []
        """Resources that other programs changed, each time that it was told of them."""
        site = StoreLocation(folder, PLAYER, "the guild", has_replica=True)
        self.store = Store(site, self.notices.append)
        self.outbox = self.store.outbox
        self.board = Overlay()
        self.engine = Engine(
            self.store,
            self.board,
            self.told.extend,
            clock=clock,
            tell_changed=self.changed.append,
        )
        self.sender = Sender(self.engine)
        self.ledger = ledger
        self.engine.load()

    def submit(self, *changes: Change) -> None:
        """Do what one Enter does."""
        self.engine.ask(changes)
        self.engine.keep(changes)

    def undo(self) -> Undoing:
        """Take the newest submission back."""
        return self.engine.undo(self.engine.newest_submission)

    def send(self) -> list[Outcome]:
        """Send what may be sent."""
        with self.sender.turn() as is_ours:
            assert is_ours
            return list(self.sender.send(self.ledger))

    def refresh(
        self, wish: RefreshRequest = EVERYTHING, *, ledger: Ledger | None = None
    ) -> Refreshed:
        """Read what others changed."""
        return self.engine.refresh(ledger or self.ledger, wish)

    def shown(self, resource_id: str = "spice") -> tuple[int, int]:
        """Return the quantities as they are shown."""
        resource = self.board.resource(resource_id)
        assert resource is not None
        return resource.hagga, resource.deep_desert

    def states(self) -> dict[str, EntryState]:
        """Return where each change stands, as this program last heard."""
        return {entry.change.id: entry.state for entry in self.outbox.entries()}

    def close(self) -> None:
        """End, as properly or as suddenly as the system closes files."""
        self.store.close()


class Interleaved(Ledger):
    """A ledger that lets something happen just before it is read, or just after."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(ledger.database, ledger.layout)
        self._before, self._after = before, after

    def refresh(self, wish: RefreshRequest = EVERYTHING, *, force: bool = False) -> Snapshot:
        self._before()
        snapshot = super().refresh(wish, force=force)
        self._after()
        return snapshot
