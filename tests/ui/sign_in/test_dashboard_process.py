"""The program on its own pseudo-terminal: sign in, sign out, switch to another guild."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, Membership
from helpers.membership import MEMBER_ROLE, ROLES, grow_old
from helpers.proxy import Proxy, cut_before, proxy_to
from helpers.servers import Server
from helpers.terminal import Terminal
from tracker_tui.config.settings import Secret, load_config
from tracker_tui.guild.invitation import Invitation
from tracker_tui.sync.local_store import pending_count
from ui.conftest import Guild
from ui.guild_on_server import RemoteGuild
from ui.sign_in.player import AT_ONCE, HANGS, HOUR, store_of

pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")


PASTE = b"\x1b[200~%s\x1b[201~"
LEFT = b"The dashboard was not opened: you are not signed in."
NO_BROWSER = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


class Dashboard(Terminal):
    """A dashboard without a display or a keyring."""

    def chooses(self, text: bytes, wanted: bytes) -> None:
        """Type into the palette and run its first hit."""
        self.forget()
        self.write(b"\x10")
        self.draws(b"Search for commands")
        self.forget()
        self.write(text)
        self.draws(wanted)
        self.write(b"\r")

    def ends(self) -> int:
        status = super().ends()
        self.read(0.0)
        assert b"Traceback" not in self.output
        # Back on the main screen, with a visible cursor.
        assert self.output.rfind(b"\x1b[?1049l") > self.output.rfind(b"\x1b[?1049h")
        assert b"\x1b[?25h" in self.output
        return status


@contextmanager
def in_front_of(home: Path, **settings: str) -> Iterator[Dashboard]:
    terminal = Dashboard(home, SSH_CONNECTION="1", **settings)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NO_BROWSER:
        monkeypatch.delenv(name, raising=False)


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
    (home / "data" / "sessions" / "session.json").unlink()
    return given


@pytest.fixture
def raiders(guild: Guild, home: Path) -> Guild:
    """Another guild, in a file, that a profile names."""
    guild.sql("UPDATE resources SET name = 'Raiders Loot' WHERE id = 'water'")
    path = home / "config" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[profiles.raiders]\nTURSO_DATABASE_URL = "file:{guild.path}"\n', "utf-8")
    return guild


@pytest.mark.usefixtures("raiders")
def test_a_warm_start_and_switches_ask_discord_nothing_and_keep_pending_changes(
    given: dict[str, str], home: Path, discord: FakeDiscord
) -> None:
    with proxy_to(given["TURSO_DATABASE_URL"]) as proxy:
        switches(home, proxy, given | {"TURSO_DATABASE_URL": proxy.url})
    assert discord.seen == []
    pending = [pending_count(path) for path in (home / "data" / "guilds").iterdir()]
    assert sum(pending) == 1


def switches(home: Path, proxy: Proxy, given: dict[str, str]) -> None:
    with in_front_of(home, **given) as terminal:
        terminal.draws(b"Steel Ingot", b"Muad'Dib", b"online")
        terminal.write(b"/water\r+5\r")
        terminal.draws(b"Water +5")
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"Switch to another profile", b"raiders")
        terminal.forget()
        terminal.write(b"\r")
        terminal.draws(b"Raiders Loot")
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"the settings above all profiles")
        terminal.forget()
        terminal.write(b"\r")
        terminal.draws(b"Muad'Dib", b"Steel Ingot", b"online")
        # Pending changes ask once before a switch, and stay.
        proxy.fate = cut_before
        terminal.write(b"/water\r+5\r")
        terminal.draws(b"1 pending")
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"Switch to another profile")
        terminal.write(b"\r")
        terminal.draws(b"Switch anyway?", b"1 change on this machine will wait")
        terminal.write(b"\r")  # Back is the first choice
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"Switch to another profile")
        terminal.write(b"\r")
        terminal.draws(b"Switch anyway?")
        terminal.forget()
        terminal.write(b"j\r")
        terminal.draws(b"Steel Ingot", b"local")
        assert b"[y/N]" not in terminal.output
        terminal.write(b"q")
        assert terminal.ends() == 0


@pytest.mark.usefixtures("raiders")
def test_a_sign_in_opens_the_dashboard_until_roles_are_lost_or_the_member_signs_out(
    signed_out: dict[str, str], home: Path, discord: FakeDiscord, inhabited: RemoteGuild
) -> None:
    discord.interval = 1
    with in_front_of(home, **signed_out) as terminal:
        terminal.draws(b"Sign in with Discord", b"good for ")
        assert b"Steel Ingot" not in terminal.output
        # Another guild can be opened from the sign-in.
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"raiders")
        terminal.write(b"\r")
        terminal.draws(b"Sandworm Tooth")
        terminal.chooses(b"switch", b"Another guild")
        terminal.draws(b"the settings above all profiles")
        terminal.forget()
        terminal.write(b"\r")
        terminal.draws(b"Sign in with Discord", b"good for ")
        discord.approve()
        terminal.draws(b"Steel Ingot", b"Muad'Dib")
        secrets = [secret.encode() for secret in discord.issued]
        assert [secret for secret in secrets if secret in terminal.output] == []
        terminal.until(lambda: bool(inhabited.sql("SELECT id FROM user_sessions")), "the record")
        # Losing roles leads to the access check, and back.
        folder = store_of(load_config(os.environ))
        discord.membership = None
        grow_old(load_config(os.environ), 5 * HOUR)
        terminal.draws(b"is not in this guild on Discord", b"Ask again")
        terminal.forget()
        discord.membership = Membership(roles=[MEMBER_ROLE])
        terminal.write(b"r")
        terminal.draws(b"Steel Ingot", b"Muad'Dib")
        terminal.chooses(b"sign out", b"At Discord and on this machine")
        terminal.draws(b"Sign out?")
        terminal.write(b"j\r")
        assert terminal.ends() == 0
        assert b"Muad'Dib is signed out" in terminal.output
        assert b"on other machines too" in terminal.output
    assert len(discord.requests_to("/oauth2/token/revoke")) == 1
    assert not (home / "data" / "sessions" / "session.json").exists()
    assert not folder.exists()


def test_quitting_the_sign_in_opens_nothing(signed_out: dict[str, str], home: Path) -> None:
    with in_front_of(home, **signed_out) as terminal:
        terminal.draws(b"good for ")
        terminal.write(b"q")
        assert terminal.ends() == 3
        last = terminal.output[terminal.output.rfind(b"\x1b[?1049l") :]
        assert last.count(b"\n") == 1
        assert b"tracker-tui: " + LEFT in last


def test_nothing_waits_for_discord(given: dict[str, str], home: Path, discord: FakeDiscord) -> None:
    grow_old(load_config(os.environ), 29 * HOUR)
    discord.fail_always("*", Fault.hang(HANGS))
    with in_front_of(home, **given) as terminal:
        terminal.until(lambda: bool(discord.seen), "a question")
        terminal.draws(b"Checking your access with Discord")
        # Asking for a code is as fast.
        asked = len(discord.seen)
        terminal.write(b"s")
        terminal.until(lambda: len(discord.seen) > asked, "a question more")
        began = monotonic()
        terminal.write(b"\x1b")
        assert terminal.ends() == 3
        assert monotonic() - began < AT_ONCE
        assert b"your access was not confirmed." in terminal.output


def test_an_invitation_leads_from_the_first_start_into_the_guild(
    guarded_server: Server, tmp_path: Path, home: Path, discord: FakeDiscord
) -> None:
    url, token = guarded_server.new_database(), guarded_server.token("rw")
    RemoteGuild(url, tmp_path, token=token).found()
    invitation = Invitation(
        database_url=url,
        client_id=CLIENT_ID,
        guild_id=GUILD_ID,
        roles=json.dumps(ROLES),
        token=Secret(token),
    )
    discord.interval = 1
    keyring = os.environ["PYTHON_KEYRING_BACKEND"]
    with in_front_of(home, DISCORD_API_URL=discord.url, PYTHON_KEYRING_BACKEND=keyring) as terminal:
        terminal.draws(b"join a guild: ", b"local")
        terminal.chooses(b"join a", b"With an invitation")
        terminal.draws(b"paste it here")
        terminal.write(PASTE % invitation.text().encode())
        terminal.draws(b"accepted", b"Discord knows the application", b"makes sense")
        terminal.write(b"\r")
        terminal.draws(b"Save these settings and sign in?")
        terminal.write(b"j\r")
        terminal.draws(b"Sign in with Discord", b"good for ")
        discord.approve()
        terminal.draws(b"Sandworm Tooth", b"Muad'Dib")
        assert token.encode() not in terminal.output
        terminal.write(b"q")
        assert terminal.ends() == 0
