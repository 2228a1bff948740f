"""Waiting for the tracker's events instead of for time to pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from tracker_tui.domain.change import Outcome
from tracker_tui.tracker.events import Event, OutcomesReceived
from tracker_tui.tracker.tracker import Tracker

E = TypeVar("E")
SECONDS = 20
"""How long to wait for an event before the test fails."""


class Listener:
    """Collects a tracker's events, and waits for them."""

    def __init__(self, tracker: Tracker) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()
        tracker.listen(self._hear)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds, checked after each event."""
        with self._news:
            assert self._news.wait_for(holds, SECONDS), f"it never came; heard {self.events}"

    def next(self, kind: type[E]) -> E:
        """Wait for the oldest unread event of this kind, and return it."""
        self.until(lambda: any(isinstance(event, kind) for event in self.events))
        with self._news:
            event = next(event for event in self.events if isinstance(event, kind))
            self.events.remove(event)
        return event

    def settled(self, how_many: int) -> list[Outcome]:
        """Wait for the outcomes of this many changes, and return them."""
        self.until(lambda: len(self._outcomes()) >= how_many)
        with self._news:
            outcomes = self._outcomes()
            self.events = [e for e in self.events if not isinstance(e, OutcomesReceived)]
        return outcomes

    def _outcomes(self) -> list[Outcome]:
        received = [event for event in self.events if isinstance(event, OutcomesReceived)]
        return [outcome for event in received for outcome in event.outcomes]

    def _hear(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()
