"""The table of who earned how many points, and below it the player's own row, always in sight."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip

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
            tooltip="What earned the points",
        ),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--mine"}

    def __init__(self, own_id: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        """Mark the row of the member `own_id`."""
        super().__init__(id=id)
        self._own_id = own_id
        self.board = Leaderboard([], has_before=False)

    def show(self, board: Leaderboard) -> None:
        """Show a leaderboard; the cursor stays on its member."""
        highlighted = self.highlighted
        self.board = board
        cursor = self.cursor
        if highlighted is not None:
            found = (i for i, s in enumerate(board.rankings) if s.user_id == highlighted.user_id)
            cursor = next(found, cursor)
        self.fit_scrollbar()
        self.put_cursor(cursor)
        self.refresh()

    @property
    def row_count(self) -> int:
        """How many members have points."""
        return len(self.board.rankings)

    @property
    def highlighted(self) -> Ranking | None:
        """The member under the cursor."""
        rankings = self.board.rankings
        return rankings[self.cursor] if 0 <= self.cursor < len(rankings) else None

    def header_line(self, width: int) -> Strip:
        """Draw the titles."""
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
        return self.ranking_line(self.board.rankings[position], ground, width)

    def ranking_line(self, ranking: Ranking, base: Style, width: int) -> Strip:
        """Draw one member on the ground of `base`."""
        name, share = _widths(width)
        is_own = ranking.user_id == self._own_id
        mine = self.style_of("mine") if is_own else Style()
        text = f"{'▸ ' if is_own else ''}{one_line(ranking.name, 60)}"
        percent = f"{ranking.share * 100:.0f} %"
        climbed = climbed_text(ranking.climbed) if self.board.has_before else ""
        cells = [
            (grouped(ranking.rank).rjust(_RANK), base + mine),
            (fit(text, name), base + mine),
            (fit(decimal(ranking.points), _POINTS, is_right=True), base + mine),
            (fit(grouped(ranking.actions), _ACTIONS, is_right=True), base),
            (bar(round(ranking.share * 100), share) + percent.rjust(_PERCENT), base),
            (climbed.rjust(_CLIMBED), base + self.style_of_change(ranking.climbed or 0)),
        ]
        return spaced(cells, width, base)


def _widths(width: int) -> tuple[int, int]:
    """Return the cells of the name, and of the bar."""
    room = width - (_RANK + _POINTS + _ACTIONS + _PERCENT + _CLIMBED) - 5
    share = max(_BAR_AT_LEAST, min(_BAR_AT_MOST, room - _NAME_AT_MOST))
    return max(_NAME_AT_LEAST, min(_NAME_AT_MOST, room - share)), share
