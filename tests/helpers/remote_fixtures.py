"""Fixtures: a guild on a libSQL server, reached through a proxy by commands and a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers.build import remote_config
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.proxy import Proxy, proxy_to
from helpers.remote_guild import Guarded, Line, configure, schema_of, settled
from helpers.servers import Server
from helpers.timeouts import set_timeouts
from tracker_tui.config.settings import Remote, Secret
from tracker_tui.db.remote import open_remote
from tracker_tui.tracker.tracker import Tracker

MakeTracker = Callable[..., Tracker]


@pytest.fixture
def remote_guild(
    request: pytest.FixtureRequest,
    remote_url: str,
    proxy: Proxy,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Books]:
    """A configured guild behind the proxy; its books go straight to the server."""
    configure(monkeypatch, proxy.url)
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        yield settled(database, schema_of(request))


@pytest.fixture
def guarded_guild(
    request: pytest.FixtureRequest,
    guarded_server: Server,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Guarded]:
    """A guild on a server that checks tokens, configured with a read-only token."""
    url, full = guarded_server.new_database(), guarded_server.token()
    with (
        closing(open_remote(Remote(url, Secret(full)))) as database,
        proxy_to(url) as proxy,
    ):
        books = settled(database, schema_of(request))
        read_only = guarded_server.token("ro")
        configure(monkeypatch, proxy.url, read_only)
        yield Guarded(books, proxy, full, read_only)


@pytest.fixture
def single_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable retries of edits, which change nothing in these tests."""
    set_timeouts(monkeypatch, retry=0.0)


@pytest.fixture
def known_guild(run: Run, remote_guild: Books) -> Books:
    """The guild, after a command has read it: this machine has a replica."""
    assert run("list").status == 0
    return remote_guild


@pytest.fixture
def line(remote_url: str, proxy: Proxy) -> Iterator[Line]:
    """The line to the server of the guild."""
    with closing(Line(remote_url, proxy)) as line:
        yield line


@pytest.fixture
def make_remote_tracker(home: Path) -> Iterator[MakeTracker]:
    """Open trackers as the dashboard does, for a URL and an optional token."""
    made: list[Tracker] = []

    def make(url: str, token: str | None = None) -> Tracker:
        made.append(Tracker(remote_config(url, home, token)))
        return made[-1]

    yield make
    for tracker in made:
        tracker.close()


@pytest.fixture
def remote_tracker(remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker) -> Tracker:
    """A dashboard's tracker of the guild, after its first refresh."""
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    return tracker
