"""One session: a dashboard on a pseudo-terminal, random keys, and the resources it holds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic
from typing import NamedTuple

from helpers.servers import Server
from helpers.terminal import Terminal, set_size
from soak.keys import next_keys
from ui.guild_on_server import RemoteGuild

PAUSE = 0.05
_BETWEEN_SAMPLES = 5.0
_KEPT = 4_000
_PATIENCE = 300.0
"""Seconds; a busy machine takes long to process the typed keys."""
_MORE_MEMORY, _MORE_THREADS, _MORE_FILES = 1.15, 3, 4
_SIZES = ((100, 30), (80, 24), (160, 50), (60, 15), (20, 5))
_TESTS = Path(__file__).resolve().parents[1]


class Sample(NamedTuple):
    """The resources that the process held at one moment."""

    memory: float
    """In MB."""
    threads: int
    files: int


class Scenario:
    """Types for some seconds, and checks that nothing grows or ends."""

    def __init__(self, seed: int, server: Server, folder: Path) -> None:
        self.samples: list[Sample] = []
        self.typed = self.starts = 0
        self._dice = random.Random(seed)
        self._home = folder / "home"
        self._url = server.new_database()
        self.unrequested: list[list[bytes]] = []
        """The keys before each stop of the process that no key had requested."""
        self._last: list[bytes] = []
        folder.mkdir(parents=True, exist_ok=True)
        RemoteGuild(self._url, folder).found()

    def play(self, seconds: float, *, is_loaded: bool = False) -> None:
        """Type for this long; fail if the program crashes, hangs or grows."""
        with self._others(is_loaded=is_loaded):
            until = 0.0
            while not until or monotonic() < until:
                terminal = self._start()
                # The first start, which a busy machine delays, does not count.
                until = until or monotonic() + seconds
                try:
                    self._type(terminal, until)
                finally:
                    terminal.close()
        assert grown(self.samples) == [], f"{self.samples}"

    def _start(self) -> Terminal:
        self.starts += 1
        self.samples.clear()
        command = (sys.executable, "-m", "tracker_tui", "--debug")
        settings = {"TURSO_DATABASE_URL": self._url, "TRACKER_AUTH": "none"}
        terminal = Terminal(self._home, *command, **settings)
        terminal.patience = _PATIENCE
        terminal.until(lambda: b"Plastanium Ingot" in terminal.output, "the table")
        return terminal

    def _type(self, terminal: Terminal, until: float) -> None:
        due = sampled = monotonic()
        while monotonic() < until:
            if self._has_left(terminal):
                return
            if terminal.has_stopped():
                self.unrequested.append(self._last[-40:])
                os.kill(terminal.pid, signal.SIGCONT)
            self._do_something(terminal)
            due = max(due + PAUSE, monotonic() - 1.0)
            while monotonic() < due:
                terminal.read(max(0.0, due - monotonic()))
            terminal.output = terminal.output[-_KEPT:]
            if monotonic() - sampled > _BETWEEN_SAMPLES:
                sampled = monotonic()
                self.samples.append(_sample(terminal.pid))
        self._leave(terminal)

    def _leave(self, terminal: Terminal) -> None:
        """Quit from any screen, and check that the program ends properly."""
        set_size(terminal.file, 100, 30)
        terminal.write(b"\x1b[201~" + b"\x1b" * 9)
        terminal.forget()
        terminal.write(b"1?")
        answer = b"scroll   esc back"
        terminal.until(lambda: answer in terminal.output or terminal.has_ended, "the help")
        if not self._has_left(terminal):
            assert terminal.leave() == 0

    def _do_something(self, terminal: Terminal) -> None:
        what = self._dice.random()
        if what < 0.004:
            set_size(terminal.file, *self._dice.choice(_SIZES))
        elif what < 0.006:
            self._last = [*self._last[-60:], b"\x1a"]
            terminal.write(b"\x1a")
            if terminal.stops():
                os.kill(terminal.pid, signal.SIGCONT)
        else:
            keys = next_keys(self._dice)
            self._last = [*self._last[-60:], keys]
            self.typed += 1
            terminal.write(keys)

    def _has_left(self, terminal: Terminal) -> bool:
        """Whether the program has ended; random keys may quit it, but it must not crash."""
        if terminal.has_ended:
            terminal.read(0.0)
            log = self._home / "state" / "debug.log"
            logged = log.read_text("utf-8")[-6_000:] if log.exists() else ""
            how = f"it ended with {terminal.status} after {self._last}"
            assert terminal.status == 0, f"{how}\n{terminal.output[-3000:]!r}\n{logged}"
        return terminal.has_ended

    @contextmanager
    def _others(self, *, is_loaded: bool) -> Iterator[None]:
        busy = [sys.executable, "-c", "while True: pass"]
        writer = [sys.executable, "-m", "soak.others", self._url]
        commands = [writer, writer, *([busy] * (os.cpu_count() or 1) if is_loaded else [])]
        others = [subprocess.Popen(command, cwd=_TESTS) for command in commands]
        try:
            yield
        finally:
            for other in others:
                other.kill()
                other.wait()


def _sample(pid: int) -> Sample:
    process = Path("/proc") / str(pid)
    facts = dict(
        line.split(":", 1) for line in (process / "status").read_text("ascii").splitlines()
    )
    memory = int(facts["VmRSS"].split()[0]) / 1024
    return Sample(memory, int(facts["Threads"]), len(list((process / "fd").iterdir())))


def grown(samples: Sequence[Sample]) -> list[str]:
    """Return the resources that grew from the middle third to the last; the start doesn't count."""
    third = len(samples) // 3
    if not third:
        return []
    middle, last = samples[third:-third], samples[-third:]
    before, after = (median(s.memory for s in part) for part in (middle, last))
    found = []
    if after > before * _MORE_MEMORY:
        found.append(f"memory: {before:.0f} MB, then {after:.0f} MB")
    if max(s.threads for s in last) > max(s.threads for s in middle) + _MORE_THREADS:
        found.append("threads")
    if max(s.files for s in last) > max(s.files for s in middle) + _MORE_FILES:
        found.append("files")
    return found
