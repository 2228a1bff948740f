"""A player's program in its own process, which may be killed at any moment.

`python -c "from chaos.player import main; main()" URL HOME MEMBER SEED PREFIX`: types a change for
each line of standard input, and prints its id as soon as it is on screen.
"""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

from helpers.build import remote_config
from tracker_tui.domain.change_syntax import TypedChange
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.tracker.events import ChangesQueued, Event, Refreshed
from tracker_tui.tracker.tracker import Tracker

PLAY = "from chaos.player import main; main()"
_KINDS = (Kind.ADD, Kind.ADD, Kind.REMOVE, Kind.SET, Kind.TO_DEEP_DESERT)
_FIELDS = ("id", "resource_id", "kind", "location", "amount", "by", "expected")
_SECONDS = 30


class _Player:
    def __init__(self, url: str, home: str, member: str, seed: str) -> None:
        self._dice = random.Random(seed)
        self._has_rows, self._is_shown = threading.Event(), threading.Event()
        self._tracker = Tracker(remote_config(url, Path(home), member=member))
        self._tracker.listen(self._hear)

    def play(self) -> None:
        """Type a change for each line of standard input, until the end or the kill."""
        self._tracker.open()
        assert self._has_rows.wait(_SECONDS)
        print("ready", flush=True)
        for _ in sys.stdin:
            self._type()
        self._tracker.close()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Refreshed):
            self._has_rows.set()
        elif isinstance(event, ChangesQueued):
            self._is_shown.set()

    def _type(self) -> None:
        dice, tracker = self._dice, self._tracker
        resource = dice.choice(sorted(tracker.resources()))
        kind, location = dice.choice(_KINDS), dice.choice(list(Location))
        typed = TypedChange(kind, dice.randint(1, 90), None)
        seen = tracker.projected(resource.id)
        change = tracker.change(
            resource.id, typed, location, seen=None if seen is None else seen.at(location)
        )
        # Printed before the submission: the change may be applied without having been on screen.
        print(f"asked {'|'.join(str(getattr(change, name)) for name in _FIELDS)}", flush=True)
        self._is_shown.clear()
        tracker.submit([change])
        assert self._is_shown.wait(_SECONDS)
        print(f"shown {change.id}", flush=True)


def main() -> None:
    _Player(*sys.argv[1:5]).play()
