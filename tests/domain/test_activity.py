"""Streaks: days in a row with a change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.activity import streak


def test_days_in_a_row_count_up_to_today_or_yesterday() -> None:
    expected: dict[tuple[int, ...], int] = {(): 0, (10,): 1, (9,): 1, (8,): 0, (11,): 0, (8, 9): 2}
    expected |= {(10, 9, 8, 8, 10): 3, (10, 8, 7): 1, (9, 10, 11, 12): 2}
    assert {active: streak(active, 10) for active in expected} == expected


@given(st.lists(st.integers(0, 30)), st.integers(0, 30))
def test_days_in_a_row_are_all_active_and_the_one_before_is_not(
    active: list[int], today: int
) -> None:
    length = streak(active, today)
    last = today if today in active else today - 1
    assert {last - back for back in range(length)} <= set(active)
    assert last - length not in active
