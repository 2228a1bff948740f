"""The store: what this machine keeps for one member and one database, in one folder.

guilds/<key>/
outbox.db      durable: changes that the ledger may not have yet
replica.db     disposable: the rows as they were last read
pages.db       disposable: answers about history and leaderboard (see query_cache)
sending.lock   the send lock
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from tracker_tui.domain.change import Outcome
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.ledger.refresh_queries import Snapshot
from tracker_tui.local.file_lock import SEND_LOCK_NAME, FileLock
from tracker_tui.local.sqlite_file import ASIDE, explain, identity_of, set_aside
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox
from tracker_tui.sync.replica import (
    REPLICA_NAME,
    Closable,
    DisposableFile,
    Reading,
    Replica,
    ReplicaContents,
)

T = TypeVar("T")
F = TypeVar("F", bound=Closable)
PAGES_NAME: Final = "pages.db"
_KEY_LENGTH: Final = 20


class StoreLocation(NamedTuple):
    """Where a store is, whose it is, and of which database."""

    folder: Path
    member: str
    place: str
    """The database as it is displayed."""
    has_replica: bool
    """Whether rows are copied; not from a local file, which is as fast itself."""


class PendingElsewhere(NamedTuple):
    """Changes that are pending in a store of this machine."""

    key: str
    member: str
    place: str
    changes: int


class Store:
    """Outbox, replica, send lock, and other disposable files that are opened through it."""

    def __init__(
        self, location: StoreLocation, warn: Callable[[str], None], *, until: float | None = None
    ) -> None:
        """Open or create the store; `warn` gets sentences for the player.

        Waits for other programs until `until` at most, a time of `time.monotonic`.
        A damaged file is set aside, never overwritten. Raises LocalFileError.
        """
        self._location = location
        self._warn = warn
        self.outbox = self._open_outbox(until)
        self.send_lock = FileLock(location.folder / SEND_LOCK_NAME)
        self._disposable: list[DisposableFile[Any]] = []
        self._is_disabled = False
        self._lock = threading.Lock()
        replica = partial(Replica, until=until)
        self._replica = self.disposable_file(REPLICA_NAME, replica, "the resources")
        self._with_replica(lambda _: None, None)

    @property
    def has_replica(self) -> bool:
        return self._location.has_replica

    def disposable_file(
        self, name: str, opener: Callable[[Path], F], what: str
    ) -> DisposableFile[F]:
        """Return a file of this store that `disable` and `close` include; `what` names it."""
        file = DisposableFile(self._location.folder / name, opener, what, self._warn)
        with self._lock:
            self._disposable.append(file)
            if self._is_disabled:
                file.disable()
        return file

    def load(self) -> ReplicaContents | None:
        """Return everything in the replica; None if there is nothing."""
        return self._with_replica(Replica.load, None)

    def resource_names(self) -> list[tuple[str, str]]:
        """Return id and name of every resource in the replica."""
        return self._with_replica(Replica.resource_names, [])

    def load_layout(self) -> CachedLayout | None:
        """Return the database's columns and the names of its locations, if known."""
        return self._with_replica(Replica.load_layout, None)

    def save_layout(self, layout: CachedLayout) -> None:
        self._with_replica(lambda replica: replica.save_layout(layout), None)

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Write the rows of the ledger's answers to the replica."""
        found = [(outcome, outcome.resource) for outcome in outcomes]
        rows = [row for _, row in found if row is not None]
        ids = [
            outcome.change.id for outcome, row in found if row is not None and outcome.is_in_history
        ]
        if rows:
            self._with_replica(lambda replica: replica.update(rows, ids), None)

    def write(
        self,
        snapshot: Snapshot,
        removed: Iterable[str],
        applied_ids: frozenset[str],
        at: float,
        rows: Callable[[], list[Resource]],
    ) -> None:
        """Write what a refresh read to the replica; `rows` returns all rows, if they are needed."""

        def write(replica: Replica) -> None:
            save = partial(
                replica.write,
                applied_ids=applied_ids,
                reading=Reading(now=snapshot.now, at=at),
                names=snapshot.names,
                cached_layout=snapshot.cached_layout,
            )
            if snapshot.is_whole or not save(snapshot.resources, removed, is_whole=False):
                save(rows(), (), is_whole=True)

        self._with_replica(write, None)

    def disable(self) -> None:
        """Close the disposable files and write to them no more; the outbox stays open."""
        with self._lock:
            self._is_disabled = True
            for file in self._disposable:
                file.disable()

    def close(self) -> None:
        self.outbox.close()
        self.send_lock.close()
        for file in self._disposable:
            file.close()

    def _open_outbox(self, until: float | None) -> Outbox:
        location, path = self._location, self._location.folder / OUTBOX_NAME
        found = identity_of(path)
        open_it = partial(
            Outbox, path, location.member, location.place, self._warn_of_damage, until=until
        )
        try:
            return open_it()
        except LocalFileDamaged:
            aside = set_aside(path, found)
            if aside is not None:
                self._warn_of_damage(aside)
            return open_it()

    def _warn_of_damage(self, aside: Path) -> None:
        self._warn(
            f"The outbox is damaged, and its changes could not be read. The damaged file is kept "
            f"as {aside}. Check your latest changes before you continue."
        )

    def _with_replica(self, work: Callable[[Replica], T], otherwise: T) -> T:
        return self._replica.use(work, otherwise) if self.has_replica else otherwise


def remove_disposable_files(folder: Path) -> None:
    """Remove what a store knows of the ledger, after its member has lost access.

    On Windows a file that another program has open stays until that program notices too.
    """
    for name in (REPLICA_NAME, PAGES_NAME):
        for path in folder.glob(f"{name}*"):
            with suppress(OSError):
                path.unlink()


def store_key(place: str, member: str, profile: str | None = None) -> str:
    """Return the folder name for one database, member and profile."""
    # A hash, because a URL may hold characters that a file name cannot, or a secret.
    parts = (place, member) if profile is None else (place, member, profile)
    text = "\n".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:_KEY_LENGTH]


def pending_count(folder: Path) -> int:
    """Return how many changes of a store have no answer or need the player.

    Raises LocalFileError if the outbox cannot be read.
    """
    path = folder / OUTBOX_NAME
    if not path.exists():
        return 0
    try:
        return _count(path, "state <> 'applied'")
    except (sqlite3.Error, ValueError) as error:
        raise explain(error, path) from error


def damaged_outboxes(folder: Path) -> Sequence[Path]:
    """Return the outbox files of a store that were damaged and set aside."""
    return sorted(folder.glob(f"{OUTBOX_NAME}{ASIDE}*[0-9]"))


def pending_elsewhere(stores: Path) -> Iterator[PendingElsewhere]:
    """Return the stores with pending changes; those that cannot be read are left out."""
    for path in sorted(stores.glob(f"*/{OUTBOX_NAME}")):
        try:
            count = _count(path, "state IN ('pending', 'sending')")
            with closing(_open_read_only(path)) as connection:
                ((member, place),) = connection.execute("SELECT member, place FROM owner")
        except (sqlite3.Error, ValueError):
            # Its trouble is reported when that store is used.
            continue
        if count:
            yield PendingElsewhere(
                key=path.parent.name, member=str(member), place=str(place), changes=count
            )


def _count(path: Path, condition: str) -> int:
    with closing(_open_read_only(path)) as connection:
        query = f"SELECT COUNT(*) FROM entries WHERE {condition}"  # noqa: S608 - our own words
        return int(connection.execute(query).fetchone()[0])


def _open_read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
