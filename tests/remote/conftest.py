"""A guild on a libSQL server, reached through a proxy, and the settings of a player there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import home, run
from helpers import wild
from helpers.books import Books
from helpers.build import PLAYER, new_resource, remote_config
from helpers.proxy import Proxy, proxy_to
from helpers.servers import Server
from remote.guilds import NICKNAME, START, Guarded
from tracker_tui.config import Remote, Secret
from tracker_tui.db.remote import open_remote
from tracker_tui.tracker import Tracker

__all__ = ["home", "run"]

MakeTracker = Callable[..., Tracker]


@pytest.fixture
def guild(
    request: pytest.FixtureRequest,
    remote_url: str,
    proxy: Proxy,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Books]:
    """A guild, founding unless the test names a schema, behind the proxy and configured."""
    statements = wild.OURS[getattr(request, "param", "founding")]
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        yield settled(Books(database, statements))


@pytest.fixture
def guarded(request: pytest.FixtureRequest, guarded_server: Server) -> Iterator[Guarded]:
    """A guild on a server that checks tokens, behind a proxy of its own."""
    statements = wild.OURS[getattr(request, "param", "founding")]
    url = guarded_server.new_database()
    full = guarded_server.token()
    with (
        closing(open_remote(Remote(url, Secret(full)))) as database,
        proxy_to(url) as proxy,
    ):
        books = settled(Books(database, statements))
        yield Guarded(books, proxy, full, guarded_server.token("ro"))


def settled(books: Books) -> Books:
    books.insert(
        "users",
        id="u1",
        discord_id=PLAYER,
        username="x",
        custom_nickname=NICKNAME,
        created_at=1,
        last_login=1,
    )
