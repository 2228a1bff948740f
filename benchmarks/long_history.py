"""Two years of a busy guild, made by the database itself: a million rows travel nowhere.

Few members and resources make most of the entries, several entries share a second, and the oldest
are under nicknames, as in the wild. What was made twice is the same but for the times.
"""

from __future__ import annotations

from typing import Final

from peewee import RawQuery

from tracker_tui.db.database import Database
from tracker_tui.db.schema import plan
from tracker_tui.domain.status import DAY

RESOURCES: Final = 600
MEMBERS: Final = 200
"""Members who come back; there is one more, who has one entry."""
SPAN: Final = 2 * 365 * DAY
_AT_ONCE: Final = 50_000
"""Rows for one request, which may take 15 s; these take less than 2."""

# A number below 65536 for each n, evenly spread (Knuth); its square makes the low ones frequent.
_SPREAD = "(n * {odd} % 4294967296 / 65536)"
_RESOURCE_SPREAD = _SPREAD.format(odd=2_654_435_761)
_MEMBER_SPREAD = _SPREAD.format(odd=2_246_822_519)

_ENTRIES = f"""
    WITH RECURSIVE
    given(first, last, size, now) AS (SELECT ?, ?, ?, ?),
    numbers(n) AS (
        SELECT first FROM given UNION ALL SELECT n + 1 FROM numbers, given WHERE n < last
    ),
    drawn AS (
        SELECT n,
            printf('entry-%07d', n) AS id,
            {_RESOURCE_SPREAD} * {_RESOURCE_SPREAD} * {RESOURCES} / 4294967296 AS resource,
            CASE WHEN n = size / 2 THEN {MEMBERS}
                ELSE {_MEMBER_SPREAD} * {_MEMBER_SPREAD} * {MEMBERS} / 4294967296 END AS member,
            n < size / 20 AS is_old,
            n % 4 > 0 AS is_hagga,
            1000 + n % 900 AS quantity,
            CASE WHEN n % 3 = 0 THEN -1 ELSE 1 END * (1 + n % 48) AS change,
            -- Three share a second.
            now - {SPAN} * (size - n / 3 * 3) / size AS at
        FROM numbers, given
    ),
    entries AS (
        SELECT *, printf('resource-%05d', resource) AS resource_id,
            CASE WHEN is_old THEN 'Nick ' ELSE 'member-' END || member AS who
        FROM drawn
    )
"""
_HISTORY = f"""
    INSERT INTO resource_history {_ENTRIES}
    SELECT id, resource_id,
        quantity, quantity + is_hagga * change, is_hagga * change,
        500, 500 + (1 - is_hagga) * change, (1 - is_hagga) * change,
        CASE WHEN n % 10 = 7 THEN 'absolute' ELSE 'relative' END,
        who, CASE WHEN n % 5 = 0 THEN 'spice run ' || n END, at, NULL, NULL
    FROM entries
"""
_LEADERBOARD = f"""
    INSERT INTO leaderboard {_ENTRIES}
    SELECT id, who, resource_id, CASE WHEN n % 10 = 7 THEN 'SET' ELSE 'ADD' END,
        abs(change), abs(change) / 10.0, 1.0, 0.0, abs(change) / 10.0,
        'Resource ' || resource, 'Raw', 'at_target', at
    FROM entries
"""
_NUMBERS = """
    WITH RECURSIVE
    given(size, since) AS (SELECT ?, ?),
    numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers, given WHERE n < size - 1)
"""
_RESOURCES = f"""
    INSERT INTO resources (id, name, quantity_hagga, quantity_deep_desert, category,
        target_quantity, last_updated_by, created_at, updated_at) {_NUMBERS}
    SELECT printf('resource-%05d', n), 'Resource ' || n, n * 37, n * 11, 'Raw', 4000, 'member-0',
        since, since
    FROM numbers, given
"""
_USERS = f"""
    INSERT INTO users {_NUMBERS}
    SELECT 'user-' || n, 'member-' || n, 'name-' || n, NULL, 'Nick ' || n, since, since
    FROM numbers, given
"""

_INDEXES = """
    SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
    AND tbl_name IN ('resource_history', 'leaderboard')
"""

BUSIEST_RESOURCE: Final = "resource-00000"
BUSIEST_MEMBER: Final = "member-0"
MEMBER_WITH_ONE_ENTRY: Final = f"member-{MEMBERS}"
WORD_IN_NO_ENTRY: Final = "melange"


def fill(database: Database, entries: int, now: int) -> None:
    """Give an empty database so many entries of both tables, the newest a moment before `now`."""
    _drop_indexes(database)
    since = now - SPAN
    database.batch(
        [RawQuery(_RESOURCES, (RESOURCES, since)), RawQuery(_USERS, (MEMBERS + 1, since))]
    )
    for first in range(0, entries, _AT_ONCE):
        last = min(first + _AT_ONCE, entries) - 1
        for table in (_HISTORY, _LEADERBOARD):
            database.batch([RawQuery(table, (first, last, entries, now))])
    for statement in plan(database):
        database.batch([RawQuery(statement)])


def _drop_indexes(database: Database) -> None:
    """Let the indexes be made at the end: to keep them all along takes five times as long."""
    (indexes,) = database.batch([RawQuery(_INDEXES)])
    database.batch([RawQuery(f'DROP INDEX "{name}"') for (name,) in indexes.rows])
