"""A guild that signs in with Discord: its settings, and sessions made without a browser."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from helpers.discord import FakeDiscord
from tracker_tui.auth.membership import ENTERING, Owner
from tracker_tui.auth.session import Session, SessionStore, Tokens
from tracker_tui.config.settings import Config, Secret, load_config
from tracker_tui.domain.roles import Right, only_who_may, parse_roles
from tracker_tui.errors import NotPermitted
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ledger.ledger import random_id
from tracker_tui.tracker.tracker import Tracker

MEMBER_ROLE, OFFICER_ROLE, ADMIN_ROLE, GUEST_ROLE = "1001", "1002", "1003", "1004"
ROLES: list[dict[str, Any]] = [
    {"id": MEMBER_ROLE, "name": "Fremen", "level": 1, "canAccessResources": True},
    {"id": OFFICER_ROLE, "name": "Naib", "level": 2}
    | {"canAccessResources": True, "canEditTargets": True},
    {"id": ADMIN_ROLE, "name": "Mahdi", "level": 3, "canAccessResources": True, "isAdmin": True},
    {"id": GUEST_ROLE, "name": "Smuggler", "level": 0},
]
"""DISCORD_ROLES_CONFIG in tests."""


def settings(discord: FakeDiscord, url: str, token: str | None = None) -> dict[str, str]:
    """Return the settings of a member of the guild."""
    secret = discord.client_secret
    return {
        "TURSO_DATABASE_URL": url,
        **({} if token is None else {"TURSO_AUTH_TOKEN": token}),
        "DISCORD_API_URL": discord.url,
        "DISCORD_CLIENT_ID": discord.client_id,
        "DISCORD_GUILD_ID": discord.guild_id,
        "DISCORD_ROLES_CONFIG": json.dumps(ROLES),
        **({} if secret is None else {"DISCORD_CLIENT_SECRET": secret}),
    }


def configure(monkeypatch: pytest.MonkeyPatch, given: Mapping[str, str]) -> None:
    """Set the environment."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def sign_in(discord: FakeDiscord, config: Config | None = None, *, age: float = 0.0) -> Session:
    """Sign `discord.person` in on this machine, `age` seconds ago."""
    chosen = config or load_config(os.environ)
    granted = discord.grant()
    tokens = Tokens(
        Secret(granted["access_token"]),
        Secret(granted["refresh_token"]),
        time.time() + granted["expires_in"],
    )
    membership = guild_membership_of(chosen)
    session = membership.sign_in(tokens, random_id)
    return grow_old(chosen, age) if age else session


def grow_old(config: Config, seconds: float) -> Session:
    """Make Discord's last answer older by some seconds."""
    session_store = SessionStore(config)
    session = session_store.load()
    assert session is not None
    session = session._replace(checked_at=session.checked_at - seconds)
    session_store.save(session)
    return session


def kept_document(path: Path) -> dict[str, Any]:
    """Return the document of a session file."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


class Limited(Owner):
    """A member of a guild of ROLES whose rights a test sets."""

    def __init__(self, name: str, rights: frozenset[Right]) -> None:
        super().__init__(name)
        self.member = self.member._replace(rights=rights)

    @property
    def is_admitted(self) -> bool:
        return Right.ACCESS_RESOURCES in self.member.rights

    def require(self, right: Right = Right.ACCESS_RESOURCES, what: str = ENTERING) -> None:
        if right not in self.member.rights:
            raise NotPermitted(only_who_may(right, what, parse_roles(json.dumps(ROLES))))


def limit(tracker: Tracker, *rights: Right) -> None:
    """Give the member of a tracker these rights, as after a check."""
    limited = Limited(tracker.member.id, frozenset(rights))
    tracker.membership = tracker._ledger_thread._membership = limited
    tracker.connection._membership = limited
    tracker._update_rights()
