"""The names by which keys can be remapped in config.toml."""

from __future__ import annotations

from textual.app import App
from textual.binding import Binding

from tracker_tui.ui.departure import Departure
from tracker_tui.ui.screens.activity import ActivityScreen
from tracker_tui.ui.screens.history import HistoryScreen
from tracker_tui.ui.screens.join import AnswerInput, JoinScreen
from tracker_tui.ui.screens.leaderboard import LeaderboardScreen
from tracker_tui.ui.screens.main import ArchiveScreen, MainScreen
from tracker_tui.ui.screens.resources import ResourcesScreen
from tracker_tui.ui.screens.sign_in import SignInScreen
from tracker_tui.ui.screens.threshold import ThresholdScreen
from tracker_tui.ui.widgets.filter_bar import FilterInput
from tracker_tui.ui.widgets.leaderboard_table import LeaderboardTable
from tracker_tui.ui.widgets.line_table import LineTable
from tracker_tui.ui.widgets.paged_table import PagedTable
from tracker_tui.ui.widgets.quick_edit import ChangeInput
from tracker_tui.ui.widgets.resource_table import ResourceTable

_NODES = (
    *(MainScreen, ArchiveScreen, ResourcesScreen, HistoryScreen, LeaderboardScreen),
    *(ActivityScreen, LineTable, ResourceTable, PagedTable, LeaderboardTable),
    *(FilterInput, ChangeInput, SignInScreen, ThresholdScreen, JoinScreen, AnswerInput),
)


def known_binding_ids(app: type[App[Departure]]) -> set[str]:
    """Return the ids that a table [keys] may name, those of the `app` itself included."""
    return {
        binding.id
        for node in (app, *_NODES)
        for binding in node.BINDINGS
        if isinstance(binding, Binding) and binding.id
    }
