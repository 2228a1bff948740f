"""Compare Peewee models on a server with the same models on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
    UUIDField,
)

from tracker_tui.turso import TursoDatabase

Act = Callable[[SqliteDatabase], Any]


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


class Alike:
    """Runs functions with the models on a server and on SQLite, and compares the results."""

    def __init__(self, remote: TursoDatabase, local: SqliteDatabase) -> None:
        self._databases = remote, local
        for database in self._databases:
            with database.bind_ctx(MODELS):
                database.create_tables(MODELS)
                Player.insert_many(PLAYERS, [Player.name, Player.is_officer]).execute()
                Gift.insert_many(GIFTS, [Gift.giver, Gift.resource, Gift.amount]).execute()

    def __call__(self, act: Act) -> Any:
        """Run something on both; return the result, which must be the same."""
        results = []
        for database in self._databases:
            with database.bind_ctx(MODELS):
                results.append(act(database))
        assert repr(results[0]) == repr(results[1])
        return results[0]


@contextmanager
def alike_on(remote_url: str) -> Iterator[Alike]:
    """Create the models on a server and in memory for the duration of the block."""
    with closing(TursoDatabase(remote_url)) as remote, closing(SqliteDatabase(":memory:")) as local:
        yield Alike(remote, local)


def gifts(_: object = None) -> list[Any]:
    """Return all gifts with their givers."""
    query = Gift.select(Player.name, Gift.resource, Gift.amount).join(Player)
    return list(query.order_by(Player.name, Gift.resource).tuples())
