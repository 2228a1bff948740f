"""A player in a process of their own, who sends many changes to one ledger file."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from helpers.build import change
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.ledger.ledger import Ledger

PLAY = "from helpers.player import play; play()"
KINDS = (Kind.ADD, Kind.ADD, Kind.REMOVE, Kind.TO_DEEP_DESERT, Kind.TO_HAGGA, Kind.SET)


def changes_of(player: str, how_many: int) -> list[Change]:
    """Return the same changes every time for the same player; few are absolute."""
    dice = random.Random(player)
    return [
        change(
            kind := dice.choice(KINDS if number % 10 == 0 else KINDS[:-1]),
            dice.randint(0 if kind is Kind.SET else 1, 60),
            dice.choice(list(Location)),
            id=f"{player}-{number}",
            by=player,
        )
        for number in range(how_many)
    ]


def play() -> None:
    """Send the changes of the player named in argv and print each one's verdict as JSON."""
    path, player, how_many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    ledger = Ledger(*open_sqlite(path))
    changes = changes_of(player, how_many)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    verdicts = {change.id: str(ledger.apply(change).verdict) for change in changes}
    ledger.close()
    sys.stdout.write(json.dumps(verdicts))
