"""Picking one of many by typing a part of its name, or typing what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.domain.text import one_line, search_key, search_words
from tracker_tui.errors import TrackerError
from tracker_tui.ui.dialog import Choices, Dialog
from tracker_tui.ui.widgets.line_input import LineInput

_SHOWN_AT_MOST = 200


class PickDialog(Dialog[str]):
    """A text to search for, and what it finds; ends with the key of what was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="picking.leave"),
        Binding("down", "move(1)", "Down", show=False, id="picking.down"),
        Binding("up", "move(-1)", "Up", show=False, id="picking.up"),
    ]

    def __init__(self, title: str, names: Mapping[str, str]) -> None:
        """`names` are what can be picked, by key."""
        super().__init__()
        self._title = title
        shown = {key: one_line(name, 60) for key, name in names.items()}
        self._names = dict(sorted(shown.items(), key=lambda item: item[1].casefold()))
        self._found: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out the input and the list."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title")
            yield LineInput(placeholder="type a part of the name", compact=True)
            yield Choices(markup=False)
            yield Static("↑ ↓ choose   enter take   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Show all of them."""
        self.set_focus(self.query_one(LineInput))
        self._search("")

    @on(Input.Changed)
    def _type(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, text: str) -> None:
        words = search_words(text)
        found = [
            key
            for key, name in self._names.items()
            if all(word in search_key(name) for word in words)
        ]
        self._found = found[:_SHOWN_AT_MOST]
        choices = self.query_one(Choices)
        choices.clear_options()
        choices.add_options(Option(self._names[key]) for key in self._found)
        choices.highlighted = 0 if self._found else None

    def action_move(self, rows: int) -> None:
        """Move from within the input."""
        choices = self.query_one(Choices)
        if self._found:
            choices.highlighted = ((choices.highlighted or 0) + rows) % len(self._found)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _take(self) -> None:
        highlighted = self.query_one(Choices).highlighted
        if highlighted is not None and self._found:
            self.dismiss(self._found[highlighted])


class TypeDialog(Dialog[str]):
    """A text to type, which is checked before it is taken."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="typing.leave"),
    ]

    def __init__(self, title: str, example: str, check: Callable[[str], object]) -> None:
        """`check` raises TrackerError for what cannot be taken."""
        super().__init__()
        self._title, self._example, self._check = title, example, check

    def compose(self) -> ComposeResult:
        """Lay out the input, and room for what is wrong."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title")
            yield LineInput(placeholder=self._example, compact=True, max_length=60)
            yield Static(id="typing-problem", markup=False)
            yield Static("enter take   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Take the keys."""
        self.set_focus(self.query_one(LineInput))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        try:
            self._check(event.value)
        except TrackerError as error:
            self.query_one("#typing-problem", Static).update(str(error))
        else:
            self.dismiss(event.value)
