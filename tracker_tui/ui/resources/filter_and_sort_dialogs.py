"""The dialogs of the resources screen that choose filters and the sort order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line
from tracker_tui.ui.resources.resource_list import View
from tracker_tui.ui.widgets.dialogs import CheckList, Choice, Choices, Dialog


class FiltersDialog(Dialog[View]):
    """A list of all filters to tick."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "clear", "Clear all", id="filters.clear"),
    ]

    def __init__(self, view: View, categories: Iterable[str]) -> None:
        super().__init__()
        self._view = view
        # A category without resources can be unticked, if it is a filter.
        self._categories = sorted({*categories, *view.categories}, key=str.casefold)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        choices = list(self._choices())
        with Vertical(classes="dialog"):
            yield Static("Show only", classes="dialog-title")
            yield CheckList(choices, {choice for choice in choices if self._is_on(choice)})
            yield Static("space tick   enter apply   c clear   esc back", classes="dialog-keys")

    def _choices(self) -> Iterable[Choice]:
        for status, look in STATUS_LOOKS.items():
            yield Choice("status", status.value, str(look))
        yield Choice("priority", "", "★ priority")
        yield Choice("stale", "", "! needs recount")
        for category in self._categories:
            yield Choice("category", category, one_line(category, 40))

    def _is_on(self, choice: Choice) -> bool:
        view = self._view
        match choice.kind:
            case "status":
                return Status(choice.value) in view.statuses
            case "category":
                return choice.value in view.categories
            case "priority":
                return view.priority_only
            case _:
                return view.stale_only

    def action_apply(self) -> None:
        """Apply the ticked filters; a kind without ticks lets everything pass."""
        checked = self.query_one(CheckList).checked
        kinds = {choice.kind for choice in checked}
        self.dismiss(
            self._view._replace(
                statuses=frozenset(Status(c.value) for c in checked if c.kind == "status"),
                categories=frozenset(c.value for c in checked if c.kind == "category"),
                priority_only="priority" in kinds,
                stale_only="stale" in kinds,
            )
        )

    def action_clear(self) -> None:
        """Turn all filters off."""
        self.dismiss(self._view.without_filters())


class SortDialog(Dialog[View]):
    """A list of columns; choosing the current one again reverses the order."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "reverse", "Reverse the order", id="sorting.reverse"),
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
        """Start on the current column."""
        self.query_one(OptionList).highlighted = (
            list(self._columns).index(self._view.sort) if self._view.sort in self._columns else 0
        )

    def _option(self, key: str) -> Option:
        arrow = ("↑" if self._view.is_reversed else "↓") if key == self._view.sort else " "
        return Option(f"{arrow} {self._columns[key]}", id=key)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._view.sorted_by(str(event.option_id)))

    def action_reverse(self) -> None:
        """Sort by the same column in reverse."""
        self.dismiss(self._view._replace(is_reversed=not self._view.is_reversed))
