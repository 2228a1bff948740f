"""Choosing what the table shows: statuses, priority, what wants a recount, categories."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line
from tracker_tui.ui.screens.dialog import Dialog
from tracker_tui.ui.shown import STATUS_LOOKS
from tracker_tui.ui.view import View

_PRIORITY = ("priority", "")
_STALE = ("stale", "")
Choice = tuple[str, str]


class ChoiceList(SelectionList[Choice]):
    """A list to tick in; Enter is for the dialog, space ticks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.apply", "Apply", id="filters.apply"),
        Binding("j", "cursor_down", "Down", show=False, id="filters.down"),
        Binding("k", "cursor_up", "Up", show=False, id="filters.up"),
    ]


class FiltersScreen(Dialog[View]):
    """One list of everything that the table can be narrowed to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "clear", "Clear all", id="filters.clear"),
    ]

    def __init__(self, view: View, categories: Iterable[str]) -> None:
        super().__init__()
        self._view = view
        # A category that was filtered for and has no resource any more can still be unticked.
        self._categories = sorted({*categories, *view.categories}, key=str.casefold)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static("Show only", classes="dialog-title")
            yield ChoiceList(*self._selections())
            yield Static("space tick   enter apply   c clear   esc back", classes="dialog-keys")

    def _selections(self) -> Iterable[Selection[Choice]]:
        view = self._view
        for status, look in STATUS_LOOKS.items():
            text = Content(f"{look.sign} {look.word}")
            yield Selection(text, ("status", status.value), status in view.statuses)
        yield Selection(Content("★ priority"), _PRIORITY, view.priority_only)
        yield Selection(Content("! to recount"), _STALE, view.stale_only)
        for category in self._categories:
            text = Content(one_line(category, 40))
            yield Selection(text, ("category", category), category in view.categories)

    def action_apply(self) -> None:
        """Show what is ticked; of a kind of which nothing is ticked, everything."""
        ticked = self.query_one(ChoiceList).selected
        statuses = {Status(value) for kind, value in ticked if kind == "status"}
        self.dismiss(
            self._view._replace(
                statuses=frozenset(statuses),
                categories=frozenset(value for kind, value in ticked if kind == "category"),
                priority_only=_PRIORITY in ticked,
                stale_only=_STALE in ticked,
            )
        )

    def action_clear(self) -> None:
        """Show everything."""
        self.dismiss(self._view.without_filters())
