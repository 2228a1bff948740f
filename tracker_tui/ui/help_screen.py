"""The help, made from the bindings that are in force, remapped ones included."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tracker_tui.ui.widgets.dialogs import Dialog, Scroller

_GRAMMAR = """\
+500   -20   =1200     add, remove, set, at the current location
>300   <300            move: > to Deep Desert, < to Hagga
+2k   +1.5k   =1m      thousands, millions
+3*500+20              sums and products: three stacks and a bit
+500 # spice run       what follows # is the reason"""


class HelpScreen(Dialog[None]):
    """Keys and what they do, and how a change is typed."""

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
