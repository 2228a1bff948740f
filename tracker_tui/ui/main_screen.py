"""What the main screens have in common: the strip, the keys that lead from one to the other."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from tracker_tui.domain.messages import stats_sentence
from tracker_tui.tracker.events import Event, Failed, OutcomesReceived, Refreshed
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background import TrackerMessage
from tracker_tui.ui.base_screen import BaseScreen
from tracker_tui.ui.status_bar import StatusBar
from tracker_tui.ui.widgets.line_table import LineTable
from tracker_tui.ui.widgets.search_bar import SearchBar

_STANDING_SECONDS = 1.0
_CLOCK_SECONDS = 10.0


class MainScreen(BaseScreen[None]):
    """One of the four; `q` quits from here, and only from here."""

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
            "tally",
            "Session stats",
            id="resources.tally",
            show=False,
            tooltip="Show what this session changed",
        ),
        Binding(
            "n",
            "app.tell_of_others",
            "Notify me of others",
            id="resources.others",
            show=False,
            tooltip="Notify me of other people's changes: on / off",
        ),
        Binding("r", "refresh", "Refresh", id="resources.refresh", show=False),
        Binding("q", "leave", "Quit", id="resources.quit", show=False),
    ]

    class ResourceWanted(Message):
        """A resource is to be shown in the table of all."""

        def __init__(self, resource_id: str) -> None:
            self.resource_id = resource_id
            super().__init__()

    class HistoryWanted(Message):
        """The whole history of a resource is to be shown."""

        def __init__(self, resource_id: str) -> None:
            self.resource_id = resource_id
            super().__init__()

    title_key: ClassVar[str]
    """By which name `app.show` knows the screen."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self.tracker = tracker
        self.strip = StatusBar(self.title_key, id="strip")

    @property
    def can_step_back(self) -> bool:
        """Whether Esc has something to close, or somewhere to go."""
        return True

    def action_tally(self) -> None:
        """Say what this session has brought."""
        told = stats_sentence(self.tracker.stats, len(self.tracker.pending()))
        self.notify(told[0].upper() + told[1:], markup=False)

    def action_refresh(self) -> None:
        """Read everything anew."""
        self.tracker.refresh()

    def tell_if_read_only(self) -> bool:
        """Say that nothing can be changed here, if that is so; returns whether it is."""
        if self.tracker.connection.can_write:
            return False
        told = "Read only: your TURSO_AUTH_TOKEN may read this database but not change it."
        self.notify(told, severity="warning", timeout=4, markup=False)
        return True

    def tell_why_not(self, action: str) -> None:
        """Say why an action is not offered whose key was pressed; nothing, if that is plain."""

    def action_leave(self) -> None:
        """Quit."""
        self.app.run_worker(self.app.action_quit())


class FilteredScreen(MainScreen):
    """A main screen with a line to search in above its table."""

    filter: SearchBar
    table: LineTable

    @abstractmethod
    def apply_filter(self) -> None:
        """Show what the text finds, if it is another one than before."""

    def action_filter(self) -> None:
        """Type in the filter."""
        self.filter.enter()

    def action_leave_filter(self) -> None:
        """Leave the filter for the table; what it finds stays."""
        self.apply_filter()
        self.set_focus(self.table)

    def action_clear_filter(self) -> None:
        """Search for nothing and go back to the table."""
        self.filter.clear()
        self.apply_filter()
        self.set_focus(self.table)

    def action_move_cursor(self, rows: int) -> None:
        """Move the table's cursor from within the filter."""
        self.apply_filter()
        self.table.action_move(rows)


class QueryScreen(MainScreen):
    """A main screen that shows what the archive answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="screens.back", show=False),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self._has_asked = False
        """Whether the player asked for a refresh that is not through yet."""
        self._history_stale_at = tracker.history_stale_at

    def on_mount(self) -> None:
        """Let time go by, and the strip tell what the resources screen finds out."""
        self.show_status_bar()
        self.set_interval(_STANDING_SECONDS, self.show_status_bar)
        self.set_interval(_CLOCK_SECONDS, self.show_facts)

    @on(TrackerMessage)
    def take_news(self, news: TrackerMessage) -> None:
        """Follow what the tracker tells."""
        self.receive(news.event)

    def receive(self, event: Event) -> None:
        """Read anew when anything has changed, and when the ledger answers again."""
        if isinstance(event, Refreshed) and (event.history_may_differ or self.is_in_trouble):
            self._read_all()
        elif isinstance(event, OutcomesReceived) or (
            isinstance(event, Refreshed) and event.changed
        ):
            self.read_news()
        elif isinstance(event, Failed) and self._has_asked:
            # Perhaps only the resources cannot be read.
            self._has_asked = False
            self.read_news()
        if isinstance(event, Refreshed | OutcomesReceived | Failed):
            self.show_status_bar()

    @abstractmethod
    def show_facts(self) -> None:
        """Say what is shown, and how old it is."""

    @property
    @abstractmethod
    def is_in_trouble(self) -> bool:
        """Whether what is shown could not be read anew."""

    @abstractmethod
    def read_news(self) -> None:
        """Read anew what is shown, if anything is."""

    @abstractmethod
    def read_everything(self) -> None:
        """Read anew all that is shown, older entries too: names may have been taken out."""

    def _read_all(self) -> None:
        self._has_asked = False
        self._history_stale_at = self.tracker.history_stale_at
        self.read_everything()
        self.show_facts()

    def show_status_bar(self) -> None:
        """Bring the strip up to date."""
        self.strip.state = self.app.resources.strip.state  # type: ignore[attr-defined]

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self.show_status_bar()
        if self.tracker.history_stale_at == self._history_stale_at:
            self.read_news()
        else:
            self._read_all()

    def action_refresh(self) -> None:
        """Read everything anew: the resources first, and then what is shown here."""
        self._has_asked = True
        super().action_refresh()

    async def action_back(self) -> None:
        """Go back to the resources."""
        await self.app.run_action("app.show('resources')")
