"""The part of the resources screen that decides which rows are shown, and in which order.

The search text, the filters, the sort order, the trend column and the current location narrow and
order the list. While the quick edit is open the list stays still, because the typed change is meant
for the rows on screen.
"""

from __future__ import annotations

from abc import abstractmethod

from textual import on, work
from textual.app import ComposeResult

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.text import one_line, search_words
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.main_screen import SearchableScreen
from tracker_tui.ui.notifications import Notifications
from tracker_tui.ui.resources.quick_edit import QuickEdit
from tracker_tui.ui.resources.resource_columns import Context, sortable_columns
from tracker_tui.ui.resources.resource_list import SORT_KEYS, ResourceList, View
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.resources.sparklines import Sparklines
from tracker_tui.ui.status_bar import status_bar_state, view_text
from tracker_tui.ui.widgets.key_and_period_bars import Hint, KeyBar
from tracker_tui.ui.widgets.search_bar import SearchBar

_OUTSIDE = "outside the filters"
_DESCRIPTIONS = "also in descriptions and categories"


class ResourceViewScreen(SearchableScreen):
    """Search bar, table and quick edit, and the actions that change what the table shows."""

    title_key = "resources"

    def __init__(self, tracker: Tracker, view: View) -> None:
        super().__init__(tracker)
        self.view = view
        self.notifications = Notifications(self, tracker)
        self.hint = Hint(id="hint")
        self.search = SearchBar(starts_edit=self._start_edit_from_search, id="search-bar")
        self.table: ResourceTable = ResourceTable(id="table")
        self.edit = QuickEdit(tracker, self.table, id="edit")
        self.typed_sign = ""
        """The sign of the key that is being dispatched; it opens the quick edit."""
        self.is_ready = False
        """Whether there are rows, or a reason why there are none."""
        self._list = ResourceList(tracker)
        self._sparklines = Sparklines(self, tracker, self.show_rows)
        self._text = ""
        self._is_outdated = False
        """Whether the rows or their order have changed while the quick edit kept the list still."""
        self._shown_names: object = None
        """Names of members and locations when the rows were last shown."""

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.hint
        yield self.search
        yield self.table
        yield self.edit
        yield KeyBar(id="keys")

    @abstractmethod
    def _start_edit_from_search(self, text: str, tail: str) -> bool:
        """Start a quick edit by a sign typed in the search, unless it is part of a name."""

    # Display

    def load(self) -> None:
        """Show all rows again, in order."""
        self._list.load(self.view)
        self.show_rows()
        self._prepare_search()

    @work(thread=True, exclusive=True, group="search")
    def _prepare_search(self) -> None:
        self._list.prepare_search()

    @property
    def location(self) -> Location:
        """Where a change goes."""
        return self.edit.location if self.edit.is_open else self.view.location

    def show_rows(self, *, to_top: bool = False) -> None:
        """Show the rows that the search finds; while the quick edit is open, the same rows."""
        self._sparklines.switch(is_on=self.view.has_sparklines)
        tracker, view, everything = self.tracker, self.view, self._list.everything
        self._shown_names = (tracker.names, tracker.places)
        totals = self._sparklines.totals
        context = Context(tracker.now(), tracker.name_of, tracker.places, self.location, totals)
        self._is_outdated = self.edit.is_open
        if self.edit.is_open:
            self.table.update_rows(everything, context)
        else:
            found = self._list.search(self._text)
            below = {_OUTSIDE: found.outside, _DESCRIPTIONS: found.others}
            sort = (view.sort, view.is_reversed)
            self.table.show(found.names, below, everything, context, sort=sort, to_top=to_top)
        self.table.empty_text = self._empty_text()
        self._show_view_text()
        self.edit.update_preview()
        self.show_status_bar()

    def show_status_bar(self) -> None:
        """Bring the status bar up to date."""
        self.status_bar.state = status_bar_state(self.tracker, self._list.summary, self.location)

    @on(ResourceTable.SelectionChanged)
    def _show_view_text(self) -> None:
        total, selected = len(self._list.everything), len(self.table.selected)
        self.search.show_details(view_text(self.view, self.table.hits, total, selected))

    def _empty_text(self) -> str:
        if self.tracker.last_refresh is None:
            trouble = self.tracker.connection.trouble
            return one_line(str(trouble), 500) if trouble else "opening …"
        if self._list.everything:
            return "Nothing matches: esc clears the search, then the filters."
        return "No resources yet: tracker-tui init --starter adds some."

    # Search, filters and sorting

    @on(SearchBar.Changed)
    def apply_search(self) -> None:
        """Show what the search finds, with the best match highlighted."""
        before, self._text = search_words(self._text), self.search.text
        words = search_words(self._text)
        if words != before:
            self.show_rows(to_top=bool(words))

    def set_view(self, view: View | None) -> None:
        """Filter and sort by another view; None, the answer of a closed dialog, changes nothing."""
        if view is not None:
            self.view = view
            self._list.order(view)
            self.show_rows()

    def action_choose_filters(self) -> None:
        """Open the filters dialog."""
        from tracker_tui.ui.resources.filter_and_sort_dialogs import FiltersDialog

        categories = {resource.shown_category for resource in self._list.everything}
        self.app.push_screen(FiltersDialog(self.view, categories), self.set_view)

    def action_choose_sorting(self) -> None:
        """Open the dialog that chooses the column to sort by."""
        from tracker_tui.ui.resources.filter_and_sort_dialogs import SortDialog

        columns = sortable_columns(self._list.everything, self.tracker.places)
        self.app.push_screen(SortDialog(self.view, columns), self.set_view)

    @on(ResourceTable.HeaderClicked)
    def _sort_by_clicked(self, event: ResourceTable.HeaderClicked) -> None:
        key = "progress" if event.key == "bar" else event.key
        if key in SORT_KEYS and not self.edit.is_open:
            self.set_view(self.view.sorted_by(key))

    def action_toggle_sparklines(self) -> None:
        """Show or hide the trend column."""
        self.set_view(self.view._replace(has_sparklines=not self.view.has_sparklines))

    def action_other_location(self) -> None:
        """Switch the location: of the change that is typed, or else of all changes from now on."""
        if self.edit.is_open:
            self.edit.switch_location()
            self.show_rows()
        else:
            self.set_view(self.view._replace(location=self.view.location.other))
