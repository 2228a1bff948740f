"""The store: damaged files are reported and replaced, and pending changes survive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import add
from helpers.other_schemas import ask
from sync.programs import OpenStore
from sync.test_replica import KNOWN, SPICE, WATER
from tracker_tui.domain.change import Outcome, Verdict
from tracker_tui.errors import LocalFileError
from tracker_tui.ledger.refresh_queries import Snapshot
from tracker_tui.sync.local_store import (
    PendingElsewhere,
    Store,
    pending_elsewhere,
    store_key,
)
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.replica import REPLICA_NAME

NOW = 1_700_000_000
WHOLE = Snapshot([SPICE, WATER], True, NOW, frozenset(), {"1": "paul"}, KNOWN)
PART = Snapshot([WATER], False, NOW + 5, frozenset())


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
def test_a_damaged_replica_is_replaced_and_the_outbox_stays(
    open_store: OpenStore, folder: Path, way: str
) -> None:
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
