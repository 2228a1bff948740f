"""Keys: how they are named in the settings, and how they get from the terminal to their action.

To add a key, add a `Binding` with an id to the `BINDINGS` of the screen or widget that has the
action, and its `action_…` method beside it. The footer, the help and the palette follow from that.
The table `[keys]` of config.toml may name the ids of the classes that `known_binding_ids` lists.
An id is a promise to players who have remapped it.
"""

from __future__ import annotations

from textual import events
from textual.app import App
from textual.binding import Binding

from tracker_tui.ui.navigation import NavigationRequest


class GluedKey(events.Key):
    """A key that arrived together with the Esc before it: two keys, or one with Alt."""


# Handlers of Key take these too.
GluedKey.handler_name = events.Key.handler_name


def known_binding_ids(app: type[App[NavigationRequest]]) -> set[str]:
    """Return the ids that the table [keys] may name, those of `app` included."""
    from tracker_tui.ui.activity.activity_screen import ActivityScreen
    from tracker_tui.ui.history.history_screen import HistoryScreen
    from tracker_tui.ui.join.join_screen import AnswerInput, JoinScreen
    from tracker_tui.ui.leaderboard.leaderboard_screen import LeaderboardScreen
    from tracker_tui.ui.leaderboard.leaderboard_table import LeaderboardTable
    from tracker_tui.ui.main_screen import MainScreen, QueryScreen
    from tracker_tui.ui.resources.quick_edit import ChangeInput
    from tracker_tui.ui.resources.resource_screen import ResourcesScreen
    from tracker_tui.ui.resources.resource_table import ResourceTable
    from tracker_tui.ui.sign_in.access_check_screen import AccessCheckScreen
    from tracker_tui.ui.sign_in.sign_in_screen import SignInScreen
    from tracker_tui.ui.widgets.line_table import LineTable
    from tracker_tui.ui.widgets.paged_table import PagedTable
    from tracker_tui.ui.widgets.search_bar import SearchInput

    nodes = (
        *(app, MainScreen, QueryScreen, ResourcesScreen, HistoryScreen, LeaderboardScreen),
        *(ActivityScreen, LineTable, ResourceTable, PagedTable, LeaderboardTable),
        *(SearchInput, ChangeInput, SignInScreen, AccessCheckScreen, JoinScreen, AnswerInput),
    )
    return {
        binding.id
        for node in nodes
        for binding in node.BINDINGS
        if isinstance(binding, Binding) and binding.id
    }
