"""Reading resources, names, times and history."""

from __future__ import annotations

import pytest

from helpers.applying import NOW, apply, update
from helpers.books import Books, MakeLedger
from helpers.build import PLAYER, add, new_resource, to_hagga
from helpers.recent import recent_history


def test_a_ledger_is_empty_until_something_is_created(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    assert books.ledger.is_empty()
    books.ledger.create([new_resource()], PLAYER)
    assert not books.ledger.is_empty()


def test_a_refresh_reads_a_resource_as_it_stands(store: Books) -> None:
    update(store, target_quantity=2000, multiplier=0.5, is_priority=1, description="d", icon="i")
    update(store, image_url="u", status="stale")
    (spice,) = store.ledger.refresh().resources
    assert (spice.id, spice.name, spice.category) == ("spice", "Spice", "Raw")
    assert (spice.hagga, spice.deep_desert, spice.total) == (1000, 400, 1400)
    assert (spice.description, spice.icon, spice.image_url) == ("d", "i", "u")
    assert (spice.target, spice.multiplier, spice.priority) == (2000, 0.5, True)
    # Computed, whatever the column says.
    assert spice.status == "below_target"


def test_a_refresh_tells_the_time_of_the_ledgers_clock(store: Books) -> None:
    assert store.ledger.refresh().now == NOW


def test_times_in_milliseconds_are_read_as_seconds(store: Books) -> None:
    update(store, updated_at=1_700_000_123_456)
    (spice,) = store.ledger.refresh().resources
    assert spice.updated_at == 1_700_000_123


@pytest.mark.parametrize(
    ("nickname", "shown"), [("Muad'Dib", "Muad'Dib"), (None, "paul"), ("", "paul")]
)
def test_members_are_called_by_nickname_else_by_user_name(
    store: Books, nickname: str | None, shown: str
) -> None:
    store.insert(
        "users",
        id="u",
        discord_id=PLAYER,
        username="paul",
        custom_nickname=nickname,
        created_at=1,
        last_login=1,
    )
    assert store.ledger.refresh().names == {PLAYER: shown}


def test_history_is_newest_first_by_time_and_then_by_order_of_commit(store: Books) -> None:
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    store.run("UPDATE resource_history SET created_at = 5 WHERE id = ?", changes[4].id)
    entries = recent_history(store.ledger, "spice")
    assert [entry.id for entry in entries] == [changes[i].id for i in (3, 2, 1, 0, 4)]


def test_history_stops_at_the_limit_and_is_of_one_resource(store: Books) -> None:
    store.insert_resource("water")
    apply(store, add(1, resource_id="water"))
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    entries = recent_history(store.ledger, "spice", limit=3)
    assert [entry.id for entry in entries] == [c.id for c in reversed(changes[2:])]


def test_a_history_entry_tells_what_its_row_says(store: Books) -> None:
    change = to_hagga(7, reason="raid")
    apply(store, change)
    (entry,) = recent_history(store.ledger, "spice")
    assert entry[:2] == (change.id, "transfer")
    assert (entry.hagga_before, entry.hagga) == (1000, 1007)
    assert (entry.deep_desert_before, entry.deep_desert) == (400, 393)
    assert (entry.by, entry.reason, entry.at) == (PLAYER, "raid", NOW)
