"""Guilds on a libSQL server, the settings for them, and a line to them that can be cut."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from helpers.build import PLAYER, new_resource
from helpers.ledger_under_test import Books
from helpers.other_schemas import OURS, Statements
from helpers.proxy import Proxy
from helpers.records import Known, add_members
from tracker_tui.db.database import Database

NICKNAME = "Muad'Dib"
"""The name of PLAYER."""
SPICE = new_resource(hagga=1_000, deep_desert=400, target=2_500, multiplier=1.5)
WATER = new_resource("water", hagga=50, target=100)
IRON = new_resource("iron", name="Iron Ore", hagga=7)


class Guarded(NamedTuple):
    """A guild on a server that checks tokens."""

    books: Books
    proxy: Proxy
    full: str
    """A token with all permissions."""
    read_only: str


def schema_of(request: pytest.FixtureRequest) -> Statements:
    """Return the schema that a test requests for its guild; default: founding."""
    return OURS[getattr(request, "param", "founding")]


def settled(database: Database, statements: Statements) -> Books:
    """Fill an empty database with a member and three resources."""
    books = Books(database, statements)
    books.ledger.create([SPICE, WATER, IRON], PLAYER)
    add_members(books, Known(PLAYER, "paul", NICKNAME))
    return books


def name_locations(books: Books, *names: str) -> None:
    """Name the locations, as the website does."""
    for number, name in enumerate(names, start=1):
        books.insert(
            "global_settings",
            setting_key=f"inventory_location_{number}_name",
            setting_value=name,
            created_at=1,
            last_updated_at=1_700_000_000_000,
        )


def configure(monkeypatch: pytest.MonkeyPatch, url: str, token: str | None = None) -> None:
    """Configure a database on a server, without signing in."""
    monkeypatch.setenv("TURSO_DATABASE_URL", url)
    monkeypatch.setenv("TRACKER_AUTH", "none")
    if token is None:
        monkeypatch.delenv("TURSO_AUTH_TOKEN", raising=False)
    else:
        monkeypatch.setenv("TURSO_AUTH_TOKEN", token)


class Line:
    """A proxy before a server that stops, and returns at the same address."""

    def __init__(self, upstream: str, proxy: Proxy) -> None:
        self._upstream = upstream
        self.proxy = proxy
        self._is_cut = False

    def cut(self) -> None:
        """Stop listening, like a server that is down."""
        self.proxy.close()
        self._is_cut = True

    def mend(self) -> None:
        """Listen with a new proxy, which has seen no request yet."""
        self.proxy = Proxy(self._upstream, port=self.proxy.port)
        self._is_cut = False

    def close(self) -> None:
        if not self._is_cut:
            self.proxy.close()
