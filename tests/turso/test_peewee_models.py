"""Peewee models on a server: their tables, rows and values."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
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


@pytest.fixture
def models(remote_url: str) -> Iterator[TursoDatabase]:
    with closing(TursoDatabase(remote_url)) as database, database.bind_ctx(MODELS):
        database.create_tables(MODELS)
        Player.insert_many(PLAYERS, [Player.name, Player.is_officer]).execute()
        Gift.insert_many(GIFTS, [Gift.giver, Gift.resource, Gift.amount]).execute()
        yield database


def test_tables_views_and_indexes_are_created_listed_and_dropped(models: TursoDatabase) -> None:
    assert models.get_tables() == ["gift", "odds", "player"]
    for table in ("player", "gift", "odds"):
        key, *_ = models.get_columns(table)
        assert (key.name, key.data_type, key.primary_key) == ("id", "INTEGER", True)
        assert models.get_primary_keys(table) == ["id"]
    (found,) = models.get_foreign_keys("gift")
    assert (found.column, found.dest_table, found.dest_column) == ("giver_id", "player", "id")
    by_columns = {tuple(index.columns): index.unique for index in models.get_indexes("gift")}
    assert by_columns == {("giver_id",): False, ("giver_id", "resource"): True}
    models.execute_sql("CREATE VIEW names AS SELECT name FROM player").fetchall()
    assert [view.name for view in models.get_views()] == ["names"]
    models.create_tables(MODELS, safe=True)
    models.drop_tables([Gift])
    assert (Gift.table_exists(), Player.table_exists()) == (False, True)


@pytest.mark.usefixtures("models")
def test_values_of_every_field_survive_a_round_trip() -> None:
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
    written = [{**dict.fromkeys(rows[0]), **row} for row in rows]
    Odds.insert_many(written).execute()
    found = list(Odds.select().order_by(Odds.id).dicts())
    assert found == [{"id": n, **row} for n, row in enumerate(written, start=1)]
    assert [row["flag"] for row in found] == [True, False]


@pytest.mark.usefixtures("models")
def test_rows_are_created_changed_and_deleted(remote_url: str) -> None:
    made = Player.create(name="Leto")
    made.is_officer = True
    assert (made.id, made.save()) == (4, 1)
    assert Player.get(Player.name == "Leto").is_officer
    assert made.delete_instance() == 1
    with pytest.raises(DoesNotExist):
        Player.get(Player.name == "Leto")
    twice = [Player.get_or_create(name="Paul") for _ in range(2)]
    assert [(player.id, is_new) for player, is_new in twice] == [(4, True), (4, False)]
    # How many rows changed
    spice, columns = Gift.resource == "spice", (Gift.giver, Gift.amount)
    assert Gift.update(amount=Gift.amount + 1).where(spice).execute() == 2
    assert Gift.update(amount=0).where(Gift.resource == "sand").execute() == 0
    assert Player.insert(name="Jessica").execute() == 5
    # Rows that changes return
    inserted = Player.insert_many([{"name": "Leto"}, {"name": "Alia"}]).returning(Player)
    assert [(player.id, player.name) for player in inserted.execute()] == [(6, "Leto"), (7, "Alia")]
    updated = Gift.update(amount=0).where(spice).returning(*columns).tuples()
    assert sorted(updated.execute()) == [(1, 0), (2, 0)]
    deleted = Gift.delete().where(spice & (Gift.giver == 2)).returning(*columns).tuples()
    assert sorted(deleted.execute()) == [(2, 0)]
    assert Player.get(Player.name == "Chani").delete_instance(recursive=True) == 1
    query = Gift.select(Player.name, Gift.resource, Gift.amount).join(Player)
    assert list(query.tuples()) == [("Duncan", "iron", 7)]
    by_default = TursoDatabase(remote_url, returning_clause=True)
    with closing(by_default), by_default.bind_ctx([Player]):
        assert Player.create(name="Irulan").id == 8
        assert list(Player.insert_many([{"name": "Ghanima"}]).execute()) == [(9,)]
