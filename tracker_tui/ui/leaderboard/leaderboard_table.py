"""The table of the leaderboard, and the player's own row below it."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from tracker_tui.domain.leaderboard import Leaderboard, Ranking
from tracker_tui.domain.messages import climbed_text
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.text import one_line
from tracker_tui.ui.widgets.formatting import bar, fit
from tracker_tui.ui.widgets.line_table import LineTable, filled, spaced

_RANK, _POINTS, _ACTIONS, _PERCENT, _CLIMBED = 5, 14, 8, 5, 6
_NAME_AT_LEAST, _NAME_AT_MOST = 10, 32
_BAR_AT_LEAST, _BAR_AT_MOST = 6, 48


class LeaderboardTable(LineTable):
    """Members, best first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "Contributions",
            id="leaderboard.open",
            tooltip="The changes that earned the points",
        ),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--own"}

    def __init__(self, own_id: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        """Highlight the row of the member `own_id`."""
        super().__init__(id=id)
        self._own_id = own_id
        self.leaderboard = Leaderboard([], has_before=False)

    def show(self, leaderboard: Leaderboard) -> None:
        """Show a leaderboard; the cursor stays on its member."""
        highlighted = self.highlighted
        self.leaderboard = leaderboard
        cursor = self.cursor
        if highlighted is not None:
            ids = [ranking.user_id for ranking in leaderboard.rankings]
            if highlighted.user_id in ids:
                cursor = ids.index(highlighted.user_id)
        self.fit_scrollbar()
        self.put_cursor(cursor)
        self.refresh()

    @property
    def row_count(self) -> int:
        """The number of members with points."""
        return len(self.leaderboard.rankings)

    @property
    def highlighted(self) -> Ranking | None:
        """The member under the cursor."""
        rankings = self.leaderboard.rankings
        return rankings[self.cursor] if 0 <= self.cursor < len(rankings) else None

    def header_line(self, width: int) -> Strip:
        """Draw the column titles."""
        style = self.get_component_rich_style("table--header")
        name, share = _widths(width)
        titles = [
            "#".rjust(_RANK),
            "Member".ljust(name),
            "Points".rjust(_POINTS),
            "Actions".rjust(_ACTIONS),
            "Share".ljust(share + _PERCENT),
            "Change".rjust(_CLIMBED),
        ]
        return filled(" ".join(titles), style, width)

    def row_line(self, position: int, width: int) -> Strip:
        """Draw a member's row."""
        ground = self.ground(is_cursor=position == self.cursor)
        return self.ranking_line(self.leaderboard.rankings[position], ground, width)

    def ranking_line(self, ranking: Ranking, base: Style, width: int) -> Strip:
        """Draw one member in the style `base`."""
        name, share = _widths(width)
        is_own = ranking.user_id == self._own_id
        own = self.style_of("own") if is_own else Style()
        text = f"{'▸ ' if is_own else ''}{one_line(ranking.name, 60)}"
        percent = f"{ranking.share * 100:.0f} %"
        climbed = climbed_text(ranking.climbed) if self.leaderboard.has_before else ""
        cells = [
            (grouped(ranking.rank).rjust(_RANK), base + own),
            (fit(text, name), base + own),
            (fit(decimal(ranking.points), _POINTS, is_right=True), base + own),
            (fit(grouped(ranking.actions), _ACTIONS, is_right=True), base),
            (bar(round(ranking.share * 100), share) + percent.rjust(_PERCENT), base),
            (climbed.rjust(_CLIMBED), base + self.style_of_change(ranking.climbed or 0)),
        ]
        return spaced(cells, width, base)


class OwnRow(Widget):
    """The player's own row, drawn as the table draws it, in sight wherever the table scrolls."""

    def __init__(self, table: LeaderboardTable, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._table = table
        self._ranking: Ranking | None = None

    def show(self, ranking: Ranking | None) -> None:
        """Show the player's ranking; None if they have no points in the period."""
        self._ranking = ranking
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the row; blank while the table is empty."""
        width, style = self.size.width, self.rich_style
        if y or not self._table.row_count:
            return Strip.blank(width, style)
        if self._ranking is None:
            return filled("      ▸ you have no points in this period", style, width)
        return self._table.ranking_line(self._ranking, style, width)


def _widths(width: int) -> tuple[int, int]:
    """Return the cells of the name and of the bar."""
    room = width - (_RANK + _POINTS + _ACTIONS + _PERCENT + _CLIMBED) - 5
    share = max(_BAR_AT_LEAST, min(_BAR_AT_MOST, room - _NAME_AT_MOST))
    return max(_NAME_AT_LEAST, min(_NAME_AT_MOST, room - share)), share
