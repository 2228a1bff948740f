"""The index that answers each query, in a file that was never analysed.

A server bills the rows that it reads, so a query may read only the rows that it needs. A guild's
database may lack our indexes: then queries take longer, and have the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from peewee import Value

from helpers import records
from helpers.applying import NOW
from helpers.build import DEEP_DESERT
from helpers.ledger_under_test import Books, MakeLedger, Row, on_a_server
from helpers.other_schemas import FOUNDING
from helpers.records import DAY, Known, history_row, insert_all, moved, points_row, resource_row
from tracker_tui.db.remote import RemoteLedgerDatabase
from tracker_tui.db.schema import schema_sql
from tracker_tui.db.sqlite import SqliteLedgerDatabase, open_unchecked
from tracker_tui.domain.activity import Activity, MemberPoints
from tracker_tui.domain.history import EntryKind, HistoryFilter
from tracker_tui.domain.pages import Page, PageCursor
from tracker_tui.domain.period import ALL, MONTH, WEEK, Period
from tracker_tui.domain.quantity_series import QuantitySeries
from tracker_tui.ledger.activity import ActivityQuery, MemberPointsQuery
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.leaderboard import ContributionsQuery, LeaderboardQuery
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh_queries import Query

ROWS = 3_000
BERLIN = ZoneInfo("Europe/Berlin")
PLACE = PageCursor(NOW - 10 * DAY, 1_500)
FURTHER = PageCursor(NOW - 40 * DAY, 7)
DATES = Period(name="dates", since=NOW - 20 * DAY, until=NOW - 10 * DAY)
BY_TIME = "resource_history_created_at"
BY_RESOURCE = "resource_history_resource_id_created_at"
BY_MEMBER = "resource_history_updated_by_created_at"
POINTS_BY_TIME = "leaderboard_created_at_user_id_final_points"
POINTS_BY_MEMBER = "leaderboard_user_id_created_at_final_points"
OURS = tuple(statement for statement in schema_sql().split(";") if "CREATE" in statement)
"""The schema as `init` makes it."""

FILTERS: dict[HistoryFilter, str] = {
    HistoryFilter(): BY_TIME,
    HistoryFilter(period=MONTH): BY_TIME,
    HistoryFilter(period=DATES): BY_TIME,
    HistoryFilter(resource_id="r1"): BY_RESOURCE,
    HistoryFilter(resource_id="r1", period=MONTH): BY_RESOURCE,
    HistoryFilter(member_id="1"): BY_MEMBER,
    HistoryFilter(member_id="1", period=MONTH): BY_MEMBER,
    HistoryFilter(resource_id="r1", member_id="1"): BY_RESOURCE,
    HistoryFilter(text="raid Würze"): BY_TIME,
    HistoryFilter(text="raid", period=MONTH): BY_TIME,
    HistoryFilter(kinds=frozenset(EntryKind), period=MONTH): BY_TIME,
    HistoryFilter(location=DEEP_DESERT, resource_id="r1"): BY_RESOURCE,
}
"""The index for each filter."""


def history_rows(number: int) -> list[Row]:
    """Return rows of 30 resources and 20 members over 100 days, some under a nickname."""
    return [
        history_row(
            f"h{n}",
            resource_id=f"r{n % 30}",
            updated_by=f"nick{n % 20}" if n % 7 == 0 else str(n % 20),
            change_type=("relative", "absolute", "transfer")[n % 11 % 3],
            reason="raid" if n % 5 == 0 else None,
            created_at=NOW - (number - n) * 100 * DAY // number,
            **moved((n % 50, (n + 7) % 50), (n % 9, (n + n % 2) % 9)),
        )
        for n in range(number)
    ]


def points_rows(number: int) -> list[Row]:
    return [
        points_row(
            *(f"h{n}", f"nick{n % 20}" if n % 7 == 0 else str(n % 20), n % 13 / 4),
            resource_id=f"r{n % 30}",
            resource_category=("Raw", "Gear", "Other")[n % 3],
            created_at=NOW - (number - n) * 100 * DAY // number,
        )
        for n in range(number)
    ]


def fill(books: Books, number: int) -> None:
    records.add_members(books, *(Known(str(n), f"user{n}", f"nick{n}") for n in range(20)))
    insert_all(books, "resources", [resource_row(f"r{n}") for n in range(30)])
    insert_all(books, "resource_history", history_rows(number))
    insert_all(books, "leaderboard", points_rows(number))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLedgerDatabase]:
    """A file of our schema with enough rows for an index to matter."""
    path = Path(tmp_path_factory.mktemp("plans")) / "ledger.db"
    path.touch()
    database, _ = open_unchecked(path, durable=False)
    fill(Books(database, OURS), ROWS)
    yield database
    database.close()


class Plan:
    """SQLite's plan for a query: one line for each table that it reads."""

    def __init__(self, database: SqliteLedgerDatabase, question: Query[Any]) -> None:
        self.lines: list[str] = []
        self.scanned: set[str] = set()
        """Tables that are read in full, without an index."""
        context = database.get_sql_context
        for query in question.queries(Value(NOW)):
            sql, params = context().parse(query)
            assert "INDEXED BY" not in sql.upper()
            explained = database._thread_connection().execute(f"EXPLAIN QUERY PLAN {sql}", params)
            self._add(sql, [detail for *_, detail in explained.fetchall()])

    def _add(self, sql: str, lines: Sequence[str]) -> None:
        self.lines += lines
        for line in lines:
            # Older versions of SQLite name the table, newer ones only its alias.
            scan = re.match(r"SCAN (?:TABLE \w+ AS )?(\w+)$", line)
            if scan:
                self.scanned |= set(re.findall(rf'"(\w+)" AS "{scan[1]}"', sql))

    @property
    def indexes(self) -> set[str]:
        """The indexes of the history and the leaderboard in use."""
        used = re.findall(r"USING (?:COVERING )?INDEX (\w+)", "\n".join(self.lines))
        return {name for name in used if name.startswith(("resource_history_", "leaderboard_"))}

    def is_covered_by(self, index: str) -> bool:
        """Whether only the index is read, and no rows of the table."""
        return all(f"COVERING INDEX {index}" in line for line in self.lines if index in line)

    def assert_goes_by(self, *indexes: str) -> None:
        """Check that exactly these indexes are used, and no long table is read in full."""
        shown = "\n".join(self.lines)
        assert self.indexes == set(indexes), shown
        assert not self.scanned & {"resource_history", "leaderboard"}, shown


def test_a_page_of_the_history_is_found_by_an_index(database: SqliteLedgerDatabase) -> None:
    for (chosen, index), before, down_to in product(
        FILTERS.items(), (None, PLACE), (None, FURTHER)
    ):
        plan = Plan(database, HistoryQuery(filter=chosen, before=before, down_to=down_to))
        plan.assert_goes_by(index)
        by_index = [line for line in plan.lines if index in line]
        # A place limits the rows to read, so the tenth page costs as much as the first.
        assert before is None or all("created_at<?" in line for line in by_index), chosen
        assert down_to is None or all("created_at>?" in line for line in by_index), chosen
    # Only the page is sorted: a sort would read all rows before it returns the first.
    indexed = {chosen: index for chosen, index in FILTERS.items() if chosen.is_indexed}
    assert len(indexed) == 7
    for chosen, index in indexed.items():
        lines = Plan(database, HistoryQuery(filter=chosen)).lines
        (at, *_) = (number for number, line in enumerate(lines) if index in line)
        assert not any("TEMP B-TREE" in line for line in lines[at + 1 : at + 2]), "\n".join(lines)


def test_a_search_by_member_looks_at_a_limited_number_of_rows(
    database: SqliteLedgerDatabase,
) -> None:
    plan = Plan(database, HistoryQuery(filter=HistoryFilter(text="raid", member_id="1")))
    plan.assert_goes_by(BY_TIME, BY_MEMBER)
    # One index limits the search, the other finds the member's rows.
    assert any(BY_TIME in line and "COVERING" in line for line in plan.lines)
    assert any(BY_MEMBER in line and "created_at>?" in line for line in plan.lines)


def test_a_scan_would_be_noticed(database: SqliteLedgerDatabase) -> None:
    plan = Plan(database, LeaderboardQuery(period=WEEK))
    sql = 'SELECT * FROM "leaderboard" AS "t9", "users" AS "t1"'
    plan._add(sql, ["SCAN t9", "SCAN TABLE users AS t1"])
    assert plan.scanned == {"leaderboard", "users"}
    with pytest.raises(AssertionError, match="SCAN t9"):
        plan.assert_goes_by(POINTS_BY_TIME)


def test_points_are_added_up_from_an_index(database: SqliteLedgerDatabase) -> None:
    for period in (WEEK, MONTH, DATES):
        plan = Plan(database, LeaderboardQuery(period=period))
        plan.assert_goes_by(POINTS_BY_TIME)
        assert plan.is_covered_by(POINTS_BY_TIME), period
        assert any(f"{POINTS_BY_TIME} (created_at>?" in line for line in plan.lines), period
    plan = Plan(database, LeaderboardQuery(period=ALL))
    plan.assert_goes_by(POINTS_BY_MEMBER)
    assert plan.is_covered_by(POINTS_BY_MEMBER)
    # It has the order of the groups.
    assert "GROUP BY" not in "".join(plan.lines)


OTHERS: dict[Query[Any], tuple[str, ...]] = {
    ContributionsQuery(member_id="1", period=ALL): (POINTS_BY_MEMBER,),
    ContributionsQuery(member_id="1", period=WEEK, before=PLACE, down_to=FURTHER): (
        POINTS_BY_MEMBER,
    ),
    DailyLevelsQuery(days=14, zone=BERLIN): (BY_TIME,),
}
for each in (WEEK, ALL):
    OTHERS[MemberPointsQuery(member_id="1", period=each, zone=BERLIN)] = (POINTS_BY_MEMBER,)
    OTHERS[QuantitySeriesQuery(resource_id="r1", period=each)] = (BY_RESOURCE,)
    OTHERS[ActivityQuery(member_id="1", period=each, zone=BERLIN)] = (BY_MEMBER, POINTS_BY_MEMBER)


def test_other_queries_use_an_index_too(database: SqliteLedgerDatabase) -> None:
    for question, indexes in OTHERS.items():
        Plan(database, question).assert_goes_by(*indexes)


QUESTIONS: list[Query[Any]] = [
    *(HistoryQuery(filter=chosen, before=before) for chosen in FILTERS for before in (None, PLACE)),
    *(LeaderboardQuery(period=period) for period in (WEEK, MONTH, DATES, ALL)),
    *OTHERS,
]


@on_a_server
def test_a_server_counts_few_rows(make_ledger: MakeLedger) -> None:
    """A page reads only its own rows of the long tables; names are looked up in `users`."""
    books = make_ledger(OURS, clock=lambda: NOW)
    fill(books, 1_000)
    assert isinstance(books.database, RemoteLedgerDatabase)
    traffic, read = books.database.traffic, []
    for question in (
        HistoryQuery(limit=10),
        HistoryQuery(before=PLACE, limit=10),
        HistoryQuery(filter=HistoryFilter(member_id="1"), limit=10),
        ContributionsQuery(member_id="1", period=ALL, limit=10),
        QuantitySeriesQuery(resource_id="r1", period=WEEK),
    ):
        before = traffic.rows_read
        books.ledger.ask(question)
        read.append(traffic.rows_read - before)
    assert max(read) < 300, read
    before = traffic.rows_read
    books.ledger.ask(LeaderboardQuery(period=WEEK))
    # Two weeks of a hundred days.
    assert traffic.rows_read - before < 500


def test_answers_are_the_same_without_our_indexes(make_ledger: MakeLedger) -> None:
    founding, ours = (make_ledger(schema, clock=lambda: NOW) for schema in (FOUNDING, OURS))
    for books in (founding, ours):
        fill(books, 200)
    answers = []
    for question in QUESTIONS:
        answer, same = (books.ledger.ask(question) for books in (founding, ours))
        assert as_sets(answer) == as_sets(same), question
        answers.append(answer)
    pages = [answer for answer in answers if isinstance(answer, Page)]
    assert sum(bool(page.entries) for page in pages) > len(pages) / 2


def as_sets(answer: Any) -> Any:
    """Return an answer with its lists sorted where their order is not defined."""
    if isinstance(answer, list):
        return sorted(answer)
    if isinstance(answer, Activity):
        return answer._replace(resources=sorted(answer.resources))
    if isinstance(answer, QuantitySeries):
        return answer._replace(shares=sorted(answer.shares))
    if isinstance(answer, MemberPoints):
        return answer._replace(categories=sorted(answer.categories))
    return answer
