"""A player in another process, who sends many changes to one ledger."""

from __future__ import annotations

import json
import random
import sys

from helpers.build import change, config_at
from tracker_tui.domain.change import Change, Outcome, Verdict
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.errors import AnswerLost, DatabaseBusy, LedgerError
from tracker_tui.guild.database_factory import open_ledger
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
    where, player, how_many = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ledger = open_ledger(config_at(where))
    # A server's columns are learnt with the first refresh.
    ledger.refresh()
    changes = changes_of(player, how_many)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    trying = (DatabaseBusy, AnswerLost)
    verdicts = {c.id: str(persistently(ledger, c, *trying).verdict) for c in changes}
    ledger.close()
    sys.stdout.write(json.dumps(verdicts))


def persistently(ledger: Ledger, change: Change, *trying: type[LedgerError]) -> Outcome:
    """Send a change again after each of these errors, as the outbox does, until it is answered.

    If an answer was lost, or a libSQL server with many writers never sent one, the change may have
    been applied; the next outcome says so.
    """
    is_unknown = False
    while True:
        try:
            outcome = ledger.apply(change)
        except trying as error:
            is_unknown = is_unknown or isinstance(error, AnswerLost)
            continue
        if is_unknown and outcome.verdict is Verdict.ALREADY_APPLIED:
            return outcome._replace(verdict=Verdict.APPLIED)
        return outcome
