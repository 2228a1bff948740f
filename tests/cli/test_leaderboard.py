"""`tracker-tui leaderboard`: its table and its JSON."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from helpers.commands import Run
from helpers.guild import ask, insert, points_row
from tracker_tui.domain.period import LEADERBOARD_PERIODS

DAY = 86_400
WEEK_TABLE = """\
Rank  Name        Points  Actions   Share  Change
   1  Muad'Dib  1,300.50        2  56.5 %  ▲2
   2  chani       500.00        1  21.7 %  ▼1
   2  stilgar     500.00        1  21.7 %  =
   4  jamis         0.25        1   0.0 %  new
"""


def earn(path: Path, who: str, points: float, ago: int, **given: Any) -> None:
    """Add points of a member that are `ago` seconds old, far from the end of a period."""
    (how_many,) = ask(path, "SELECT count(*) FROM leaderboard")[0]
    at = int(time.time()) - ago
    row = points_row(f"p{how_many}", points, user_id=who, created_at=at)
    insert(path, "leaderboard", row | given)


def test_leaderboard_shows_seven_days_by_default(run: Run, guild: Path) -> None:
    for who, points, ago in (
        *(("4711", 1_000, DAY), ("4711", 70, 9 * DAY)),
        ("Muad'Dib", 300.5, 2 * 3_600),  # as in old rows
        *(("chani", 500, 2 * DAY), ("chani", 90, 9 * DAY)),
        *(("stilgar", 500, 3 * DAY), ("stilgar", 80, 9 * DAY), ("jamis", 0.25, 4 * DAY)),
    ):
        earn(guild, who, points, ago)
    assert run("leaderboard") == (0, WEEK_TABLE, "")
    assert run("leaderboard", "--period", "7d").out == WEEK_TABLE
    # A leaderboard of all time has no rank changes.
    heads, first, *_ = run("leaderboard", "--period", "all").out.splitlines()
    assert heads.split() == ["Rank", "Name", "Points", "Actions", "Share"]
    assert first.split() == ["1", "Muad'Dib", "1,370.50", "3", "53.9", "%"]
    for ranking in run("leaderboard", "--period", "all", "--json").document:
        assert ranking["rank_change"] is None
    ran = run("leaderboard", "--json")
    assert (ran.status, ran.err) == (0, "")
    keys = ["rank", "user_id", "name", "points", "actions", "share", "rank_change"]
    assert [list(ranking) for ranking in ran.document] == [keys] * 4
    assert [tuple(ranking.values()) for ranking in ran.document] == [
        (1, "4711", "Muad'Dib", 1_300.5, 2, 0.5653, 2),
        (2, "chani", "chani", 500.0, 1, 0.2173, -1),
        (2, "stilgar", "stilgar", 500.0, 1, 0.2173, 0),
        (4, "jamis", "jamis", 0.25, 1, 0.0001, None),
    ]


def test_each_period_counts_its_own_points(run: Run, guild: Path) -> None:
    for days in (0, 3, 20, 300):
        earn(guild, "4711", 10, days * DAY + 3_600)
    for period, expected in (("24h", 10), ("7d", 20), ("30d", 30), ("all", 40)):
        (ranking,) = run("leaderboard", "--period", period, "--json").document
        assert ranking["points"] == expected
        assert ranking["rank_change"] is None


def test_leaderboard_accepts_only_a_known_period(run: Run, guild: Path) -> None:
    for period in LEADERBOARD_PERIODS:
        ran = run("leaderboard", "--period", period.name)
        assert ran.status == 0
        assert "No points were earned in this period" in ran.error
    assert run("leaderboard", "--json").document == []
    for nonsense in ("90d", "", "7D", "2023-11-15.."):
        ran = run("leaderboard", "--period", nonsense)
        assert ran.status == 2
        assert "--period" in ran.error


def test_leaderboard_survives_a_hostile_row(run: Run, guild: Path) -> None:
    hostile = "\x1b[2J[red]x\ny\u202e\r\x07"
    ask(guild, "UPDATE users SET custom_nickname = ?", hostile)
    earn(guild, "4711", 1.7e308, DAY)
    earn(guild, hostile + "z", -5, DAY)
    earn(guild, "infinite", 9e999, DAY)
    earn(guild, "wordy", 0, DAY, final_points="many")
    shown = run("leaderboard")
    assert (shown.status, shown.err) == (0, "")
    assert len(shown.out.splitlines()) == 5
    assert all(line.isprintable() for line in shown.out.splitlines())
    ran = run("leaderboard", "--json")
    assert ran.out.isascii()
    assert len(ran.document) == 4
