"""When the ledger is asked what others changed, and when nobody needs to know."""

from __future__ import annotations

import pytest

from sync.programs import Clock
from tracker_tui.sync.refresh_schedule import RefreshSchedule


@pytest.fixture
def schedule(clock: Clock) -> RefreshSchedule:
    return RefreshSchedule(clock)


def test_five_seconds_lie_between_refreshes_while_the_player_looks_on(
    schedule: RefreshSchedule, clock: Clock
) -> None:
    last = clock.now
    clock.now += 4.9
    assert not schedule.is_due(last)
    clock.now += 0.1
    assert schedule.is_due(clock.now - 5)


def test_thirty_seconds_lie_between_refreshes_while_the_player_looks_away(
    schedule: RefreshSchedule, clock: Clock
) -> None:
    schedule.seen(has_focus=False)
    assert not schedule.is_due(clock.now - 29)
    assert schedule.is_due(clock.now - 30)


def test_a_key_alone_does_not_bring_the_focus_back(schedule: RefreshSchedule) -> None:
    schedule.seen(has_focus=False)
    schedule.seen()
    assert schedule.interval == 30
    schedule.seen(has_focus=True)
    assert schedule.interval == 5


def test_after_half_an_hour_without_a_key_nothing_is_due(
    schedule: RefreshSchedule, clock: Clock
) -> None:
    clock.now += 1800
    assert schedule.is_due(clock.now - 5)
    clock.now += 1
    assert schedule.is_paused
    assert not schedule.is_due(0)


def test_a_key_ends_the_pause(schedule: RefreshSchedule, clock: Clock) -> None:
    last, clock.now = clock.now, clock.now + 7200
    schedule.seen()
    assert not schedule.is_paused
    assert schedule.is_due(last)


def test_the_first_refresh_is_full_and_then_one_every_fifteen_minutes(
    schedule: RefreshSchedule, clock: Clock
) -> None:
    assert schedule.is_thorough_due
    schedule.refreshed(is_thorough=True)
    clock.now += 899
    schedule.refreshed(is_thorough=False)
    assert not schedule.is_thorough_due
    clock.now += 1
    assert schedule.is_thorough_due


def test_a_refresh_by_the_cursor_leaves_a_full_one_due(schedule: RefreshSchedule) -> None:
    schedule.refreshed(is_thorough=False)
    assert schedule.is_thorough_due
