"""One entry of the history as a whole, and the question whether to delete it."""

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
from tracker_tui.ui.background import TrackerMessage
from tracker_tui.ui.history.columns import kind_text
from tracker_tui.ui.widgets.dialogs import QueryDialog, Scroller
from tracker_tui.ui.widgets.formatting import labelled_lines

_LONGEST_REASON = 2_000


class EntryDialog(QueryDialog[str]):
    """Everything that the history knows of one change; ends with what is to be done then."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "end_with('to_resource')", "To the resource", id="entry.resource"),
        Binding("y", "end_with('copy')", "Copy", id="entry.copy"),
        Binding("delete", "end_with('delete')", "Delete", id="entry.delete"),
    ]

    def __init__(self, tracker: Tracker, entry: HistoryEntry) -> None:
        super().__init__(tracker)
        self.entry = entry
        """The entry as it was last read."""
        self._is_deleted = False
        self._known = Static()

    def compose(self) -> ComposeResult:
        """Lay out what is known."""
        name = one_line(self._tracker.resource_name(self.entry.resource_id))
        self._known.update(self._told())
        with Vertical(classes="dialog wide"):
            yield Static(Text(name), classes="dialog-title")
            with Scroller(classes="short"):
                yield self._known
            yield Static(self._keys(), id="entry-keys", classes="dialog-keys")

    def _keys(self) -> str:
        delete = "delete   " if Right.ADMIN in self._tracker.member.rights else ""
        return f"v resource   y copy   {delete}esc back"

    @on(TrackerMessage)
    def _show_keys(self) -> None:
        """Offer what the member may do by now."""
        self.query_one("#entry-keys", Static).update(self._keys())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing that the member may not do."""
        if action != "end_with":
            return True
        is_allowed = parameters != ("delete",) or Right.ADMIN in self._tracker.member.rights
        return is_allowed and not self._is_deleted

    def read_everything(self) -> None:
        """Read the entry again: somebody may have been taken out of it."""
        self._read_again()

    @work(group="entry", exclusive=True)
    async def _read_again(self) -> None:
        query_cache, place = self._tracker.query_cache, self.entry.place
        newer = place._replace(rowid=place.rowid + 1)
        question = query_cache.history(HistoryFilter(), before=newer, down_to=place, limit=1)
        try:
            answer = await wrap_future(query_cache.ask(question, keep=False))
        except TrackerError:
            return  # the screen below says why, and what is shown stays
        self._is_deleted = not answer.value.entries
        if self._is_deleted:
            self._known.update("This entry was deleted.")
        else:
            (self.entry,) = answer.value.entries
            self._known.update(self._told())

    def action_end_with(self, action: str) -> None:
        """Go back, and do something with the entry."""
        self.dismiss(action)

    def _told(self) -> Text:
        entry, tracker = self.entry, self._tracker
        hagga, deep_desert = (one_line(tracker.places[location], 24) for location in Location)
        total_before = entry.hagga_before + entry.deep_desert_before
        total = entry.hagga + entry.deep_desert
        return labelled_lines(
            [
                ("When", f"{local_time(entry.at, tracker.query_cache.zone):%A, %Y-%m-%d %H:%M:%S}"),
                ("Who", one_line(tracker.name_of(entry.by), 100)),
                ("Kind", kind_text(entry, 2).strip()),
                (hagga, _moved(entry.hagga_before, entry.hagga)),
                (deep_desert, _moved(entry.deep_desert_before, entry.deep_desert)),
                ("Total", _moved(total_before, total)),
                ("Reason", one_line(entry.reason or "", _LONGEST_REASON) or "none given"),
                ("Id", one_line(entry.id, 100)),
            ]
        )


def _moved(before: int, after: int) -> str:
    if before == after:
        return grouped(after)
    return f"{grouped(before)} → {grouped(after)}  ({signed(after - before)})"
