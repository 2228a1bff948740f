"""When the ledger is asked what others changed, and when nobody needs to know."""

from __future__ import annotations

import pytest

from sync.programs import Clock
from tracker_tui.sync.refresh_schedule import RefreshSchedule


@pytest.fixture
def rhythm(clock: Clock) -> RefreshSchedule:
    return RefreshSchedule(clock)


def test_five_seconds_lie_between_refreshes_while_the_player_looks_on(
    rhythm: RefreshSchedule, clock: Clock
) -> None:
    last = clock.now
    clock.now += 4.9
    assert not rhythm.is_due(last)
    clock.now += 0.1
    assert rhythm.is_due(clock.now - 5)


def test_thirty_seconds_lie_between_refreshes_while_the_player_looks_away(
    rhythm: RefreshSchedule, clock: Clock
) -> None:
    rhythm.seen(has_focus=False)
    assert not rhythm.is_due(clock.now - 29)
    assert rhythm.is_due(clock.now - 30)


def test_a_key_alone_does_not_bring_the_focus_back(rhythm: RefreshSchedule) -> None:
    rhythm.seen(has_focus=False)
    rhythm.seen()
    assert rhythm.interval == 30
    rhythm.seen(has_focus=True)
    assert rhythm.interval == 5


def test_after_half_an_hour_without_a_key_nothing_is_due(
    rhythm: RefreshSchedule, clock: Clock
) -> None:
    clock.now += 1800
    assert rhythm.is_due(clock.now - 5)
    clock.now += 1
    assert rhythm.is_paused
    assert not rhythm.is_due(0)


def test_a_key_ends_the_pause(rhythm: RefreshSchedule, clock: Clock) -> None:
    last, clock.now = clock.now, clock.now + 7200
    rhythm.seen()
    assert not rhythm.is_paused
    assert rhythm.is_due(last)


def test_the_first_refresh_is_full_and_then_one_every_fifteen_minutes(
    rhythm: RefreshSchedule, clock: Clock
) -> None:
    assert rhythm.is_thorough_due
    rhythm.refreshed(is_thorough=True)
    clock.now += 899
    rhythm.refreshed(is_thorough=False)
    assert not rhythm.is_thorough_due
    clock.now += 1
    assert rhythm.is_thorough_due


def test_a_refresh_by_the_cursor_leaves_a_full_one_due(rhythm: RefreshSchedule) -> None:
    rhythm.refreshed(is_thorough=False)
    assert rhythm.is_thorough_due
