"""The demo guild: its rows are plausible and reproducible, and its file is deleted."""

from __future__ import annotations

import io
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby, pairwise

import pytest

from tracker_tui.catalogue import CREATED_BY, starter_resources
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.demo import demo_database
from tracker_tui.demo.fixture_data import DEEP_DESERT_FINDS, RECIPES, SUPPLIES
from tracker_tui.domain.points import points_for_adding
from tracker_tui.domain.status import DAY, Status, needs_update, status_of
from tracker_tui.ledger.ledger import Ledger

NOW = 1_750_000_000
SHORT = 12
"""Days; enough for two weekends and for resources without an update for a week."""


@pytest.fixture(scope="module")
def guild() -> Iterator[sqlite3.Connection]:
    made = demo_database("stilwell", now=NOW, days=SHORT)
    with made as path, closing(sqlite3.connect(path)) as connection:
        yield connection


def test_the_seed_and_the_moment_decide_the_rows() -> None:
    def dump(seed: int) -> list[str]:
        made = demo_database(seed=seed, now=NOW, days=2)
        with made as path, closing(sqlite3.connect(path)) as connection:
            return list(connection.iterdump())

    rows = dump(3)
    assert dump(3) == rows != dump(4)


def test_every_change_is_by_one_of_twelve_named_members(guild: sqlite3.Connection) -> None:
    members = guild.execute("SELECT discord_id, typeof(discord_id), username FROM users").fetchall()
    assert len(members) == 12
    assert all(kind == "text" and name for _, kind, name in members)
    writers = {by for (by,) in guild.execute("SELECT DISTINCT updated_by FROM resource_history")}
    assert writers == {discord_id for discord_id, _, _ in members} | {CREATED_BY}
    # The local user is one of them, with changes and points.
    entered = "SELECT count(*) FROM resource_history WHERE updated_by = 'stilwell'"
    earned = "SELECT sum(final_points) FROM leaderboard WHERE user_id = 'stilwell'"
    assert guild.execute(entered).fetchone()[0] > 10
    assert guild.execute(earned).fetchone()[0] > 0


def test_the_history_of_each_resource_is_a_chain_that_stays_above_0(
    guild: sqlite3.Connection,
) -> None:
    history = guild.execute(
        """SELECT resource_id, previous_quantity_hagga, change_amount_hagga, new_quantity_hagga,
                  previous_quantity_deep_desert, change_amount_deep_desert,
                  new_quantity_deep_desert
           FROM resource_history ORDER BY resource_id, rowid"""
    ).fetchall()
    ends = {}
    for resource_id, rows in groupby(history, key=lambda row: row[0]):
        chain = [row[1:] for row in rows]
        assert all(a + b == c >= 0 and d + e == f >= 0 for a, b, c, d, e, f in chain)
        assert all((one[2], one[5]) == (two[0], two[3]) for one, two in pairwise(chain))
        ends[resource_id] = (chain[-1][2], chain[-1][5])
    stock = guild.execute("SELECT id, quantity_hagga, quantity_deep_desert FROM resources")
    assert ends == {row[0]: row[1:] for row in stock}
    # Altogether it is chronological, and ends minutes ago.
    rows_in_order = guild.execute("SELECT created_at FROM resource_history ORDER BY rowid")
    times = [row[0] for row in rows_in_order]
    assert times == sorted(times)
    assert times[0] > NOW - (SHORT + 1) * DAY
    assert NOW - 900 < times[-1] <= NOW


def test_every_status_and_every_kind_of_change_occur(guild: sqlite3.Connection) -> None:
    totals = guild.execute(
        "SELECT quantity_hagga + quantity_deep_desert, target_quantity FROM resources"
    ).fetchall()
    shares = Counter(status_of(*row) for row in totals)
    for status, low, high in (
        (Status.CRITICAL, 0.06, 0.30),
        (Status.BELOW_TARGET, 0.10, 0.45),
        (Status.AT_TARGET, 0.25, 0.65),
        (Status.ABOVE_TARGET, 0.08, 0.35),
    ):
        assert low <= shares[status] / len(totals) <= high, status
    kinds = "SELECT change_type, reason IS NULL FROM resource_history WHERE updated_by != ?"
    found = set(guild.execute(kinds, (CREATED_BY,)))
    assert found >= {("relative", 0), ("relative", 1), ("absolute", 0)}
    assert {kind for kind, _ in found} == {"absolute", "relative", "transfer"}
    # Some resources need a recount, and others changed tonight.
    rows = guild.execute("SELECT is_priority, updated_at FROM resources").fetchall()
    for priority in (0, 1):
        times = [at for is_priority, at in rows if is_priority == priority]
        outdated = [at for at in times if needs_update(at, NOW, is_priority=bool(priority))]
        assert 0 < len(outdated) < len(times)
    assert sum(NOW - at < 1200 for _, at in rows) >= 3
    assert sum(NOW - at < 5 * 3600 for _, at in rows) >= 8


def test_points_follow_the_rules_and_undone_changes_have_none(guild: sqlite3.Connection) -> None:
    earned = dict(
        guild.execute("SELECT id, final_points FROM leaderboard WHERE action_type = 'ADD'")
    )
    additions = guild.execute(
        """SELECT history.id, change_amount_hagga + change_amount_deep_desert AS added,
                  new_quantity_hagga + new_quantity_deep_desert, target_quantity, multiplier
           FROM resource_history AS history JOIN resources ON resources.id = resource_id
           WHERE change_type = 'relative' AND added > 0"""
    )
    undone = 0
    for change_id, added, total, target, multiplier in additions:
        due = points_for_adding(added, multiplier, status_of(total, target)).final
        if change_id in earned:
            assert earned.pop(change_id) == due
        elif due:
            undone += 1
    assert not earned
    undoing = "SELECT count(*) FROM resource_history WHERE reason LIKE 'Undo: %'"
    assert undone == guild.execute(undoing).fetchone()[0] > 0


def test_a_guild_without_a_local_user(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with demo_database(now=NOW, days=1) as path:
        database, layout = open_sqlite(path)
        with closing(database):
            known = {new.name for new in starter_resources(Ledger(database, layout))}
        with closing(sqlite3.connect(path)) as connection:
            ids = [row[0] for row in connection.execute("SELECT discord_id FROM users")]
    assert all(member.isdecimal() for member in ids)
    # Without a terminal, no progress is printed.
    assert capfd.readouterr() == ("", "")
    # The fixture data name only starter resources.
    named = {*DEEP_DESERT_FINDS, *SUPPLIES}
    for recipe in RECIPES:
        named |= {recipe.product, *(part for part, _ in recipe.parts)}
    assert named <= known
    # The folder is gone afterwards.
    assert not path.parent.exists()


def test_an_error_leaves_no_folder_and_progress_is_printed_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(RuntimeError), demo_database(now=NOW, days=1) as path:
        raise RuntimeError
    assert not path.parent.exists()
    assert terminal.getvalue().count("\n") == 1
