"""Answers as stored documents, and the keys of queries, which are all different."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.history import EntryKind, HistoryFilter
from tracker_tui.domain.period import PERIODS, Period
from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.activity import ActivityQuery, MemberPointsQuery
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.leaderboard import (
    ContributionsQuery,
    LeaderboardQuery,
)
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh_queries import Query

BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    bool: st.booleans(),
    type(None): st.none(),
}


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any values of a type, with those of its fields."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    if origin in (list, tuple):
        return st.lists(values_of(arguments[0]), max_size=3).map(origin)
    if origin in (Union, UnionType):
        return st.one_of(*map(values_of, arguments))
    fields = get_type_hints(origin or kind)
    return st.builds(
        origin or kind,
        **{
            name: values_of(hint[arguments] if getattr(hint, "__parameters__", ()) else hint)
            for name, hint in fields.items()
        },
    )


@given(st.data())
def test_an_answer_survives_being_stored(data: st.DataObject) -> None:
    for query in QUERIES:
        answer = data.draw(values_of(query.answer_type()))
        document = msgspec.json.encode(answer)
        read = msgspec.json.decode(document, type=query.answer_type())
        assert read == answer
        # 1.0 must not become 1: cursors carry the stored value.
        assert repr(read) == repr(answer)


# Keys

few_texts = st.sampled_from(["", "a", "b", "None", "a b", "a', 'b", "('a',)", "added,set", "7d"])
periods = st.sampled_from([*PERIODS, Period(name="a..", since=5), Period(name="b..", since=6)])
filters = st.builds(
    HistoryFilter,
    text=few_texts,
    resource_id=st.none() | few_texts,
    member_id=st.none() | few_texts,
    kinds=st.frozensets(st.sampled_from(EntryKind)),
    location=st.none() | st.sampled_from(Location),
    period=periods,
)
zones = st.none() | st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")])
QUERIES: dict[type[Query[Any]], st.SearchStrategy[Any]] = {
    # All pages of a list share a key: their ends and length are not part of it.
    HistoryQuery: st.builds(HistoryQuery, filter=filters),
    ContributionsQuery: st.builds(ContributionsQuery, member_id=few_texts, period=periods),
    LeaderboardQuery: st.builds(LeaderboardQuery, period=periods),
    MemberPointsQuery: st.builds(
        MemberPointsQuery, member_id=few_texts, period=periods, zone=zones
    ),
    QuantitySeriesQuery: st.builds(QuantitySeriesQuery, resource_id=few_texts, period=periods),
    DailyLevelsQuery: st.builds(DailyLevelsQuery, days=st.integers(1, 20), zone=zones),
    ActivityQuery: st.builds(ActivityQuery, member_id=few_texts, period=periods, zone=zones),
}


def identity(query: Query[Any]) -> str:
    """Return a text that is different for every query, also for 1 and 1.0."""
    if isinstance(query, HistoryQuery):
        kinds = sorted(query.filter.kinds)
        return repr((replace(query, filter=replace(query.filter, kinds=frozenset())), kinds))
    return repr(query)


@given(st.data())
def test_two_queries_never_share_a_key(data: st.DataObject) -> None:
    keys = set()
    for queries in QUERIES.values():
        one, other = data.draw(queries), data.draw(queries)
        assert (one.key == other.key) == (identity(one) == identity(other))
        assert not keys & {one.key, other.key}
        keys |= {one.key, other.key}


VARIATIONS = (
    *({"text": "other"}, {"resource_id": "other"}, {"member_id": "other"}),
    *({"kinds": frozenset([kind])} for kind in EntryKind),
    *({"location": location} for location in Location),
    *({"period": period} for period in PERIODS),
)


@given(filters)
def test_every_filter_is_part_of_the_key(history_filter: HistoryFilter) -> None:
    key = HistoryQuery(filter=history_filter).key
    for variation in VARIATIONS:
        other = replace(history_filter, **variation)
        assert (HistoryQuery(filter=other).key == key) == (other == history_filter)
