"""Players' programs in their own processes, killed at any moment on a bad network."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from chaos.audit import audit
from chaos.guild import Guild
from chaos.player import PLAY
from helpers.build import remote_config
from helpers.processes import SECONDS, await_line, start
from helpers.proxy import Fate, ProxiedRequest, answer, cut_after, cut_before, pass_on
from helpers.servers import Server
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.tracker.tracker import Tracker

LIVES = 3
TYPED_AT_MOST = 8
FATES: list[Fate] = [pass_on] * 8 + [cut_before, cut_after, answer(503)]


class Place(NamedTuple):
    """A player's home folder, and the guild."""

    member: str
    home: Path
    guild: Guild


def live(place: Place, dice: random.Random, shown: set[str]) -> None:
    """Run a program that types for a while, then kill it."""
    asked, seed = place.guild.journal.typed, str(dice.random())
    process = start(PLAY, place.guild.proxy.url, place.home, place.member, seed)
    try:
        assert await_line(process) == "ready"
        for _ in range(dice.randint(1, TYPED_AT_MOST)):
            type_one(process, asked)
            word, change_id = await_line(process).split()
            assert word == "shown"
            shown.add(change_id)
        # The kill doesn't wait for the last one.
        type_one(process, asked)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def type_one(process: subprocess.Popen[str], asked: dict[str, Change]) -> None:
    """Let the program type a change, and note it before it is submitted."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    word, fields = await_line(process).split(maxsplit=1)
    assert word == "asked"
    change_id, resource_id, kind, location, amount, by, expected = fields.split("|")
    seen = None if expected == "None" else int(expected)
    asked[change_id] = Change(
        change_id, resource_id, Kind(kind), Location(location), int(amount), by, expected=seen
    )


def drain(place: Place) -> set[str]:
    """Send what is left, as the next run does; return what needs the player."""
    config = remote_config(place.guild.proxy.url, place.home, member=place.member)
    with closing(Tracker(config)) as tracker:
        tracker.open().result(SECONDS)
        while tracker._ledger_thread._sender.has_unsent:
            # It may hold up later changes.
            tracker.refresh().result(SECONDS)
        pending = {entry.change.id for entry in tracker._store.outbox.entries() if entry.is_open}
        return pending | {outcome.change.id for outcome in tracker.needing_player()}


def test_a_change_on_screen_when_a_program_is_killed_is_applied_once(
    server: Server, tmp_path: Path
) -> None:
    dice, shown = random.Random(4), set[str]()

    def fate(proxied: ProxiedRequest) -> None:
        dice.choice(FATES)(proxied)

    with ExitStack() as stack:
        guilds = [Guild(name, server, fate, stack) for name in ("arrakeen", "tabr")]
        places = [
            Place("chani", tmp_path / "chani", guilds[0]),
            Place("stilgar", tmp_path / "stilgar", guilds[0]),
            Place("chani", tmp_path / "chani", guilds[1]),
        ]
        for _ in range(LIVES):
            for place in places:
                live(place, dice, shown)
        assert len(shown) > LIVES * len(places)
        for guild in guilds:
            guild.proxy.fate = pass_on
        kept = set[str]().union(*(drain(place) for place in places))
        for guild in guilds:
            tables = guild.tables()
            audit(tables, guild.journal.typed)
            kept |= {row["id"] for row in tables["resource_history"]}
        assert shown <= kept
