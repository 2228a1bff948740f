"""The main screens that are made when they are wanted: the first one must not pay for them."""

from __future__ import annotations

from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.activity.screen import ActivityScreen
from tracker_tui.ui.history.screen import HistoryScreen
from tracker_tui.ui.leaderboard.screen import LeaderboardScreen
from tracker_tui.ui.main_screen import MainScreen

_SCREENS: dict[str, type[HistoryScreen | LeaderboardScreen | ActivityScreen]] = {
    "history": HistoryScreen,
    "leaderboard": LeaderboardScreen,
    "activity": ActivityScreen,
}


def make(name: str, tracker: Tracker) -> MainScreen:
    """Return a new screen."""
    return _SCREENS[name](tracker)
