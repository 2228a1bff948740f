"""Peewee queries on a server: the results are the same as from a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from peewee import JOIN, SqliteDatabase, Window, fn, prefetch

from helpers.peewee_alike import Alike, Gift, Player, alike_on, gifts


@pytest.fixture
def alike(remote_url: str) -> Iterator[Alike]:
    with alike_on(remote_url) as alike:
        yield alike


def test_joins(alike: Alike) -> None:
    assert alike(gifts)[0] == ("Chani", "spice", 5)

    def givers(_: object) -> list[Any]:
        query = Player.select(Player.name, Gift.resource).join(Gift, JOIN.LEFT_OUTER)
        return [
            (player.name, getattr(player, "gift", None) and player.gift.resource)
            for player in query.order_by(Player.name, Gift.resource)
        ]

    assert alike(givers)[-1][0] == "Stilgar"


def test_related_rows_are_prefetched(alike: Alike) -> None:
    def fetch(_: object) -> dict[str, list[str]]:
        players = prefetch(Player.select().order_by(Player.id), Gift.select().order_by(Gift.id))
        return {player.name: [gift.resource for gift in player.gifts] for player in players}

    assert alike(fetch) == {"Chani": ["spice", "water"], "Duncan": ["spice", "iron"], "Stilgar": []}


def test_aggregates(alike: Alike) -> None:
    def sums(_: object) -> list[Any]:
        total = fn.SUM(Gift.amount)
        query = Gift.select(Gift.resource, total, fn.AVG(Gift.amount), fn.COUNT(Gift.id))
        grouped = query.group_by(Gift.resource).having(total > 2).order_by(total.desc())
        return [list(grouped.tuples()), Gift.select(fn.MAX(Gift.amount)).scalar()]

    assert alike(sums) == [[("spice", 12, 6.0, 2), ("iron", 7, 7.0, 1)], 7]


def test_counts_and_pages(alike: Alike) -> None:
    def count(_: object) -> list[Any]:
        query = Gift.select().order_by(Gift.id)
        return [
            query.count(),
            query.where(Gift.amount > 100).exists(),
            [gift.resource for gift in query.paginate(2, 3)],
            [row.resource for row in query.namedtuples().iterator()],
            query.first().resource,
        ]

    assert alike(count) == [4, False, ["iron"], ["spice", "water", "spice", "iron"], "spice"]


def test_window_functions(alike: Alike) -> None:
    def ranks(_: object) -> list[Any]:
        window = Window(partition_by=[Gift.resource], order_by=[Gift.amount.desc()])
        running = fn.SUM(Gift.amount).over(order_by=[Gift.id])
        query = Gift.select(Gift.id, fn.RANK().over(window), running).window(window)
        return list(query.order_by(Gift.id).tuples())

    assert alike(ranks) == [(1, 2, 5), (2, 1, 7), (3, 1, 14), (4, 1, 21)]


def test_subqueries(alike: Alike) -> None:
    def ask(_: object) -> list[Any]:
        most = Gift.select(fn.MAX(Gift.amount)).where(Gift.giver == Player.id)
        generous = Player.select().where(Player.id.in_(Gift.select(Gift.giver)))
        inner = Gift.select(Gift.giver, fn.COUNT(Gift.id).alias("n")).group_by(Gift.giver)
        joined = Player.select(Player.name, inner.c.n).join(
            inner, on=(inner.c.giver_id == Player.id)
        )
        return [
            list(Player.select(Player.name, most).order_by(Player.id).tuples()),
            [player.name for player in generous.order_by(Player.id)],
            list(joined.order_by(Player.id).tuples()),
        ]

    assert alike(ask) == [
        [("Chani", 5), ("Duncan", 7), ("Stilgar", None)],
        ["Chani", "Duncan"],
        [("Chani", 2), ("Duncan", 2)],
    ]


def test_compound_queries(alike: Alike) -> None:
    def combine(_: object) -> list[Any]:
        names = Player.select(Player.name.alias("word"))
        resources = Gift.select(Gift.resource.alias("word"))
        both = names | resources
        return [sorted(row[0] for row in each.tuples()) for each in (both, resources - names)]

    assert alike(combine)[1] == ["iron", "spice", "water"]


def test_common_table_expressions(alike: Alike) -> None:
    def ask(db: SqliteDatabase) -> list[Any]:
        sums = Gift.select(Gift.giver, fn.SUM(Gift.amount).alias("sum")).group_by(Gift.giver)
        given = sums.cte("given", columns=("giver", "sum"))
        query = Player.select(Player.name, given.c.sum).join(given, on=(given.c.giver == Player.id))
        first = Player.select(Player.id).where(Player.id == 1)
        up = first.cte("up", recursive=True, columns=("n",))
        up = up.union_all(Player.select(Player.id).join(up, on=(Player.id == up.c.n + 1)))
        return [
            list(query.with_cte(given).order_by(Player.id).tuples()),
            list(up.select_from(up.c.n).tuples()),
        ]

    assert alike(ask) == [[("Chani", 7), ("Duncan", 14)], [(1,), (2,), (3,)]]


def test_text_search(alike: Alike) -> None:
    def search(_: object) -> list[Any]:
        wanted = (
            Player.name.contains("AN"),
            Player.name.startswith("Sti"),
            Player.name % "*n",
            Player.name ** "chan_",
        )
        return [[p.name for p in Player.select().where(w).order_by(Player.id)] for w in wanted]

    assert alike(search) == [["Chani", "Duncan"], ["Stilgar"], ["Duncan"], ["Chani"]]
