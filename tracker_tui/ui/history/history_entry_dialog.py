"""One history entry in full."""

from __future__ import annotations

from asyncio import wrap_future
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tracker_tui.domain.history import HistoryEntry, HistoryFilter
from tracker_tui.domain.period import local_time
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.roles import Right
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import TrackerMessage
from tracker_tui.ui.history.history_table import kind_text
from tracker_tui.ui.widgets.dialogs import QueryDialog, Scroller
from tracker_tui.ui.widgets.formatting import labelled_lines

_LONGEST_REASON = 2_000


class HistoryEntryDialog(QueryDialog[str]):
    """Everything stored about one change.

    Ends with the action chosen for the entry: `to_resource`, `copy` or `delete`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "end_with('to_resource')", "Go to the resource", id="entry.resource"),
        Binding("y", "end_with('copy')", "Copy", id="entry.copy"),
        Binding("delete", "end_with('delete')", "Delete", id="entry.delete"),
    ]

    def __init__(self, tracker: Tracker, entry: HistoryEntry) -> None:
        super().__init__(tracker)
        self.entry = entry
        """The entry as it was last read."""
        self._is_deleted = False
        self._description = Static()

    def compose(self) -> ComposeResult:
        """Lay out the entry."""
        name = one_line(self._tracker.resource_name(self.entry.resource_id))
        self._description.update(self._describe())
        with Vertical(classes="dialog wide"):
            yield Static(Text(name), classes="dialog-title")
            with Scroller(classes="short"):
                yield self._description
            yield Static(self._keys(), id="entry-keys", classes="dialog-keys")

    def _keys(self) -> str:
        delete = "delete   " if Right.ADMIN in self._tracker.member.rights else ""
        return f"v resource   y copy   {delete}esc back"

    @on(TrackerMessage)
    def _update_keys(self) -> None:
        """Follow changes of the member's rights."""
        self.query_one("#entry-keys", Static).update(self._keys())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the member may do."""
        if action != "end_with":
            return True
        is_allowed = parameters != ("delete",) or Right.ADMIN in self._tracker.member.rights
        return is_allowed and not self._is_deleted

    def read_everything(self) -> None:
        """Read the entry again: a member's name may have been taken out of it."""
        self._read_again()

    @work(group="entry", exclusive=True)
    async def _read_again(self) -> None:
        query_cache, place = self._tracker.query_cache, self.entry.place
        newer = place._replace(rowid=place.rowid + 1)
        query = query_cache.history(HistoryFilter(), before=newer, down_to=place, limit=1)
        try:
            answer = await wrap_future(query_cache.ask(query, keep=False))
        except TrackerError:
            return  # The screen below says why.
        self._is_deleted = not answer.value.entries
        if self._is_deleted:
            self._description.update("This entry was deleted.")
        else:
            (self.entry,) = answer.value.entries
            self._description.update(self._describe())

    def action_end_with(self, action: str) -> None:
        """Close the dialog with an action for the entry."""
        self.dismiss(action)

    def _describe(self) -> Text:
        entry, tracker = self.entry, self._tracker
        hagga, deep_desert = (one_line(tracker.places[location], 24) for location in Location)
        total_before = entry.hagga_before + entry.deep_desert_before
        total = entry.hagga + entry.deep_desert
        return labelled_lines(
            [
                ("When", f"{local_time(entry.at, tracker.query_cache.zone):%A, %Y-%m-%d %H:%M:%S}"),
                ("Who", one_line(tracker.name_of(entry.by), 100)),
                ("Kind", kind_text(entry, 2).strip()),
                (hagga, _before_and_after(entry.hagga_before, entry.hagga)),
                (deep_desert, _before_and_after(entry.deep_desert_before, entry.deep_desert)),
                ("Total", _before_and_after(total_before, total)),
                ("Reason", one_line(entry.reason or "", _LONGEST_REASON) or "none given"),
                ("Id", one_line(entry.id, 100)),
            ]
        )


def _before_and_after(before: int, after: int) -> str:
    if before == after:
        return grouped(after)
    return f"{grouped(before)} → {grouped(after)}  ({signed(after - before)})"
