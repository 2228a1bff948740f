"""Players' programs in their own processes, killed at any moment on a bad network."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from chaos.audit import audit
from chaos.player import PLAY
from chaos.simulation import Guild
from helpers.build import remote_config
from helpers.processes import SECONDS, await_line, start
from helpers.proxy import Fate, ProxiedRequest, answer, cut_after, cut_before, pass_on, proxy_to
from helpers.servers import Server
from tracker_tui.config.settings import Config
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.tracker.tracker import Tracker

LIVES = 5
TYPED_AT_MOST = 8
FATES: list[Fate] = [pass_on] * 8 + [cut_before, cut_after, answer(503)]


class Place(NamedTuple):
    """A player's home folder, and the guild."""

    member: str
    home: Path
    guild: Guild

    @property
    def config(self) -> Config:
        """The settings of the program, for a direct connection."""
        return remote_config(self.guild.proxy.url, self.home, member=self.member)


def live(place: Place, dice: random.Random, asked: dict[str, Change], shown: set[str]) -> None:
    """Run a program that types for a while, then kill it."""
    seed = str(dice.random())
    process = start(PLAY, place.guild.proxy.url, place.home, place.member, seed)
    try:
        assert await_line(process) == "ready"
        typed = dice.randint(1, TYPED_AT_MOST)
        for _ in range(typed):
            type_one(process, asked, shown)
        # The kill doesn't wait for the last one.
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        asked_of(await_line(process), asked)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def type_one(process: subprocess.Popen[str], asked: dict[str, Change], shown: set[str]) -> None:
    """Type one change, and wait until it is on screen."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    asked_of(await_line(process), asked)
    word, change_id = await_line(process).split()
    assert word == "shown"
    shown.add(change_id)


def asked_of(line: str, asked: dict[str, Change]) -> None:
    """Note a change that is about to be submitted."""
    word, fields = line.split(maxsplit=1)
    assert word == "asked"
    change_id, resource_id, kind, location, amount, by, expected = fields.split("|")
    seen = None if expected == "None" else int(expected)
    asked[change_id] = Change(
        change_id, resource_id, Kind(kind), Location(location), int(amount), by, expected=seen
    )


def drain(place: Place) -> set[str]:
    """Send what is left, as the next run does; return what needs the player."""
    with closing(Tracker(place.config)) as tracker:
        tracker.open().result(SECONDS)
        while tracker._ledger_thread._sender.has_unsent:
            # It may hold up later changes.
            tracker.refresh().result(SECONDS)
        pending = [entry for entry in tracker._store.outbox.entries() if entry.is_open]
        return {change.change.id for change in pending} | {
            outcome.change.id for outcome in tracker.needing_player()
        }


def test_a_change_on_screen_when_a_program_is_killed_is_applied_once(
    server: Server, tmp_path: Path
) -> None:
    dice = random.Random(4)
    with ExitStack() as stack:
        guilds = [found(server, name, dice, stack) for name in ("arrakeen", "tabr")]
        places = [
            Place("chani", tmp_path / "chani", guilds[0]),
            Place("stilgar", tmp_path / "stilgar", guilds[0]),
            Place("chani", tmp_path / "chani", guilds[1]),
        ]
        shown: set[str] = set()
        for _ in range(LIVES):
            for place in places:
                live(place, dice, place.guild.journal.typed, shown)
        assert len(shown) > LIVES * len(places)
        for guild in guilds:
            guild.proxy.fate = pass_on
        pending = set[str]().union(*(drain(place) for place in places))
        applied: set[str] = set()
        for guild in guilds:
            tables = guild.tables()
            audit(tables, guild.journal.typed)
            applied |= {row["id"] for row in tables["resource_history"]}
        assert shown <= applied | pending


def found(server: Server, name: str, dice: random.Random, stack: ExitStack) -> Guild:
    """Create a guild behind a proxy with random FATES."""
    url = server.new_database()
    proxy = stack.enter_context(proxy_to(url))

    def fate(proxied: ProxiedRequest) -> None:
        dice.choice(FATES)(proxied)

    proxy.fate = fate
    return Guild(name, url, proxy)
