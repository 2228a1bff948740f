"""The first line of the status bar: which parts are hidden in a narrow terminal."""

from __future__ import annotations

import pytest

from tracker_tui.domain.quantities import Location
from tracker_tui.ui.resources.resource_list import summarize
from tracker_tui.ui.status_bar import MAIN_SCREENS, StatusBarState, _title

STATE = StatusBarState(
    title="raiders",
    member="Chani",
    roles="",
    connection="online",
    is_in_trouble=False,
    pending=0,
    needing_player="",
    summary=summarize([], 0),
    places=("Hagga", "Deep Desert"),
    location=Location.HAGGA,
)


@pytest.mark.parametrize("current", MAIN_SCREENS)
def test_the_open_screen_and_all_numbers_are_shown_at_any_width(current: str) -> None:
    for room in range(25, 200):
        title = _title(STATE, current, room).plain
        number = list(MAIN_SCREENS).index(current) + 1
        assert f"{number} {MAIN_SCREENS[current]}" in title[:room], room
        assert all(str(each) in title[:room] for each in (1, 2, 3, 4)), room


def test_the_programs_name_is_hidden_first_and_the_words_last() -> None:
    def shown(room: int) -> list[bool]:
        title = _title(STATE, "resources", room).plain[:room]
        return [part in title for part in ("tracker", " · rai", "4 My activity")]

    # 80 columns without `● online   Chani`.
    assert shown(63) == [False, True, True]
    assert shown(120) == [True, True, True]
    assert shown(54) == [False, False, True]
    assert shown(40) == [False, True, False]
