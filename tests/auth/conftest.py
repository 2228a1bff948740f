"""A guild, its pretended Discord and a clock, away from the keyring of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import keyring
import pytest
from keyring.backends import fail

from helpers.auth_guild import DATABASE, Circle
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.membership import MEMBER_ROLE, configure, settings
from tracker_tui.auth import guild_membership
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


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A Discord whose person is a plain member of the guild."""
    with FakeDiscord(membership=Membership("Muad'Dib", [MEMBER_ROLE])) as discord:
        yield discord


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
