"""Charts of random series, and their parts as drawn."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo

from hypothesis import strategies as st
from rich.style import Style

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.quantity_series import Level, QuantitySeries
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets.chart import Chart, draw
from tracker_tui.ui.widgets.series_charts import quantity_chart

NOW = 1_760_000_000
MOST = 999_999_999
MARGIN = 8
"""Cells beside a chart that its ticks do not use."""
PALETTE = {
    name: Style(color=f"color({number})")
    for number, name in enumerate(("axis", "hagga", "deep-desert", "total", "target"), 1)
}
PLACES = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "Deep Desert"}
quantities = st.integers(0, 20) | st.integers(-MOST, MOST)
sizes = st.tuples(st.integers(30, 200), st.integers(6, 40))
small_sizes = st.tuples(st.integers(30, 60), st.integers(6, 14))
"""For tests that draw many charts."""
targets = st.none() | st.integers(-1, MOST)
LABEL = re.compile(r"\d\d:\d\d|[A-Z][a-z]{2} \d{4}|\d{1,2} [A-Z][a-z]{2}")


@st.composite
def series_list(draw_from: st.DrawFn) -> QuantitySeries:
    since = draw_from(st.integers(NOW - 400 * DAY, NOW))
    until = since + draw_from(st.integers(0, 3 * DAY) | st.integers(0, 400 * DAY))
    times = draw_from(st.lists(st.integers(since - DAY, until), max_size=8))
    levels = [Level(at, draw_from(quantities), draw_from(quantities)) for at in sorted(times)]
    return QuantitySeries(since, until, levels, [])


def series_of(*levels: tuple[int, int], span: int = 4 * DAY) -> QuantitySeries:
    step = span // max(1, len(levels))
    known = [Level(NOW - span + step * i, *each) for i, each in enumerate(levels)]
    return QuantitySeries(NOW - span, NOW, known, [])


def chart_of(
    of: QuantitySeries, target: int | None = None, *names: str, zone: tzinfo = UTC, width: int = 72
) -> Chart:
    places = dict(zip(Location, names or PLACES.values(), strict=True))
    return quantity_chart(of, target, places, zone, width)


class Picture:
    """A drawn chart, split into its parts."""

    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self.text = draw(chart, width, height, PALETTE)
        *self.rows, self.axis, self.ticks = self.text.split("\n", allow_blank=True)
        self.margin = self.axis.plain.index("└") + 1
        self.inner_width = width - self.margin - 2

    @property
    def labels(self) -> dict[int, str]:
        cells = {number: row.plain[: self.margin - 1] for number, row in enumerate(self.rows)}
        return {number: text.strip() for number, text in cells.items() if text.strip()}

    @property
    def letters(self) -> dict[str, int]:
        ends = [row.plain[self.margin + self.inner_width :].strip() for row in self.rows]
        return {letter: number for number, letter in enumerate(ends) if letter}

    def dots(self, row: int) -> str:
        return self.rows[row].plain[self.margin : self.margin + self.inner_width]

    def rows_in(self, style: str) -> set[int]:
        """Return the canvas rows that contain a style of the palette."""
        return {
            number
            for number, row in enumerate(self.rows)
            for span in row.spans
            if span.style == PALETTE[style]
            and self.margin <= span.start < self.margin + self.inner_width
        }

    def columns(self, row: int) -> list[bool]:
        """Return for each column of dots, from left to right, whether any dot is set."""
        bits = [ord(char) - 0x2800 for char in self.dots(row)]
        return [bool(each & half) for each in bits for half in (0b01000111, 0b10111000)]
