"""A run on a bad network, decided by a seed: three programs, two databases, and every fault.

Everything but the players is real: SQLite files, the server, the network. One thing happens at a
time, also in the middle of a request, so the same seed gives the same run.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from chaos.audit import Tables
from chaos.guild import RESOURCES, Guild
from chaos.journal import read_outbox
from chaos.kill import Killed, Killer
from chaos.program import PATIENCE, Program
from helpers.proxy import Fate, ProxiedRequest, answer, cut_after, cut_before, cut_within, pass_on
from helpers.servers import Server
from tracker_tui.errors import DatabaseUnreachable, LedgerError, LocalFileError
from tracker_tui.sync.local_store import StoreLocation
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.replica import REPLICA_NAME

MEMBERS: Final = ("chani", "chani", "stilgar")
"""The member of each program; the first two programs run on one machine."""
_TRIES: Final = 3
_STEPS: Final = {
    "type": 30,
    "send": 24,
    "refresh": 14,
    "look": 6,
    "undo": 9,
    "decide": 20,
    "stranger": 4,
    "kill": 5,
    "reopen": 2,
    "clock": 2,
    "replica": 2,
    "disk": 2,
    "server": 1,
    "weather": 3,
    "compare": 5,
}
_FATES: Final[dict[str, int]] = {
    "pass": 70,
    "interleaved": 10,
    "cut before": 5,
    "cut after": 6,
    "cut within": 2,
    "503": 2,
    "429": 2,
    "500": 1,
    "late": 2,
    "too late": 2,
}
_STORM: Final = dict.fromkeys(_FATES, 10)
_ANSWERED: Final[dict[str, Fate]] = {
    "pass": pass_on,
    "cut before": cut_before,
    "cut after": cut_after,
    "cut within": cut_within,
    "503": answer(503, b"<html>Service Unavailable</html>"),
    # 0 and not 1, because a run never waits by the real clock.
    "429": answer(429, Retry_After="0"),
    "500": answer(500, b"Internal Server Error"),
}


class Simulation:
    """Plays one run; `log` says what happened, and is the same for the same seed."""

    def __init__(self, seed: int, server: Server, folder: Path, stack: ExitStack) -> None:
        self._dice = random.Random(seed)
        self._server, self._folder = server, folder
        self.killer = Killer()
        self.log: list[str] = []
        self._numbers: Iterator[int] = iter(range(10**9))
        self._now = 1_790_000_000.0
        self._is_nested = self._is_stormy = self._is_over = False
        self._errors: list[BaseException] = []
        self._late: list[threading.Event] = []
        self._at_work: list[tuple[Program, str]] = []
        """Running programs and their actions; the last began while the previous one waited."""
        self._guilds = [Guild(name, server, self._fate, stack) for name in ("arrakeen", "tabr")]
        self._programs = [
            [self._start(index, guild) for guild in self._guilds] for index in range(len(MEMBERS))
        ]
        stack.callback(self._close)

    @property
    def typed(self) -> int:
        """The number of changes that have been on screen so far."""
        return sum(guild.journal.typed_count for guild in self._guilds)

    def play(self, changes: int) -> None:
        """Take steps until this many changes were on screen, then check everything."""
        with self.killer.watching_files(self._look):
            while self.typed < changes:
                self._step()
                if self._errors:
                    raise self._errors[0]
            self._end()

    def _look(self, path: Path) -> None:
        """Show the journal an outbox after a transaction."""
        if path.name == OUTBOX_NAME:
            (guild,) = (guild for guild in self._guilds if guild.name == path.parent.name)
            guild.journal.look(path, self._at_work[-1][1] if self._at_work else "")

    # Steps

    def _step(self, *, left_out: frozenset[str] = frozenset()) -> None:
        names = [name for name in _STEPS if name not in left_out]
        name = self._dice.choices(names, [_STEPS[name] for name in names])[0]
        index = self._dice.randrange(len(MEMBERS))
        number = self._dice.randrange(len(self._guilds))
        self.log.append(f"{index} on {number}: {name}")
        program, guild = self._programs[index][number], self._guilds[number]
        if name in ("send", "refresh") and any(program is each for each, _ in self._at_work):
            return  # each program has one thread for its ledger
        actions: dict[str, Callable[[], object]] = {
            "stranger": partial(self._set_from_outside, guild),
            "server": self._restart_server,
            "weather": self._change_weather,
            "clock": self._set_clock,
            "replica": partial(self._spoil, program.folder / REPLICA_NAME),
            "reopen": partial(self._reopen, index, number),
            "kill": partial(self._kill, index, number),
            "disk": partial(self._type_on_full_disk, program),
            "compare": partial(self._compare, program, guild),
        }
        actions.get(name, partial(self._do, program, name))()
        self._now += self._dice.random() * 3

    def _set_from_outside(self, guild: Guild) -> None:
        number, resource_id = next(self._numbers), self._dice.choice(RESOURCES)
        guild.set_from_outside(number, resource_id, self._dice.randint(0, 3_000))

    def _restart_server(self) -> None:
        self._server.stop()
        self._server.start()

    def _change_weather(self) -> None:
        self._is_stormy = not self._is_stormy

    def _set_clock(self) -> None:
        self._now += self._dice.choice((-3_600, 90, 7_200, 90_000))

    def _type_on_full_disk(self, program: Program) -> None:
        program.limit_disk(1)
        self._do(program, "type")
        program.limit_disk(1_000_000)

    def _do(self, program: Program, name: str) -> None:
        try:
            with self._working(program, name):
                getattr(program, name)()
        except (LedgerError, LocalFileError) as error:
            self.log.append(f"  {type(error).__name__}")

    @contextmanager
    def _working(self, program: Program, name: str) -> Iterator[None]:
        self._at_work.append((program, name))
        try:
            yield
        finally:
            self._at_work.pop()
            while self._late:
                assert self._late.pop().wait(PATIENCE)

    def _kill(self, index: int, number: int) -> None:
        """Kill a program in the middle of an action, and start it again.

        What it had on disk is still there, and the start changes nothing.
        """
        program, journal = self._programs[index][number], self._guilds[number].journal
        name = self._dice.choice(("type", "send", "send", "refresh", "undo", "decide", "look"))
        self.killer.strike_at(self._dice.randrange(10))
        try:
            self._do(program, name)
            self.log.append(f"  killed after {name}")
        except Killed:
            self.log.append(f"  killed in {name}")
        self.killer.strike_never()
        before = read_outbox(program.outbox)
        journal.look(program.outbox, "")
        self._reopen(index, number)
        assert read_outbox(program.outbox) == before, "lost: a start changed what was on disk"

    def _reopen(self, index: int, number: int) -> None:
        self._programs[index][number].close()
        self._programs[index][number] = self._start(index, self._guilds[number])

    def _spoil(self, replica: Path) -> None:
        if self._dice.random() < 0.5:
            replica.unlink(missing_ok=True)
        elif replica.exists():
            content = bytearray(replica.read_bytes())
            start = self._dice.randrange(max(1, len(content)))
            content[start : start + 2_000] = bytes(len(content[start : start + 2_000]))
            replica.with_suffix(".spoilt").write_bytes(content)
            replica.with_suffix(".spoilt").replace(replica)

    # The way to the server

    def _fate(self, proxied: ProxiedRequest) -> None:
        try:
            self._meet(proxied)
        except Exception:  # noqa: BLE001 - the server is away: a proxy has nothing to answer then
            proxied.cut()

    def _meet(self, proxied: ProxiedRequest) -> None:
        weights = _STORM if self._is_stormy else _FATES
        name = self._dice.choices(list(weights), list(weights.values()))[0]
        name = "pass" if self._is_over else name
        if name != "pass":
            self.log.append(f"  request: {name}")
        if name in _ANSWERED:
            _ANSWERED[name](proxied)
        elif name == "interleaved":
            self._step_during_request()
            reply = proxied.forward()
            self._step_during_request()
            proxied.reply(reply)
        else:
            self._outlast(proxied, self._at_work[-1][0], is_carried_out_first=name == "late")

    def _outlast(
        self, proxied: ProxiedRequest, program: Program, *, is_carried_out_first: bool
    ) -> None:
        """Answer too late for the program, but finish before the next step."""
        is_over = threading.Event()
        self._late.append(is_over)
        try:
            if is_carried_out_first:
                proxied.forward()
            program.give_up()
            if not is_carried_out_first:
                proxied.forward()
        finally:
            program.give_up()
            proxied.cut()
            is_over.set()

    def _step_during_request(self) -> None:
        """Take another step while a program waits for its answer."""
        if self._is_nested:
            return
        self._is_nested = True
        try:
            with self.killer.asleep():
                self._step(left_out=frozenset({"kill", "server", "reopen", "replica", "compare"}))
        except BaseException as error:  # noqa: BLE001 - raised in the main thread
            self._errors.append(error)
        finally:
            self._is_nested = False

    # Beginning and end

    def _start(self, index: int, guild: Guild) -> Program:
        member = MEMBERS[index]
        folder = self._folder / member / guild.name
        return Program(
            StoreLocation(folder, member, guild.name, has_replica=True),
            guild.proxy.url,
            self._dice,
            self.killer,
            guild.journal,
            clock=lambda: self._now,
            new_id=lambda: f"change-{next(self._numbers)}",
        )

    def _end(self) -> None:
        """Repair the network, and check the fate of every change."""
        self._is_over = True
        for number, guild in enumerate(self._guilds):
            programs = [life[number] for life in self._programs]
            for program in programs:
                self._retry(program, "send", program.drain)
            tables = guild.tables()
            for program in programs:
                with self._working(program, "refresh"):
                    program.refresh()
                self._check_screen(program, guild, tables)
            self.log.append(f"{guild.name}: {guild.check(tables)}")

    def _retry(self, program: Program, name: str, step: Callable[[], None]) -> None:
        """Do something with the server; the first request may find a dead connection."""
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._working(program, name):
                    step()
            except DatabaseUnreachable as error:
                if not tries_left:
                    raise AssertionError(f"the server is there, but: {error}") from error
            else:
                return

    def _compare(self, program: Program, guild: Guild) -> None:
        self._is_over = True
        self._retry(program, "refresh", program.refresh)
        self._is_over = False
        self._check_screen(program, guild, guild.tables())

    def _check_screen(self, program: Program, guild: Guild, tables: Tables) -> None:
        expected = guild.screen(program.outbox, tables)
        shown = program.shown()
        wrong = {key: (shown.get(key), row) for key, row in expected.items()}
        wrong = {key: pair for key, pair in wrong.items() if pair[0] != pair[1]}
        assert not wrong, f"wrong on screen (shown, expected): {wrong}"
        assert shown.keys() == expected.keys()

    def _close(self) -> None:
        for life in self._programs:
            for program in life:
                program.close()
