"""What the main screens have in common: the strip, the keys that lead from one to the other."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tracker_tui.domain.wording import tally_sentence
from tracker_tui.events import Event
from tracker_tui.tracker import Tracker
from tracker_tui.ui.news import News
from tracker_tui.ui.widgets.summary_strip import SummaryStrip


class MainScreen(Screen[None]):
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
            tooltip="What waits for you, and what waits to be sent",
        ),
        Binding("i", "tally", "Tally", id="resources.tally", show=False, tooltip="This session"),
        Binding(
            "n",
            "app.tell_of_others",
            "Toasts of others",
            id="resources.others",
            show=False,
            tooltip="Tell, or tell no more, what others change",
        ),
        Binding("r", "refresh", "Refresh", id="resources.refresh", show=False),
        Binding("q", "leave", "Quit", id="resources.quit", show=False),
    ]

    title_key: ClassVar[str]
    """By which name `app.show` knows the screen."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self.tracker = tracker
        self.strip = SummaryStrip(self.title_key, id="strip")

    def action_tally(self) -> None:
        """Say what this session has brought."""
        told = tally_sentence(self.tracker.tally, len(self.tracker.pending()))
        self.notify(told[0].upper() + told[1:], markup=False)

    def action_refresh(self) -> None:
        """Read everything anew."""
        self.tracker.refresh()

    def action_leave(self) -> None:
        """Quit."""
        self.app.run_worker(self.app.action_quit())


class ArchiveScreen(MainScreen):
    """A main screen that shows what the archive answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="screens.back", show=False),
    ]

    @on(News)
    def take_news(self, news: News) -> None:
        """Follow what the tracker tells."""
        self.receive(news.event)

    def receive(self, event: Event) -> None:
        """Take news from the tracker."""

    def show_standing(self) -> None:
        """Bring the strip up to date."""
        self.strip.standing = self.app.resources.strip.standing  # type: ignore[attr-defined]

    async def action_back(self) -> None:
        """Go back to the resources."""
        await self.app.run_action("app.show('resources')")
