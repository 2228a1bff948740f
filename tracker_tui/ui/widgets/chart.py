"""Charts in the cells of a terminal: axes that tell the truth around dots that plotille draws.

What is drawn is told by signs as well as by colours: each line has its letter at its end.

A widget that shows a chart in whatever room it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, isnan, log10
from typing import ClassVar, Final, NamedTuple

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tracker_tui.domain.quantities import grouped
from tracker_tui.ui.widgets.formatting import component_style

_DOTS_ACROSS: Final = 2
_DOTS_UP: Final = 4
_LEAST_WIDTH: Final = 24
_LEAST_HEIGHT: Final = 5
_DASH: Final = 6
_ASIDE: Final = 3
"""Cells by which a label may stand beside its tick; farther off it would lie."""
_STEPS: Final = (1, 2, 5, 10)
_UNCOUNTED: Final = 1e15
_LARGEST: Final = 1e300
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


class Frame(NamedTuple):
    """What a chart is drawn in: its span of time, and round values at its lower and upper edge."""

    since: float
    until: float
    bottom: float
    top: float
    step: float

    @classmethod
    def of(cls, chart: Chart) -> Frame:
        """Return the frame of a chart: from 0 up, or from below it where there are such values."""
        values = [_bounded(value) for series in chart.series for _, value in series.points]
        low, high = min([0.0, *values]), max([1.0, *values])
        step = _round_step((high - low) / 4)
        bottom = floor(low / step) * step
        return cls(
            chart.since, chart.until, bottom, bottom + ceil((high - bottom) / step) * step, step
        )

    @property
    def marks(self) -> list[float]:
        """The values that the axis names, from the bottom up."""
        return [self.bottom + self.step * i for i in range(self.intervals + 1)]

    @property
    def intervals(self) -> int:
        """How many steps there are between the edges."""
        return round((self.top - self.bottom) / self.step)

    def up(self, value: float, dots: int) -> int:
        """Return how many of so many dots above the bottom a value lies."""
        share = (_bounded(value) - self.bottom) / (self.top - self.bottom)
        return min(dots - 1, max(0, round(share * (dots - 1))))

    def across(self, at: float, dots: int) -> int:
        """Return how many of so many dots from the left a moment lies."""
        share = (at - self.since) / ((self.until - self.since) or 1.0)
        return min(dots - 1, max(0, round(share * (dots - 1))))

    def row(self, value: float, height: int) -> int:
        """Return the row, from the top, in which a value lies."""
        return height - 1 - self.up(value, height * _DOTS_UP) // _DOTS_UP


def draw(chart: Chart, width: int, height: int, palette: dict[str, Style]) -> Text:
    """Return a chart of so many cells, the axes included; or that there is no room for it."""
    frame = Frame.of(chart)
    labels = {mark: short(mark) for mark in frame.marks}
    margin = max(map(len, labels.values())) + 1
    inner_width, inner_height = width - margin - 2, height - 2
    if inner_width < _LEAST_WIDTH - margin or inner_height < _LEAST_HEIGHT - 2:
        return Text("no room for a chart")
    rows = _dots(chart, frame, inner_width, inner_height, palette)
    _put_letters(chart, frame, rows, palette)
    text = Text(no_wrap=True)
    named = {frame.row(mark, inner_height): label for mark, label in labels.items()}
    for number, row in enumerate(rows):
        label = named.get(number, "")
        text.append(label.rjust(margin - 1), palette["axis"])
        text.append("┤" if label else "│", palette["axis"])
        text.append_text(row)
        text.append("\n")
    text.append(" " * (margin - 1) + "└" + "─" * inner_width + "\n", palette["axis"])
    text.append(" " * margin + _tick_line(chart, frame, inner_width), palette["axis"])
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
        if size <= abs(value) < _UNCOUNTED and value * 100 % size == 0:
            return f"{value / size:.2f}".rstrip("0").rstrip(".") + sign
    is_whole = abs(value) < _UNCOUNTED and value == int(value)
    return grouped(int(value)) if is_whole else f"{value:g}"


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … that is no less."""
    if least <= 1:
        return 1.0
    size = 10.0 ** floor(log10(least))
    return next((step * size for step in _STEPS if step * size >= least), 10 * size)


def _bounded(value: float) -> float:
    """Return a value that can be reckoned with: nobody knows what is in a database."""
    return 0.0 if isnan(value) else max(-_LARGEST, min(value, _LARGEST))


def _dots(
    chart: Chart, frame: Frame, width: int, height: int, palette: dict[str, Style]
) -> list[Text]:
    """Draw each line on a canvas of its own, and lay the later ones over those before."""
    cells: list[list[tuple[str, Style | None]]] = [[(_BLANK, None)] * width for _ in range(height)]
    # What is level lies below what moves.
    for series in sorted(chart.series, key=lambda s: not s.is_level):
        for y, row in enumerate(_canvas(chart, frame, series, width, height)):
            for x, char in enumerate(row[:width]):
                if char != _BLANK:
                    known = ord(cells[y][x][0]) - ord(_BLANK)
                    both = chr(ord(_BLANK) + (known | (ord(char) - ord(_BLANK))))
                    cells[y][x] = (both, palette[series.style])
    return [Text.assemble(*((char, style or "") for char, style in row)) for row in cells]


def _canvas(chart: Chart, frame: Frame, series: Series, width: int, height: int) -> list[str]:
    from plotille import Canvas  # not before there is a chart to draw

    across, up = width * _DOTS_ACROSS, height * _DOTS_UP
    canvas = Canvas(width, height, xmin=0, ymin=0, xmax=across, ymax=up)
    dots = [(frame.across(at, across), frame.up(value, up)) for at, value in series.points]
    ground = frame.up(0.0, up)
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


def _put_letters(chart: Chart, frame: Frame, rows: list[Text], palette: dict[str, Style]) -> None:
    """Write each line's letter at its end: in the order of their values, near their heights."""
    height = len(rows)
    named = [series for series in chart.series if series.points and not chart.is_bars]
    named.sort(key=lambda series: -_bounded(series.points[-1][1]))
    places: list[int] = []
    for series in named:
        wanted = frame.row(series.points[-1][1], height)
        places.append(max(wanted, places[-1] + 1) if places else wanted)
    lowest = height - 1
    for number in reversed(range(len(places))):
        places[number] = min(places[number], lowest)
        lowest = places[number] - 1
    letters = dict(zip(places, named, strict=True))
    for row, text in enumerate(rows):
        if row in letters:
            text.append(f" {letters[row].letter}", palette[letters[row].style])
        else:
            text.append("  ")


def _tick_line(chart: Chart, frame: Frame, width: int) -> str:
    """Return the labels of the ticks, each centred below its mark, none over another."""
    line = [" "] * (width + 2)
    free_from = 0
    for tick in chart.ticks:
        x = frame.across(tick.at, width)
        left = min(max(0, x - len(tick.label) // 2), width - len(tick.label))
        if left >= free_from and abs(left + len(tick.label) // 2 - x) <= _ASIDE:
            line[left : left + len(tick.label)] = tick.label
            free_from = left + len(tick.label) + 1
    return "".join(line).rstrip()


_MARGIN = 8
"""Cells that the axis takes at most."""


class ChartView(Widget):
    """Draws a chart anew when it gets another size, or another theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--hagga",
        "chart--deep-desert",
        "chart--total",
        "chart--target",
    }

    def __init__(self, *, has_legend: bool = False, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._make: Callable[[int], Chart] | None = None
        self._has_legend = has_legend
        self._told = ""

    @property
    def has_chart(self) -> bool:
        """Whether there is anything to draw."""
        return self._make is not None

    def show(self, make: Callable[[int], Chart]) -> None:
        """Show the chart that `make` returns for a width of so many cells."""
        self._make, self._told = make, ""
        self.refresh()

    def tell(self, text: str) -> None:
        """Say why there is no chart."""
        self._make, self._told = None, text
        self.refresh()

    def render(self) -> Text:
        """Draw the chart."""
        if self._make is None:
            return Text(self._told, "dim")
        width, height = self.size.width, self.size.height
        chart = self._make(width - _MARGIN)
        palette = {
            name.removeprefix("chart--"): component_style(self, name)
            for name in self.COMPONENT_CLASSES
        }
        if not self._has_legend:
            return draw(chart, width, height, palette)
        text = draw(chart, width, height - 1, palette)
        return text.append("\n").append_text(legend(chart, palette))
