"""The main screens that are made when they are wanted: the first one must not pay for them."""

from __future__ import annotations

from tracker_tui.tracker import Tracker
from tracker_tui.ui.screens.activity import ActivityScreen
from tracker_tui.ui.screens.history import HistoryScreen
from tracker_tui.ui.screens.leaderboard import LeaderboardScreen
from tracker_tui.ui.screens.main import MainScreen

_SCREENS: dict[str, type[HistoryScreen | LeaderboardScreen | ActivityScreen]] = {
    "history": HistoryScreen,
    "leaderboard": LeaderboardScreen,
    "activity": ActivityScreen,
}


def make(name: str, tracker: Tracker) -> MainScreen:
    """Return a new screen."""
    return _SCREENS[name](tracker)
