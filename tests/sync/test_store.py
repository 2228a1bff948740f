"""The store: what befalls its files is told, and what waits to be sent outlives it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import PLAYER, add
from helpers.wild import ask
from sync.test_replica import KNOWN, SPICE, WATER
from tracker_tui.domain.change import Outcome, Verdict
from tracker_tui.errors import LocalFileError
from tracker_tui.ledger.refresh import Snapshot
from tracker_tui.sync.outbox import OUTBOX_NAME
from tracker_tui.sync.overlay import Difference
from tracker_tui.sync.replica import REPLICA_NAME
from tracker_tui.sync.store import PendingElsewhere, Store, StoreLocation, key_of, left_behind

NOW = 1_700_000_000
NOTHING = Difference(frozenset(), frozenset(), ())
WHOLE = Snapshot([SPICE, WATER], True, NOW, frozenset(), {"1": "paul"}, KNOWN)
PART = Snapshot([WATER], False, NOW + 5, frozenset())


class Shop:
    """Opens stores of one folder, and keeps what they tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.opened: list[Store] = []

    def open(self, member: str = PLAYER, *, has_replica: bool = True) -> Store:
        site = StoreLocation(self.folder, member, "guild.turso.io", has_replica)
        self.opened.append(Store(site, self.told.append))
        return self.opened[-1]


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    shop = Shop(folder)
    yield shop
    for store in shop.opened:
        store.close()


def rows_of(store: Store) -> list[str]:
    kept = store.load()
    return [] if kept is None else sorted(row.id for row in kept.rows)


def damage(path: Path) -> None:
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(b"garbage" * 2000)


def test_a_store_of_a_file_keeps_no_rows(shop: Shop, folder: Path) -> None:
    store = shop.open(has_replica=False)
    store.write(WHOLE, NOTHING, frozenset(), 1.0, list)
    store.remember(KNOWN)
    assert (store.load(), store.recall(), store.names()) == (None, None, [])
    assert not (folder / REPLICA_NAME).exists()
    assert shop.told == []


def test_a_part_over_nothing_is_kept_with_all_other_rows(shop: Shop) -> None:
    store = shop.open()
    store.write(PART, NOTHING, frozenset(), 1.0, lambda: [SPICE, WATER])
    assert rows_of(store) == ["spice", "water"]


def test_a_part_over_something_asks_for_no_other_rows(shop: Shop) -> None:
    store = shop.open()
    store.write(WHOLE, NOTHING, frozenset(), 1.0, lambda: [SPICE, WATER])
    gone = Difference(frozenset(), frozenset(["spice"]), ())
    store.write(PART, gone, frozenset(), 1.0, lambda: pytest.fail("no need"))
    assert rows_of(store) == ["water"]


def test_answers_without_a_row_are_nothing_to_keep(shop: Shop) -> None:
    store = shop.open()
    store.write(WHOLE, NOTHING, frozenset(), 1.0, lambda: [SPICE, WATER])
    change = add(5)
    gone = Outcome(add(1), Verdict.REFUSED, None)
    done = Outcome(change, Verdict.APPLIED, SPICE._replace(hagga=1005))
    store.answer([gone, done])
    kept = store.load()
    assert kept is not None
    assert (kept.applied_ids, {row.id: row.hagga for row in kept.rows}["spice"]) == (
        {change.id},
        1005,
    )


@pytest.mark.parametrize("is_open", [True, False])
def test_a_damaged_replica_is_made_anew_while_the_outbox_keeps_its_entries(
    shop: Shop, folder: Path, is_open: bool
) -> None:
    store, change = shop.open(), add(5)
    store.outbox.put([change], NOW)
    store.write(WHOLE, NOTHING, frozenset(), 1.0, lambda: [SPICE, WATER])
    if is_open:
        ask(folder / REPLICA_NAME, "UPDATE resources SET hagga = 'many'")
    else:
        store.close()
        damage(folder / REPLICA_NAME)
        store = shop.open()
    assert rows_of(store) == []
    (aside,) = (
        found
        for found in folder.glob(f"{REPLICA_NAME}.damaged-*")
        if "-wal" not in found.name and "-shm" not in found.name
    )
    (told,) = shop.told
    assert str(aside) in told
    store.write(WHOLE, NOTHING, frozenset(), 2.0, lambda: [SPICE, WATER])
    assert rows_of(store) == ["spice", "water"]
    assert [entry.change for entry in store.outbox.entries()] == [change]


def test_a_replica_of_another_version_is_made_anew(shop: Shop, folder: Path) -> None:
    shop.open().close()
    ask(folder / REPLICA_NAME, "PRAGMA user_version = 77")
    store = shop.open()
    store.write(WHOLE, NOTHING, frozenset(), 1.0, lambda: [SPICE, WATER])
    assert rows_of(store) == ["spice", "water"]
    assert len(shop.told) == 1


@pytest.mark.parametrize("way", ["garbage", "an entry that makes no sense"])
def test_a_damaged_outbox_is_set_aside_whole_and_told(shop: Shop, folder: Path, way: str) -> None:
    path = folder / OUTBOX_NAME
    store = shop.open()
    store.outbox.put([add(5)], NOW)
    store.close()
    if way == "garbage":
        damage(path)
    else:
        ask(path, "UPDATE entries SET state = 'lost'")
    before = path.read_bytes()
    store = shop.open()
    (told,) = shop.told
    (aside,) = folder.glob(f"{OUTBOX_NAME}.damaged-*")
    assert str(aside) in told
    assert aside.read_bytes() == before
    change = add(7)
    store.outbox.put([change], NOW)
    assert [entry.change for entry in store.outbox.entries()] == [change]


def test_an_outbox_of_another_version_is_neither_used_nor_set_aside(
    shop: Shop, folder: Path
) -> None:
    shop.open().close()
    ask(folder / OUTBOX_NAME, "PRAGMA user_version = 77")
    with pytest.raises(LocalFileError, match="another version"):
        shop.open()
    assert list(folder.glob("*.damaged-*")) == []


def test_what_waits_is_told_of_by_member_and_place(tmp_path: Path) -> None:
    stores = tmp_path / "guilds"
    shops = {name: Shop(stores / name) for name in ("empty", "waiting", "answered")}
    opened = {name: shop.open(f"member of {name}") for name, shop in shops.items()}
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
    assert list(left_behind(stores)) == [expected]
    for store in opened.values():
        store.close()
    assert list(left_behind(stores)) == [expected]


def test_nothing_waits_where_there_are_no_stores(tmp_path: Path) -> None:
    assert list(left_behind(tmp_path / "guilds")) == []
    assert not (tmp_path / "guilds").exists()


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_key_is_the_name_of_a_folder_and_says_nothing(place: str, member: str) -> None:
    key = key_of(place, member)
    assert len(key) == 20
    assert set(key) <= set("0123456789abcdef")
    assert key == key_of(place, member)


@pytest.mark.parametrize(
    ("place", "member"),
    [("b", "1"), ("a", "2"), ("a1", ""), ("", "a1"), ("A", "1"), ("\ud800", "1")],
)
def test_another_database_or_member_has_another_key(place: str, member: str) -> None:
    assert key_of(place, member) != key_of("a", "1")
