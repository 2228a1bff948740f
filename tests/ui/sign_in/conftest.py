"""A fake Discord, and a guild on a server that takes its members from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring.core
import pytest
from keyring.backends import fail

from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.membership import MEMBER_ROLE, configure, settings, sign_in
from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.session import Tokens
from tracker_tui.auth.sign_in import wait_for_tokens
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import SECONDS
from ui.guild_on_server import RemoteGuild
from ui.sign_in.player import DATABASE, Browser, stored_files

_PAUSE = 0.2
"""Seconds between polls; long enough for the pilot to see the app idle."""


@pytest.fixture(autouse=True)
def harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the real keyring and browser."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", lambda: None)


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll Discord several times a second."""

    def wait_quickly(
        discord: Discord, code: DeviceCode, wait: Callable[[float], bool], **given: Any
    ) -> Tokens:
        return wait_for_tokens(discord, code, lambda seconds: wait(min(seconds, _PAUSE)), **given)

    monkeypatch.setattr("tracker_tui.auth.sign_in.wait_for_tokens", wait_quickly)
    monkeypatch.setattr("tracker_tui.auth.sign_in._PAUSE", _PAUSE)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    found = Browser()
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", lambda: found)
    return found


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDiscord]:
    """A fake Discord with a plain member, and a guild configured for it."""
    trust_discord(monkeypatch)
    with FakeDiscord(membership=Membership(roles=[MEMBER_ROLE])) as discord:
        configure(monkeypatch, settings(discord, DATABASE))
        yield discord


@pytest.fixture
def inhabited(
    remote_url: str, tmp_path: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> RemoteGuild:
    """The guild of RESOURCES on a server, with a session and a replica on this machine."""
    monkeypatch.setenv("TURSO_DATABASE_URL", remote_url)
    guild = RemoteGuild(remote_url, tmp_path).found()
    sign_in(discord)
    tracker = Tracker(load_config(os.environ))
    tracker.open().result(SECONDS)
    tracker.close()
    discord.seen.clear()
    assert stored_files(load_config(os.environ)) == {"replica.db"}
    return guild
