"""What screens with a table of history entries have in common."""

from __future__ import annotations

from asyncio import wrap_future
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.worker import Worker

from tracker_tui.domain.history import HistoryEntry, HistoryFilter, entry_sentence
from tracker_tui.domain.period import ALL, in_period
from tracker_tui.domain.roles import Right
from tracker_tui.errors import NotPermitted, TrackerError
from tracker_tui.tracker.history_export import EXPORTING
from tracker_tui.tracker.query_cache import Query
from tracker_tui.tracker.tracker import DELETING, Tracker
from tracker_tui.ui.background import age_text
from tracker_tui.ui.clipboard_and_browser import copy
from tracker_tui.ui.history.export import Export
from tracker_tui.ui.history.table import HistoryTable
from tracker_tui.ui.main_screen import QueryScreen
from tracker_tui.ui.widgets.paged_table import PagedTable

_NEEDED = {"delete": (Right.ADMIN, DELETING), "export": (Right.EDIT_TARGETS, EXPORTING)}
"""Which right an action takes, and what it does."""


class EntriesScreen(QueryScreen):
    """A table of entries; what it shows of the history is `wish`."""

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
        self.wish = HistoryFilter()
        self._export = Export(self, tracker, self.show_facts)
        self._deleting: Worker[None] | None = None

    def on_mount(self) -> None:
        """Show the newest entries."""
        self.set_focus(self.table)
        self.show_filter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing that the member may not do."""
        needed = _NEEDED.get(action)
        if needed is not None and needed[0] not in self.tracker.member.rights:
            return None
        return super().check_action(action, parameters)

    def explain_disabled(self, action: str) -> None:
        """Say who may do what this member may not."""
        if action in _NEEDED:
            self._is_allowed(action)

    def _is_allowed(self, action: str) -> bool:
        """Return whether the member may do something; says who may, where they may not."""
        try:
            self.tracker.membership.require(*_NEEDED[action])
        except NotPermitted as error:
            self.notify(str(error), severity="warning", markup=False)
            return False
        return True

    # What is shown

    def show_filter(self) -> None:
        """Show what the filter says, from the newest entry on."""
        self.table.show(self._ask(self.wish))
        self._tell_of_end()
        self.show_facts()

    def _ask(self, wish: HistoryFilter) -> partial[Query[Any]]:
        return partial(self.tracker.query_cache.history, wish)

    def _tell_of_end(self) -> None:
        period = self.wish.span
        is_over = period.is_all or period.until is not None or period.since is not None
        self.table.end_text = (
            "" if is_over else f"nothing older {in_period(period)}: enter looks further back"
        )
        self.table.nothing_text = self._why_nothing()

    def _why_nothing(self) -> str:
        return f"Nothing {in_period(self.wish.span)}."

    @property
    def age(self) -> str:
        """How old what is shown is; empty where it is fresh, or where nothing is shown."""
        table = self.table
        return age_text(table.read_at, table.trouble, is_reading=table.is_reading)

    @on(PagedTable.Read)
    def _tell_what_came(self) -> None:
        self.show_facts()
        self.show_status_bar()

    @on(PagedTable.FurtherBack)
    def _look_further_back(self) -> None:
        self.wish = self.wish._replace(period=ALL)
        self.table.go_on(self._ask(self.wish))
        self._tell_of_end()

    @property
    def is_in_trouble(self) -> bool:
        """Whether what is shown could not be read anew."""
        return self.table.trouble is not None

    def read_news(self) -> None:
        """Read what is new; what failed before is tried again."""
        self.table.refresh_newest()

    def read_everything(self) -> None:
        """Read anew all that is shown, older entries too."""
        self.table.refresh_everything()

    # What can be done with an entry

    @on(PagedTable.Opened)
    def open_entry(self) -> None:
        """Show the whole entry."""
        from tracker_tui.ui.history.entry import EntryDialog

        entry = self.table.highlighted
        if entry is not None and self.app.screen is self:
            screen = EntryDialog(self.tracker, entry)
            # Not the row that is highlighted then: others may have come above it.
            self.app.push_screen(screen, lambda action: self._after_entry(screen.entry, action))

    def _after_entry(self, entry: HistoryEntry, action: str | None) -> None:
        match action:
            case "to_resource":
                self.post_message(self.ResourceRequested(entry.resource_id))
            case "copy":
                self._copy(entry)
            case "delete":
                self._ask_to_delete(entry)

    def action_to_resource(self) -> None:
        """Go to the resource of the highlighted row."""
        self._with_highlighted("to_resource")

    def action_copy(self) -> None:
        """Copy the highlighted entry, as one line of text."""
        self._with_highlighted("copy")

    def action_delete(self) -> None:
        """Ask whether the highlighted entry is to be deleted."""
        self._with_highlighted("delete")

    def _with_highlighted(self, action: str) -> None:
        entry = self.table.highlighted
        if entry is not None:
            self._after_entry(entry, action)

    def _sentence(self, entry: HistoryEntry) -> str:
        who, what = self.table.who(entry), self.table.what(entry)
        return entry_sentence(entry, who, what, self.tracker.places, self.tracker.query_cache.zone)

    def _copy(self, entry: HistoryEntry) -> None:
        line = self._sentence(entry)
        copy(self, line)

    def _ask_to_delete(self, entry: HistoryEntry) -> None:
        from tracker_tui.ui.widgets.dialogs import AskDialog

        if self.warn_if_read_only() or not self._is_allowed("delete"):
            return
        screen = AskDialog(
            "Delete this entry of the history?",
            "Quantities and points stay as they are. The entry is deleted for everybody.",
            "Delete",
            "Keep it",
            about=self._sentence(entry),
        )
        self.app.push_screen(screen, partial(self._delete_if, entry))

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

    # CSV

    def action_export(self) -> None:
        """Export the entries shown as a CSV file."""
        self._export.start(self.wish)

    async def action_back(self) -> None:
        """Leave what is under way; else go back to the resources."""
        if not self._export.cancel():
            await super().action_back()
