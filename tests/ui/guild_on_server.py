"""A guild on a real libSQL server, read directly and not through the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from helpers.build import remote_config
from helpers.hanging_server import PATIENCE
from helpers.ledger_under_test import Books
from helpers.other_schemas import LATER, Statements
from tracker_tui.config.settings import Config, Remote, Secret
from tracker_tui.db.remote import open_remote
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.turso import connect
from ui.conftest import MEMBER, RESOURCES, WIDE, Guild, Player, in_front_of


class RemoteGuild(Guild):
    """A guild on a server; the program may connect by another address."""

    def __init__(
        self, url: str, home: Path, *, token: str | None = None, way: str | None = None
    ) -> None:
        """Use the database at `url`; the program connects to `way`."""
        super().__init__(home / "nowhere.db", now=None)
        self.url = url
        self._token = token
        self.way = way or url

    def found(self, tables: Statements = LATER) -> RemoteGuild:
        """Create the tables and RESOURCES in an empty database."""
        token = None if self._token is None else Secret(self._token)
        with closing(open_remote(Remote(self.url, token))) as database:
            Books(database, tables).ledger.create(RESOURCES, MEMBER)
        return self

    def config(self, *, token: str | None = None, **given: Any) -> Config:
        """Return settings with which the program opens this database, by default with all rights.

        The timeout is long, so a test notices code that waits for the server.
        """
        settings = remote_config(self.way, self.path.parent, token or self._token)
        return settings._replace(**({"member": MEMBER, "busy_seconds": PATIENCE} | given))

    def tracker(self, **given: Any) -> Tracker:
        return Tracker(self.config(**given))

    def sql(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(connect(self.url, self._token, isolation_level=None)) as connection:
            return connection.execute(sql, values).fetchall()


def poll_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the server many times a second, even after a failure."""
    monkeypatch.setattr("tracker_tui.ui.resources.resource_screen._POLL_SECONDS", 0.1)
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.FOCUSED_SECONDS", 0.1)
    monkeypatch.setattr("tracker_tui.tracker.ledger_connection._LONGEST_PAUSE", 0.1)


def never_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable polling: the dashboard reads, sends and draws only after a key or an edit."""
    monkeypatch.setattr("tracker_tui.ui.resources.resource_screen._POLL_SECONDS", 3_600)
    monkeypatch.setattr("tracker_tui.ui.resources.resource_screen._CLOCK_SECONDS", 3_600)


@asynccontextmanager
async def watching(
    guild: RemoteGuild, size: tuple[int, int] = WIDE, **given: Any
) -> AsyncIterator[Player]:
    """Open the dashboard like `playing`, without waiting for rows."""
    tracker = guild.tracker(**given)
    tracker.open()
    async with in_front_of(tracker, guild, size) as player:
        yield player
