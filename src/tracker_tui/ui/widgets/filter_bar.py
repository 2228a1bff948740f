"""The filter: text that is searched as it is typed, and beside it what else narrows the table."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tracker_tui.domain.grammar import SIGNS
from tracker_tui.ui.widgets.line_input import LineInput


class FilterInput(LineInput):
    """The input of the filter; signs start a quick edit from here, so it leaves them alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.leave_filter", "To the table", id="filter.leave"),
        Binding("escape", "screen.clear_filter", "Clear", id="filter.clear"),
        Binding("up", "screen.move_cursor(-1)", "Up", show=False, id="filter.up"),
        Binding("down", "screen.move_cursor(1)", "Down", show=False, id="filter.down"),
    ]

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Take what is printable but for the signs of a change."""
        return character not in SIGNS and super().check_consume_key(key, character)


class FilterBar(Horizontal):
    """One line: the search text, and the filters and sorting in force."""

    class Changed(Message):
        """Another text is searched for."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._input = FilterInput(
            placeholder="filter", id="filter-input", compact=True, select_on_focus=False
        )
        self._facts = Static(id="filter-facts", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("/", id="filter-sign")
        yield self._input
        yield self._facts

    @property
    def text(self) -> str:
        """The text that is searched for."""
        return self._input.value

    def enter(self) -> None:
        """Take the keys; what was typed before is selected, so that typing replaces it."""
        self.screen.set_focus(self._input)  # at once, unlike `Input.focus`
        self._input.select_all()

    def clear(self) -> None:
        """Search for nothing."""
        self._input.value = ""

    def tell(self, facts: str) -> None:
        """Show what narrows and orders the table."""
        self._facts.update(facts)

    @on(Input.Changed, "#filter-input")
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
