"""The resources screen: its keys, the tracker's events, and the quick edit.

The tracker's events arrive in `receive`. A changed resource is redrawn in its row at once, but rows
move to another place only with the next refresh: a row must not slip away under the cursor.

Which rows are shown is decided by its base class in `resource_view_screen`.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import wait
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tracker_tui.domain.change import Outcome
from tracker_tui.domain.messages import resource_line
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
from tracker_tui.ui.clipboard_and_browser import copy
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.resources.resource_view_screen import ResourceViewScreen

_POLL_SECONDS = 1.0
_CLOCK_SECONDS = 10.0
_STORING_SECONDS = 0.01
_NOT_IN_QUICK_EDIT = frozenset(
    {"search", "choose_filters", "choose_sorting", "quick_edit", "undo", "copy", "leave"}
)
"""Actions that are disabled while a change is typed."""


class ResourcesScreen(ResourceViewScreen):
    """The start screen; every change begins here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="resources.filter", tooltip="Search as you type"),
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
            "toggle_sparklines",
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

    def on_mount(self) -> None:
        """Show the rows of the replica, and poll for changes from now on."""
        self.set_focus(self.table)
        # Before `load`: what the tracker reads from here on comes as an event.
        self.is_ready = (
            self.tracker.last_refresh is not None or self.tracker.connection.trouble is not None
        )
        self.load()
        self.set_interval(_POLL_SECONDS, self._poll)
        self.set_interval(_CLOCK_SECONDS, self._show_ages)

    # Events of the tracker

    def receive(self, event: Event) -> None:
        """Show what the tracker reports."""
        match event:
            case Refreshed():
                self._show_loaded(event)
                self.is_ready = True
            case ChangesQueued(resource_ids=resource_ids):
                self._show_changed(resource_ids)
            case QueueFailed(changes=changes):
                self._show_changed({change.resource_id for change in changes})
                self.notifications.report_queue_failure(event)
            case LocalWarning(message=message):
                self.notifications.report_local_warning(message)
            case OutcomesReceived(outcomes=outcomes):
                self._show_changed({outcome.change.resource_id for outcome in outcomes})
                self.table.flash({o.change.resource_id for o in outcomes if o.is_in_history})
                self.notifications.report_outcomes(outcomes)
            case Undone():
                self.notifications.report_undo(event)
            case RightsChanged():
                self.show_status_bar()
            case Failed(error=error):
                self.notifications.report_trouble(error)
                self.table.empty_text = self._empty_text()
                self.show_status_bar()
                self.is_ready = True

    def _show_loaded(self, loaded: Refreshed) -> None:
        if not self.tracker.pending():
            self.notifications.forget_trouble()
        self.table.deselect(loaded.removed)
        if (
            loaded.is_first
            or loaded.removed
            or not self._list.has_all(loaded.changed)
            # Names stand in rows that did not change, and rows are sorted by them.
            or (self.tracker.names, self.tracker.places) != self._shown_names
        ):
            self.load()
        elif loaded.changed or self._list.is_disordered:
            self._show_changed(loaded.changed)
            if self._list.order(self.view):
                self.show_rows()
        else:
            self.edit.update_preview()
            self.show_status_bar()
        if not loaded.is_first:
            self.table.flash(loaded.changed)
        self.notifications.report_others_changes(loaded.moves)

    def _show_changed(self, resource_ids: Iterable[str]) -> None:
        """Redraw changed resources in their rows; their order changes with the next refresh."""
        changed = self._list.replace(resource_ids)
        if changed is None:
            self.load()
            return
        now = self.tracker.now()
        for resource in changed:
            self.table.update_row(resource, now)
        self.edit.update_preview()
        self.show_status_bar()

    def _poll(self) -> None:
        self.tracker.poll()
        if self.tracker.pending() or self.tracker.connection.busy_seconds:
            self.show_status_bar()

    def _show_ages(self) -> None:
        self._list.count()
        self.table.show_ages(self.tracker.now())
        self.show_status_bar()

    @property
    def can_step_back(self) -> bool:
        """Whether Esc would close or clear something."""
        narrowed = self.search.text or self.table.selected or self.view.is_filtered
        return bool(narrowed) or self.hint.display or not self.table.has_focus

    def action_clear(self) -> None:
        """Take one step back: the quick edit, the search, the selection, the filters, the hint."""
        if self.edit.is_open:
            self.action_leave_edit()
        elif self.search.text:
            self.action_clear_search()
        elif self.table.selected:
            self.table.select_rows(())
        elif self.view.is_filtered:
            self.set_view(self.view.without_filters())
        elif self.hint.display:
            self.hint.dismiss()

    # The quick edit

    def action_quick_edit(self) -> None:
        """Open the quick edit, with the sign that opened it."""
        self._start_edit(self.typed_sign)

    def _start_edit(self, text: str) -> bool:
        self.apply_search()
        if self.warn_if_read_only():
            return False
        self.edit.open(text, self.view.location, self._list.no_row_text(self._text))
        self.refresh_bindings()
        return True

    def _start_edit_from_search(self, text: str, tail: str) -> bool:
        """Start a quick edit by a sign typed in the search, unless it is part of a name."""
        return not self._list.has_name_with(text, tail) and self._start_edit(tail)

    def edit_again(self, outcome: Outcome) -> None:
        """Open the quick edit with a conflict or a rejected change."""
        if not self.warn_if_read_only():
            self.go_to(outcome.change.resource_id)
            self.edit.open_again(outcome)
            self.refresh_bindings()
            # The change may go to the other location.
            self.show_rows()

    def on_descendant_focus(self) -> None:
        """Keep the focus in the quick edit while it is open: a click must not lose the text."""
        if self.edit.is_open:
            self.edit.take_focus()

    def action_apply_edit(self) -> None:
        """Submit the change, and go back to the table unless some rows reject it."""
        targets = self.edit.targets
        stored = self.edit.submit()
        if not self.edit.is_open:
            self.action_leave_edit()
        if stored is not None and not self.app.message_queue_size:
            # The outbox usually stores faster than the next frame comes, which then shows the new
            # quantity. With more keys waiting, storing all of them at once is faster.
            wait([stored], timeout=_STORING_SECONDS)
            self._show_changed(targets)

    def action_leave_edit(self) -> None:
        """Close the quick edit and go back to the table."""
        self.edit.close()
        self.set_focus(self.table)
        self.refresh_bindings()
        if self._is_outdated:
            self.show_rows()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that the quick edit does not allow while it is open."""
        del parameters
        return action not in _NOT_IN_QUICK_EDIT or not self.edit.is_open

    def action_undo(self) -> None:
        """Undo the last change."""
        if not self.warn_if_read_only():
            self.tracker.undo()

    # Details, copying, refreshing

    @on(ResourceTable.Opened)
    def open_details(self) -> None:
        """Open the details of the highlighted resource."""
        from tracker_tui.ui.details.detail_screen import DetailsScreen

        resource = self.table.highlighted
        if resource is not None and self.app.screen is self:
            after = partial(self._after_details, resource.id)
            self.app.push_screen(DetailsScreen(self.tracker, resource.id), after)

    def _after_details(self, resource_id: str, action: str | None) -> None:
        if action is not None:
            self.post_message(self.HistoryRequested(resource_id))

    def action_refresh(self) -> None:
        """Read everything again."""
        super().action_refresh()
        if self.view.has_sparklines:
            self._sparklines.read()

    def action_copy(self) -> None:
        """Copy the highlighted resource as a line of text."""
        resource = self.table.highlighted
        if resource is not None:
            copy(self, resource_line(resource, self.tracker.places))

    def action_leave(self) -> None:
        """Quit, unless a change is being typed."""
        if not self.edit.is_open:
            super().action_leave()

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource; clear the search and the filters if they hide it."""
        if self.edit.is_open:
            self.action_leave_edit()
        is_there = self.tracker.resource(resource_id) is not None
        if is_there and not self.table.is_shown(resource_id):
            self.search.clear()
            self._text = ""
            self.set_view(self.view.without_filters())
        self.table.go_to(resource_id)
        self.set_focus(self.table)
