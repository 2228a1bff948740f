"""The History screen: every change of the guild, with a search and filters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.period import MONTH, in_period
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.history.history_entries_screen import EntriesScreen
from tracker_tui.ui.history.history_table import KIND_LOOKS, HistoryTable
from tracker_tui.ui.main_screen import SearchableScreen
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar
from tracker_tui.ui.widgets.search_bar import SearchBar

_SEARCH_DELAY = 0.2
"""Seconds without a key before the ledger is searched."""
_LONGEST_TEXT = 200


class HistoryScreen(EntriesScreen, SearchableScreen):
    """The whole history. The search looks in members, resources and reasons."""

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
        self._chosen_filters = HistoryFilter()

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.search
        yield self.table
        yield KeyBar(id="keys")

    def set_filters(self, chosen: HistoryFilter) -> None:
        """Show the entries that match other filters.

        Without a period, filters that no index serves look back 30 days only.
        """
        self._chosen_filters = chosen
        is_slow = chosen.period is None and not chosen.is_indexed
        self.filters = replace(chosen, period=MONTH) if is_slow else chosen
        if self.is_mounted:
            self.show_filtered()

    def show_only(self, resource_id: str) -> None:
        """Show the whole history of one resource: clear the search and the other filters."""
        self.search.clear()
        self.set_filters(HistoryFilter(resource_id=resource_id))

    def show_summary(self) -> None:
        """Show the filters, the progress of an export and the age of the entries."""
        parts = (*self._filter_names(), self._export.progress, self.age)
        self.search.show_details(" · ".join(filter(None, parts)))

    def _filter_names(self) -> list[str]:
        filters, tracker = self.filters, self.tracker
        parts = [KIND_LOOKS[kind][1] for kind in sorted(filters.kinds)]
        if filters.resource_id is not None:
            parts.append(one_line(tracker.resource_name(filters.resource_id), 24))
        if filters.member_id is not None:
            is_me = filters.member_id == tracker.member.id
            parts.append("by me" if is_me else one_line(tracker.name_of(filters.member_id), 20))
        if filters.location is not None:
            parts.append(one_line(tracker.places[filters.location], 16))
        return parts if filters.span.is_all else [*parts, in_period(filters.span)]

    def _empty_text(self) -> str:
        if self.filters == HistoryFilter():
            return "No changes yet: make the first one on the Resources screen (1)."
        nothing = super()._empty_text().removesuffix(".")
        return f"{nothing} matches: esc clears the search, f the filters."

    # The search

    @on(SearchBar.Changed)
    def _typed(self) -> None:
        self._search_soon()

    @work(group="search", exclusive=True)
    async def _search_soon(self) -> None:
        await asyncio.sleep(_SEARCH_DELAY)
        self.apply_search()

    def apply_search(self) -> None:
        """Search for the typed text, if it has changed."""
        text = self.search.text[:_LONGEST_TEXT].strip()
        if text != self._chosen_filters.text:
            self.set_filters(replace(self._chosen_filters, text=text))

    async def action_back(self) -> None:
        """Take one step back: clear the search, then the filters, then go to Resources."""
        if self.search.text:
            self.action_clear_search()
        elif self._chosen_filters != HistoryFilter():
            self.set_filters(HistoryFilter())
        else:
            await super().action_back()

    # The filters

    def action_choose_filters(self) -> None:
        """Choose period, kinds, location, member and resource."""
        from tracker_tui.ui.history.history_filters import HistoryFiltersDialog

        dialog = HistoryFiltersDialog(self.tracker, self._chosen_filters, self.table.highlighted)
        self.app.push_screen(dialog, self._take_filters)

    def _take_filters(self, chosen: HistoryFilter | None) -> None:
        if chosen is not None:
            self.set_filters(chosen)
