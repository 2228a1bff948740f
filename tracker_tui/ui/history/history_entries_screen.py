"""The base of the History screen and My activity: a table of entries, and its actions.

A subclass sets `filters`, a `HistoryFilter`, and calls `show_filtered`. The table then loads pages
of matching entries as they come into sight.
"""

from __future__ import annotations

from asyncio import wrap_future
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.worker import Worker

from tracker_tui.domain.history import HistoryEntry, HistoryFilter, entry_sentence
from tracker_tui.domain.period import ALL, in_period
from tracker_tui.domain.roles import Right
from tracker_tui.errors import NotPermitted, TrackerError
from tracker_tui.tracker.csv_export import EXPORTING
from tracker_tui.tracker.query_cache import Query
from tracker_tui.tracker.tracker import DELETING, Tracker
from tracker_tui.ui.background_work import age_text
from tracker_tui.ui.clipboard_and_browser import copy
from tracker_tui.ui.history.export_in_background import HistoryExport
from tracker_tui.ui.history.history_table import HistoryTable
from tracker_tui.ui.main_screen import QueryScreen
from tracker_tui.ui.widgets.paged_table import PagedTable

_NEEDED_RIGHTS = {"delete": (Right.ADMIN, DELETING), "export": (Right.EDIT_TARGETS, EXPORTING)}
"""The right that an action needs, and what the action does, in words."""


class EntriesScreen(QueryScreen):
    """A main screen with a table of history entries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v",
            "to_resource",
            "Resource",
            id="history.resource",
            tooltip="Go to the row's resource",
        ),
        Binding("y", "copy", "Copy", id="history.copy", show=False),
        Binding(
            "x",
            "export",
            "CSV",
            id="history.export",
            tooltip="Export the entries shown as a CSV file",
        ),
        Binding(
            "delete",
            "delete",
            "Delete entry",
            id="history.delete",
            show=False,
            tooltip="Delete this entry; quantities stay (admins)",
        ),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.table = HistoryTable(tracker, id="table")
        self.filters = HistoryFilter()
        self._export = HistoryExport(self, tracker, self.show_summary)
        self._deleting: Worker[None] | None = None

    def on_mount(self) -> None:
        """Load the newest entries."""
        self.set_focus(self.table)
        self.show_filtered()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the member may do."""
        needed = _NEEDED_RIGHTS.get(action)
        if needed is not None and needed[0] not in self.tracker.member.rights:
            return None
        return super().check_action(action, parameters)

    def explain_disabled(self, action: str) -> None:
        """Name the roles that may do what this member may not."""
        if action in _NEEDED_RIGHTS:
            self._is_permitted(action)

    def _is_permitted(self, action: str) -> bool:
        """Whether the member may do something; if not, notify which roles may."""
        try:
            self.tracker.membership.require(*_NEEDED_RIGHTS[action])
        except NotPermitted as error:
            self.notify(str(error), severity="warning", markup=False)
            return False
        return True

    # Showing entries

    def show_filtered(self) -> None:
        """Show the entries that match the filters, from the newest on."""
        self.table.show(self._query(self.filters))
        self._update_end_texts()
        self.show_summary()

    def _query(self, filters: HistoryFilter) -> partial[Query[Any]]:
        return partial(self.tracker.query_cache.history, filters)

    def _update_end_texts(self) -> None:
        period = self.filters.span
        is_complete = period.is_all or period.until is not None or period.since is not None
        self.table.end_text = (
            "" if is_complete else f"nothing older {in_period(period)}: enter looks further back"
        )
        self.table.nothing_text = self._empty_text()

    def _empty_text(self) -> str:
        return f"Nothing {in_period(self.filters.span)}."

    @property
    def age(self) -> str:
        """How old the entries are; empty if they are fresh or none are shown."""
        table = self.table
        return age_text(table.read_at, table.trouble, is_reading=table.is_reading)

    @on(PagedTable.Read)
    def _update_age(self) -> None:
        self.show_summary()
        self.show_status_bar()

    @on(PagedTable.FurtherBack)
    def _look_further_back(self) -> None:
        self.filters = replace(self.filters, period=ALL)
        self.table.go_on(self._query(self.filters))
        self._update_end_texts()

    @property
    def is_in_trouble(self) -> bool:
        """Whether the last read of the entries failed."""
        return self.table.trouble is not None

    def read_newest(self) -> None:
        """Load new entries; retry a read that failed."""
        self.table.refresh_newest()

    def read_everything(self) -> None:
        """Load all entries shown again, older ones too."""
        self.table.refresh_everything()

    # Acting on an entry

    @on(PagedTable.Opened)
    def open_entry(self) -> None:
        """Open the highlighted entry in a dialog."""
        from tracker_tui.ui.history.history_entry_dialog import HistoryEntryDialog

        entry = self.table.highlighted
        if entry is not None and self.app.screen is self:
            dialog = HistoryEntryDialog(self.tracker, entry)
            # The dialog's entry, not the row highlighted by then: new rows may have moved it.
            self.app.push_screen(dialog, lambda action: self._act_on(dialog.entry, action))

    def _act_on(self, entry: HistoryEntry, action: str | None) -> None:
        match action:
            case "to_resource":
                self.post_message(self.ResourceRequested(entry.resource_id))
            case "copy":
                copy(self, self._sentence(entry))
            case "delete":
                self._confirm_deletion(entry)

    def action_to_resource(self) -> None:
        """Go to the resource of the highlighted entry."""
        self._act_on_highlighted("to_resource")

    def action_copy(self) -> None:
        """Copy the highlighted entry as one line of text."""
        self._act_on_highlighted("copy")

    def action_delete(self) -> None:
        """Delete the highlighted entry, after a confirmation."""
        self._act_on_highlighted("delete")

    def _act_on_highlighted(self, action: str) -> None:
        entry = self.table.highlighted
        if entry is not None:
            self._act_on(entry, action)

    def _sentence(self, entry: HistoryEntry) -> str:
        member, resource = self.table.member_name(entry), self.table.resource_name(entry)
        tracker = self.tracker
        return entry_sentence(entry, member, resource, tracker.places, tracker.query_cache.zone)

    def _confirm_deletion(self, entry: HistoryEntry) -> None:
        from tracker_tui.ui.widgets.dialogs import AskDialog

        if self.warn_if_read_only() or not self._is_permitted("delete"):
            return
        dialog = AskDialog(
            "Delete this entry of the history?",
            "Quantities and points stay as they are. The entry is deleted for everybody.",
            "Delete",
            "Keep it",
            about=self._sentence(entry),
        )
        self.app.push_screen(dialog, partial(self._delete_if, entry))

    def _delete_if(self, entry: HistoryEntry, is_sure: bool | None) -> None:
        if is_sure:
            self._deleting = self.run_worker(partial(self._delete, entry))

    async def _delete(self, entry: HistoryEntry) -> None:
        try:
            await wrap_future(self.tracker.delete_entry(entry))
        except TrackerError as error:
            self.notify(f"Not deleted. {error}", severity="error", markup=False)
        else:
            self.notify("Deleted the entry; quantities stay.", markup=False)
        self.table.reread_row(entry.id)

    # Exporting

    def action_export(self) -> None:
        """Export the entries that match the filters as a CSV file."""
        self._export.start(self.filters)

    async def action_back(self) -> None:
        """Stop an export; with none running, go back to Resources."""
        if not self._export.cancel():
            await super().action_back()
