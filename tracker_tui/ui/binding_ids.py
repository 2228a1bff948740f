"""The names by which keys can be remapped in config.toml."""

from __future__ import annotations

from textual.app import App
from textual.binding import Binding

from tracker_tui.ui.activity.screen import ActivityScreen
from tracker_tui.ui.history.screen import HistoryScreen
from tracker_tui.ui.join.screen import AnswerInput, JoinScreen
from tracker_tui.ui.leaderboard.screen import LeaderboardScreen
from tracker_tui.ui.leaderboard.table import LeaderboardTable
from tracker_tui.ui.main_screen import MainScreen, QueryScreen
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.resources.quick_edit import ChangeInput
from tracker_tui.ui.resources.screen import ResourcesScreen
from tracker_tui.ui.resources.table import ResourceTable
from tracker_tui.ui.sign_in.access_check import AccessCheckScreen
from tracker_tui.ui.sign_in.screen import SignInScreen
from tracker_tui.ui.widgets.line_table import LineTable
from tracker_tui.ui.widgets.paged_table import PagedTable
from tracker_tui.ui.widgets.search_bar import SearchInput

_NODES = (
    *(MainScreen, QueryScreen, ResourcesScreen, HistoryScreen, LeaderboardScreen),
    *(ActivityScreen, LineTable, ResourceTable, PagedTable, LeaderboardTable),
    *(SearchInput, ChangeInput, SignInScreen, AccessCheckScreen, JoinScreen, AnswerInput),
)


def known_binding_ids(app: type[App[NavigationRequest]]) -> set[str]:
    """Return the ids that a table [keys] may name, those of the `app` itself included."""
    return {
        binding.id
        for node in (app, *_NODES)
        for binding in node.BINDINGS
        if isinstance(binding, Binding) and binding.id
    }
