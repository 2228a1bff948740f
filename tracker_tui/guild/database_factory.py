"""Opening the configured database, making it on first start, bringing it up to date."""

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
from tracker_tui.sync.store import StoreLocation, store_key

_LONG_WORK_SECONDS = 600.0
"""For `init`: an index over a million rows takes its time."""


class InitReport(NamedTuple):
    """What `init` did: made a file, ran statements, planted so many resources."""

    where: str
    created: bool
    statements: list[str]
    planted: int


def open_ledger(config: Config) -> Ledger:
    """Open the ledger; raises LedgerError or ConfigError with what to do.

    Only the embedded default is made when it is missing: a database that somebody named and that
    is not there is a mistake to be told of, not one to be covered by an empty file. Nothing is
    sent to a server yet: its columns, and what the token allows, the first refresh finds out.
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
    """Return where outbox and replica of the configured database and member are kept."""
    database = config.database
    if isinstance(database, Remote):
        # Its schemes are ways to the same database.
        rest = database.url.partition("://")[2].partition("?")[0].partition("#")[0]
        authority, slash, path = rest.rstrip("/").partition("/")
        # Only the host is written down: before it, or in the path, there may be a secret.
        place = authority.rpartition("@")[2].lower()
        key = store_key(place + slash + path, config.member, config.profile)
    else:
        place = str(database)
        key = store_key(place, config.member, config.profile)
    folder = stores_of(config) / key
    return StoreLocation(folder, config.member, place, has_replica=isinstance(database, Remote))


def stores_of(config: Config) -> Path:
    """Return the folder with everything that is kept for any database."""
    if config.is_demo and isinstance(config.database, Path):
        # It goes away with the demo.
        return config.database.parent / "guilds"
    return config.folders.data / "guilds"


def name_of(config: Config) -> str:
    """Return a short name of the database, for a title."""
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
        host = None  # opening it tells what is wrong
    return _short(host or "remote")


def _short(host: str) -> str:
    """Return the first part of a host name; an address means nothing in parts."""
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
    """Make the database, or add what is missing in it; only ever adds."""
    planted = 0

    def fill(database: Database, layout: Layout) -> None:
        nonlocal planted
        if starter:
            from tracker_tui.catalogue import plant

            planted = plant(Ledger(database, layout))

    path = config.database
    # A file that somebody named may be meant for others too: their umask decides.
    prepare = create_private if config.is_default_database else make_folder
    if isinstance(path, Path) and not is_there(path) and create_sqlite(path, fill, prepare):
        return InitReport(str(path), created=True, statements=[], planted=planted)
    from tracker_tui.db.schema import bring_up_to_date as add_what_is_missing

    with unchecked_database(config, _LONG_WORK_SECONDS) as database:
        statements = add_what_is_missing(database)
        fill(database, read_layout(database))
        where = database.where
    return InitReport(where, created=False, statements=statements, planted=planted)


@contextmanager
def unchecked_database(config: Config, seconds: float | None = None) -> Iterator[Database]:
    """Open the database whatever tables it holds, and whoever asks, for as long as a block runs.

    For `init` and `doctor`, which look after it. `seconds` is the deadline of each request.
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
