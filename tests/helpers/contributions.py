"""Read all pages of a member's contributions."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.ledger_under_test import Books
from tracker_tui.domain.leaderboard import ContributionPage
from tracker_tui.domain.period import Period
from tracker_tui.ledger.leaderboard import ContributionsQuery


def contributions(
    books: Books, member: str, period: Period, limit: int
) -> Iterator[ContributionPage]:
    """Yield all pages."""
    before = None
    for _ in range(100):
        page = books.ledger.ask(
            ContributionsQuery(member_id=member, period=period, before=before, limit=limit)
        )
        yield page
        if page.is_last:
            return
        before = page.end
    raise AssertionError("paging never ends")
