"""`tracker-tui leaderboard`: who earned how many points."""

from __future__ import annotations

import argparse
from typing import Final

from tracker_tui.cli.output import complain
from tracker_tui.cli.read_command import ask, reading_tracker, tell_age
from tracker_tui.cli.text_table import print_table
from tracker_tui.domain.leaderboard import Leaderboard, Ranking
from tracker_tui.domain.messages import climbed_text
from tracker_tui.domain.period import LEADERBOARD_PERIODS
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.text import one_line

_NUMBERS: Final = (0, 2, 3, 4)


def leaderboard(arguments: argparse.Namespace) -> int:
    """Print the members with points in a period, best first."""
    (period,) = (period for period in LEADERBOARD_PERIODS if period.name == arguments.period)
    with reading_tracker(arguments) as tracker:
        reply = ask(tracker, lambda: tracker.query_cache.leaderboard(period), rests_on_rows=False)
        board = reply.value
        if reply.trouble is not None:
            tell_age(reply.trouble, reply.age)
        if arguments.json:
            from tracker_tui.cli.json_documents import print_document, ranking_document

            print_document([ranking_document(ranking) for ranking in board.rankings])
        elif board.rankings:
            _print_board(board)
        else:
            complain("Nobody earned points.")
    return 0


def _print_board(board: Leaderboard) -> None:
    heads = ("Rank", "Name", "Points", "Actions", "Share", "Change" if board.has_before else "")
    rows = (_cells(ranking, has_before=board.has_before) for ranking in board.rankings)
    print_table([heads, *rows], right=_NUMBERS)


def _cells(ranking: Ranking, *, has_before: bool) -> tuple[str, ...]:
    return (
        str(ranking.rank),
        one_line(ranking.name, 32),
        decimal(ranking.points),
        grouped(ranking.actions),
        f"{ranking.share:.1%}".replace("%", " %"),
        climbed_text(ranking.climbed) if has_before else "",
    )
