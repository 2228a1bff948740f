"""How long a server that does not answer is left alone."""

from __future__ import annotations

import pytest

from helpers.clocks import Clock
from tracker_tui.sync.backoff import Backoff


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tracker_tui.sync.backoff.time", clock)
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)
    return clock


def fail_and_await(pace: Backoff, clock: Clock, pause: float) -> None:
    """Assert that the next failure makes a pause of just this length, and let it pass."""
    assert not pace.is_quiet
    pace.failed()
    clock.advance(pause - 0.01)
    assert pace.is_quiet
    clock.advance(0.02)
    assert not pace.is_quiet


def test_before_anything_failed_there_is_no_pause(clock: Clock) -> None:
    assert not Backoff(30.0).is_quiet


def test_pauses_double_up_to_the_longest(clock: Clock) -> None:
    pace = Backoff(30.0)
    for pause in (1, 2, 4, 8, 16, 30, 30, 30):
        fail_and_await(pace, clock, pause)


def test_no_pause_is_longer_than_the_longest_not_even_the_first(clock: Clock) -> None:
    pace = Backoff(0.5)
    fail_and_await(pace, clock, 0.5)
    fail_and_await(pace, clock, 0.5)


def test_what_fails_during_a_pause_makes_it_no_longer(clock: Clock) -> None:
    pace = Backoff(30.0)
    pace.failed()
    clock.advance(0.9)
    for _ in range(5):
        pace.failed()
    assert pace.is_quiet
    clock.advance(0.2)
    fail_and_await(pace, clock, 2)


def test_an_answer_ends_the_pause_and_the_next_one_is_the_first_again(clock: Clock) -> None:
    pace = Backoff(30.0)
    for pause in (1, 2, 4):
        fail_and_await(pace, clock, pause)
    pace.failed()
    assert pace.is_quiet
    pace.answered()
    fail_and_await(pace, clock, 1)
    fail_and_await(pace, clock, 2)


def test_with_a_longest_pause_of_nothing_there_is_none(clock: Clock) -> None:
    pace = Backoff(0.0)
    for _ in range(10):
        pace.failed()
        assert not pace.is_quiet


def test_pauses_differ_so_that_not_all_ask_at_once_and_none_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker_tui.sync.backoff.time", Clock())
    pauses = set()
    for _ in range(50):
        pace = Backoff(30.0)
        pace.failed()
        pauses.add(pace.seconds_left)
    assert len(pauses) > 10
    assert all(0.75 <= pause <= 1.0 for pause in pauses)
