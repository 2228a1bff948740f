"""When to refresh, and how long to pause after failures."""

from __future__ import annotations

import pytest

from helpers.clocks import Clock as TimeModule
from sync.programs import Clock
from tracker_tui.sync.refresh_and_retry_timing import Backoff, RefreshSchedule


@pytest.fixture
def schedule(clock: Clock) -> RefreshSchedule:
    return RefreshSchedule(clock)


def test_the_interval_depends_on_the_focus(schedule: RefreshSchedule, clock: Clock) -> None:
    assert not schedule.is_due(clock.now - 4.9)
    assert schedule.is_due(clock.now - 5)
    schedule.player_active(has_focus=False)
    assert not schedule.is_due(clock.now - 29)
    assert schedule.is_due(clock.now - 30)
    # A key press does not imply the focus.
    schedule.player_active()
    assert schedule.interval == 30
    schedule.player_active(has_focus=True)
    assert schedule.interval == 5
    # Refreshing pauses after half an hour without a key.
    clock.now += 1800
    last = clock.now - 5
    assert schedule.is_due(last)
    clock.now += 1
    assert schedule.is_paused
    assert not schedule.is_due(0)
    schedule.player_active()
    assert not schedule.is_paused
    assert schedule.is_due(last)


def test_refreshes_are_full_every_fifteen_minutes(schedule: RefreshSchedule, clock: Clock) -> None:
    schedule.refreshed(is_full=False)
    assert schedule.is_full_due
    schedule.refreshed(is_full=True)
    clock.now += 899
    schedule.refreshed(is_full=False)
    assert not schedule.is_full_due
    clock.now += 1
    assert schedule.is_full_due


# Backoff


@pytest.fixture
def real_clock(monkeypatch: pytest.MonkeyPatch) -> TimeModule:
    clock = TimeModule()
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.time", clock)
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)
    return clock


def assert_next_pause(backoff: Backoff, real_clock: TimeModule, pause: float) -> None:
    """Assert that the next failure starts a pause of exactly this length, and wait for its end."""
    assert not backoff.is_quiet
    backoff.failed()
    real_clock.advance(pause - 0.01)
    assert backoff.is_quiet
    real_clock.advance(0.02)
    assert not backoff.is_quiet


def test_pauses_double_up_to_the_longest(real_clock: TimeModule) -> None:
    for longest, pauses in ((30.0, (1, 2, 4, 8, 16, 30, 30, 30)), (0.5, (0.5, 0.5))):
        backoff = Backoff(longest)
        for pause in pauses:
            assert_next_pause(backoff, real_clock, pause)


def test_a_success_ends_the_pause_and_starts_over(real_clock: TimeModule) -> None:
    backoff = Backoff(30.0)
    for pause in (1, 2, 4):
        assert_next_pause(backoff, real_clock, pause)
    # A failure during a pause makes it no longer.
    backoff.failed()
    real_clock.advance(7.9)
    for _ in range(5):
        backoff.failed()
    assert backoff.is_quiet
    real_clock.advance(0.2)
    assert_next_pause(backoff, real_clock, 16)
    backoff.failed()
    assert backoff.is_quiet
    backoff.succeeded()
    assert_next_pause(backoff, real_clock, 1)
    assert_next_pause(backoff, real_clock, 2)
    without_pauses = Backoff(0.0)
    without_pauses.failed()
    assert not without_pauses.is_quiet


def test_a_pause_is_as_long_as_the_server_asked(real_clock: TimeModule) -> None:
    backoff = Backoff(30.0)
    for _ in range(2):
        backoff.failed(at_least=100.0)
        real_clock.advance(109.9)
        assert backoff.is_quiet
        # A longer request during the pause extends it, and a shorter one does not end it.
        backoff.failed(at_least=10.0)
        real_clock.advance(10.9)
        backoff.failed(at_least=0.05)
        assert backoff.is_quiet
        real_clock.advance(0.2)
        assert not backoff.is_quiet


def test_pauses_are_spread_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.time", TimeModule())
    backoffs = [Backoff(30.0) for _ in range(50)]
    for backoff in backoffs:
        backoff.failed()
    pauses = {backoff.seconds_left for backoff in backoffs}
    assert len(pauses) > 10
    assert all(0.75 <= pause <= 1.0 for pause in pauses)
