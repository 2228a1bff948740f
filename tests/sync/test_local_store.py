"""The store and its replica: damaged files are replaced, and pending changes survive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import add
from helpers.other_schemas import ask
from helpers.stores import OpenStore
from sync.snapshots import KNOWN, NOW, PART, SPICE, WATER, WHOLE
from tracker_tui.domain.change import Outcome, Verdict
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.sync.local_store import PendingElsewhere, Store, pending_elsewhere, store_key
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.replica import REPLICA_NAME, Reading, Replica, ReplicaContents

Reopen = Callable[[], Replica]
READING = Reading(1_700_000_000, 1_700_000_003.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / REPLICA_NAME


@pytest.fixture
def reopen(path: Path) -> Iterator[Reopen]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Replica(path)))


@pytest.fixture
def replica(reopen: Reopen) -> Replica:
    """A replica with spice and water."""
    replica = reopen()
    known = {"names": {"1": "paul"}, "cached_layout": KNOWN}
    replica.write([SPICE, WATER], (), ["c1"], READING, is_whole=True, **known)
    return replica


def contents_of(replica: Replica) -> ReplicaContents:
    found = replica.load()
    assert found is not None
    return found


def test_what_was_written_is_read(replica: Replica, reopen: Reopen) -> None:
    found = contents_of(reopen())
    assert sorted(found.rows) == [SPICE, WATER]
    assert (found.names, found.applied_ids, found.reading) == ({"1": "paul"}, {"c1"}, READING)
    assert found.cached_layout is not None
    assert found.cached_layout.layout.columns == KNOWN.layout.columns
    assert found.cached_layout[1:] == KNOWN[1:]
    assert sorted(replica.resource_names()) == [("spice", "Spice"), ("water", "Water")]


quantities = st.integers(0, 999_999_999)
rows = st.builds(
    SPICE._replace,
    id=st.sampled_from(["spice", "water", "-", "ä'\"", ""]),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    hagga=quantities,
    deep_desert=quantities,
    description=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    target=st.none() | st.integers(-(2**63), 2**63 - 1),
    multiplier=st.floats(allow_nan=False),
    priority=st.booleans(),
    updated_at=st.integers(0, 10**12),
)


@given(st.lists(rows, unique_by=lambda row: row.id))
def test_any_rows_come_back(tmp_path_factory: pytest.TempPathFactory, read: list[Resource]) -> None:
    path = tmp_path_factory.mktemp("replica") / REPLICA_NAME
    with closing(Replica(path)) as written:
        assert written.write(read, (), (), READING, is_whole=True)
    with closing(Replica(path)) as reopened:
        assert sorted(contents_of(reopened).rows) == sorted(read)


def test_a_part_leaves_other_rows_and_a_whole_refresh_replaces_everything(replica: Replica) -> None:
    later, iron = Reading(READING.now + 5, READING.at + 5), WATER._replace(id="iron")
    more = SPICE._replace(hagga=1001)
    assert replica.write([more, iron], ["water"], ["c2"], later, is_whole=False)
    found = contents_of(replica)
    assert sorted(found.rows) == sorted([more, iron])
    assert (found.applied_ids, found.reading, found.names) == ({"c2"}, later, {"1": "paul"})
    assert found.cached_layout is not None
    assert replica.write([WATER], (), (), READING, is_whole=True)
    assert (contents_of(replica).rows, contents_of(replica).applied_ids) == ([WATER], frozenset())


def test_a_new_replica_accepts_only_whole_refreshes(reopen: Reopen) -> None:
    replica = reopen()
    assert (replica.load(), replica.resource_names(), replica.load_layout()) == (None, [], None)
    assert not replica.write([SPICE], (), (), READING, is_whole=False)
    replica.update([SPICE], ["c5"])
    assert (replica.load(), replica.resource_names()) == (None, [])
    replica.save_layout(KNOWN)
    found = reopen().load_layout()
    assert found is not None
    assert (found.layout.columns, found[1:]) == (KNOWN.layout.columns, KNOWN[1:])
    assert reopen().load() is None


def test_an_older_refresh_replaces_nothing(replica: Replica, reopen: Reopen) -> None:
    newer = SPICE._replace(hagga=7)
    reopen().write([newer], (), ["c9"], Reading(READING.now + 9, 1.0), is_whole=False)
    assert replica.write([SPICE], ["water"], (), Reading(READING.now + 5, 2.0), is_whole=False)
    found = contents_of(replica)
    assert sorted(found.rows) == sorted([newer, WATER])
    assert (found.applied_ids, found.reading) == ({"c9"}, Reading(READING.now + 9, 1.0))


def test_an_outcome_replaces_its_row_and_adds_its_id(replica: Replica) -> None:
    answered = SPICE._replace(hagga=1005)
    replica.update([answered], ["c5"])
    replica.update([answered], ["c5"])
    found = contents_of(replica)
    assert sorted(found.rows) == [answered, WATER]
    assert (found.applied_ids, found.reading) == ({"c1", "c5"}, READING)


def test_a_replica_that_was_deleted_is_created_again(replica: Replica, path: Path) -> None:
    for file in path.parent.glob(f"{REPLICA_NAME}*"):
        file.unlink()
    assert not replica.write([SPICE], (), (), READING, is_whole=False)
    assert replica.write([SPICE], (), (), READING, is_whole=True)
    assert contents_of(replica).rows == [SPICE]


def test_a_replica_with_malformed_content_is_damaged(path: Path) -> None:
    for statement in (
        "UPDATE facts SET value = '{}' WHERE name = 'reading'",
        "UPDATE facts SET value = '[1]' WHERE name = 'reading'",
        "UPDATE facts SET value = '[1, \"x\"]' WHERE name = 'reading'",
        "UPDATE facts SET value = x'ff' WHERE name = 'reading'",
        "UPDATE facts SET value = '[]' WHERE name = 'acquaintance'",
        "UPDATE facts SET value = '{' WHERE name = 'acquaintance'",
        "UPDATE facts SET value = replace(value, '\"47:11\"', '[]') WHERE name = 'acquaintance'",
        *("DELETE FROM facts WHERE name = 'proof'", "UPDATE resources SET hagga = hagga + 1"),
        *("UPDATE resources SET hagga = 'many'", "UPDATE resources SET name = NULL"),
        *("UPDATE resources SET multiplier = 1", "UPDATE resources SET updated_at = x'00'"),
        *("DELETE FROM resources WHERE id = 'water'", "DELETE FROM resources"),
    ):
        with closing(Replica(path)) as replica:
            replica.write([SPICE, WATER], (), (), READING, cached_layout=KNOWN, is_whole=True)
            assert len(contents_of(replica).rows) == 2
            ask(path, statement)
            with pytest.raises(LocalFileDamaged):
                pytest.fail(f"{statement}: {replica.load()}")


def rows_of(store: Store) -> list[str]:
    contents = store.load()
    return [] if contents is None else sorted(row.id for row in contents.rows)


def damage(path: Path) -> None:
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(b"garbage" * 2000)


def test_a_store_of_a_local_database_has_no_replica(open_store: OpenStore, folder: Path) -> None:
    store = open_store(has_replica=False)
    store.write(WHOLE, (), frozenset(), 1.0, list)
    store.save_layout(KNOWN)
    assert (store.load(), store.load_layout(), store.resource_names()) == (None, None, [])
    assert not (folder / REPLICA_NAME).exists()
    assert open_store.warnings == []


def test_parts_and_outcomes_with_a_row_are_added_to_the_replica(open_store: OpenStore) -> None:
    store, change = open_store(), add(5)
    # The first part is written with all other rows.
    store.write(PART, (), frozenset(), 1.0, lambda: [SPICE, WATER])
    assert rows_of(store) == ["spice", "water"]
    gone = Outcome(add(1), Verdict.REJECTED, None)
    done = Outcome(change, Verdict.APPLIED, SPICE._replace(hagga=1005))
    store.apply_outcomes([gone, done])
    contents = store.load()
    assert contents is not None
    assert contents.applied_ids == {change.id}
    assert {row.id: row.hagga for row in contents.rows}["spice"] == 1005
    store.write(PART, ["spice"], frozenset(), 1.0, lambda: pytest.fail("no need"))
    assert rows_of(store) == ["water"]


@pytest.mark.parametrize("way", ["while it is open", "garbage", "another version"])
def test_a_damaged_replica_is_replaced(open_store: OpenStore, folder: Path, way: str) -> None:
    store, change = open_store(), add(5)
    store.outbox.put([change], NOW)
    store.write(WHOLE, (), frozenset(), 1.0, lambda: [SPICE, WATER])
    if way == "while it is open":
        ask(folder / REPLICA_NAME, "UPDATE resources SET hagga = 'many'")
    else:
        store.close()
        if way == "garbage":
            damage(folder / REPLICA_NAME)
        else:
            ask(folder / REPLICA_NAME, "PRAGMA user_version = 77")
        store = open_store()
    assert rows_of(store) == []
    (warning,) = open_store.warnings
    (aside,) = (
        found
        for found in folder.glob(f"{REPLICA_NAME}.damaged-*")
        if not found.name.endswith(("-wal", "-shm"))
    )
    assert str(aside) in warning
    store.write(WHOLE, (), frozenset(), 2.0, lambda: [SPICE, WATER])
    assert rows_of(store) == ["spice", "water"]
    assert [entry.change for entry in store.outbox.entries()] == [change]


def test_a_damaged_outbox_is_set_aside_and_reported(open_store: OpenStore, folder: Path) -> None:
    path = folder / OUTBOX_NAME
    for number, way in enumerate(("garbage", "a malformed entry"), start=1):
        store = open_store()
        store.outbox.put([add(5)], NOW)
        store.close()
        if way == "garbage":
            damage(path)
        else:
            ask(path, "UPDATE entries SET state = 'lost'")
        before, known = path.read_bytes(), set(folder.glob(f"{OUTBOX_NAME}.damaged-*"))
        store, change = open_store(), add(7)
        assert len(open_store.warnings) == number, way
        asides = set(folder.glob(f"{OUTBOX_NAME}.damaged-*")) - known
        (aside,) = (found for found in asides if found.read_bytes() == before)
        assert str(aside) in open_store.warnings[-1]
        store.outbox.put([change], NOW)
        assert [entry.change for entry in store.outbox.entries()] == [change]
        store.close()


def test_an_outbox_of_another_version_is_left_alone(open_store: OpenStore, folder: Path) -> None:
    open_store().close()
    ask(folder / OUTBOX_NAME, "PRAGMA user_version = 77")
    with pytest.raises(LocalFileError, match="another version"):
        open_store()
    assert list(folder.glob("*.damaged-*")) == []


def test_pending_changes_are_found_with_their_member_and_place(tmp_path: Path) -> None:
    stores = tmp_path / "guilds"
    assert list(pending_elsewhere(stores)) == []
    assert not stores.exists()
    names = ("empty", "waiting", "answered")
    opened = {name: OpenStore(stores / name)(f"member of {name}") for name in names}
    changes = [add(number) for number in range(1, 5)]
    for name in ("waiting", "answered"):
        opened[name].outbox.put(changes, NOW)
    opened["waiting"].outbox.begin_sending([changes[0].id], NOW)
    opened["waiting"].outbox.settle([Outcome(changes[1], Verdict.APPLIED, None)], NOW)
    opened["answered"].outbox.settle(
        [Outcome(change, Verdict.CONFLICT, None) for change in changes], NOW
    )
    (stores / "broken").mkdir()
    (stores / "broken" / OUTBOX_NAME).write_bytes(b"garbage" * 500)
    (stores / "no outbox").mkdir()
    expected = PendingElsewhere("waiting", "member of waiting", "guild.turso.io", 3)
    assert list(pending_elsewhere(stores)) == [expected]
    for store in opened.values():
        store.close()
    assert list(pending_elsewhere(stores)) == [expected]


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_key_is_a_folder_name_that_reveals_nothing(place: str, member: str) -> None:
    key = store_key(place, member)
    assert len(key) == 20
    assert set(key) <= set("0123456789abcdef")
    assert key == store_key(place, member)
    pairs = [
        ("a", "1"),
        ("b", "1"),
        ("a", "2"),
        ("a1", ""),
        ("", "a1"),
        ("A", "1"),
        ("\ud800", "1"),
    ]
    assert len({store_key(*pair) for pair in pairs}) == len(pairs)
