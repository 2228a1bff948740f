"""The program in a separate process, on a real pseudo-terminal."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.commands import environment, process
from helpers.disk import others_may
from helpers.processes import locked
from helpers.terminal import Terminal
from tracker_tui.sync.local_store import pending_elsewhere
from ui.conftest import Guild

pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")

_ENTERED, _LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
"""What the program writes as it takes the terminal and gives it back."""


@pytest.fixture
def real_guild(guild: Guild) -> Guild:
    """The guild without a frozen clock, for a program in another process."""
    guild.now = None
    return guild


@contextmanager
def in_front_of(guild: Guild, home: Path, *command: str) -> Iterator[Terminal]:
    """Start the dashboard, directly or through another command; end it afterwards."""
    terminal = Terminal(home, *command, TURSO_DATABASE_URL=f"file:{guild.path}")
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def terminal(real_guild: Guild, home: Path) -> Iterator[Terminal]:
    with in_front_of(real_guild, home) as terminal:
        terminal.draws(b"Plastanium Ingot")
        yield terminal


def test_edits_written_at_once_are_saved(terminal: Terminal, real_guild: Guild, home: Path) -> None:
    terminal.write(b"/spice mel+3*500\r")
    terminal.until(lambda: bool(real_guild.history()), "the change")
    assert real_guild.history("spice") == [("relative", 1_500, 0, None)]
    assert real_guild.quantities("spice") == (2_700, 0)
    assert real_guild.points() == [("spice", 165.0)]
    terminal.until(lambda: b"2,700" in terminal.output, "the new quantity on screen")
    added = [1 + number % 9 for number in range(40)]
    terminal.write(b"/water\r" + b"".join(b"+%d\r" % amount for amount in added))
    terminal.until(lambda: len(real_guild.history()) == 41, "40 changes")
    assert [row[1] for row in real_guild.history("water")] == added
    # An outbox that opens before the last answer is saved closes by itself.
    stores = home / "data" / "guilds"
    terminal.until(lambda: not any(pending_elsewhere(stores)), "the last answer")
    terminal.output = b""
    terminal.write(b"o")
    terminal.until(lambda: b"The outbox is empty" in terminal.output, "the outbox")
    terminal.write(b"q" + b"+1\r" * 20)
    assert terminal.leave() == 0
    assert real_guild.quantities("water") == (7 + sum(added) + 20, 0)
    assert b"Traceback" not in terminal.output


def test_a_signal_saves_and_restores_all(terminal: Terminal, real_guild: Guild) -> None:
    terminal.write(b"/water\r+5\r+6")
    terminal.until(lambda: b"+6" in terminal.output, "the change that is half typed")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.ends() == 128 + signal.SIGTERM
    assert real_guild.quantities("water") == (12, 0)
    # Back on the main screen, with a cursor and without mouse reports.
    for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
        assert sequence in terminal.output
    assert b"Traceback" not in terminal.output


def amounts(guild: Guild) -> list[int]:
    return [row[1] for row in guild.history()]


def test_escape_counts_and_any_bytes_are_safe(terminal: Terminal, real_guild: Guild) -> None:
    terminal.write(b"/water\r+500\x1b\r")
    terminal.draws(b"Multiplier")  # Esc closes the edit line, and Enter opens the row
    terminal.write(b"\x1b")
    terminal.write(b"+600\x1bu+5\r")  # two lines, because u typed into the first would spoil both
    terminal.until(lambda: amounts(real_guild) == [5], "the one change that was applied")
    terminal.write(b"s\x1b\r\x1b/spice mel\x1b+7\r")
    terminal.until(lambda: amounts(real_guild) == [5, 7], "the change that Esc went before")
    terminal.write(b"\x1b\x1b\x1b\x1b\x1bu+8\r")  # nothing to close: this may be Alt+u
    terminal.until(lambda: amounts(real_guild) == [5, 7, 8], "the next change")
    terminal.write(b"u")
    terminal.until(lambda: amounts(real_guild) == [5, 7, 8, -8], "what u alone took back")
    survives_any_bytes(terminal, real_guild)
    assert terminal.leave() == 0
    assert b"Traceback" not in terminal.output


def survives_any_bytes(terminal: Terminal, real_guild: Guild) -> None:
    changes = len(real_guild.history())

    def goes_on() -> None:
        """Check that Esc closes everything and that a change is applied."""
        nonlocal changes
        changes += 1
        terminal.write(b"\x1b\x1b\x1b\x1b\x1b+1\r")
        terminal.until(lambda: len(real_guild.history()) == changes, f"change {changes}")

    for sent in (b"\x1b[M \x84\x30", b"/caf\xe9", b"\x1b[48;1:1u\x1b[48;9999;9999;1;1t"):
        terminal.write(sent)
    goes_on()
    for sent in (b"s\r\r", b"s\r\r\r\r\r", b"f\r\r\r", b"s\x1b", b"\r\x1b?\x1bo\x1bf\x1b"):
        terminal.write(sent)
        goes_on()
    terminal.forget()
    terminal.write(b"s")
    terminal.draws(b"Sort by")
    terminal.write(b"\x1b[<0;50;13M\x1b[<0;50;13m" * 2)
    goes_on()
    terminal.forget()
    terminal.write(b"\x10")
    terminal.draws(b"Search for commands")
    terminal.write(b"sandworm")
    terminal.draws(b"Go to this resource")
    terminal.write(b"\r\r\r\r\r")
    goes_on()
    # The keypad under the kitty keyboard protocol, with num lock on: /, =, 5, Enter.
    terminal.write(b"\x1b[57410;129;47uwater\x1b[57415;129;61u\x1b[57404;129;53u\x1b[57414;129u")
    terminal.until(lambda: real_guild.quantities("water") == (5, 0), "what the keypad set")


def test_stopped_it_blocks_no_other(terminal: Terminal, real_guild: Guild, home: Path) -> None:
    settings = environment(home, TURSO_DATABASE_URL=f"file:{real_guild.path}")
    with locked(real_guild.path):
        terminal.write(b"/water\r+5\r")
        terminal.draws(b"1 pending")
        terminal.write(b"\x1a")
        terminal.stops()
    assert terminal.output.rfind(_LEFT) > terminal.output.rfind(_ENTERED)
    edited = process("edit", "ingot", "+6", cwd=home.parent, environ=settings)
    assert (edited.status, edited.err) == (0, "")
    assert real_guild.quantities("water") == (12, 0), "the change that was underway"
    goes_on(terminal)
    terminal.write(b"+7\r")
    terminal.until(lambda: real_guild.quantities("water") == (19, 0), "a change after that")
    # SIGSTOP gives no time to prepare, and then the shell uses the terminal.
    os.kill(terminal.pid, signal.SIGSTOP)
    terminal.stops()
    goes_on(terminal)
    assert terminal.leave() == 0


def goes_on(terminal: Terminal) -> None:
    """Let the stopped program go on; wait until it draws in its own mode of the terminal.

    Before that, the terminal takes Ctrl+Q for itself.
    """
    terminal.forget()
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.draws(_ENTERED)
    terminal.output = terminal.output.partition(_ENTERED)[2]
    terminal.draws(b"1 Resources", b"Water", b"Location")


_BREAKS = """
import sys
from tracker_tui.ui import terminal_driver as terminal_input
def feed(self, data): raise LookupError("token-of-the-guild")
terminal_input.TerminalInput.feed = feed
from tracker_tui.cli import main
sys.exit(main([]))
"""


def test_an_error_in_the_input_thread_ends_with_a_status(real_guild: Guild, home: Path) -> None:
    with in_front_of(real_guild, home, sys.executable, "-c", _BREAKS) as terminal:
        terminal.draws(b"Plastanium Ingot")
        terminal.write(b"j")
        assert terminal.ends() == 1
        assert b"went wrong (LookupError)" in terminal.output
        assert b"token-of-the-guild" not in terminal.output


def by_shell(line: str) -> tuple[str, ...]:
    """Return a command that runs the dashboard as `$0 $@` of a shell's command."""
    return ("/bin/sh", "-c", line, sys.executable, "-m", "tracker_tui")


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_missing_terminal_is_reported(real_guild: Guild, home: Path, closed: str) -> None:
    with in_front_of(real_guild, home, *by_shell(f'exec "$0" "$@" {closed}')) as terminal:
        assert terminal.ends() == 2
        terminal.read(0.0)
        (said,) = terminal.output.splitlines()
        assert said.startswith(b"tracker-tui: The dashboard needs a terminal.")


def test_it_needs_no_stderr_and_ends_with_its_terminal(real_guild: Guild, home: Path) -> None:
    # As under `make`: only the first process of a terminal gets SIGHUP, and it waits.
    line = 'trap "" HUP; "$0" "$@" 2>/dev/null; exit $?'
    with in_front_of(real_guild, home, *by_shell(line)) as terminal:
        terminal.draws(b"Plastanium Ingot")
        terminal.write(b"/water\r+5\r+6")
        terminal.draws(b"+6")
        terminal.hang_up()
        assert terminal.ends() == 128 + signal.SIGHUP
        assert real_guild.quantities("water") == (12, 0)


def test_its_files_are_private_and_no_links_followed(real_guild: Guild, home: Path) -> None:
    victim, state = home / "victim", home / "state"
    state.mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    victim.write_text("mine")
    victim.chmod(0o600)
    for name in ("last-database", "view.json"):
        (state / name).symlink_to(victim)
    before = os.umask(0)
    with in_front_of(real_guild, home) as terminal:
        os.umask(before)
        terminal.draws(b"Plastanium Ingot")
        assert terminal.leave() == 0
    assert victim.read_text() == "mine"
    assert (state / "view.json").stat().st_size > 10
    assert others_may(home) == {}
