"""The keys of the moment, in one line at the bottom.

Textual's Footer mounts a widget for each key anew whenever the focus moves, which an edit does
twice; this draws a line of text, and only when it is another one.
"""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget


class _Key(NamedTuple):
    """One key as shown, and what a click on it does."""

    shown: str
    description: str
    action: str
    node: DOMNode

    @property
    def width(self) -> int:
        return len(self.shown) + len(self.description) + 3


class KeyBar(Widget):
    """The bindings that are in force and want to be shown; a click does what the key does."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._keys: list[_Key] = []

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def render(self) -> Content:
        """Draw the line."""
        parts: list[tuple[str, str]] = []
        for key in self._keys:
            parts += [(f" {key.shown}", "bold $accent"), (f" {key.description} ", "")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        right = 0
        for key in self._keys:
            right += key.width
            if event.x < right:
                self.run_worker(self.app.run_action(key.action, key.node))
                return

    def _look(self, screen: Screen[object]) -> None:
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
