"""A guild, its pretended Discord and a clock, away from the keyring of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import keyring
import pytest
from keyring.backends import fail

from auth.discord_calls import client_of
from auth.keyrings import HangingKeyring, KeptKeyring
from helpers.auth_guild import DATABASE, Circle
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.membership import MEMBER_ROLE, configure, settings
from tracker_tui.auth import guild_membership, keyring_store
from tracker_tui.auth.discord import Discord
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import Config, load_config


@pytest.fixture(autouse=True)
def no_system_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep tests, and the programs that they start, away from this machine's keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(fail.Keyring())


@pytest.fixture(autouse=True)
def trusted_discord(no_proxies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the pretended Discord."""
    trust_discord(monkeypatch)


@pytest.fixture(scope="session")
def discord_server() -> Iterator[FakeDiscord]:
    with FakeDiscord() as server:
        yield server


@pytest.fixture
def discord(discord_server: FakeDiscord) -> FakeDiscord:
    """A new Discord, on a server that tests share, whose person is a plain member of the guild."""
    discord = FakeDiscord(membership=Membership("Muad'Dib", [MEMBER_ROLE]))
    discord.url, discord_server._server.discord = discord_server.url, discord
    return discord


@pytest.fixture
def client(discord: FakeDiscord) -> Discord:
    return client_of(discord)


@pytest.fixture
def elsewhere() -> Iterator[FakeDiscord]:
    """Another server, which must receive no request."""
    with FakeDiscord() as elsewhere:
        yield elsewhere


@pytest.fixture
def kept() -> KeptKeyring:
    """The keyring that this test uses."""
    backend = KeptKeyring()
    keyring.set_keyring(backend)
    return backend


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingKeyring]:
    """A keyring that never answers, with a short deadline."""
    monkeypatch.setattr(keyring_store, "SECONDS", 0.1)
    backend = HangingKeyring()
    keyring.set_keyring(backend)
    yield backend
    backend.answered.set()


@pytest.fixture
def config(discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The settings of a guild whose database is never read here."""
    configure(monkeypatch, settings(discord, DATABASE))
    return load_config(os.environ)


@pytest.fixture
def circle(discord: FakeDiscord, config: Config) -> Circle:
    """Programs on one machine that share a clock; only tests advance it."""
    return Circle(discord, config)


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that measures the pauses between checks."""
    tick = Clock()
    monkeypatch.setattr(guild_membership, "time", tick)
    return tick


@pytest.fixture
def session_store(config: Config) -> SessionStore:
    return SessionStore(config)
