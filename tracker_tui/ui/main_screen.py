"""The base of the four main screens: the status bar, and the keys from one to the next.

`SearchableScreen` adds a search bar above the table; `QueryScreen` shows answers of the query cache
and reads them again when the tracker reports news.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from tracker_tui.domain.messages import stats_sentence
from tracker_tui.tracker.events import Event, Failed, OutcomesReceived, Refreshed
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import TrackerMessage
from tracker_tui.ui.base_screen import BaseScreen
from tracker_tui.ui.status_bar import StatusBar
from tracker_tui.ui.widgets.line_table import LineTable
from tracker_tui.ui.widgets.search_bar import SearchBar

_STATUS_BAR_SECONDS = 1.0
_CLOCK_SECONDS = 10.0


class MainScreen(BaseScreen[None]):
    """One of the four; only here `q` quits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "app.show('resources')", "Resources", id="screens.resources", show=False),
        Binding("2", "app.show('history')", "History", id="screens.history", show=False),
        Binding(
            "3", "app.show('leaderboard')", "Leaderboard", id="screens.leaderboard", show=False
        ),
        Binding("4", "app.show('activity')", "My activity", id="screens.activity", show=False),
        Binding(
            "o",
            "app.outbox",
            "Outbox",
            id="resources.outbox",
            show=False,
            tooltip="Pending changes, conflicts and rejected changes",
        ),
        Binding(
            "i",
            "show_stats",
            "Session stats",
            id="resources.tally",
            show=False,
            tooltip="Show what this session changed",
        ),
        Binding(
            "n",
            "app.toggle_others",
            "Notify me of others",
            id="resources.others",
            show=False,
            tooltip="Notify me of other people's changes: on / off",
        ),
        Binding("r", "refresh", "Refresh", id="resources.refresh", show=False),
        Binding("q", "leave", "Quit", id="resources.quit", show=False),
    ]

    class ResourceRequested(Message):
        """The player wants to see a resource in the table."""

        def __init__(self, resource_id: str) -> None:
            self.resource_id = resource_id
            super().__init__()

    class HistoryRequested(Message):
        """The player wants to see the whole history of a resource."""

        def __init__(self, resource_id: str) -> None:
            self.resource_id = resource_id
            super().__init__()

    title_key: ClassVar[str]
    """The name of the screen for `app.show`."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self.tracker = tracker
        self.status_bar = StatusBar(self.title_key, id="status-bar")

    @property
    def can_step_back(self) -> bool:
        """Whether Esc would close something or go back."""
        return True

    def action_show_stats(self) -> None:
        """Show what this session changed."""
        text = stats_sentence(self.tracker.stats, len(self.tracker.pending()))
        self.notify(text[0].upper() + text[1:], markup=False)

    def action_refresh(self) -> None:
        """Read everything again."""
        self.tracker.refresh()

    def warn_if_read_only(self) -> bool:
        """Return whether the ledger is read-only; if so, say it in a notification."""
        if self.tracker.connection.can_write:
            return False
        text = "Read only: your TURSO_AUTH_TOKEN may read this database but not change it."
        self.notify(text, severity="warning", timeout=4, markup=False)
        return True

    def explain_disabled(self, action: str) -> None:
        """Say why an action is disabled whose key was pressed, unless that is obvious."""

    def action_leave(self) -> None:
        """Quit the program."""
        self.app.run_worker(self.app.action_quit())


class SearchableScreen(MainScreen):
    """A main screen with a search bar above its table."""

    search: SearchBar
    table: LineTable

    @abstractmethod
    def apply_search(self) -> None:
        """Show what the search text finds, if the text has changed."""

    def action_search(self) -> None:
        """Start typing in the search bar."""
        self.search.enter()

    def action_leave_search(self) -> None:
        """Go from the search bar to the table; the search stays."""
        self.apply_search()
        self.set_focus(self.table)

    def action_clear_search(self) -> None:
        """Clear the search and go to the table."""
        self.search.clear()
        self.apply_search()
        self.set_focus(self.table)

    def action_move_cursor(self, rows: int) -> None:
        """Move the table's cursor while the search bar has the focus."""
        self.apply_search()
        self.table.action_move(rows)


class QueryScreen(MainScreen):
    """A main screen that shows answers of the query cache."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="screens.back", show=False),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self._has_asked = False
        """Whether a refresh that the player asked for is not finished."""
        self._history_stale_at = tracker.history_stale_at

    def on_mount(self) -> None:
        """Keep the status bar and the ages of what is shown up to date."""
        self.show_status_bar()
        self.set_interval(_STATUS_BAR_SECONDS, self.show_status_bar)
        self.set_interval(_CLOCK_SECONDS, self.show_summary)

    @on(TrackerMessage)
    def _on_tracker_message(self, message: TrackerMessage) -> None:
        self.receive(message.event)

    def receive(self, event: Event) -> None:
        """Read again when something has changed, and when the ledger is reachable again."""
        if isinstance(event, Refreshed) and (event.history_may_differ or self.is_in_trouble):
            self._read_all()
        elif isinstance(event, OutcomesReceived) or (
            isinstance(event, Refreshed) and event.changed
        ):
            self.read_newest()
        elif isinstance(event, Failed) and self._has_asked:
            # Perhaps only the resources cannot be read.
            self._has_asked = False
            self.read_newest()
        if isinstance(event, Refreshed | OutcomesReceived | Failed):
            self.show_status_bar()

    @abstractmethod
    def show_summary(self) -> None:
        """Say what is shown and how old it is."""

    @property
    @abstractmethod
    def is_in_trouble(self) -> bool:
        """Whether the last attempt to read failed."""

    @abstractmethod
    def read_newest(self) -> None:
        """Read the newest data again, if any is shown."""

    @abstractmethod
    def read_everything(self) -> None:
        """Read everything that is shown again, old entries too: names may have been removed."""

    def _read_all(self) -> None:
        self._has_asked = False
        self._history_stale_at = self.tracker.history_stale_at
        self.read_everything()
        self.show_summary()

    def show_status_bar(self) -> None:
        """Show what the status bar of the resources screen shows."""
        self.status_bar.state = self.app.resources.status_bar.state  # type: ignore[attr-defined]

    def on_screen_resume(self) -> None:
        """Show what happened while another screen was open."""
        self.show_status_bar()
        if self.tracker.history_stale_at == self._history_stale_at:
            self.read_newest()
        else:
            self._read_all()

    def action_refresh(self) -> None:
        """Read everything again: first the resources, then what is shown here."""
        self._has_asked = True
        super().action_refresh()

    async def action_back(self) -> None:
        """Go to the resources screen."""
        await self.app.run_action("app.show('resources')")
