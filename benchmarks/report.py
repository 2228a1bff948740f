"""One line of the table: a measurement, its baseline, and the limit that it should keep."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Unit(Enum):
    """A unit, and the format of its values."""

    SECONDS = "{:.3f} s"
    MILLISECONDS = "{:.2f} ms"
    MEGABYTES = "{:.0f} MB"
    PIECES = "{:.0f}"

    def write(self, value: float | None) -> str:
        """Return a value in this unit as text; None if it is not available."""
        return "n/a" if value is None else self.value.format(value)


class Line(NamedTuple):
    """A measurement and its baseline, both in `unit`; a limit is optional."""

    what: str
    measured: float | None
    baseline: float | None
    unit: Unit = Unit.SECONDS
    ratio_at_most: float | None = None
    below: float | None = None

    @property
    def ratio(self) -> float | None:
        """The measurement as a multiple of the baseline."""
        return self.measured / self.baseline if self.measured and self.baseline else None

    @property
    def verdict(self) -> str:
        """`ok` or `MISSED`; empty without a limit or a measurement."""
        if self.ratio_at_most is not None and self.ratio is not None:
            return "ok" if self.ratio <= self.ratio_at_most else "MISSED"
        if self.below is not None and self.measured is not None:
            return "ok" if self.measured < self.below else "MISSED"
        return ""

    @property
    def wanted(self) -> str:
        """The limit as text."""
        if self.ratio_at_most is not None:
            return f"<= {self.ratio_at_most:.2f} x"
        return "" if self.below is None else f"< {self.unit.write(self.below)}"


_COLUMNS = "| {:<46} | {:>9} | {:>9} | {:>7} | {:>10} | {:<6} |"
HEADING = "\n".join(
    (
        _COLUMNS.format("what", "measured", "baseline", "ratio", "wanted", ""),
        "| :" + "-" * 45 + " | " + " | ".join("-" * n + ":" for n in (8, 8, 6, 9)) + " | :----- |",
    )
)
"""In Markdown, to be copied into the README."""


def as_text(line: Line) -> str:
    """Return the line as a row of the table."""
    return _COLUMNS.format(
        line.what,
        line.unit.write(line.measured),
        line.unit.write(line.baseline),
        "" if line.ratio is None else f"{line.ratio:.2f} x",
        line.wanted,
        line.verdict,
    )
