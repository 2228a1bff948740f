"""The outbox: what players asked for, until the ledger has it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Protocol

from tracker_tui.domain.change import Change
from tracker_tui.domain.outcome import Outcome


class Outbox(Protocol):
    """A queue of changes that may be used from several threads."""

    def put(self, changes: Iterable[Change]) -> None:
        """Keep changes, in this order, until they are settled."""

    def pending(self) -> Sequence[Change]:
        """Return what is not settled yet, oldest first."""

    def settle(self, outcome: Outcome) -> None:
        """Take the ledger's answer: done, or kept among those that need the player."""

    def withdraw(self, change_id: str) -> bool:
        """Take back what is still pending; False if it is not."""

    def needing_player(self) -> Sequence[Outcome]:
        """Return the refused and conflicting changes, oldest first."""

    def drop(self, change_id: str) -> None:
        """Forget a change that needed the player."""


class MemoryOutbox:
    """An outbox that lives as long as the program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[str, Change] = {}
        self._needing_player: dict[str, Outcome] = {}

    def put(self, changes: Iterable[Change]) -> None:
        """Keep changes, in this order, until they are settled."""
        with self._lock:
            self._pending.update((change.id, change) for change in changes)

    def pending(self) -> Sequence[Change]:
        """Return what is not settled yet, oldest first."""
        with self._lock:
            return list(self._pending.values())

    def settle(self, outcome: Outcome) -> None:
        """Take the ledger's answer: done, or kept among those that need the player."""
        with self._lock:
            self._pending.pop(outcome.change.id, None)
            if not outcome.is_in_history:
                self._needing_player[outcome.change.id] = outcome

    def withdraw(self, change_id: str) -> bool:
        """Take back what is still pending; False if it is not."""
        with self._lock:
            return self._pending.pop(change_id, None) is not None

    def needing_player(self) -> Sequence[Outcome]:
        """Return the refused and conflicting changes, oldest first."""
        with self._lock:
            return list(self._needing_player.values())

    def drop(self, change_id: str) -> None:
        """Forget a change that needed the player."""
        with self._lock:
            self._needing_player.pop(change_id, None)
