"""Peewee models and queries on a server: tables, rows and errors are the same as in a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DoesNotExist,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
    UUIDField,
)

from tracker_tui.turso import TursoDatabase


class Player(Model):
    name = CharField(unique=True)
    is_officer = BooleanField(default=False)


class Gift(Model):
    giver = ForeignKeyField(Player, backref="gifts", on_delete="CASCADE")
    resource = CharField()
    amount = IntegerField(default=1)

    class Meta:
        indexes = ((("giver", "resource"), True),)


class Odds(Model):
    day = DateField(null=True)
    moment = DateTimeField(null=True)
    price = DecimalField(null=True)
    key = UUIDField(null=True)
    flag = BooleanField(null=True)
    number = BigIntegerField(null=True)
    weight = FloatField(null=True)
    text = TextField(null=True)
    picture = BlobField(null=True)


MODELS: list[type[Model]] = [Player, Gift, Odds]
PLAYERS = [("Chani", True), ("Duncan", False), ("Stilgar", False)]
GIFTS = [(1, "spice", 5), (1, "water", 2), (2, "spice", 7), (2, "iron", 7)]

Alike = Callable[[Callable[[SqliteDatabase], Any]], Any]


@pytest.fixture
def alike(remote_url: str) -> Iterator[Alike]:
    """Run something with the models on a server and in memory; both must return the same."""
    with closing(TursoDatabase(remote_url)) as remote, closing(SqliteDatabase(":memory:")) as local:
        for database in (remote, local):
            with database.bind_ctx(MODELS):
                database.create_tables(MODELS)
                Player.insert_many(PLAYERS, [Player.name, Player.is_officer]).execute()
                Gift.insert_many(GIFTS, [Gift.giver, Gift.resource, Gift.amount]).execute()

        def run(act: Callable[[SqliteDatabase], Any]) -> Any:
            results = []
            for database in (remote, local):
                with database.bind_ctx(MODELS):
                    results.append(act(database))
            assert repr(results[0]) == repr(results[1])
            return results[0]

        yield run


def gifts() -> list[Any]:
    """Return all gifts with their givers."""
    query = Gift.select(Player.name, Gift.resource, Gift.amount).join(Player)
    return list(query.order_by(Player.name, Gift.resource).tuples())


def test_tables_views_and_indexes_are_created_listed_and_dropped(alike: Alike) -> None:
    assert alike(lambda db: db.get_tables()) == ["gift", "odds", "player"]
    for table in ("player", "gift", "odds"):
        (key, *_) = alike(lambda db, table=table: db.get_columns(table))
        assert (key.name, key.primary_key) == ("id", True)
        alike(lambda db, table=table: db.get_foreign_keys(table))
        assert alike(lambda db, table=table: db.get_primary_keys(table)) == ["id"]
    by_columns = {tuple(i.columns): i.unique for i in alike(lambda db: db.get_indexes("gift"))}
    assert by_columns == {("giver_id",): False, ("giver_id", "resource"): True}
    alike(lambda db: db.execute_sql("CREATE VIEW names AS SELECT name FROM player").fetchall())
    assert [view.name for view in alike(lambda db: db.get_views())] == ["names"]
    alike(lambda db: db.create_tables(MODELS, safe=True))
    alike(lambda db: db.drop_tables([Gift]))
    assert alike(lambda _: (Gift.table_exists(), Player.table_exists())) == (False, True)


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

    assert alike(there_and_back) == [
        {"id": n, **dict.fromkeys(rows[0]), **row} for n, row in enumerate(rows, start=1)
    ]


def test_rows_are_created_changed_and_deleted(alike: Alike, remote_url: str) -> None:
    spice, columns = Gift.resource == "spice", (Gift.giver, Gift.amount)

    def change(_: object) -> list[object]:
        made = Player.create(name="Leto")
        made.is_officer = True
        done = [made.id, made.save(), Player.get(Player.name == "Leto").is_officer]
        done.append(made.delete_instance())
        with pytest.raises(DoesNotExist):
            Player.get(Player.name == "Leto")
        done += [(p.id, new) for p, new in (Player.get_or_create(name="Paul") for _ in range(2))]
        # How many rows changed
        done.append(Gift.update(amount=Gift.amount + 1).where(spice).execute())
        done.append(Gift.update(amount=0).where(Gift.resource == "sand").execute())
        done.append(Player.insert(name="Jessica").execute())
        # Rows that changes return
        inserted = Player.insert_many([{"name": "Leto"}, {"name": "Alia"}]).returning(Player)
        done.append([(player.id, player.name) for player in inserted.execute()])
        updated = Gift.update(amount=0).where(spice).returning(*columns).tuples()
        done.append(sorted(updated.execute()))
        deleted = Gift.delete().where(spice & (Gift.giver == 2)).returning(*columns).tuples()
        done.append(sorted(deleted.execute()))
        done.append(Player.get(Player.name == "Chani").delete_instance(recursive=True))
        return [*done, gifts()]

    assert alike(change) == [
        *(4, 1, True, 1, (4, True), (4, False), 2, 0, 5, [(6, "Leto"), (7, "Alia")]),
        *([(1, 0), (2, 0)], [(2, 0)], 1, [("Duncan", "iron", 7)]),
    ]
    by_default = TursoDatabase(remote_url, returning_clause=True)
    with closing(by_default), by_default.bind_ctx([Player]):
        assert Player.create(name="Irulan").id == 8
        assert list(Player.insert_many([{"name": "Ghanima"}]).execute()) == [(9,)]
