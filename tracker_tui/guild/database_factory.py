"""Opening the configured database, and creating it or adding to it for `init`.

    ledger = open_ledger(config)        a SQLite file, or a server at TURSO_DATABASE_URL
    store_location(config).folder       where its outbox and replica are on this machine

Opening changes nothing in a database. Only `init` adds tables, columns and indexes that are
missing, and only a missing embedded database is created by a start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from tracker_tui.config.settings import Config, Remote
from tracker_tui.db.database import Database
from tracker_tui.db.layout import Layout, read_layout
from tracker_tui.db.sqlite import (
    create_sqlite,
    is_there,
    make_folder,
    open_sqlite,
    open_unchecked,
)
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.local.private_file import create_private
from tracker_tui.sync.local_store import StoreLocation, store_key

_LONG_WORK_SECONDS = 600.0
"""For `init`, which may have to index a million rows."""


class InitReport(NamedTuple):
    """The results of `init`."""

    where: str
    """The file or the server."""
    created: bool
    statements: list[str]
    """The SQL that added what was missing."""
    starter_resources: int
    """How many were added."""


def open_ledger(config: Config) -> Ledger:
    """Open the ledger; raises LedgerError or ConfigError with advice.

    A missing database is created only if it is the embedded default; a configured path without a
    file is a mistake, and an empty database would hide it. No request is sent to a server: the
    first refresh reads its columns, and finds out what the token allows.
    """
    if isinstance(config.database, Remote):
        return _open_remote_ledger(config.database, config)
    if config.is_default_database and not is_there(config.database):
        bring_up_to_date(config, starter=True)
    for_changes = config.until is not None
    return Ledger(*open_sqlite(config.database, until=config.until, for_changes=for_changes))


def _open_remote_ledger(remote: Remote, config: Config) -> Ledger:
    from tracker_tui.db.remote import may_write, open_remote

    database = open_remote(remote)
    if config.until is not None:
        database.hurry(config.until - monotonic())
    elif config.busy_seconds is not None:
        database.hurry(config.busy_seconds)
    return Ledger(database, Layout.founding(), can_write=may_write(remote))


def store_location(config: Config) -> StoreLocation:
    """Return the location of the outbox and the replica for this database and member."""
    database = config.database
    if isinstance(database, Remote):
        # Other schemes lead to the same database, so the scheme isn't part of the key.
        rest = database.url.partition("://")[2].partition("?")[0].partition("#")[0]
        authority, slash, path = rest.rstrip("/").partition("/")
        # Only the host is stored in the clear: user, password and path may hold a secret.
        place = authority.rpartition("@")[2].lower()
        key = store_key(place + slash + path, config.member, config.profile)
    else:
        place = str(database)
        key = store_key(place, config.member, config.profile)
    folder = stores_of(config) / key
    return StoreLocation(folder, config.member, place, has_replica=isinstance(database, Remote))


def stores_of(config: Config) -> Path:
    """Return the folder with the stores of all databases."""
    if config.is_demo and isinstance(config.database, Path):
        # Deleted with the demo.
        return config.database.parent / "guilds"
    return config.folders.data / "guilds"


def name_of(config: Config) -> str:
    """Return a short name for the title: the profile, the file's name, or the host's first part."""
    if config.is_demo:
        return "demo"
    if config.profile is not None:
        return config.profile
    if isinstance(config.database, Path):
        return config.database.stem
    from urllib.parse import urlsplit

    try:
        host = urlsplit(config.database.url).hostname
    except ValueError:
        host = None  # opening the database reports the bad URL
    return _short(host or "remote")


def _short(host: str) -> str:
    """Return the first part of a host name, but a whole IP address."""
    from ipaddress import ip_address

    try:
        ip_address(host)
    except ValueError:
        return host.partition(".")[0]
    return host


def planned_statements(config: Config) -> list[str]:
    """Return the SQL that `bring_up_to_date` would run."""
    from tracker_tui.db.schema import plan, schema_statements

    if isinstance(config.database, Path) and not is_there(config.database):
        return schema_statements()
    with unchecked_database(config, _LONG_WORK_SECONDS) as database:
        return plan(database)


def bring_up_to_date(config: Config, *, starter: bool) -> InitReport:
    """Create the database, or add tables, columns and indexes that are missing; removes nothing.

    With `starter`, a database without resources gets the starter catalogue.
    """
    added = 0

    def fill(database: Database, layout: Layout) -> None:
        nonlocal added
        if starter:
            from tracker_tui.catalogue import add_starter_resources

            added = add_starter_resources(Ledger(database, layout))

    path = config.database
    # A configured file may be shared with other users, so the umask decides who can read it.
    prepare = create_private if config.is_default_database else make_folder
    if isinstance(path, Path) and not is_there(path) and create_sqlite(path, fill, prepare):
        return InitReport(where=str(path), created=True, statements=[], starter_resources=added)
    from tracker_tui.db.schema import bring_up_to_date as add_what_is_missing

    with unchecked_database(config, _LONG_WORK_SECONDS) as database:
        statements = add_what_is_missing(database)
        fill(database, read_layout(database))
        where = database.where
    return InitReport(where=where, created=False, statements=statements, starter_resources=added)


@contextmanager
def unchecked_database(config: Config, seconds: float | None = None) -> Iterator[Database]:
    """Open the database while a block runs, whatever tables it has, without a sign-in.

    For `init` and `doctor`. `seconds` is the deadline for each request.
    """
    database: Database
    if isinstance(config.database, Remote):
        from tracker_tui.db.remote import open_remote

        database = open_remote(config.database, seconds)
    else:
        database, _ = open_unchecked(config.database)
    try:
        yield database
    finally:
        database.close()
