"""Charts in terminal cells: `Chart` says what to draw, `draw` draws it, `ChartView` shows it.

The dots come from plotille, the axes are drawn here. Each line has its letter at its end, so that
colour is not the only way to tell lines apart. The charts of resources and members
are in `series_charts`.
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
"""Cells between a label and its tick at most; farther away it would mislead."""
_STEPS: Final = (1, 2, 5, 10)
_UNGROUPED: Final = 1e15
_LARGEST: Final = 1e300
_BLANK: Final = "\u2800"
_THOUSAND: Final = 1_000
_MILLION: Final = 1_000_000


class Series(NamedTuple):
    """One line of a chart: each value holds from its time until the next one."""

    letter: str
    name: str
    points: Sequence[tuple[float, float]]
    """Times in Unix seconds and values, ordered by time."""
    style: str
    """A key of the palette for `draw`."""
    is_level: bool = False
    """Whether it is a constant value, drawn as a dashed line."""


class Tick(NamedTuple):
    """A label below the chart."""

    at: float
    label: str


class Chart(NamedTuple):
    """Lines over a span of time."""

    since: float
    until: float
    series: Sequence[Series]
    ticks: Sequence[Tick]
    is_bars: bool = False
    """Whether values are drawn as columns on the axis."""


class Frame(NamedTuple):
    """The scales of a chart: its span of time, and round values at its bottom and top."""

    since: float
    until: float
    bottom: float
    top: float
    step: float

    @classmethod
    def of(cls, chart: Chart) -> Frame:
        """Return the frame of a chart; it contains 0 and all values."""
        values = [_bounded(value) for series in chart.series for _, value in series.points]
        low, high = min([0.0, *values]), max([1.0, *values])
        step = _round_step((high - low) / 4)
        bottom = floor(low / step) * step
        return cls(
            chart.since, chart.until, bottom, bottom + ceil((high - bottom) / step) * step, step
        )

    @property
    def marks(self) -> list[float]:
        """The labelled values of the axis, from the bottom up."""
        return [self.bottom + self.step * i for i in range(self.intervals + 1)]

    @property
    def intervals(self) -> int:
        """Number of steps between bottom and top."""
        return round((self.top - self.bottom) / self.step)

    def up(self, value: float, dots: int) -> int:
        """Return the dot for a value, counted from the bottom, of `dots` dots."""
        share = (_bounded(value) - self.bottom) / (self.top - self.bottom)
        return min(dots - 1, max(0, round(share * (dots - 1))))

    def across(self, at: float, dots: int) -> int:
        """Return the dot for a time, counted from the left, of `dots` dots."""
        share = (at - self.since) / ((self.until - self.since) or 1.0)
        return min(dots - 1, max(0, round(share * (dots - 1))))

    def row(self, value: float, height: int) -> int:
        """Return the row for a value, counted from the top."""
        return height - 1 - self.up(value, height * _DOTS_UP) // _DOTS_UP


def draw(chart: Chart, width: int, height: int, palette: dict[str, Style]) -> Text:
    """Return a chart of `width` x `height` cells, axes included; if that is too small, a text."""
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
    """Return a line that names the letters."""
    text = Text()
    for series in chart.series:
        sign = "┄" if series.is_level else "─"
        text.append(f"{sign}{series.letter} ", palette[series.style])
        text.append(f"{series.name} ")
    return text


def short(value: float) -> str:
    """Return an axis value, exact and short: `12k`, `1.5m`, `750`."""
    for size, sign in ((_MILLION, "m"), (_THOUSAND, "k")):
        if size <= abs(value) < _UNGROUPED and value * 100 % size == 0:
            return f"{value / size:.2f}".rstrip("0").rstrip(".") + sign
    is_whole = abs(value) < _UNGROUPED and value == int(value)
    return grouped(int(value)) if is_whole else f"{value:g}"


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … that is at least `least`."""
    if least <= 1:
        return 1.0
    size = 10.0 ** floor(log10(least))
    return next((step * size for step in _STEPS if step * size >= least), 10 * size)


def _bounded(value: float) -> float:
    """Return a finite value: a database may contain NaN and infinity."""
    return 0.0 if isnan(value) else max(-_LARGEST, min(value, _LARGEST))


def _dots(
    chart: Chart, frame: Frame, width: int, height: int, palette: dict[str, Style]
) -> list[Text]:
    """Draw each line on its own canvas; later lines cover earlier ones."""
    cells: list[list[tuple[str, Style | None]]] = [[(_BLANK, None)] * width for _ in range(height)]
    # Constant lines lie below the others.
    for series in sorted(chart.series, key=lambda s: not s.is_level):
        for y, row in enumerate(_canvas(chart, frame, series, width, height)):
            for x, char in enumerate(row[:width]):
                if char != _BLANK:
                    known = ord(cells[y][x][0]) - ord(_BLANK)
                    both = chr(ord(_BLANK) + (known | (ord(char) - ord(_BLANK))))
                    cells[y][x] = (both, palette[series.style])
    return [Text.assemble(*((char, style or "") for char, style in row)) for row in cells]


def _canvas(chart: Chart, frame: Frame, series: Series, width: int, height: int) -> list[str]:
    from plotille import Canvas  # imported only if there is a chart to draw

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
            # In steps, not slopes: a quantity stays constant until the next change.
            canvas.line(x, y, end, y)
            if number + 1 < len(dots):
                canvas.line(end, y, end, dots[number + 1][1])
    return str(canvas.plot()).split("\n")


def _put_letters(chart: Chart, frame: Frame, rows: list[Text], palette: dict[str, Style]) -> None:
    """Write each line's letter at its end, in the order of their values."""
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
    """Return the labels of the ticks, centred below their time; overlapping ones are left out."""
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
"""Cells for the axis at most."""


class ChartView(Widget):
    """Shows a chart in the room it has, and redraws it for another size or theme."""

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
        self._message = ""

    @property
    def has_chart(self) -> bool:
        """Whether a chart is shown, not a message."""
        return self._make is not None

    def show(self, make: Callable[[int], Chart]) -> None:
        """Show the chart that `make` returns for a width in cells."""
        self._make, self._message = make, ""
        self.refresh()

    def show_message(self, text: str) -> None:
        """Show a message instead of a chart."""
        self._make, self._message = None, text
        self.refresh()

    def render(self) -> Text:
        """Draw the chart."""
        if self._make is None:
            return Text(self._message, "dim")
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
