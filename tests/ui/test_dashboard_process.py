"""The program on its own pseudo-terminal: sign in, sign out, switch to another guild."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from time import monotonic

import pytest

from helpers.commands import environment
from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, Membership
from helpers.membership import MEMBER_ROLE, ROLES, grow_old
from helpers.proxy import cut_before, proxy_to
from helpers.servers import Server
from tracker_tui.config.settings import Secret, load_config
from tracker_tui.guild.invitation import Invitation
from tracker_tui.sync.local_store import pending_count
from ui.conftest import Guild
from ui.guild_on_server import RemoteGuild
from ui.sign_in_player import (
    AT_ONCE,
    HANGS,
    HOUR,
    discord,
    harmless,
    inhabited,
    store_of,
)

pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")

__all__ = ["discord", "harmless", "inhabited"]

SECONDS = 40.0
COLUMNS, LINES = 100, 30
PASTE = b"\x1b[200~%s\x1b[201~"
LEFT = b"The dashboard was not opened: you are not signed in."
NO_BROWSER = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


class Terminal:
    """A running `tracker-tui` without a display, a keyring or other settings."""

    def __init__(self, home: Path, *argv: str, **settings: str) -> None:
        import fcntl
        import pty
        import termios

        self.file, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        given = environment(home, TERM="xterm-256color", SSH_CONNECTION="1", **settings)
        # Do not fork here: fake servers run in threads.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tracker_tui", *argv],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={name: value for name, value in given.items() if name not in NO_BROWSER},
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self.file, False)
        self.output = b""

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Read output until a condition holds."""
        deadline = monotonic() + SECONDS
        while not holds():
            assert monotonic() < deadline, f"{what} never came; drawn: {self.output[-3000:]!r}"
            self._read(0.05)

    def sees(self, *parts: bytes) -> None:
        """Wait until all of this was drawn since the start or the last `forget`."""
        for part in parts:
            self.until(lambda part=part: part in self.output, repr(part))

    def forget(self) -> None:
        """Ignore everything drawn so far."""
        self._read(0.0)
        self.output = b""

    def _read(self, seconds: float) -> None:
        if select([self.file], [], [], seconds)[0]:
            with suppress(OSError):  # Linux raises EIO when the program has ended
                self.output += os.read(self.file, 1 << 16)

    def types(self, keys: bytes) -> None:
        while keys:
            try:
                keys = keys[os.write(self.file, keys) :]
            except BlockingIOError:
                self._read(0.01)

    def chooses(self, text: bytes, wanted: bytes) -> None:
        """Type into the palette and run its first hit."""
        self.forget()
        self.types(b"\x10")
        self.sees(b"Search for commands")
        self.forget()
        self.types(text)
        self.sees(wanted)
        self.types(b"\r")

    def ends(self) -> int:
        """Wait for the end; return the exit status."""
        self.until(lambda: self._process.poll() is not None, "the end")
        self._read(0.0)
        assert b"Traceback" not in self.output
        # Back on the main screen, with a visible cursor.
        assert self.output.rfind(b"\x1b[?1049l") > self.output.rfind(b"\x1b[?1049h")
        assert b"\x1b[?25h" in self.output
        return self._process.returncode

    def close(self) -> None:
        """End the program if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(SECONDS)
        os.close(self.file)


@contextmanager
def in_front_of(home: Path, *argv: str, **settings: str) -> Iterator[Terminal]:
    """Start the program; end it afterwards."""
    terminal = Terminal(home, *argv, **settings)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def given(inhabited: RemoteGuild) -> dict[str, str]:
    """The environment of a process that is signed in to a guild."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("TURSO_", "DISCORD_", "PYTHON_KEYRING"))
    }


@pytest.fixture
def signed_out(inhabited: RemoteGuild, given: dict[str, str], home: Path) -> dict[str, str]:
    """The same environment, signed out."""
    (home / "data" / "sessions" / "session.json").unlink()
    return given


def write_config(home: Path, text: str) -> None:
    path = home / "config" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_a_warm_start_opens_the_dashboard_without_asking_discord(
    given: dict[str, str], home: Path, discord: FakeDiscord
) -> None:
    with in_front_of(home, **given) as terminal:
        terminal.sees(b"Steel Ingot", b"Muad'Dib", b"online")
        terminal.types(b"/water\r+5\r")
        terminal.sees(b"Water +5")
        terminal.types(b"q")
        assert terminal.ends() == 0
    assert discord.seen == []


def test_a_sign_in_opens_the_dashboard(
    signed_out: dict[str, str], home: Path, discord: FakeDiscord, inhabited: RemoteGuild
) -> None:
    discord.interval = 1
    with in_front_of(home, **signed_out) as terminal:
        terminal.sees(b"Sign in with Discord", b"good for ")
        assert b"Steel Ingot" not in terminal.output
        discord.approve()
        terminal.sees(b"Steel Ingot", b"Muad'Dib")
        secrets = [secret.encode() for secret in discord.issued]
        assert [secret for secret in secrets if secret in terminal.output] == []
        terminal.until(lambda: bool(inhabited.sql("SELECT id FROM user_sessions")), "the record")
        terminal.types(b"\x11")
        assert terminal.ends() == 0


@pytest.mark.parametrize("key", [b"\x1b", b"q"], ids=["esc", "q"])
def test_quitting_the_sign_in_says_that_nothing_was_opened(
    signed_out: dict[str, str], home: Path, discord: FakeDiscord, key: bytes
) -> None:
    with in_front_of(home, **signed_out) as terminal:
        terminal.sees(b"good for ")
        terminal.types(key)
        assert terminal.ends() == 3
        last = terminal.output[terminal.output.rfind(b"\x1b[?1049l") :]
        assert last.count(b"\n") == 1
        assert b"tracker-tui: " + LEFT in last


def test_a_hanging_discord_delays_nothing(
    given: dict[str, str], home: Path, discord: FakeDiscord
) -> None:
    grow_old(load_config(os.environ), 29 * HOUR)
    discord.fail_always("*", Fault.hang(HANGS))
    with in_front_of(home, **given) as terminal:
        terminal.until(lambda: bool(discord.seen), "a question")
        terminal.sees(b"Checking your access with Discord")
        # Asking for a code is as fast.
        asked = len(discord.seen)
        terminal.types(b"s")
        terminal.until(lambda: len(discord.seen) > asked, "a question more")
        began = monotonic()
        terminal.types(b"\x1b")
        assert terminal.ends() == 3
        assert monotonic() - began < AT_ONCE
        assert b"your access was not confirmed." in terminal.output


def test_losing_roles_leads_to_the_access_check_and_back(
    given: dict[str, str], home: Path, discord: FakeDiscord
) -> None:
    with in_front_of(home, **given) as terminal:
        terminal.sees(b"Steel Ingot")
        discord.membership = None
        grow_old(load_config(os.environ), 5 * HOUR)
        terminal.sees(b"is not in this guild on Discord", b"Ask again")
        terminal.forget()
        discord.membership = Membership(roles=[MEMBER_ROLE])
        terminal.types(b"r")
        terminal.sees(b"Steel Ingot", b"Muad'Dib")
        terminal.types(b"q")
        assert terminal.ends() == 0


def test_signing_out_from_the_palette_removes_personal_files(
    given: dict[str, str], home: Path, discord: FakeDiscord
) -> None:
    folder = store_of(load_config(os.environ))
    with in_front_of(home, **given) as terminal:
        terminal.sees(b"Steel Ingot")
        terminal.chooses(b"sign out", b"At Discord and on this machine")
        terminal.sees(b"Sign out?")
        terminal.types(b"j\r")
        assert terminal.ends() == 0
        assert b"Muad'Dib is signed out" in terminal.output
        assert b"on other machines too" in terminal.output
    assert len(discord.requests_to("/oauth2/token/revoke")) == 1
    assert not (home / "data" / "sessions" / "session.json").exists()
    assert not folder.exists()


def test_switching_to_another_guild_and_back(
    given: dict[str, str], home: Path, guild: Guild, discord: FakeDiscord
) -> None:
    guild.sql("UPDATE resources SET name = 'Raiders Loot' WHERE id = 'water'")
    write_config(home, f'[profiles.raiders]\nTURSO_DATABASE_URL = "file:{guild.path}"\n')
    with in_front_of(home, **given) as terminal:
        terminal.sees(b"Steel Ingot", b"Muad'Dib")
        terminal.chooses(b"switch", b"Another guild")
        terminal.sees(b"Switch to another profile", b"raiders")
        terminal.forget()
        terminal.types(b"\r")
        terminal.sees(b"Raiders Loot")
        terminal.chooses(b"switch", b"Another guild")
        terminal.sees(b"the settings above all profiles")
        terminal.forget()
        terminal.types(b"\r")
        terminal.sees(b"Muad'Dib", b"Steel Ingot")
        terminal.types(b"q")
        assert terminal.ends() == 0
    assert discord.seen == []


def test_another_guild_can_be_opened_from_the_sign_in(
    signed_out: dict[str, str], home: Path, guild: Guild
) -> None:
    write_config(home, f'[profiles.raiders]\nTURSO_DATABASE_URL = "file:{guild.path}"\n')
    with in_front_of(home, **signed_out) as terminal:
        terminal.sees(b"good for ")
        terminal.chooses(b"switch", b"Another guild")
        terminal.sees(b"raiders")
        terminal.types(b"\r")
        terminal.sees(b"Sandworm Tooth")
        terminal.types(b"q")
        assert terminal.ends() == 0


def test_pending_changes_ask_once_before_a_switch_and_stay(
    given: dict[str, str], home: Path, guild: Guild, discord: FakeDiscord
) -> None:
    write_config(home, f'[profiles.raiders]\nTURSO_DATABASE_URL = "file:{guild.path}"\n')
    with proxy_to(given["TURSO_DATABASE_URL"]) as proxy:
        given = given | {"TURSO_DATABASE_URL": proxy.url}
        with in_front_of(home, **given) as terminal:
            terminal.sees(b"Steel Ingot")
            proxy.fate = cut_before
            terminal.types(b"/water\r+5\r")
            terminal.sees(b"1 pending")
            terminal.chooses(b"switch", b"Another guild")
            terminal.sees(b"Switch to another profile")
            terminal.types(b"\r")
            terminal.sees(b"Switch anyway?", b"1 change on this machine will wait")
            terminal.forget()
            terminal.types(b"j\r")
            terminal.sees(b"Steel Ingot", b"local")
            assert b"[y/N]" not in terminal.output
            terminal.types(b"q")
            assert terminal.ends() == 0
    pending = [pending_count(path) for path in (home / "data" / "guilds").iterdir()]
    assert sum(pending) == 1


@pytest.fixture
def guarded(guarded_server: Server, tmp_path: Path) -> tuple[str, str]:
    """The URL of a guild on a server that checks tokens, and a token for it."""
    url, token = guarded_server.new_database(), guarded_server.token("rw")
    RemoteGuild(url, tmp_path, token=token).found()
    return url, token


def test_an_invitation_leads_from_the_first_start_into_the_guild(
    guarded: tuple[str, str], home: Path, discord: FakeDiscord
) -> None:
    roles = json.dumps(ROLES)
    url, token = guarded
    line = (
        Invitation(
            database_url=url,
            client_id=CLIENT_ID,
            guild_id=GUILD_ID,
            roles=roles,
            token=Secret(token),
        )
        .text()
        .encode()
    )
    discord.interval = 1
    keyring = os.environ["PYTHON_KEYRING_BACKEND"]
    api = {"DISCORD_API_URL": discord.url, "PYTHON_KEYRING_BACKEND": keyring}
    with in_front_of(home, **api) as terminal:
        terminal.sees(b"join a guild: ", b"local")
        terminal.chooses(b"join a", b"With an invitation")
        terminal.sees(b"paste it here")
        terminal.types(PASTE % line)
        terminal.sees(b"accepted", b"Discord knows the application", b"makes sense")
        terminal.types(b"\r")
        terminal.sees(b"Save these settings and sign in?")
        terminal.types(b"j\r")
        terminal.sees(b"Sign in with Discord", b"good for ")
        discord.approve()
        terminal.sees(b"Sandworm Tooth", b"Muad'Dib")
        assert token.encode() not in terminal.output
        terminal.types(b"q")
        assert terminal.ends() == 0
