"""Admission of members: fresh, stale and expired answers of Discord."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.auth_errors import failure_of
from helpers.auth_guild import (
    DAY,
    HOUR,
    ME,
    SECONDS,
    Circle,
    Program,
    assert_denied,
    each_denial,
    roles_now,
    who,
)
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.discord_answers import Seen
from helpers.membership import ADMIN_ROLE, GUEST_ROLE, MEMBER_ROLE, OFFICER_ROLE
from tracker_tui.auth import guild_membership
from tracker_tui.auth.access_policy import CHECK_AFTER, GRACE, Freshness, freshness
from tracker_tui.auth.discord_errors import (
    AccessDenied,
    NotSignedIn,
)
from tracker_tui.auth.membership import Membership as Asked
from tracker_tui.auth.membership import Owner
from tracker_tui.domain.roles import Member, Right
from tracker_tui.errors import NotPermitted

OVER = CHECK_AFTER + GRACE
ACCESS_ONLY = frozenset({Right.ACCESS_RESOURCES})
OFFICER = frozenset({Right.ACCESS_RESOURCES, Right.EDIT_TARGETS})


# A fresh session


@pytest.mark.parametrize("kind", [guild_membership.GuildMembership, Owner])
def test_memberships_implement_the_protocol(kind: type) -> None:
    asked = {name for name in vars(Asked) if not name.startswith("_")}
    assert {"member", "enter", "check_in_background", "mark_recorded"} <= asked
    assert asked - {"member"} <= {*dir(kind)}


@pytest.mark.parametrize("age", [0.0, 1.0, HOUR, CHECK_AFTER - 1])
def test_fresh_session_needs_no_request(circle: Circle, age: float) -> None:
    circle.signed_in(ago=age)
    program = circle.program()
    program.membership.enter()
    program.membership.check()
    program.membership.require()
    assert not program.checks()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.member == Member("80351110224678912", "Muad'Dib", ACCESS_ONLY)
    assert circle.asked() == []


def test_without_a_session_the_error_says_how_to_sign_in(circle: Circle) -> None:
    program = circle.program()
    for use in (
        program.membership.require,
        program.membership.enter,
        program.membership.check,
        program.membership.revoke,
        who(program),
    ):
        assert "login" in str(failure_of(NotSignedIn, use))
    assert not program.checks()
    assert not program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.pending_record() is None
    assert (program.changes, program.lost_access, circle.asked()) == (0, [], [])


def test_damaged_session_is_reported(circle: Circle) -> None:
    circle.signed_in()
    circle.session_store.path.write_bytes(circle.session_store.path.read_bytes()[:-2])
    program = circle.program()
    assert "damaged" in str(failure_of(NotSignedIn, program.membership.enter))
    assert not program.checks()


def test_session_damaged_while_running_denies_access(circle: Circle) -> None:
    program = circle.signed_in()
    circle.session_store.path.write_bytes(b"{")
    program.membership.check_in_background()
    assert not program.membership.is_admitted
    assert "damaged" in str(failure_of(NotSignedIn, program.membership.require))
    assert program.changes == 1


def test_missing_right_names_the_roles_that_have_it(circle: Circle) -> None:
    program = circle.signed_in()
    error = failure_of(
        NotPermitted, lambda: program.membership.require(Right.ADMIN, "delete resources")
    )
    assert str(error) == "Only Mahdi may delete resources. Ask one of them."
    program.membership.require(Right.ACCESS_RESOURCES)
    assert circle.asked() == []


# A stale session


def test_stale_session_is_checked_in_the_background(circle: Circle) -> None:
    program = circle.signed_in(ago=CHECK_AFTER)
    assert program.checks()
    assert circle.asked() == [ME, circle.member_path]
    session = program.membership.session
    assert session is not None
    assert session.checked_at == circle.clock()
    assert circle.session_store.load() == session
    assert not program.checks()


def test_background_check_never_blocks_or_piles_up(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    answer, receive = threading.Event(), discord.receive

    def hold(seen: Seen) -> Fault | None:
        fault = receive(seen)
        answer.wait(SECONDS)
        return fault

    monkeypatch.setattr(discord, "receive", hold)
    program.membership.check_in_background()
    asking = program.membership._thread
    for _ in range(20):
        program.membership.check_in_background()
        assert program.membership._thread is asking
        assert program.membership.is_admitted
    answer.set()
    program.membership.close(SECONDS)
    assert asking is not None
    assert not asking.is_alive()
    assert circle.asked() == [ME, circle.member_path]


def test_close_does_not_wait_for_discord(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    has_come, answer, receive = threading.Event(), threading.Event(), discord.receive

    def hold(seen: Seen) -> Fault | None:
        has_come.set()
        answer.wait(SECONDS)
        return receive(seen)

    monkeypatch.setattr(discord, "receive", hold)
    program.membership.check_in_background()
    assert has_come.wait(SECONDS)
    program.membership.close(0.0)
    asking = program.membership._thread
    assert asking is not None
    assert asking.is_alive()
    assert asking.daemon
    answer.set()
    asking.join(SECONDS)


def test_close_without_a_check_returns_at_once(circle: Circle) -> None:
    program = circle.signed_in()
    program.membership.close(SECONDS)
    assert program.membership.is_admitted


def test_revoked_right_is_gone_at_once(circle: Circle, discord: FakeDiscord) -> None:
    roles_now(discord, OFFICER_ROLE)
    program = circle.signed_in(ago=5 * HOUR)
    program.membership.require(Right.EDIT_TARGETS)
    roles_now(discord, MEMBER_ROLE)
    program.checks()
    assert program.membership.member.rights == ACCESS_ONLY
    failure_of(NotPermitted, lambda: program.membership.require(Right.EDIT_TARGETS))
    assert program.membership.is_admitted
    assert (program.changes, program.lost_access) == (1, [])


def test_granted_right_is_there_at_once(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.checks()
    program.membership.require(Right.ADMIN)
    assert program.membership.member.rights == {Right.ACCESS_RESOURCES, Right.ADMIN}
    assert program.changes == 1


def test_check_without_changes_notifies_no_listener(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    # The member's rights stay the same.
    roles_now(discord, "5", MEMBER_ROLE)
    program.checks()
    assert len(circle.asked()) == 2
    assert (program.changes, program.lost_access) == (0, [])


def test_check_updates_name_and_picture(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.person.username, discord.person.avatar = "usul", "a_1"
    discord.membership = Membership(None, [MEMBER_ROLE])
    program.checks()
    session = program.membership.session
    assert session is not None
    assert (session.username, session.name) == ("usul", "Paul Atreides")
    assert session.avatar == f"https://cdn.discordapp.com/avatars/{session.member_id}/a_1.gif"
    assert program.membership.member.name == "Paul Atreides"


@each_denial
def test_check_that_denies_access_takes_effect_at_once(
    circle: Circle, discord: FakeDiscord, membership: Membership | None, said: str
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.membership = membership
    program.checks()
    assert_denied(program, said)
    assert program.membership.member.rights == frozenset()
    assert program.lost_access == [discord.person.id]
    assert program.changes == 1
    # The next start knows it without a request, and reading it sends none.
    discord.seen.clear()
    again = circle.program()
    assert_denied(again, said)
    assert not again.checks()
    assert circle.asked() == []


@each_denial
def test_denied_session_is_checked_at_each_entry(
    circle: Circle, discord: FakeDiscord, membership: Membership | None, said: str
) -> None:
    discord.membership = membership
    program = circle.signed_in()
    for number in (1, 2):
        assert said in str(failure_of(AccessDenied, program.membership.enter))
        assert len(discord.requests_to(ME)) == number
    roles_now(discord, MEMBER_ROLE)
    program.changes = 0
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.changes == 1
    assert len(discord.requests_to(ME)) == 3


def test_entry_error_names_the_denial_and_the_failed_check(
    circle: Circle, discord: FakeDiscord
) -> None:
    roles_now(discord, GUEST_ROLE)
    program = circle.signed_in()
    discord.fail_always("*", Fault.status(503))
    message = str(failure_of(AccessDenied, program.membership.enter))
    assert "no role that may enter" in message
    assert "503" in message


# Discord cannot be reached


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


@pytest.mark.parametrize(
    "fault",
    [Fault.status(500), Fault.hang_up(), Fault.too_many(5), Fault.status(403), Fault.garbage(b"")],
    ids=["500", "hang up", "429", "403", "garbage"],
)
def test_stale_session_admits_while_discord_is_unreachable(
    circle: Circle, discord: FakeDiscord, tick: Clock, fault: Fault
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always("*", fault)
    assert program.membership.unchecked_for is None
    assert program.checks()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    assert program.changes == 1
    circle.clock.advance(23 * HOUR - 1)
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(28 * HOUR - 1)
    circle.clock.advance(1)
    assert_denied(program, "last read from Discord 1 d ago")
    assert program.membership.unchecked_for is None
    assert program.lost_access == [], "they may well come back"
    assert "1 d ago" in str(failure_of(AccessDenied, program.membership.enter, discord.issued))
    discord.heal()
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None


def test_entry_with_an_expired_session_names_age_and_failure(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=3 * DAY)
    discord.fail_always("*", Fault.status(502))
    message = str(failure_of(AccessDenied, circle.program().membership.enter, discord.issued))
    assert "3 d ago" in message
    assert "502" in message


def test_stale_session_admits_until_the_check_ends(circle: Circle, discord: FakeDiscord) -> None:
    circle.signed_in(ago=27 * HOUR)
    program = circle.program()
    program.membership.enter()
    assert circle.asked() == []
    assert program.checks()
    assert len(circle.asked()) == 2


def test_pause_between_failed_checks_grows(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always("*", Fault.status(500))
    for seconds in (60, 120, 240, 480, 900, 900):
        assert program.checks()
        tick.advance(seconds - 0.5)
        assert not program.checks()
        tick.advance(0.5)
    # One good answer resets the pause.
    discord.heal()
    assert program.checks()
    circle.clock.advance(5 * HOUR)
    discord.fail_always("*", Fault.status(500))
    assert program.checks()
    tick.advance(59.5)
    assert not program.checks()
    tick.advance(0.5)
    assert program.checks()


def test_failed_check_respects_retry_after(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail("*", Fault.too_many(1_234.5))
    assert program.checks()
    tick.advance(1_234)
    assert not program.checks()
    tick.advance(0.5)
    assert program.checks()
    assert program.membership.unchecked_for is None


def test_clock_set_back_a_little_denies_no_access(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=-2 * HOUR)
    discord.fail("*", Fault.status(500))
    assert program.membership.is_admitted
    assert program.checks()
    assert program.membership.is_admitted
    again = circle.program()
    assert again.checks()
    assert again.membership.session is not None
    assert again.membership.session.checked_at == circle.clock()


def test_clock_set_back_never_gives_a_negative_age(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=-2 * HOUR)
    discord.fail("*", Fault.status(500))
    program.checks()
    assert (program.membership.unchecked_for or 0.0) >= 0.0


def test_clock_set_back_by_days_requires_a_check(circle: Circle, discord: FakeDiscord) -> None:
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


def test_clock_is_not_saved_at_each_call(circle: Circle) -> None:
    program = circle.signed_in()
    before = circle.session_store.file_version()
    circle.clock.advance(60)
    program.checks()
    assert circle.session_store.file_version() == before


def test_regained_access_notifies_listeners(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=29 * HOUR)
    discord.fail("*", Fault.status(500))
    program.checks()
    assert not program.membership.is_admitted
    tick.advance(60)
    program.changes = 0
    program.checks()
    assert program.membership.is_admitted
    assert program.changes == 1


def test_entry_after_expiry_notifies_listeners(circle: Circle) -> None:
    program = circle.signed_in(ago=29 * HOUR)
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.changes == 1


def test_recovery_of_discord_notifies_listeners(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail("*", Fault.status(500))
    program.checks()
    assert program.membership.unchecked_for is not None
    tick.advance(60)
    program.changes = 0
    program.checks()
    assert program.membership.unchecked_for is None
    assert program.changes == 1


def test_check_by_another_program_notifies_listeners(circle: Circle, discord: FakeDiscord) -> None:
    program, other = circle.signed_in(ago=5 * HOUR), circle.program()
    discord.fail("*", Fault.status(500))
    program.checks()
    assert program.membership.unchecked_for is not None
    other.membership.check()
    program.changes = 0
    assert not program.checks()
    assert program.membership.unchecked_for is None
    assert program.changes == 1
    circle.clock.advance(CHECK_AFTER)
    assert program.membership.unchecked_for is None
