"""Fixtures for all tests: a separate home for each, servers, databases and ledgers."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings

from helpers.build import new_resource
from helpers.commands import run
from helpers.disk import small_disk
from helpers.https_proxy import VARIABLES as PROXY_VARIABLES
from helpers.ledger_under_test import Books, MakeLedger
from helpers.many_players import where
from helpers.other_schemas import FOUNDING, Statements
from helpers.proxy import Proxy, proxy_to
from helpers.remote_fixtures import (
    guarded_guild,
    known_guild,
    line,
    make_remote_tracker,
    remote_guild,
    remote_tracker,
    single_try,
)
from helpers.servers import Server, running, unpacked_server
from helpers.timeouts import set_timeouts
from tracker_tui.config.settings import Remote
from tracker_tui.db.database import Database
from tracker_tui.db.remote import open_remote
from tracker_tui.db.sqlite import open_unchecked
from tracker_tui.ledger.ledger import Ledger

__all__ = [
    "guarded_guild",
    "known_guild",
    "line",
    "make_remote_tracker",
    "remote_guild",
    "remote_tracker",
    "run",
    "single_try",
    "small_disk",
    "where",
]

# A slow example on a busy machine is not a failure. `make test-long` takes the longer profile.
settings.register_profile("everyday", max_examples=25, deadline=None)
settings.register_profile("long", max_examples=1_000, deadline=None)
settings.load_profile("everyday")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two tests per processor, because many wait for a disk, a server or a frame."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """Collect garbage rarely and skip modules and tests, whose scan takes seconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


_CONFIGURED = (
    *("TURSO_DATABASE_URL", "TURSO_AUTH_TOKEN", "DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET"),
    *("DISCORD_GUILD_ID", "DISCORD_ROLES_CONFIG", "DISCORD_API_URL", "TRACKER_AUTH"),
    "TRACKER_INSECURE",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from this machine's files and settings."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACKER_HOME", str(folder))
    for name in _CONFIGURED:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from this machine's proxies and certificates."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def long_edit_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a busy machine from queueing edits; tests of the deadline shorten it."""
    set_timeouts(monkeypatch, edit=30.0)


@pytest.fixture(scope="session")
def server_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libSQL server; its tests are skipped on systems without one."""
    try:
        return unpacked_server(tmp_path_factory.mktemp("unpacked"))
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("there is no libSQL server for this system")


@pytest.fixture(scope="session")
def long_running_server(
    server_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A libSQL server without tokens, for databases that outlive a test."""
    with running(server_binary, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(long_running_server: Server) -> Iterator[Server]:
    """A libSQL server without tokens."""
    with long_running_server.tidied():
        yield long_running_server


@pytest.fixture(scope="session")
def long_running_guarded_server(
    server_binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder, key = tmp_path_factory.mktemp("guarded"), Ed25519PrivateKey.generate()
    with running(server_binary, folder, key=key) as server:
        yield server


@pytest.fixture
def guarded_server(long_running_guarded_server: Server) -> Iterator[Server]:
    """A libSQL server that checks tokens."""
    with long_running_guarded_server.tidied():
        yield long_running_guarded_server


@pytest.fixture
def remote_url(server: Server) -> str:
    """The URL of an empty database on a libSQL server."""
    return server.new_database()


@pytest.fixture
def proxy(remote_url: str) -> Iterator[Proxy]:
    """A proxy in front of an empty database on a libSQL server."""
    with proxy_to(remote_url) as proxy:
        yield proxy


@pytest.fixture
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], Database]]:
    """Create empty databases: files, or on a server with `on_a_server` and `on_both`."""
    made: list[Database] = []
    numbers = count(1)

    def make() -> Database:
        if getattr(request, "param", "file") == "server":
            server: Server = request.getfixturevalue("server")
            made.append(open_remote(Remote(server.new_database(), token=None)))
            return made[-1]
        path = tmp_path / f"ledger-{next(numbers)}.db"
        path.touch()
        # Skip disk syncs: no test cuts the power.
        database, _ = open_unchecked(path, durable=False)
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture
def make_ledger(empty_database: Callable[[], Database]) -> MakeLedger:
    """Create ledgers of any schema."""

    def make(statements: Statements = FOUNDING, *, clock: Callable[[], int] | None = None) -> Books:
        return Books(empty_database(), statements, clock=clock)

    return make


@pytest.fixture
def books(make_ledger: MakeLedger) -> Books:
    """A ledger with one resource, "spice", with a quantity of 0."""
    made = make_ledger()
    made.ledger.create([new_resource()], "founder")
    return made


@pytest.fixture
def ledger(books: Books) -> Ledger:
    return books.ledger
