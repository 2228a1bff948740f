"""The periods that can be looked at, the one that is in force marked."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tracker_tui.domain.period import Period
from tracker_tui.ui.widgets.formatting import marked


class PeriodBar(Widget):
    """One line: periods at the left, what is to be said of them at the right."""

    current: reactive[int] = reactive(0)
    told: reactive[str] = reactive("")

    class Chosen(Message):
        """Another period is in force."""

    def __init__(
        self,
        periods: Sequence[Period],
        current: Period,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._periods = list(periods)
        self.set_reactive(PeriodBar.current, self._periods.index(current))

    @property
    def period(self) -> Period:
        """The period that is in force."""
        return self._periods[self.current]

    def step(self, by: int) -> None:
        """Take the next period, or the one before."""
        self.take((self.current + by) % len(self._periods))

    def take(self, number: int) -> None:
        """Take a period by its place."""
        if number != self.current:
            self.current = number
            self.post_message(self.Chosen())

    def render(self) -> Content:
        """Draw the line."""
        parts: list[tuple[str, str]] = []
        for number, period in enumerate(self._periods):
            is_current = number == self.current
            parts += marked(period.name) if is_current else [(f" {period.name} ", "$text-muted")]
        left = Content.assemble(*parts)
        room = self.size.width - left.cell_length - 1
        right = Content(self.told).stylize("$text-muted").truncate(max(0, room), ellipsis=True)
        return (
            left.pad_right(max(1, self.size.width - left.cell_length - right.cell_length)) + right
        )

    def on_click(self, event: events.Click) -> None:
        """Take the period under the pointer."""
        left = self.styles.padding.left
        for number, period in enumerate(self._periods):
            left += len(period.name) + 2
            if event.x < left:
                self.take(number)
                return
