"""Charts in the cells of a terminal: axes that tell the truth around dots that plotille draws.

What is drawn is told by signs as well as by colours: each line has its letter at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Final, NamedTuple

from rich.style import Style
from rich.text import Text

from tracker_tui.domain.quantities import grouped

_DOTS_ACROSS: Final = 2
_DOTS_UP: Final = 4
_LEAST_WIDTH: Final = 24
_LEAST_HEIGHT: Final = 5
_DASH: Final = 6
_ASIDE: Final = 3
"""Cells by which a label may stand beside its tick; farther off it would lie."""
_STEPS: Final = (1, 2, 5, 10)
_BLANK: Final = "\u2800"
_THOUSAND: Final = 1_000
_MILLION: Final = 1_000_000


class Series(NamedTuple):
    """One line of a chart: values that hold from their time on until the next one."""

    letter: str
    name: str
    points: Sequence[tuple[float, float]]
    """Time in Unix seconds, and value; in the order of time."""
    style: str
    """A name of the palette that `draw` is given."""
    is_level: bool = False
    """Whether it is one value all the way, drawn with gaps."""


class Tick(NamedTuple):
    """A mark below the chart."""

    at: float
    label: str


class Chart(NamedTuple):
    """What is to be drawn: lines over a span of time, from 0 up, or from below it."""

    since: float
    until: float
    series: Sequence[Series]
    ticks: Sequence[Tick]
    is_bars: bool = False
    """Whether values are columns that stand on the axis."""

    @property
    def top(self) -> float:
        """The value at the upper edge: a round one, and no less than any."""
        return self._bounds[1]

    @property
    def bottom(self) -> float:
        """The value at the lower edge: 0, unless there are less."""
        return self._bounds[0]

    @property
    def marks(self) -> list[float]:
        """The values that the axis names, from the bottom up."""
        low, high, step = self._bounds
        return [low + step * i for i in range(round((high - low) / step) + 1)]

    @property
    def _bounds(self) -> tuple[float, float, float]:
        values = [value for series in self.series for _, value in series.points]
        low, high = min([0.0, *values]), max([1.0, *values])
        step = _round_step((high - low) / 4)
        bottom = floor(low / step) * step
        top = bottom
        while top < high:
            top += step
        return bottom, top, step


def draw(chart: Chart, width: int, height: int, palette: dict[str, Style]) -> Text:
    """Return a chart of so many cells, the axes included; empty where there is no room for it."""
    labels = {mark: short(mark) for mark in chart.marks}
    margin = max(map(len, labels.values())) + 1
    inner_width, inner_height = width - margin - 2, height - 2
    if inner_width < _LEAST_WIDTH - margin or inner_height < _LEAST_HEIGHT - 2:
        return Text("no room for a chart")
    rows = _dots(chart, inner_width, inner_height, palette)
    _put_letters(chart, rows, inner_height, palette)
    text = Text(no_wrap=True)
    named = {_row_of(chart, mark, inner_height): label for mark, label in labels.items()}
    for number, row in enumerate(rows):
        label = named.get(number, "")
        text.append(label.rjust(margin - 1), palette["axis"])
        text.append("┤" if label else "│", palette["axis"])
        text.append_text(row)
        text.append("\n")
    text.append(" " * (margin - 1) + "└" + "─" * inner_width + "\n", palette["axis"])
    text.append(" " * margin + _tick_line(chart, inner_width), palette["axis"])
    return text


def legend(chart: Chart, palette: dict[str, Style]) -> Text:
    """Say which letter is which line."""
    text = Text()
    for series in chart.series:
        sign = "┄" if series.is_level else "─"
        text.append(f"{sign}{series.letter} ", palette[series.style])
        text.append(f"{series.name} ")
    return text


def short(value: float) -> str:
    """Return an axis value in few characters, exact: `12k`, `1.5m`, `750`."""
    for size, sign in ((_MILLION, "m"), (_THOUSAND, "k")):
        if abs(value) >= size and value * 100 % size == 0:
            return f"{value / size:g}{sign}"
    return grouped(int(value)) if value == int(value) else f"{value:g}"


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … that is no less."""
    if least <= 1:
        return 1.0
    size = 10.0 ** floor(log10(least))
    return next(step * size for step in _STEPS if step * size >= least)


def _row_of(chart: Chart, value: float, height: int) -> int:
    """Return the row, from the top, in which a value lies."""
    return height - 1 - _up(chart, value, height * _DOTS_UP) // _DOTS_UP


def _up(chart: Chart, value: float, dots: int) -> int:
    """Return how many dots above the bottom a value lies."""
    share = (value - chart.bottom) / (chart.top - chart.bottom)
    return min(dots - 1, max(0, round(share * (dots - 1))))


def _across(chart: Chart, at: float, dots: int) -> int:
    """Return how many dots from the left a moment lies."""
    share = (at - chart.since) / ((chart.until - chart.since) or 1.0)
    return min(dots - 1, max(0, round(share * (dots - 1))))


def _dots(chart: Chart, width: int, height: int, palette: dict[str, Style]) -> list[Text]:
    """Draw each line on a canvas of its own, and lay the later ones over those before."""
    cells: list[list[tuple[str, Style | None]]] = [[(_BLANK, None)] * width for _ in range(height)]
    # What is level lies below what moves.
    for series in sorted(chart.series, key=lambda s: not s.is_level):
        for y, row in enumerate(_canvas(chart, series, width, height)):
            for x, char in enumerate(row[:width]):
                if char != _BLANK:
                    known = ord(cells[y][x][0]) - ord(_BLANK)
                    both = chr(ord(_BLANK) + (known | (ord(char) - ord(_BLANK))))
                    cells[y][x] = (both, palette[series.style])
    return [Text.assemble(*((char, style or "") for char, style in row)) for row in cells]


def _canvas(chart: Chart, series: Series, width: int, height: int) -> list[str]:
    from plotille import Canvas  # not before there is a chart to draw

    across, up = width * _DOTS_ACROSS, height * _DOTS_UP
    canvas = Canvas(width, height, xmin=0, ymin=0, xmax=across, ymax=up)
    dots = [(_across(chart, at, across), _up(chart, value, up)) for at, value in series.points]
    ground = _up(chart, 0.0, up)
    for number, (x, y) in enumerate(dots):
        end = dots[number + 1][0] if number + 1 < len(dots) else across - 1
        if series.is_level:
            for left in range(x, across, _DASH):
                canvas.line(left, y, min(left + 1, across - 1), y)
        elif chart.is_bars:
            for column in range(x, max(x + 1, end - 1)):
                canvas.line(column, ground, column, y)
        else:
            # In steps, not slopes: between two changes there was what the first one left.
            canvas.line(x, y, end, y)
            if number + 1 < len(dots):
                canvas.line(end, y, end, dots[number + 1][1])
    return str(canvas.plot()).split("\n")


def _put_letters(chart: Chart, ends: list[Text], height: int, palette: dict[str, Style]) -> None:
    """Write each line's letter at its end, as near to its height as there is room."""
    taken: set[int] = set()
    letters = {row: Text("  ") for row in range(height)}
    named = [series for series in chart.series if series.points and not chart.is_bars]
    for series in sorted(named, key=lambda s: -s.points[-1][1]):
        wanted = _row_of(chart, series.points[-1][1], height)
        free = sorted(set(range(height)) - taken, key=lambda row: (abs(row - wanted), row))
        if free:
            taken.add(free[0])
            letters[free[0]] = Text(f" {series.letter}", palette[series.style])
    for row, text in enumerate(ends):
        text.append_text(letters[row])


def _tick_line(chart: Chart, width: int) -> str:
    """Return the labels of the ticks, each centred below its mark, none over another."""
    line = [" "] * (width + 2)
    free_from = 0
    for tick in chart.ticks:
        x = _across(chart, tick.at, width)
        left = min(max(0, x - len(tick.label) // 2), width - len(tick.label))
        if left >= free_from and abs(left + len(tick.label) // 2 - x) <= _ASIDE:
            line[left : left + len(tick.label)] = tick.label
            free_from = left + len(tick.label) + 1
    return "".join(line).rstrip()
