"""A local file with one wrong byte: it is reported, and the program goes on."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from helpers.build import PLAYER, add, set_to
from helpers.other_schemas import ask
from sync.conftest import Start
from sync.programs import Program
from sync.snapshots import PART, SPICE, WATER, WHOLE
from tracker_tui.domain.change import Moved, Outcome, Verdict
from tracker_tui.domain.points import NO_POINTS
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.local_store import PAGES_NAME, Store, StoreLocation
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.overlay import Overlay
from tracker_tui.sync.replica import REPLICA_NAME, DisposableFile
from tracker_tui.sync.sender import as_sent, sendable
from tracker_tui.tracker.query_cache import CachedDocument, DocumentFile

NOW = 1_700_000_000.0
HOW_MANY = 25
DOCUMENT = CachedDocument(at=1.0, json=b"[1, 2]")


def documents_of(store: Store) -> DisposableFile[DocumentFile]:
    return store.disposable_file(PAGES_NAME, DocumentFile, "the history")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store that holds something of every kind."""
    folder = tmp_path_factory.mktemp("whole") / "key"
    store = Store(StoreLocation(folder, PLAYER, "the guild", has_replica=True), pytest.fail)
    done, lost, conflict, waits = (
        add(5, reason="w\N{LATIN SMALL LETTER U WITH DIAERESIS}rze"),
        add(6),
        set_to(7),
        add(8),
    )
    store.outbox.put([done, lost, conflict, waits], NOW)
    store.outbox.begin_sending([done.id, lost.id, conflict.id], NOW)
    applied = Outcome(done, Verdict.APPLIED, SPICE, Moved(1, 2, 6, 2, NO_POINTS))
    store.outbox.settle([applied, Outcome(conflict, Verdict.CONFLICT, SPICE)], NOW)
    store.write(WHOLE, (), frozenset(), 1.0, list)
    documents_of(store).use(lambda file: file.save("a key", DOCUMENT), None)
    store.close()
    for name in (OUTBOX_NAME, REPLICA_NAME, PAGES_NAME):
        ask(folder / name, "PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.mark.parametrize("name", [OUTBOX_NAME, REPLICA_NAME, PAGES_NAME])
def test_any_wrong_byte_leaves_everything_working(whole: Path, tmp_path: Path, name: str) -> None:
    content = (whole / name).read_bytes()
    places = [place for place, byte in enumerate(content) if byte]
    for place in random.Random(name).sample(places, HOW_MANY):
        folder = tmp_path / str(place)
        shutil.copytree(whole, folder)
        (folder / name).write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        warnings: list[str] = []
        store = Store(StoreLocation(folder, PLAYER, "the guild", has_replica=True), warnings.append)
        use(store)
        store.close()
        aside = [path for path in folder.glob("*.damaged-*") if path.suffix != ".db"]
        assert bool(warnings) is bool(aside), place


def use(store: Store) -> None:
    """Use the files as a run of the program does."""
    engine = Engine(store, Overlay(), lambda _: None, clock=lambda: NOW + 10)
    engine.load()
    engine.catch_up()
    as_sent(sendable(store.outbox.entries(), NOW + 5), NOW + 100)
    change = add(1)
    engine.register([change])
    engine.save([change])
    assert store.outbox.entry(change.id) is not None
    engine.undo(engine.newest_submission)
    engine.drop([entry.change for entry in store.outbox.entries()])
    assert all(isinstance(name, str) for row in store.resource_names() for name in row)
    store.load_layout()
    documents = documents_of(store)
    documents.use(lambda file: file.load("a key"), None)
    store.write(PART, (), frozenset(), 2.0, lambda: [SPICE, WATER])
    documents.use(lambda file: file.save("another", DOCUMENT), None)


SPOILT = {
    "change": "CAST(x'7bff7d' AS TEXT)",
    "state": "CAST(x'ff' AS TEXT)",
    "outcome": "CAST(x'ff' AS TEXT)",
    "made_at": "9e99",
    "sent_at": "'soon'",
    "is_named": "'yes'",
}


@pytest.mark.parametrize("column", SPOILT)
def test_an_outbox_that_is_damaged_during_a_run_is_set_aside_and_reported(
    program: Program, start: Start, folder: Path, column: str
) -> None:
    program.submit(add(5))
    other = start()
    ask(folder / OUTBOX_NAME, f"UPDATE entries SET {column} = {SPOILT[column]}")
    program.engine.catch_up()
    assert program.shown() == (1000, 0)
    other.submit(add(1))
    program.engine.catch_up()
    assert program.shown() == (1001, 0)
    (aside,) = folder.glob(f"{OUTBOX_NAME}.damaged-*[0-9]")
    (warning,) = program.warnings
    assert str(aside) in warning
    assert other.warnings == start().warnings == []
    # A change that finds the outbox damaged goes into the new one.
    ask(folder / OUTBOX_NAME, "DROP TABLE entries")
    program.submit(add(7))
    program.engine.catch_up()
    assert program.shown() == (1007, 0)
    assert len(program.warnings) == 2
