"""Fixtures: a guild that signs in with a fake Discord, without this machine's keyring."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring.core
import pytest
from keyring.backends import fail

from cli.sign_in.member_guild import Guarded, Type, Waits
from cli.sign_in.planted_guild import Planted, planted
from helpers.commands import SETTINGS
from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.membership import MEMBER_ROLE, configure, settings
from helpers.proxy import Proxy
from helpers.remote_guild import Guarded as GuardedGuild
from helpers.servers import Server


@pytest.fixture(scope="package", autouse=True)
def no_keyring() -> Iterator[None]:
    """Keep tests and their processes away from the keyring of this machine."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Replace the waits of `login`; tests choose what happens during each."""
    waits = Waits()
    monkeypatch.setattr("tracker_tui.cli.login._sleep", waits)
    return waits


@pytest.fixture(autouse=True)
def trusted_discord(no_proxies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the fake Discord."""
    trust_discord(monkeypatch)


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A fake Discord on which the user is a plain member."""
    with FakeDiscord(interval=1, membership=Membership(roles=[MEMBER_ROLE])) as discord:
        yield discord


@pytest.fixture
def settings_of_guild(
    home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Configure a guild whose database is never contacted; return the settings."""
    given = settings(discord, "http://localhost:1")
    configure(monkeypatch, given)
    return given


@pytest.fixture
def guild(
    remote_guild: Books, proxy: Proxy, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Books:
    """A configured guild behind the proxy; the books connect to the server directly."""
    monkeypatch.delenv("TRACKER_AUTH")
    configure(monkeypatch, settings(discord, proxy.url))
    return remote_guild


@pytest.fixture
def guarded(
    guarded_guild: GuardedGuild,
    guarded_server: Server,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
) -> Guarded:
    """A guild on a server that checks tokens, configured with a full-access token."""
    monkeypatch.delenv("TRACKER_AUTH")
    configure(monkeypatch, settings(discord, guarded_guild.proxy.url, guarded_guild.full))
    return Guarded(*guarded_guild, guarded_server)


@pytest.fixture(scope="package")
def planted_guild(
    long_running_server: Server, no_keyring: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planted]:
    """The planted guild, which no test changes."""
    with planted(long_running_server, tmp_path_factory.mktemp("planted")) as guild:
        yield guild


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an exit wait for running requests, however slow this machine is."""
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", SECONDS)


@pytest.fixture
def here(
    planted_guild: Planted, patience: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Planted:
    """The planted guild, and a member who has viewed it on this machine."""
    planted_guild.move_in(home, monkeypatch)
    return planted_guild


@pytest.fixture
def blank(
    home: Path, guarded: Guarded, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Guarded:
    """A machine on which nothing is configured, and a guild to join."""
    for name in os.environ:
        if name.startswith(SETTINGS) and name != "TRACKER_HOME":
            monkeypatch.delenv(name)
    # Never contact the real Discord. A profile ignores the environment, so patch the default too.
    monkeypatch.setenv("DISCORD_API_URL", discord.url)
    monkeypatch.setattr("tracker_tui.config.settings.DISCORD_API_URL", discord.url)
    return guarded


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Pipe lines into the next command; its input is not a terminal."""

    def type_lines(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return type_lines
