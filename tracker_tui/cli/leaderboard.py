"""`tracker-tui leaderboard`: members by their points."""

from __future__ import annotations

import argparse
from typing import Any, Final

from tracker_tui.cli.output import complain, print_json, print_table
from tracker_tui.cli.read_command import ask, open_tracker, print_age
from tracker_tui.domain.leaderboard import Leaderboard, Ranking
from tracker_tui.domain.messages import climbed_text
from tracker_tui.domain.period import LEADERBOARD_PERIODS
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.text import one_line

_RIGHT_ALIGNED: Final = (0, 2, 3, 4)


def leaderboard(arguments: argparse.Namespace) -> int:
    """Print the members with points in a period, best first."""
    (period,) = (period for period in LEADERBOARD_PERIODS if period.name == arguments.period)
    with open_tracker(arguments) as tracker:
        reply = ask(tracker, lambda: tracker.query_cache.leaderboard(period), needs_rows=False)
        found = reply.value
        if reply.trouble is not None:
            print_age(reply.trouble, reply.age)
        if arguments.json:
            print_json([_document(ranking) for ranking in found.rankings])
        elif found.rankings:
            _print_rankings(found)
        else:
            complain("No points were earned in this period.")
    return 0


def _print_rankings(found: Leaderboard) -> None:
    has_before = found.has_before
    header = ("Rank", "Name", "Points", "Actions", "Share", "Change" if has_before else "")
    rows = (_row(ranking, has_before=has_before) for ranking in found.rankings)
    print_table([header, *rows], right=_RIGHT_ALIGNED)


def _row(ranking: Ranking, *, has_before: bool) -> tuple[str, ...]:
    return (
        str(ranking.rank),
        one_line(ranking.name, 32),
        decimal(ranking.points),
        grouped(ranking.actions),
        f"{ranking.share:.1%}".replace("%", " %"),
        climbed_text(ranking.climbed) if has_before else "",
    )


def _document(ranking: Ranking) -> dict[str, Any]:
    """Return the JSON document of one member; `share` of all points is 0.0 to 1.0."""
    return {
        "rank": ranking.rank,
        "user_id": ranking.user_id,
        "name": ranking.name,
        "points": ranking.points,
        "actions": ranking.actions,
        "share": round(ranking.share, 4),
        "rank_change": ranking.climbed,
    }
