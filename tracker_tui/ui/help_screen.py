"""The help screen, generated from the bindings of the screen below it, remapped keys included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tracker_tui.ui.command_palette import is_offered
from tracker_tui.ui.widgets.dialogs import Dialog, Scroller

_GRAMMAR = """\
+500   -20   =1200     add, remove, set, at the current location
>300   <300            move: > to Deep Desert, < to Hagga
+2k   +1.5k   =1m      thousands, millions
+3*500+20              sums and products: three stacks and a bit
+500 # spice run       text after # is the reason"""


class HelpScreen(Dialog[None]):
    """Keys with their descriptions, and how to type a change."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = list(keys)

    def compose(self) -> ComposeResult:
        """Lay out both lists."""
        width = max((len(key) for key, _ in self._keys), default=0) + 3
        lines = [
            Content.assemble((key.ljust(width), "bold $accent"), text) for key, text in self._keys
        ]
        with Vertical(classes="dialog wide tall"):
            yield Static("Keys", classes="dialog-title")
            with Scroller():
                yield Static(Content("\n").join(lines))
                yield Static("\nTyping a change", classes="dialog-title")
                yield Static(_GRAMMAR, markup=False)
            yield Static("↑ ↓ scroll   esc back", classes="dialog-keys")


def keys_of(app: App[Any]) -> Iterable[tuple[str, str]]:
    """Yield the keys of the current screen and what they do; keys that only move come last."""
    keys: dict[str, list[str]] = {}
    bindings: dict[str, Binding] = {}
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.id and binding.description:
            key = app.get_key_display(binding)
            if key not in keys.setdefault(binding.id, []):
                keys[binding.id].append(key)
            bindings[binding.id] = binding
    for binding in sorted(bindings.values(), key=lambda binding: not is_offered(binding)):
        yield " ".join(keys[str(binding.id)]), binding.tooltip or binding.description
