"""The resources screen: the table, its filter, and the quick edit."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import wait
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tracker_tui.domain.change import Outcome
from tracker_tui.domain.messages import resource_line
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.text import one_line, search_words
from tracker_tui.tracker.events import (
    ChangesQueued,
    Event,
    Failed,
    LocalWarning,
    OutcomesReceived,
    QueueFailed,
    Refreshed,
    RightsChanged,
    Undone,
)
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.clipboard_and_browser import copy
from tracker_tui.ui.main_screen import FilteredScreen
from tracker_tui.ui.notifications import Notifications
from tracker_tui.ui.resources.hint import Hint
from tracker_tui.ui.resources.quick_edit import EditRows, QuickEdit
from tracker_tui.ui.resources.resource_columns import Context, sortable_columns
from tracker_tui.ui.resources.resource_list import SORT_KEYS, ResourceList, View
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.resources.sparklines import Sparklines
from tracker_tui.ui.status_bar import facts_of, status_bar_state
from tracker_tui.ui.widgets.key_bar import KeyBar
from tracker_tui.ui.widgets.search_bar import SearchBar

_OUTSIDE = "outside the filters"
_ALSO = "also in descriptions and categories"
_POLL_SECONDS = 1.0
_CLOCK_SECONDS = 10.0
_BLINK_SECONDS = 0.01
_NOT_IN_QUICK_EDIT = frozenset(
    {"filter", "choose_filters", "choose_sorting", "quick_edit", "undo", "copy", "leave"}
)
"""What the list is narrowed to must not change while a change is typed for its rows."""


class ResourcesScreen(FilteredScreen):
    """Where players spend the evening; everything that it needs to know the tracker tells it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Search", id="resources.filter", tooltip="Search as you type"),
        Binding(
            "plus,minus,equals_sign,greater_than_sign,less_than_sign",
            "quick_edit",
            "Edit",
            key_display="+ - = > <",
            id="resources.edit",
            tooltip="Quick edit: change the highlighted row or all selected rows",
        ),
        Binding(
            "tab",
            "other_location",
            "Location",
            id="resources.location",
            tooltip="Switch to the other location",
        ),
        Binding("u", "undo", "Undo", id="resources.undo", tooltip="Undo your last change"),
        Binding("f", "choose_filters", "Filters", id="resources.filters", show=False),
        Binding("s", "choose_sorting", "Sort", id="resources.sort", show=False),
        Binding(
            "l",
            "sparklines",
            "Trend",
            id="resources.sparklines",
            show=False,
            tooltip="Show the 30-day trend",
        ),
        Binding("y", "copy", "Copy", id="resources.copy", show=False),
        Binding(
            "escape",
            "clear",
            "Clear search, selection, filters",
            id="resources.clear",
            show=False,
        ),
    ]

    title_key = "resources"

    def __init__(self, tracker: Tracker, view: View) -> None:
        super().__init__(tracker)
        self.view = view
        self.notifications = Notifications(self, tracker)
        self.hint = Hint(id="hint")
        self.filter = SearchBar(starts_edit=self._start_edit_from_search, id="filter")
        self.table: ResourceTable = ResourceTable(id="table")
        self.edit = QuickEdit(id="edit")
        self.editing = EditRows(tracker, self.table, self.edit)
        self.typed_sign = ""
        """The sign that is being typed, for the action that it starts."""
        self.is_ready = False
        """Whether keys have something to work on: the rows, or the reason why there are none."""
        self._list = ResourceList(tracker)
        self._sparklines = Sparklines(self, tracker, self.show_rows)
        self._text = ""
        self._is_list_old = False
        """Whether other rows, or in another order, would be shown if no change were being typed."""
        self._called: object = None
        """What members and locations were called when the rows were last shown."""

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.strip
        yield self.hint
        yield self.filter
        yield self.table
        yield self.edit
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show what is known already, and look for more from time to time."""
        self.set_focus(self.table)
        # Asked first: what is read from here on is told.
        self.is_ready = (
            self.tracker.last_refresh is not None or self.tracker.connection.trouble is not None
        )
        self.load()
        self.set_interval(_POLL_SECONDS, self._poll)
        self.set_interval(_CLOCK_SECONDS, self._show_ages)

    # What the tracker tells

    def receive(self, event: Event) -> None:
        """Take news from the tracker."""
        match event:
            case Refreshed():
                self._show_loaded(event)
                self.is_ready = True
            case ChangesQueued(resource_ids=resource_ids):
                self._show_changed(resource_ids)
            case QueueFailed(changes=changes):
                self._show_changed({change.resource_id for change in changes})
                self.notifications.tell_of_not_kept(event)
            case LocalWarning(message=message):
                self.notifications.tell_of_notice(message)
            case OutcomesReceived(outcomes=outcomes):
                self._show_changed({outcome.change.resource_id for outcome in outcomes})
                self.table.flash({o.change.resource_id for o in outcomes if o.is_in_history})
                self.notifications.tell_of_outcomes(outcomes)
            case Undone():
                self.notifications.tell_of_undo(event)
            case RightsChanged():
                self.show_status_bar()
            case Failed(error=error):
                self.notifications.tell_of_trouble(error)
                self.table.empty_text = self._why_empty()
                self.show_status_bar()
                self.is_ready = True

    def _show_loaded(self, loaded: Refreshed) -> None:
        if not self.tracker.pending():
            self.notifications.forget_trouble()
        self.table.deselect(loaded.removed)
        if loaded.is_first or loaded.removed or not self._list.has_all(loaded.changed):
            self.load()
        elif (self.tracker.names, self.tracker.places) != self._called:
            # Before what changed: names are in rows that did not, and sorted by.
            self.load()
        elif loaded.changed or self._list.is_disordered:
            self._show_changed(loaded.changed)
            if self._list.order(self.view):
                self.show_rows()
        else:
            self._show_preview()
            self.show_status_bar()
        if not loaded.is_first:
            self.table.flash(loaded.changed)
        self.notifications.tell_of_others(loaded.moves)

    def load(self) -> None:
        """Show all rows anew."""
        self._list.load(self.view)
        self.show_rows()
        self._fold_texts()

    @work(thread=True, exclusive=True, group="search")
    def _fold_texts(self) -> None:
        self._list.fold_texts()

    def _show_changed(self, resource_ids: Iterable[str]) -> None:
        """Redraw rows where they stand; their order changes at the next refresh, not underhand."""
        changed = self._list.replace(resource_ids)
        if changed is None:
            self.load()
            return
        now = self.tracker.now()
        for resource in changed:
            self.table.update_row(resource, now)
        self._show_preview()
        self.show_status_bar()

    def _poll(self) -> None:
        self.tracker.poll()
        if self.tracker.pending() or self.tracker.connection.busy_seconds:
            self.show_status_bar()

    def _show_ages(self) -> None:
        self._list.count()
        self.table.show_ages(self.tracker.now())
        self.show_status_bar()

    # What is shown

    @property
    def location(self) -> Location:
        """Where changes go; one that was chosen within a quick edit is for that one alone."""
        return self.editing.location if self.edit.is_open else self.view.location

    def show_rows(self, *, to_top: bool = False) -> None:
        """Show what the text finds of the rows in their order.

        While a change is typed the list stays still: its rows are those that the player sees.
        """
        self._sparklines.want(is_wanted=self.view.has_sparklines)
        tracker, view, everything = self.tracker, self.view, self._list.everything
        self._called = (tracker.names, tracker.places)
        totals = self._sparklines.totals
        context = Context(tracker.now(), tracker.name_of, tracker.places, self.location, totals)
        self._is_list_old = self.edit.is_open
        if self.edit.is_open:
            self.table.show_anew(everything, context)
        else:
            found = self._list.found(self._text)
            below = {_OUTSIDE: found.outside, _ALSO: found.others}
            sort = (view.sort, view.is_reversed)
            self.table.show(found.names, below, everything, context, sort=sort, to_top=to_top)
        self.table.empty_text = self._why_empty()
        self._tell_of_view()
        self._show_preview()
        self.show_status_bar()

    def show_status_bar(self) -> None:
        """Bring the strip up to date."""
        self.strip.state = status_bar_state(self.tracker, self._list.summary, self.location)

    @on(ResourceTable.MarksChanged)
    def _tell_of_view(self) -> None:
        total = len(self._list.everything)
        self.filter.tell(facts_of(self.view, self.table.hits, total, len(self.table.marked)))

    def _why_empty(self) -> str:
        if self.tracker.last_refresh is None:
            trouble = self.tracker.connection.trouble
            return one_line(str(trouble), 500) if trouble else "opening …"
        if self._list.everything:
            return "Nothing matches: esc clears the search, then the filters."
        return "No resources yet: tracker-tui init --starter adds some."

    # The filter

    @on(SearchBar.Changed)
    def apply_filter(self) -> None:
        """Show what the text finds, the likeliest first and highlighted."""
        before, self._text = search_words(self._text), self.filter.text
        words = search_words(self._text)
        if words != before:
            self.show_rows(to_top=bool(words))

    @property
    def can_step_back(self) -> bool:
        """Whether Esc has something to close or to clear."""
        narrowed = self.filter.text or self.table.marked or self.view.is_filtered
        return bool(narrowed) or self.hint.display or not self.table.has_focus

    def action_clear(self) -> None:
        """Take one step back: the quick edit, the search, the selection, the filters."""
        if self.edit.is_open:
            self.action_leave_edit()
        elif self.filter.text:
            self.action_clear_filter()
        elif self.table.marked:
            self.table.select_rows(())
        elif self.view.is_filtered:
            self.set_view(self.view.without_filters())
        elif self.hint.display:
            self.hint.dismiss()

    def set_view(self, view: View) -> None:
        """Filter and sort another way."""
        self.view = view
        self._list.order(view)
        self.show_rows()

    def action_choose_filters(self) -> None:
        """Choose categories, statuses and the rest."""
        from tracker_tui.ui.resources.filter_and_sort_dialogs import FiltersDialog

        categories = {resource.shown_category for resource in self._list.everything}
        self.app.push_screen(FiltersDialog(self.view, categories), self._take_view)

    def action_choose_sorting(self) -> None:
        """Choose the column to sort by."""
        from tracker_tui.ui.resources.filter_and_sort_dialogs import SortDialog

        columns = sortable_columns(self._list.everything, self.tracker.places)
        self.app.push_screen(SortDialog(self.view, columns), self._take_view)

    def _take_view(self, view: View | None) -> None:
        if view is not None:
            self.set_view(view)

    @on(ResourceTable.HeaderClicked)
    def _sort_by_clicked(self, event: ResourceTable.HeaderClicked) -> None:
        key = "progress" if event.key == "bar" else event.key
        if key in SORT_KEYS and not self.edit.is_open:
            self.set_view(self.view.sorted_by(key))

    def action_other_location(self) -> None:
        """Let changes go to the other location: the one that is being typed, or all from now on."""
        if self.edit.is_open:
            self.editing.switch_location()
            self.show_rows()
        else:
            self.set_view(self.view._replace(location=self.view.location.other))

    # The quick edit

    def action_quick_edit(self) -> None:
        """Open the quick edit; the sign that opened it is the first character typed."""
        self._start_edit(self.typed_sign)

    def _start_edit(self, text: str) -> bool:
        self.apply_filter()
        if self.tell_if_read_only():
            return False
        self.editing.start(text, self.view.location, self._list.why_no_row(self._text))
        self.refresh_bindings()
        return True

    def _start_edit_from_search(self, text: str, tail: str) -> bool:
        """Let a sign typed behind the search start a change, unless it belongs to a name."""
        return not self._list.names_go_on(text, tail) and self._start_edit(tail)

    def on_descendant_focus(self) -> None:
        """Keep the keys in the quick edit while it is open: a click must not lose what is typed."""
        if self.edit.is_open:
            self.edit.take_keys()

    @on(QuickEdit.Typed)
    def _show_preview(self) -> None:
        self.editing.look()

    def action_apply_edit(self) -> None:
        """Submit what is typed, and go back to the table if nothing of it was refused."""
        targets = self.edit.targets
        kept = self.editing.submit()
        if not self.edit.is_open:
            self.action_leave_edit()
        if kept is not None and not self.app.message_queue_size:
            # The disk is mostly done before the next frame: then that one shows it already. Not
            # while more is typed: all of that is kept in one go.
            wait([kept], timeout=_BLINK_SECONDS)
            self._show_changed(targets)

    def action_leave_edit(self) -> None:
        """Close the quick edit and go back to the table."""
        self.editing.stop()
        self.set_focus(self.table)
        self.refresh_bindings()
        if self._is_list_old:
            self.show_rows()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key of the table while its sign is typed into the quick edit."""
        del parameters
        return action not in _NOT_IN_QUICK_EDIT or not self.edit.is_open

    def action_undo(self) -> None:
        """Undo your last change."""
        if not self.tell_if_read_only():
            self.tracker.undo()

    # The rest

    @on(ResourceTable.Opened)
    def open_details(self) -> None:
        """Show everything about the highlighted resource."""
        from tracker_tui.ui.details.detail_screen import DetailsScreen

        resource = self.table.highlighted
        if resource is not None and self.app.screen is self:
            after = partial(self._after_details, resource.id)
            self.app.push_screen(DetailsScreen(self.tracker, resource.id), after)

    def _after_details(self, resource_id: str, action: str | None) -> None:
        if action is not None:
            self.post_message(self.HistoryWanted(resource_id))

    def edit_again(self, outcome: Outcome) -> None:
        """Open the quick edit with a change that the ledger did not take."""
        if not self.tell_if_read_only():
            self.go_to(outcome.change.resource_id)
            self.editing.start_again(outcome)
            self.refresh_bindings()

    def action_sparklines(self) -> None:
        """Show how totals went, or show it no more."""
        self.set_view(self.view._replace(has_sparklines=not self.view.has_sparklines))

    def action_refresh(self) -> None:
        """Read everything anew."""
        super().action_refresh()
        if self.view.has_sparklines:
            self._sparklines.read()

    def action_copy(self) -> None:
        """Copy the highlighted resource, as one line of text."""
        resource = self.table.highlighted
        if resource is None:
            return
        line = resource_line(resource, self.tracker.places)
        copy(self, line)

    def action_leave(self) -> None:
        """Quit; not while something is half typed."""
        if not self.edit.is_open:
            super().action_leave()

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource, whatever hides it; a change being typed is left."""
        if self.edit.is_open:
            self.action_leave_edit()
        is_there = self.tracker.resource(resource_id) is not None
        if is_there and not self.table.is_shown(resource_id):
            self.filter.clear()
            self._text = ""
            self.set_view(self.view.without_filters())
        self.table.go_to(resource_id)
        self.set_focus(self.table)
