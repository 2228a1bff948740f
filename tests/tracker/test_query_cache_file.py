"""The file of the query cache: it keeps the newest documents, and no malformed one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers.other_schemas import ask
from sync.programs import OpenStore
from tracker_tui.sync.local_store import PAGES_NAME, Store
from tracker_tui.sync.replica import DisposableFile
from tracker_tui.tracker.query_cache import MAX_DOCUMENTS, CachedDocument, DocumentFile

SOME = CachedDocument(at=1.0, json=b"[]")


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    open_store = OpenStore(tmp_path / "key")
    yield open_store
    for store in open_store.opened:
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / PAGES_NAME


@pytest.fixture
def documents(path: Path) -> Iterator[DocumentFile]:
    with closing(DocumentFile(path)) as documents:
        yield documents


def stored_keys(path: Path) -> set[str]:
    return {key for (key,) in ask(path, "SELECT key FROM pages")}


def test_a_document_is_stored_as_it_is_and_replaced(documents: DocumentFile, path: Path) -> None:
    document = CachedDocument(at=1_700_000_000.25, json=b"\x00[1, \xc3\xbc]")
    documents.save("history all", SOME)
    documents.save("history all", document)
    assert documents.load("history all") == document
    assert stored_keys(path) == {"history all"}
    assert documents.load("history 7d") is None
    assert documents.load("") is None


def test_only_the_newest_documents_stay(documents: DocumentFile, path: Path) -> None:
    # Written in a different order than that of their times.
    times = [(number * 37) % (MAX_DOCUMENTS + 20) for number in range(MAX_DOCUMENTS + 20)]
    for at in times:
        documents.save(f"page {at}", CachedDocument(at=float(at), json=b"x" * 100))
        assert len(stored_keys(path)) <= MAX_DOCUMENTS
    newest = {f"page {at}" for at in range(20, MAX_DOCUMENTS + 20)}
    assert stored_keys(path) == newest
    # A replaced document counts as new.
    documents.save("page 20", CachedDocument(at=1_000.0, json=b""))
    documents.save("another", CachedDocument(at=1_001.0, json=b""))
    assert stored_keys(path) == newest - {"page 21"} | {"another"}


def test_documents_outlive_the_program_and_are_shared(documents: DocumentFile, path: Path) -> None:
    documents.save("mine", SOME)
    with closing(DocumentFile(path)) as other:
        assert other.load("mine") == SOME
        other.save("theirs", SOME)
    assert documents.load("theirs") == SOME
    # A file that was removed is created again.
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    documents.save("after", SOME)
    assert stored_keys(path) == {"after"}


# The disposable file around it


def documents_of(store: Store) -> DisposableFile[DocumentFile]:
    return store.disposable_file(PAGES_NAME, DocumentFile, "the history")


def save(file: DisposableFile[DocumentFile], key: str) -> None:
    file.use(lambda documents: documents.save(key, SOME), None)


def load(file: DisposableFile[DocumentFile], key: str) -> CachedDocument | None:
    return file.use(lambda documents: documents.load(key), None)


def assert_works_again(file: DisposableFile[DocumentFile]) -> None:
    save(file, "new")
    assert load(file, "new") == SOME


def test_a_spoilt_file_is_replaced(open_store: OpenStore) -> None:
    for spoil in (
        *("UPDATE pages SET at = NULL", "UPDATE pages SET at = 'yesterday'"),
        *("UPDATE pages SET document = NULL", "UPDATE pages SET document = 'text'"),
        *("UPDATE pages SET document = -1", "PRAGMA user_version = 77"),
    ):
        store = open_store()
        save(documents_of(store), "one")
        store.close()
        open_store.warnings.clear()
        ask(open_store.folder / PAGES_NAME, spoil)
        store = open_store()
        file = documents_of(store)
        assert load(file, "one") is None, spoil
        assert len(open_store.warnings) == 1, spoil
        assert_works_again(file)
        store.close()
    file = documents_of(open_store())
    open_store.warnings.clear()
    ask(open_store.folder / PAGES_NAME, "DROP TABLE pages")
    assert load(file, "new") is None
    save(file, "one")
    assert open_store.warnings


def test_a_folder_that_is_not_writable_is_reported_and_stops_nothing(open_store: OpenStore) -> None:
    # A directory stands in the way of the file.
    (open_store.folder / PAGES_NAME).mkdir(parents=True)
    file = documents_of(open_store())
    save(file, "one")
    assert load(file, "one") is None
    assert open_store.warnings
    assert all(PAGES_NAME in warning for warning in open_store.warnings)


def test_a_file_of_a_disabled_store_is_never_opened(open_store: OpenStore) -> None:
    store = open_store()
    before = documents_of(store)
    save(before, "one")
    store.disable()
    for file in (before, documents_of(store)):
        save(file, "two")
        assert load(file, "one") is None
    assert stored_keys(open_store.folder / PAGES_NAME) == {"one"}
