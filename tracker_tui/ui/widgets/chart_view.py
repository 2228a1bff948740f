"""A widget that shows a chart in whatever room it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from tracker_tui.ui.widgets.chart import Chart, draw, legend
from tracker_tui.ui.widgets.component_style import component_style

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
