"""The player's own row below the leaderboard: in sight wherever the table is scrolled to."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from tracker_tui.domain.leaderboard import Ranking
from tracker_tui.ui.leaderboard.table import LeaderboardTable
from tracker_tui.ui.widgets.line_table import filled


class OwnRow(Widget):
    """One line, drawn as the table draws it."""

    def __init__(self, table: LeaderboardTable, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._table = table
        self._standing: Ranking | None = None

    def show(self, ranking: Ranking | None) -> None:
        """Show a member's place; None: they have no points in the period."""
        self._standing = ranking
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width, style = self.size.width, self.rich_style
        if y or not self._table.row_count:
            return Strip.blank(width, style)
        if self._standing is None:
            return filled("      ▸ you have no points in this period", style, width)
        return self._table.ranking_line(self._standing, style, width)
