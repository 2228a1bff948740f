"""The age of Discord's answer, also on a machine whose clock is wrong."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.auth_errors import failure_of
from helpers.auth_guild import DAY, HOUR, Circle, Program, assert_denied
from helpers.discord import FakeDiscord, Fault
from tracker_tui.auth.access_policy import CHECK_AFTER, GRACE, Freshness, freshness
from tracker_tui.auth.discord_errors import AccessDenied

OVER = CHECK_AFTER + GRACE


def test_freshness_depends_on_age() -> None:
    def at(age: float) -> Freshness:
        return freshness(1e9, 1e9 + age)

    assert [at(0), at(CHECK_AFTER - 1)] == [Freshness.FRESH] * 2
    assert [at(CHECK_AFTER), at(OVER - 1), at(-1), at(-DAY)] == [Freshness.STALE] * 4
    assert [at(OVER), at(1e9), at(-DAY - 1)] == [Freshness.EXPIRED] * 3
    assert (CHECK_AFTER, OVER) == (4 * HOUR, 28 * HOUR)


@pytest.fixture
def checked(circle: Circle) -> Program:
    """A program whose member was checked at a time that floats represent exactly."""
    circle.clock.now = 1_700_000_000.0
    return circle.signed_in()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-3 * DAY, 30 * DAY).map(lambda age: round(age, 3)))
@example(OVER - 0.001)
@example(OVER)
@example(-DAY)
@example(-DAY - 0.001)
def test_session_expires_after_28_hours(circle: Circle, checked: Program, age: float) -> None:
    circle.clock.now = 1_700_000_000.0 + age
    serves = -24 * 3600 <= age < 28 * 3600
    assert checked.membership.is_admitted is serves
    assert (checked.membership.pending_record() is not None) is serves
    if serves:
        checked.membership.require()
    else:
        assert_denied(checked, "last read from Discord")
    assert circle.asked() == []


def test_clock_set_back_denies_access_only_if_by_days(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=-2 * HOUR)
    discord.fail("*", Fault.status(500))
    assert program.membership.is_admitted
    assert program.checks()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == 0.0
    again = circle.program()
    assert again.checks()
    assert again.membership.session.checked_at == circle.clock()
    program = circle.signed_in(ago=-30 * HOUR)
    assert_denied(program, "last read from Discord")
    discord.fail("*", Fault.status(500))
    failure_of(AccessDenied, program.membership.enter)
    program.membership.enter()
    assert program.membership.is_admitted


def test_expired_session_stays_expired_when_the_clock_is_set_back(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=40 * HOUR)
    discord.fail_always("*", Fault.status(500))
    failure_of(AccessDenied, circle.program().membership.enter)
    circle.clock.advance(-39 * HOUR)
    again = circle.program()
    message = str(failure_of(AccessDenied, again.membership.enter))
    assert "read from Discord 1 d ago" in message
    # Discord's answer counts, whatever the clock has shown.
    discord.heal()
    again.membership.enter()
    circle.program().membership.require()


def test_running_program_saves_that_the_session_expired(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=27.9 * HOUR)
    discord.fail_always("*", Fault.status(500))
    program.checks()
    circle.clock.advance(0.1 * HOUR)
    program.checks()
    assert_denied(program, "last read from Discord")
    circle.clock.advance(-20 * HOUR)
    assert_denied(circle.program(), "last read from Discord")


def test_check_repairs_a_clock_that_was_years_ahead(circle: Circle, discord: FakeDiscord) -> None:
    circle.signed_in(ago=3_650 * DAY)
    discord.fail_always("*", Fault.hang_up())  # no certificate is valid then
    failure_of(AccessDenied, circle.program().membership.enter)
    discord.heal()
    circle.clock.advance(-3_650 * DAY)
    program = circle.program()
    program.membership.enter()
    circle.clock.advance(3 * HOUR)
    discord.fail_always("*", Fault.status(500))
    circle.program().membership.require()
    assert program.membership.is_admitted
    # The clock is not saved at each call.
    discord.heal()
    program = circle.signed_in()
    before = circle.session_store.file_version()
    circle.clock.advance(60)
    program.checks()
    assert circle.session_store.file_version() == before
