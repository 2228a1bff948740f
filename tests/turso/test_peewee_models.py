"""Peewee models on a server: tables and rows are the same as in a file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from peewee import DoesNotExist, IntegrityError, OperationalError, SqliteDatabase, fn

from helpers.peewee_alike import MODELS, Alike, Gift, Odds, Player, alike_on, gifts
from tracker_tui.turso import TursoDatabase


@pytest.fixture
def alike(remote_url: str) -> Iterator[Alike]:
    with alike_on(remote_url) as alike:
        yield alike


# Tables


def test_tables_are_created_and_dropped(alike: Alike) -> None:
    assert alike(lambda db: db.get_tables()) == ["gift", "odds", "player"]
    assert alike(lambda db: db.table_exists("gift"))
    alike(lambda db: db.create_tables(MODELS, safe=True))
    alike(lambda db: db.drop_tables([Gift]))
    assert alike(lambda _: (Gift.table_exists(), Player.table_exists())) == (False, True)


@pytest.mark.parametrize("table", ["player", "gift", "odds"])
def test_columns_indexes_and_keys_of_a_table(alike: Alike, table: str) -> None:
    columns = alike(lambda db: db.get_columns(table))
    assert columns[0].name == "id"
    assert columns[0].primary_key
    alike(lambda db: db.get_indexes(table))
    alike(lambda db: db.get_foreign_keys(table))
    assert alike(lambda db: db.get_primary_keys(table)) == ["id"]


def test_a_unique_index_over_two_columns(alike: Alike) -> None:
    by_columns = {tuple(i.columns): i.unique for i in alike(lambda db: db.get_indexes("gift"))}
    assert by_columns == {("giver_id",): False, ("giver_id", "resource"): True}


def test_views_are_listed(alike: Alike) -> None:
    alike(lambda db: db.execute_sql("CREATE VIEW names AS SELECT name FROM player").fetchall())
    assert [view.name for view in alike(lambda db: db.get_views())] == ["names"]


# Rows


def test_a_row_is_created_read_changed_and_deleted(alike: Alike) -> None:
    def life(_: object) -> list[object]:
        made = Player.create(name="Leto")
        made.is_officer = True
        saved = made.save()
        read = Player.get(Player.name == "Leto")
        deleted = read.delete_instance()
        gone = Player.get_or_none(Player.id == made.id)
        return [made.id, saved, read.is_officer, deleted, gone]

    assert alike(life) == [4, 1, True, 1, None]


def test_a_missing_row_raises_does_not_exist(alike: Alike) -> None:
    def look(_: object) -> None:
        with pytest.raises(DoesNotExist):
            Player.get(Player.name == "unknown")

    alike(look)


def test_get_or_create_creates_once(alike: Alike) -> None:
    def twice(_: object) -> list[object]:
        return [(p.id, made) for p, made in (Player.get_or_create(name="Leto") for _ in range(2))]

    assert alike(twice) == [(4, True), (4, False)]


def test_values_of_every_field_survive_a_round_trip(alike: Alike) -> None:
    rows: list[dict[str, Any]] = [
        {
            "day": date(2024, 2, 29),
            "moment": datetime(2024, 2, 29, 23, 59, 59, 999999, UTC).replace(tzinfo=None),
            "price": Decimal("12.50000"),
            "key": uuid.UUID(int=7),
            "flag": True,
            "number": 2**63 - 1,
            "weight": 0.1,
            "text": "a'b\"c\n\u200d☃ 😀 % ? :x",
            "picture": bytes(range(256)),
        },
        {"flag": False, "number": -(2**63), "weight": -0.0, "text": "", "picture": b""},
    ]

    def there_and_back(_: object) -> list[dict[str, Any]]:
        Odds.insert_many([{**dict.fromkeys(rows[0]), **row} for row in rows]).execute()
        return list(Odds.select().order_by(Odds.id).dicts())

    found = alike(there_and_back)
    assert found == [
        {"id": n, **dict.fromkeys(rows[0]), **row} for n, row in enumerate(rows, start=1)
    ]


def test_changes_return_how_many_rows_they_changed(alike: Alike) -> None:
    def change(_: object) -> list[object]:
        return [
            Gift.update(amount=Gift.amount + 1).where(Gift.resource == "spice").execute(),
            Gift.update(amount=0).where(Gift.resource == "sand").execute(),
            Gift.delete().where(Gift.amount > 6).execute(),
            Player.insert(name="Leto").execute(),
            gifts(),
        ]

    assert alike(change)[:4] == [2, 0, 2, 4]


def test_deleting_a_row_deletes_its_dependents(alike: Alike) -> None:
    def delete(_: object) -> list[Any]:
        Player.get(Player.name == "Duncan").delete_instance(recursive=True)
        return gifts()

    assert alike(delete) == [("Chani", "spice", 5), ("Chani", "water", 2)]


def test_bulk_create_and_update(alike: Alike) -> None:
    def in_bulk(db: SqliteDatabase) -> list[Any]:
        Player.bulk_create([Player(name=f"p{n:03}") for n in range(250)], batch_size=100)
        some = list(Player.select().where(Player.name.startswith("p")))
        for player in some:
            player.is_officer = player.name.endswith("7")
        with db.atomic():
            changed = Player.bulk_update(some, [Player.is_officer], batch_size=100)
        officers = Player.select(Player.name).where(Player.is_officer).order_by(Player.name)
        return [len(some), changed, list(officers.tuples())]

    made, changed, officers = alike(in_bulk)
    assert (made, changed, len(officers)) == (250, 250, 26)


def test_constraint_errors_and_missing_tables_are_peewee_errors(alike: Alike) -> None:
    def break_rules(db: SqliteDatabase) -> list[str]:
        with pytest.raises(IntegrityError) as twice:
            Player.create(name="Chani")
        with pytest.raises(IntegrityError) as unrelated:
            Player.insert(name=None).execute()
        db.drop_tables([Gift])
        with pytest.raises(OperationalError) as missing:
            Gift.select().count()
        return [str(each.value) for each in (twice, unrelated, missing)]

    assert alike(break_rules) == [
        "UNIQUE constraint failed: player.name",
        "NOT NULL constraint failed: player.name",
        "no such table: gift",
    ]


# Inserts


def test_on_conflict_updates_ignores_or_replaces(alike: Alike) -> None:
    def again(_: object) -> list[Any]:
        row = {"giver": 1, "resource": "spice", "amount": 3}
        target = [Gift.giver, Gift.resource]
        added = {Gift.amount: Gift.amount + 3}
        Gift.insert(row).on_conflict(conflict_target=target, update=added).execute()
        Gift.insert(row | {"giver": 2}).on_conflict(
            conflict_target=target, preserve=[Gift.amount]
        ).execute()
        Gift.insert(row).on_conflict_ignore().execute()
        Player.replace(id=3, name="Stilgar", is_officer=True).execute()
        officers = Player.select(Player.name).where(Player.is_officer).order_by(Player.id)
        return [gifts(), list(officers.tuples())]

    found, officers = alike(again)
    assert [row for row in found if row[1] == "spice"] == [
        ("Chani", "spice", 8),
        ("Duncan", "spice", 3),
    ]
    assert officers == [("Chani",), ("Stilgar",)]


def test_rows_are_inserted_from_a_query(alike: Alike) -> None:
    def insert(_: object) -> list[Any]:
        query = Gift.select(3, Gift.resource, fn.SUM(Gift.amount)).group_by(Gift.resource)
        count = Gift.insert_from(query, [Gift.giver, Gift.resource, Gift.amount]).execute()
        return [count, gifts()]

    assert alike(insert)[1][-3:] == [
        ("Stilgar", "iron", 7),
        ("Stilgar", "spice", 12),
        ("Stilgar", "water", 2),
    ]


def test_changes_return_their_rows(alike: Alike) -> None:
    def change(_: object) -> list[Any]:
        spice = Gift.resource == "spice"
        columns = (Gift.giver, Gift.amount)
        inserted = Player.insert_many([{"name": "Leto"}, {"name": "Paul"}]).returning(Player)
        updated = Gift.update(amount=0).where(spice).returning(*columns).tuples()
        deleted = Gift.delete().where(spice).returning(*columns).tuples()
        return [
            [(player.id, player.name) for player in inserted.execute()],
            sorted(updated.execute()),
            sorted(deleted.execute()),
            gifts(),
        ]

    assert alike(change)[:3] == [[(4, "Leto"), (5, "Paul")], [(1, 0), (2, 0)], [(1, 0), (2, 0)]]


def test_rows_can_be_returned_by_default(remote_url: str) -> None:
    database = TursoDatabase(remote_url, returning_clause=True)
    with closing(database), database.bind_ctx([Player]):
        database.create_tables([Player])
        assert Player.create(name="Chani").id == 1
        made = Player.insert_many([{"name": "Leto"}, {"name": "Paul"}]).execute()
        assert list(made) == [(2,), (3,)]
