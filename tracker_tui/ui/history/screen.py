"""The history screen: every change that anybody made, searched and filtered."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.period import MONTH, in_period
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.history.columns import KIND_LOOKS
from tracker_tui.ui.history.entries_screen import EntriesScreen
from tracker_tui.ui.history.table import HistoryTable
from tracker_tui.ui.main_screen import SearchableScreen
from tracker_tui.ui.widgets.bars import KeyBar
from tracker_tui.ui.widgets.search_bar import SearchBar

_TYPING_SECONDS = 0.2
_LONGEST_TEXT = 200


class HistoryScreen(EntriesScreen, SearchableScreen):
    """The whole history; text is searched for in members, resources and reasons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "search", "Search", id="history.filter", tooltip="Member, resource, reason"
        ),
        Binding("f", "choose_filters", "Filters", id="history.filters"),
    ]
    title_key = "history"
    table: HistoryTable

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.search = SearchBar(id="search-bar")
        self._chosen = HistoryFilter()

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.search
        yield self.table
        yield KeyBar(id="keys")

    def choose(self, wish: HistoryFilter) -> None:
        """Show another part of the history.

        What no index finds is looked for in the last 30 days, unless a period was chosen.
        """
        self._chosen = wish
        is_bounded = wish.period is None and not wish.is_indexed
        self.wish = wish._replace(period=MONTH) if is_bounded else wish
        if self.is_mounted:
            self.show_filter()

    def show_only(self, resource_id: str) -> None:
        """Show the history of one resource, and nothing else narrowed."""
        self.search.clear()
        self.choose(HistoryFilter(resource_id=resource_id))

    def show_facts(self) -> None:
        """Say what narrows the history, and how old what is shown is."""
        self.search.show_details(
            " · ".join(filter(None, (*self._narrowed(), self._export.told, self.age)))
        )

    def _narrowed(self) -> list[str]:
        wish, tracker = self.wish, self.tracker
        parts = [KIND_LOOKS[kind][1] for kind in sorted(wish.kinds)]
        if wish.resource_id is not None:
            parts.append(one_line(tracker.resource_name(wish.resource_id), 24))
        if wish.member_id is not None:
            is_me = wish.member_id == tracker.member.id
            parts.append("by me" if is_me else one_line(tracker.name_of(wish.member_id), 20))
        if wish.location is not None:
            parts.append(one_line(tracker.places[wish.location], 16))
        return parts if wish.span.is_all else [*parts, in_period(wish.span)]

    def _why_nothing(self) -> str:
        if self.wish == HistoryFilter():
            return "No changes yet: make the first one on the Resources screen (1)."
        told = super()._why_nothing().removesuffix(".")
        return f"{told} matches: esc clears the search, f the filters."

    # The search

    @on(SearchBar.Changed)
    def _typed(self) -> None:
        self._search_soon()

    @work(group="search", exclusive=True)
    async def _search_soon(self) -> None:
        # While somebody types no server is asked for what they are about to type.
        await asyncio.sleep(_TYPING_SECONDS)
        self.apply_search()

    def apply_search(self) -> None:
        """Search for what is typed."""
        text = self.search.text[:_LONGEST_TEXT]
        if text.strip() != self._chosen.text:
            self.choose(self._chosen._replace(text=text.strip()))

    async def action_back(self) -> None:
        """Take one step back: the search, the filters, then the resources."""
        if self.search.text:
            self.action_clear_search()
        elif self._chosen != HistoryFilter():
            self.choose(HistoryFilter())
        else:
            await super().action_back()

    # The filters

    def action_choose_filters(self) -> None:
        """Choose periods, kinds, locations, members, resources."""
        from tracker_tui.ui.history.filters import HistoryFiltersDialog

        screen = HistoryFiltersDialog(self.tracker, self._chosen, self.table.highlighted)
        self.app.push_screen(screen, self._take_filters)

    def _take_filters(self, chosen: HistoryFilter | None) -> None:
        if chosen is not None:
            self.choose(chosen)
