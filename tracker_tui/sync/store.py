"""The store: what this machine keeps for one member and one database, in a folder of its own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from tracker_tui.domain.change import Outcome
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.ledger.current_layout import CachedLayout
from tracker_tui.ledger.refresh import Snapshot
from tracker_tui.local.file_lock import SEND_LOCK_NAME, FileLock
from tracker_tui.local.sqlite_file import ASIDE, explain, identity_of, set_aside
from tracker_tui.sync.cached_answers import PAGES_NAME, AnswerStore, CachedAnswer
from tracker_tui.sync.disposable_file import DisposableFile
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox
from tracker_tui.sync.overlay import Difference
from tracker_tui.sync.replica import REPLICA_NAME, Reading, Replica, ReplicaContents

T = TypeVar("T")
_KEY_LENGTH: Final = 20


class StoreLocation(NamedTuple):
    """Whose store it is, and of which database."""

    folder: Path
    member: str
    place: str
    """What to call the database in front of people."""
    has_replica: bool
    """Whether rows are kept too; a database in a file is read as quickly itself."""


class PendingElsewhere(NamedTuple):
    """Changes that wait in a store of this machine."""

    key: str
    member: str
    place: str
    how_many: int


class Store:
    """Outbox, replica and the turn to send; what befalls the replica stops nothing."""

    def __init__(
        self, site: StoreLocation, tell: Callable[[str], None], *, until: float | None = None
    ) -> None:
        """Open the store, or make it; `tell` hears what a player should know.

        Other programs are waited for no longer than `until`, a time of `time.monotonic`.
        A damaged file is set aside, never written over. Raises LocalFileError.
        """
        self._location = site
        self._tell = tell
        self.outbox = self._open_outbox(until)
        self.turn = FileLock(site.folder / SEND_LOCK_NAME)
        replica = partial(Replica, until=until)
        self._replica = DisposableFile(site.folder / REPLICA_NAME, replica, "the resources", tell)
        self._pages = DisposableFile(site.folder / PAGES_NAME, AnswerStore, "the history", tell)
        self._with_replica(lambda _: None, None)

    def load(self) -> ReplicaContents | None:
        """Return what the replica holds; None where there is none."""
        return self._with_replica(Replica.load, None)

    def names(self) -> list[tuple[str, str]]:
        """Return id and name of every resource in the replica."""
        return self._with_replica(Replica.names, [])

    def recall(self) -> CachedLayout | None:
        """Return what is known of the database's columns and places."""
        return self._with_replica(Replica.recall, None)

    def remember(self, known: CachedLayout) -> None:
        """Keep what was learnt of the database's columns and places."""
        self._with_replica(lambda replica: replica.remember(known), None)

    def answer(self, outcomes: Iterable[Outcome]) -> None:
        """Keep rows as the ledger answered with them."""
        told = [outcome for outcome in outcomes if outcome.resource is not None]
        rows = [outcome.resource for outcome in told if outcome.resource is not None]
        applied_ids = [outcome.change.id for outcome in told if outcome.is_in_history]
        if rows:
            self._with_replica(lambda replica: replica.answer(rows, applied_ids), None)

    def write(
        self,
        snapshot: Snapshot,
        difference: Difference,
        applied_ids: frozenset[str],
        at: float,
        rows: Callable[[], list[Resource]],
    ) -> None:
        """Keep what a refresh brought; `rows` returns all there are, should they be needed."""
        reading = Reading(snapshot.now, at)
        names, cached_layout = snapshot.names, snapshot.cached_layout

        def write(replica: Replica) -> None:
            everything = rows() if snapshot.is_whole else None
            if everything is None and not replica.write(
                snapshot.resources,
                difference.removed,
                applied_ids,
                reading,
                names=names,
                cached_layout=cached_layout,
                is_whole=False,
            ):
                everything = rows()
            if everything is not None:
                replica.write(
                    everything,
                    (),
                    applied_ids,
                    reading,
                    names=names,
                    cached_layout=cached_layout,
                    is_whole=True,
                )

        self._with_replica(write, None)

    @property
    def keeps_pages(self) -> bool:
        """Whether answers are kept; a database in a file answers as quickly itself."""
        return self._location.has_replica

    def page(self, key: str, understand: Callable[[CachedAnswer], T]) -> T | None:
        """Return what is kept under a key; `understand` raises LocalFileDamaged."""

        def read(pages: AnswerStore) -> T | None:
            page = pages.page(key)
            return None if page is None else understand(page)

        return self._pages.use(read, None) if self.keeps_pages else None

    def keep_page(self, key: str, page: CachedAnswer) -> None:
        """Keep an answer under a key."""
        self._pages.use(lambda pages: pages.keep(key, page), None)

    def forget_pages(self, keys: str = "*", *, but: str | None = None) -> None:
        """Forget the answers whose keys match a GLOB pattern, except one: they are outdated."""
        if self.keeps_pages:
            self._pages.use(lambda pages: pages.forget(keys, but=but), None)

    def disable(self) -> None:
        """Keep no copy of the ledger any more, whatever still comes from it; see `remove_copies`.

        The outbox stays as it is.
        """
        self._replica.disable()
        self._pages.disable()

    def close(self) -> None:
        """Let go of all files."""
        self.outbox.close()
        self.turn.close()
        self._replica.close()
        self._pages.close()

    def _open_outbox(self, until: float | None) -> Outbox:
        site, path = self._location, self._location.folder / OUTBOX_NAME
        found = identity_of(path)
        try:
            return Outbox(path, site.member, site.place, self._tell_of_damage, until=until)
        except LocalFileDamaged:
            aside = set_aside(path, found)
            if aside is not None:
                self._tell_of_damage(aside)
            return Outbox(path, site.member, site.place, self._tell_of_damage, until=until)

    def _tell_of_damage(self, aside: Path) -> None:
        self._tell(
            f"The changes that waited to be sent could not be read: the file is damaged. It is "
            f"kept as {aside}. Look at your latest changes before you go on."
        )

    def _with_replica(self, work: Callable[[Replica], T], otherwise: T) -> T:
        return self._replica.use(work, otherwise) if self._location.has_replica else otherwise


def remove_copies(folder: Path) -> None:
    """Remove what a store knows of the ledger, for whoever may not see it any more.

    What another program holds open on Windows stays until that one has heard of it, too.
    """
    for name in (REPLICA_NAME, PAGES_NAME):
        for path in folder.glob(f"{name}*"):
            with suppress(OSError):
                path.unlink()


def key_of(place: str, member: str, profile: str | None = None) -> str:
    """Return the name of a store's folder, which a database, a member and a profile share alone."""
    # Not the URL itself: it may hold more than a file name can, or than others should read.
    parts = (place, member) if profile is None else (place, member, profile)
    text = "\n".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:_KEY_LENGTH]


def waiting_in(folder: Path) -> int:
    """Return how many changes of a store wait, for the ledger or for the player.

    Raises LocalFileError where that cannot be told.
    """
    path = folder / OUTBOX_NAME
    if not path.exists():
        return 0
    try:
        return _counted(path, "state <> 'applied'")
    except (sqlite3.Error, ValueError) as error:
        raise explain(error, path) from error


def unreadable_in(folder: Path) -> Sequence[Path]:
    """Return the damaged files of a store in which changes waited, and which were set aside."""
    return sorted(folder.glob(f"{OUTBOX_NAME}{ASIDE}*[0-9]"))


def left_behind(stores: Path) -> Iterator[PendingElsewhere]:
    """Tell of changes that wait in any store; what cannot be read is left out."""
    for path in sorted(stores.glob(f"*/{OUTBOX_NAME}")):
        try:
            how_many = _counted(path, "state IN ('pending', 'sending')")
            with closing(_read_only(path)) as connection:
                ((member, place),) = connection.execute("SELECT member, place FROM owner")
        except (sqlite3.Error, ValueError):
            # Another store's trouble is told when that store is used.
            continue
        if how_many:
            yield PendingElsewhere(path.parent.name, str(member), str(place), how_many)


def _counted(path: Path, condition: str) -> int:
    with closing(_read_only(path)) as connection:
        counted = f"SELECT COUNT(*) FROM entries WHERE {condition}"  # noqa: S608 - our own words
        return int(connection.execute(counted).fetchone()[0])


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
