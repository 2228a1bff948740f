"""Bars of one line: the keys of the focused widget, the periods, and the hint for new players.

`KeyBar` replaces Textual's Footer, which mounts a widget for each key whenever the focus moves:
500 quick edits took 28 seconds with it. This one draws a line of text when the keys have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.dom import DOMNode
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tracker_tui.domain.period import Period
from tracker_tui.ui.widgets.formatting import tab_parts


class _Key(NamedTuple):
    """A key as it is drawn, and the action that a click on it runs."""

    shown: str
    description: str
    action: str
    node: DOMNode

    @property
    def width(self) -> int:
        return len(self.shown) + len(self.description) + 3


class KeyBar(Widget):
    """The enabled bindings that are to be shown; a click does what the key does."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._keys: list[_Key] = []

    def on_mount(self) -> None:
        """Subscribe to the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._update_keys)

    def render(self) -> Content:
        """Draw the line."""
        parts: list[tuple[str, str]] = []
        for key in self._keys:
            parts += [(f" {key.shown}", "bold $accent"), (f" {key.description} ", "")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Run the action of the key that was clicked."""
        right = 0
        for key in self._keys:
            right += key.width
            if event.x < right:
                self.run_worker(self.app.run_action(key.action, key.node))
                return

    def _update_keys(self, screen: Screen[object]) -> None:
        if not (screen.is_attached and self.is_attached):
            return
        keys: dict[str, _Key] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in keys:
                shown = self.app.get_key_display(binding)
                keys[binding.action] = _Key(shown, binding.description, binding.action, active.node)
        found = list(keys.values())
        if found != self._keys:
            self._keys = found
            self.refresh()


class PeriodBar(Widget):
    """The periods to choose from at the left, a note at the right."""

    current: reactive[int] = reactive(0)
    note: reactive[str] = reactive("")

    class Chosen(Message):
        """Another period was chosen."""

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
        """The current period."""
        return self._periods[self.current]

    def step(self, by: int) -> None:
        """Choose the next period, or the one before."""
        self.choose((self.current + by) % len(self._periods))

    def choose(self, number: int) -> None:
        """Choose a period by its number, from 0 on."""
        if number != self.current:
            self.current = number
            self.post_message(self.Chosen())

    def render(self) -> Content:
        """Draw the line."""
        parts: list[tuple[str, str]] = []
        for number, period in enumerate(self._periods):
            is_current = number == self.current
            parts += tab_parts(period.name) if is_current else [(f" {period.name} ", "$text-muted")]
        left = Content.assemble(*parts)
        room = self.size.width - left.cell_length - 1
        right = Content(self.note).stylize("$text-muted").truncate(max(0, room), ellipsis=True)
        return (
            left.pad_right(max(1, self.size.width - left.cell_length - right.cell_length)) + right
        )

    def on_click(self, event: events.Click) -> None:
        """Choose the period that was clicked."""
        left = self.styles.padding.left
        for number, period in enumerate(self._periods):
            left += len(period.name) + 2
            if event.x < left:
                self.choose(number)
                return


class Hint(Widget):
    """One line about joining a guild, for new players; Esc or a click hides it for good."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.display = False
        self.is_dismissed = False

    def offer(self) -> None:
        """Show the hint, unless it was dismissed once."""
        self.display = not self.is_dismissed

    def dismiss(self) -> None:
        """Hide the hint for good."""
        self.is_dismissed, self.display = True, False

    def on_click(self) -> None:
        """Hide the hint."""
        self.dismiss()

    def render(self) -> Content:
        """Draw the line."""
        return Content.assemble(
            ("join a guild: ", ""), ("ctrl+p", "bold $accent"), ("   esc hides this", "$text-muted")
        )
