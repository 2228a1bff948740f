"""Choosing the column to sort by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.ui.dialog import Choices, Dialog
from tracker_tui.ui.resources.view import View


class SortDialog(Dialog[View]):
    """A list of columns; the one in force, chosen again, turns the order round."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "reverse", "Turn the order round", id="sorting.reverse"),
    ]

    def __init__(self, view: View, columns: Mapping[str, str]) -> None:
        super().__init__()
        self._view = view
        self._columns = columns

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static("Sort by", classes="dialog-title")
            yield Choices(*(self._option(key) for key in self._columns), markup=False)
            yield Static("enter sort   s reverse   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Start on the column in force."""
        self.query_one(OptionList).highlighted = (
            list(self._columns).index(self._view.sort) if self._view.sort in self._columns else 0
        )

    def _option(self, key: str) -> Option:
        mark = ("↑" if self._view.is_reversed else "↓") if key == self._view.sort else " "
        return Option(f"{mark} {self._columns[key]}", id=key)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._view.sorted_by(str(event.option_id)))

    def action_reverse(self) -> None:
        """Sort by the same column, the other way round."""
        self.dismiss(self._view._replace(is_reversed=not self._view.is_reversed))
