"""The table of what earned somebody points, and how they came about."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip

from tracker_tui.domain.leaderboard import Contribution
from tracker_tui.domain.period import local_time
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.text import one_line
from tracker_tui.ui.widgets.formatting import fit
from tracker_tui.ui.widgets.line_table import filled, spaced
from tracker_tui.ui.widgets.paged_table import PagedTable

_TIME, _QUANTITY, _POINTS = 5, 13, 12
_NAME_AT_MOST = 32
_SIGNS = {"ADD": "+", "SET": "=", "REMOVE": "-"}


class ContributionTable(PagedTable[Contribution]):
    """Contributions of one member, newest first."""

    def header_line(self, width: int) -> Strip:
        """Draw the titles."""
        name, how = _widths(width)
        style = self.style_of("header")
        titles = [
            "Time".ljust(_TIME),
            "Resource".ljust(name),
            "Quantity".rjust(_QUANTITY),
            "Points".rjust(_POINTS),
            "How they are computed".ljust(how),
        ]
        return filled(" ".join(titles), style, width)

    def entry_line(self, row: Contribution, base: Style, width: int) -> Strip:
        """Draw a contribution."""
        name, how = _widths(width)
        dim = base + self.style_of("dim")
        quantity = f"{_SIGNS.get(row.action_type, '')}{grouped(row.quantity)}"
        cells = [
            (f"{local_time(row.at, self._query_cache.zone):%H:%M}", dim),
            (fit(one_line(row.resource_name, 60), name), base + Style(bold=True)),
            (fit(quantity, _QUANTITY, is_right=True), base),
            (fit(decimal(row.final), _POINTS, is_right=True), base),
            (fit(how_it_came(row), how), dim),
        ]
        return spaced(cells, width, base)


def how_it_came(row: Contribution) -> str:
    """Say how points came about: `50 x 1.1 + 10 % (critical)`."""
    told = decimal(row.base).rstrip("0").rstrip(".") + f" x {row.multiplier:g}"
    if row.bonus:
        status = one_line(row.status, 24).replace("_", " ")
        told += f" + {row.bonus * 100:g} % ({status})"
    return told


def _widths(width: int) -> tuple[int, int]:
    room = width - _TIME - _QUANTITY - _POINTS - 4
    name = max(10, min(_NAME_AT_MOST, room // 2))
    return name, max(0, room - name)
