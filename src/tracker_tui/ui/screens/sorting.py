"""Choosing the column to sort by."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.ui.screens.dialog import Dialog
from tracker_tui.ui.view import SORT_KEYS, View

_TITLES = {
    "name": "Name",
    "priority": "Priority",
    "category": "Category",
    "subcategory": "Subcategory",
    "tier": "Tier",
    "hagga": "First location",
    "deep_desert": "Second location",
    "total": "Total",
    "target": "Target",
    "progress": "Percent of target",
    "status": "Status",
    "updated": "Updated",
    "by": "By",
}


class SortingScreen(Dialog[View]):
    """A list of columns; the one in force, chosen again, turns the order round."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "reverse", "Turn the order round", id="sorting.reverse"),
        Binding("j", "move(1)", "Down", show=False, id="sorting.down"),
        Binding("k", "move(-1)", "Up", show=False, id="sorting.up"),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static("Sort by", classes="dialog-title")
            yield OptionList(*(self._option(key) for key in SORT_KEYS), markup=False)
            yield Static("enter sort   s reverse   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Start on the column in force."""
        self.query_one(OptionList).highlighted = list(SORT_KEYS).index(self._view.sort)

    def _option(self, key: str) -> Option:
        mark = ("↑" if self._view.is_reversed else "↓") if key == self._view.sort else " "
        return Option(f"{mark} {_TITLES[key]}", id=key)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._view.sorted_by(str(event.option_id)))

    def action_reverse(self) -> None:
        """Sort by the same column, the other way round."""
        self.dismiss(self._view._replace(is_reversed=not self._view.is_reversed))

    def action_move(self, rows: int) -> None:
        """Move through the list."""
        options = self.query_one(OptionList)
        if rows > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()
