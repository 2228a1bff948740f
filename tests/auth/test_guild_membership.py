"""Who is admitted: what Discord said, for how long it serves, and what changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.auth_errors import failure_of
from helpers.auth_guild import (
    DATABASE,
    DAY,
    HOUR,
    ME,
    REVOKE,
    SECONDS,
    TOKEN,
    Circle,
    Program,
)
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.discord_answers import Seen
from helpers.membership import ADMIN_ROLE, GUEST_ROLE, MEMBER_ROLE, OFFICER_ROLE
from tracker_tui.auth import guild_membership
from tracker_tui.auth.access_policy import CHECK_AFTER, GRACE, Freshness, freshness
from tracker_tui.auth.auth_errors import (
    AccessDenied,
    DiscordError,
    DiscordUnreachable,
    NotSignedIn,
)
from tracker_tui.auth.membership import Membership as Asked
from tracker_tui.auth.membership import Owner
from tracker_tui.auth.session import Session, SessionStore
from tracker_tui.config.settings import Config, Secret
from tracker_tui.domain.roles import Member, Right
from tracker_tui.errors import LocalFileError, NotPermitted
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ledger.ledger import random_id

OVER = CHECK_AFTER + GRACE
ACCESS_ONLY = frozenset({Right.ACCESS_RESOURCES})
OFFICER = frozenset({Right.ACCESS_RESOURCES, Right.EDIT_TARGETS})


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which a membership leaves Discord alone."""
    tick = Clock()
    monkeypatch.setattr(guild_membership, "time", tick)
    return tick


def roles_now(discord: FakeDiscord, *roles: str) -> None:
    discord.membership = Membership("Muad'Dib", list(roles))


def assert_barred(program: Program, said: str) -> None:
    """Assert that nothing is shown or sent, and that this is why."""
    assert not program.membership.is_admitted
    assert said in str(failure_of(AccessDenied, program.membership.require))
    assert program.membership.pending_record() is None


def assert_signed_out(program: Program, circle: Circle) -> None:
    """Assert that nobody is signed in on this machine any more, and that it is told clearly."""
    assert program.membership.session is None
    assert not program.membership.is_admitted
    assert not circle.session_store.path.exists()
    for use in (program.membership.require, program.membership.enter, who(program)):
        assert "Sign in again" in str(failure_of(NotSignedIn, use, circle.discord.issued))
    assert program.barred == [circle.discord.person.id]
    assert program.told


def who(program: Program) -> Callable[[], Member]:
    return lambda: program.membership.member


# Nothing is asked while it is warm


@pytest.mark.parametrize("kind", [guild_membership.GuildMembership, Owner])
def test_a_membership_can_all_that_is_asked_of_one(kind: type) -> None:
    asked = {name for name in vars(Asked) if not name.startswith("_")}
    assert {"member", "enter", "check_in_background", "mark_recorded"} <= asked
    assert asked - {"member"} <= {*dir(kind)}


@pytest.mark.parametrize("age", [0.0, 1.0, HOUR, CHECK_AFTER - 1])
def test_a_warm_session_is_served_without_a_request(circle: Circle, age: float) -> None:
    circle.signed_in(ago=age)
    program = circle.program()
    program.membership.enter()
    program.membership.check()
    program.membership.require()
    assert not program.looks()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.member == Member("80351110224678912", "Muad'Dib", ACCESS_ONLY)
    assert circle.asked() == []


def test_who_is_not_signed_in_is_told_to(circle: Circle) -> None:
    program = circle.program()
    for use in (
        program.membership.require,
        program.membership.enter,
        program.membership.check,
        program.membership.revoke,
        who(program),
    ):
        assert "login" in str(failure_of(NotSignedIn, use))
    assert not program.looks()
    assert not program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.pending_record() is None
    assert (program.told, program.barred, circle.asked()) == (0, [], [])


def test_a_damaged_session_is_told_of(circle: Circle) -> None:
    circle.signed_in()
    circle.session_store.path.write_bytes(circle.session_store.path.read_bytes()[:-2])
    program = circle.program()
    assert "damaged" in str(failure_of(NotSignedIn, program.membership.enter))
    assert not program.looks()


def test_a_session_that_is_damaged_meanwhile_admits_nobody(circle: Circle) -> None:
    program = circle.signed_in()
    circle.session_store.path.write_bytes(b"{")
    program.membership.check_in_background()
    assert not program.membership.is_admitted
    assert "damaged" in str(failure_of(NotSignedIn, program.membership.require))
    assert program.told == 1


def test_a_right_that_one_has_not_is_refused_with_who_has_it(circle: Circle) -> None:
    program = circle.signed_in()
    refused = failure_of(
        NotPermitted, lambda: program.membership.require(Right.ADMIN, "delete resources")
    )
    assert str(refused) == "Only Mahdi may delete resources. Ask one of them."
    program.membership.require(Right.ACCESS_RESOURCES)
    assert circle.asked() == []


# It is asked again when it is due


def test_looking_asks_when_it_is_due_and_then_it_is_warm(circle: Circle) -> None:
    program = circle.signed_in(ago=CHECK_AFTER)
    assert program.looks()
    assert circle.asked() == [ME, circle.member_path]
    session = program.membership.session
    assert session is not None
    assert session.checked_at == circle.clock()
    assert circle.session_store.load() == session
    assert not program.looks()


def test_looking_never_waits_and_never_piles_up(
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


def test_who_leaves_does_not_wait_for_discord(
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


def test_who_never_looked_closes_at_once(circle: Circle) -> None:
    program = circle.signed_in()
    program.membership.close(SECONDS)
    assert program.membership.is_admitted


def test_a_right_that_is_taken_away_is_gone_at_once(circle: Circle, discord: FakeDiscord) -> None:
    roles_now(discord, OFFICER_ROLE)
    program = circle.signed_in(ago=5 * HOUR)
    program.membership.require(Right.EDIT_TARGETS)
    roles_now(discord, MEMBER_ROLE)
    program.looks()
    assert program.membership.member.rights == ACCESS_ONLY
    failure_of(NotPermitted, lambda: program.membership.require(Right.EDIT_TARGETS))
    assert program.membership.is_admitted
    assert (program.told, program.barred) == (1, [])


def test_a_right_that_is_given_is_there_at_once(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.looks()
    program.membership.require(Right.ADMIN)
    assert program.membership.member.rights == {Right.ACCESS_RESOURCES, Right.ADMIN}
    assert program.told == 1


def test_a_check_that_changes_nothing_tells_nothing(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    # What the guild allows is the same.
    roles_now(discord, "5", MEMBER_ROLE)
    program.looks()
    assert len(circle.asked()) == 2
    assert (program.told, program.barred) == (0, [])


def test_a_new_name_and_picture_are_taken(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.person.username, discord.person.avatar = "usul", "a_1"
    discord.membership = Membership(None, [MEMBER_ROLE])
    program.looks()
    session = program.membership.session
    assert session is not None
    assert (session.username, session.name) == ("usul", "Paul Atreides")
    assert session.avatar == f"https://cdn.discordapp.com/avatars/{session.member_id}/a_1.gif"
    assert program.membership.member.name == "Paul Atreides"


BARRED = {
    "left the guild": (None, "is not in this guild"),
    "no role at all": (Membership("Muad'Dib", []), "has no role that may enter"),
    "no role that may enter": (Membership("Muad'Dib", [GUEST_ROLE]), "Only Mahdi, Naib or Fremen"),
}
each_way_to_be_barred = pytest.mark.parametrize(("membership", "said"), BARRED.values(), ids=BARRED)


@each_way_to_be_barred
def test_who_may_not_enter_any_more_is_shown_out(
    circle: Circle, discord: FakeDiscord, membership: Membership | None, said: str
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.membership = membership
    program.looks()
    assert_barred(program, said)
    assert program.membership.member.rights == frozenset()
    assert program.barred == [discord.person.id]
    assert program.told == 1
    # It is known at the next start, without asking; and nothing is asked again by looking.
    discord.seen.clear()
    again = circle.program()
    assert_barred(again, said)
    assert not again.looks()
    assert circle.asked() == []


@each_way_to_be_barred
def test_who_may_not_enter_is_asked_for_at_each_try(
    circle: Circle, discord: FakeDiscord, membership: Membership | None, said: str
) -> None:
    discord.membership = membership
    program = circle.signed_in()
    for number in (1, 2):
        assert said in str(failure_of(AccessDenied, program.membership.enter))
        assert len(discord.requests_to(ME)) == number
    roles_now(discord, MEMBER_ROLE)
    program.told = 0
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.told == 1
    assert len(discord.requests_to(ME)) == 3


def test_who_may_not_enter_and_is_not_asked_for_is_told_both(
    circle: Circle, discord: FakeDiscord
) -> None:
    roles_now(discord, GUEST_ROLE)
    program = circle.signed_in()
    discord.fail_always("*", Fault.status(503))
    told = str(failure_of(AccessDenied, program.membership.enter))
    assert "no role that may enter" in told
    assert "503" in told


# Where Discord cannot be asked


def test_how_fresh_it_is_goes_by_its_age() -> None:
    def at(age: float) -> Freshness:
        return freshness(1e9, 1e9 + age)

    assert [at(0), at(CHECK_AFTER - 1)] == [Freshness.FRESH] * 2
    assert [at(CHECK_AFTER), at(OVER - 1), at(-1), at(-DAY)] == [Freshness.STALE] * 4
    assert [at(OVER), at(1e9), at(-DAY - 1)] == [Freshness.EXPIRED] * 3
    assert (CHECK_AFTER, OVER) == (4 * HOUR, 28 * HOUR)


@pytest.fixture
def checked(circle: Circle) -> Program:
    """A program in which somebody was checked at a moment that floats can add to."""
    circle.clock.now = 1_700_000_000.0
    return circle.signed_in()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-3 * DAY, 30 * DAY).map(lambda age: round(age, 3)))
@example(OVER - 0.001)
@example(OVER)
@example(-DAY)
@example(-DAY - 0.001)
def test_it_serves_for_28_hours_and_not_a_second_longer(
    circle: Circle, checked: Program, age: float
) -> None:
    circle.clock.now = 1_700_000_000.0 + age
    serves = -24 * 3600 <= age < 28 * 3600
    assert checked.membership.is_admitted is serves
    assert (checked.membership.pending_record() is not None) is serves
    if serves:
        checked.membership.require()
    else:
        assert_barred(checked, "last read from Discord")
    assert circle.asked() == []


@pytest.mark.parametrize(
    "fault",
    [Fault.status(500), Fault.hang_up(), Fault.too_many(5), Fault.status(403), Fault.garbage(b"")],
    ids=["500", "hang up", "429", "403", "garbage"],
)
def test_a_member_stays_while_discord_cannot_be_asked(
    circle: Circle, discord: FakeDiscord, tick: Clock, fault: Fault
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always("*", fault)
    assert program.membership.unchecked_for is None
    assert program.looks()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    assert program.told == 1
    circle.clock.advance(23 * HOUR - 1)
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(28 * HOUR - 1)
    circle.clock.advance(1)
    assert_barred(program, "last read from Discord 1 d ago")
    assert program.membership.unchecked_for is None
    assert program.barred == [], "they may well come back"
    assert "1 d ago" in str(failure_of(AccessDenied, program.membership.enter, discord.issued))
    discord.heal()
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None


def test_entering_with_what_is_over_tells_how_old_it_is_and_what_is_wrong(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=3 * DAY)
    discord.fail_always("*", Fault.status(502))
    told = str(failure_of(AccessDenied, circle.program().membership.enter, discord.issued))
    assert "3 d ago" in told
    assert "502" in told


def test_what_is_due_serves_until_it_was_asked_for(circle: Circle, discord: FakeDiscord) -> None:
    circle.signed_in(ago=27 * HOUR)
    program = circle.program()
    program.membership.enter()
    assert circle.asked() == []
    assert program.looks()
    assert len(circle.asked()) == 2


def test_discord_is_left_alone_for_longer_and_longer(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always("*", Fault.status(500))
    for seconds in (60, 120, 240, 480, 900, 900):
        assert program.looks()
        tick.advance(seconds - 0.5)
        assert not program.looks()
        tick.advance(0.5)
    # One good answer, and it begins anew.
    discord.heal()
    assert program.looks()
    circle.clock.advance(5 * HOUR)
    discord.fail_always("*", Fault.status(500))
    assert program.looks()
    tick.advance(59.5)
    assert not program.looks()
    tick.advance(0.5)
    assert program.looks()


def test_discord_is_left_alone_for_as_long_as_it_says(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail("*", Fault.too_many(1_234.5))
    assert program.looks()
    tick.advance(1_234)
    assert not program.looks()
    tick.advance(0.5)
    assert program.looks()
    assert program.membership.unchecked_for is None


def test_a_clock_that_was_set_back_a_little_keeps_nobody_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=-2 * HOUR)
    discord.fail("*", Fault.status(500))
    assert program.membership.is_admitted
    assert program.looks()
    assert program.membership.is_admitted
    again = circle.program()
    assert again.looks()
    assert again.membership.session is not None
    assert again.membership.session.checked_at == circle.clock()


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=-2 * HOUR)
    discord.fail("*", Fault.status(500))
    program.looks()
    assert (program.membership.unchecked_for or 0.0) >= 0.0


def test_a_clock_that_was_set_back_by_days_asks_before_it_admits(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=-30 * HOUR)
    assert_barred(program, "last read from Discord")
    discord.fail("*", Fault.status(500))
    failure_of(AccessDenied, program.membership.enter)
    program.membership.enter()
    assert program.membership.is_admitted


def test_a_session_that_ran_out_stays_so_when_the_clock_is_set_back(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=40 * HOUR)
    discord.fail_always("*", Fault.status(500))
    failure_of(AccessDenied, circle.program().membership.enter)
    circle.clock.advance(-39 * HOUR)
    again = circle.program()
    told = str(failure_of(AccessDenied, again.membership.enter))
    assert "read from Discord 1 d ago" in told
    # Discord's answer counts, whatever the clock has shown.
    discord.heal()
    again.membership.enter()
    circle.program().membership.require()


def test_a_running_program_notes_that_the_session_ran_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=27.9 * HOUR)
    discord.fail_always("*", Fault.status(500))
    program.looks()
    circle.clock.advance(0.1 * HOUR)
    program.looks()
    assert_barred(program, "last read from Discord")
    circle.clock.advance(-20 * HOUR)
    assert_barred(circle.program(), "last read from Discord")


def test_a_clock_that_was_once_years_ahead_keeps_nobody_out_for_long(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=3_650 * DAY)
    discord.fail_always("*", Fault.hang_up())  # no certificate holds then
    failure_of(AccessDenied, circle.program().membership.enter)
    discord.heal()
    circle.clock.advance(-3_650 * DAY)
    program = circle.program()
    program.membership.enter()
    circle.clock.advance(3 * HOUR)
    discord.fail_always("*", Fault.status(500))
    circle.program().membership.require()
    assert program.membership.is_admitted


def test_the_time_is_not_written_down_at_each_look(circle: Circle) -> None:
    program = circle.signed_in()
    before = circle.session_store.file_version()
    circle.clock.advance(60)
    program.looks()
    assert circle.session_store.file_version() == before


def test_an_admission_that_comes_back_is_told(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=29 * HOUR)
    discord.fail("*", Fault.status(500))
    program.looks()
    assert not program.membership.is_admitted
    tick.advance(60)
    program.told = 0
    program.looks()
    assert program.membership.is_admitted
    assert program.told == 1


def test_who_was_kept_out_by_time_alone_and_enters_is_told_of(circle: Circle) -> None:
    program = circle.signed_in(ago=29 * HOUR)
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.told == 1


def test_that_discord_can_be_asked_again_is_told(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail("*", Fault.status(500))
    program.looks()
    assert program.membership.unchecked_for is not None
    tick.advance(60)
    program.told = 0
    program.looks()
    assert program.membership.unchecked_for is None
    assert program.told == 1


def test_that_another_program_could_ask_discord_is_told(
    circle: Circle, discord: FakeDiscord
) -> None:
    program, other = circle.signed_in(ago=5 * HOUR), circle.program()
    discord.fail("*", Fault.status(500))
    program.looks()
    assert program.membership.unchecked_for is not None
    other.membership.check()
    program.told = 0
    assert not program.looks()
    assert program.membership.unchecked_for is None
    assert program.told == 1
    circle.clock.advance(CHECK_AFTER)
    assert program.membership.unchecked_for is None


# Tokens that run out


def tokens_for(circle: Circle, hours: float) -> Program:
    """Sign in with tokens that live for so long, five hours ago; those after them for a week."""
    circle.discord.token_lifetime = int(hours * HOUR)
    program = circle.signed_in(ago=5 * HOUR)
    circle.discord.token_lifetime = 604_800
    return program


def test_a_token_that_is_good_for_a_day_is_not_prolonged(circle: Circle) -> None:
    program = tokens_for(circle, 29.5)
    program.membership.check()
    assert circle.asked() == [ME, circle.member_path]
    assert circle.kept_tokens() == tuple(circle.discord.issued)


def test_a_token_that_runs_out_within_a_day_is_prolonged_first(circle: Circle) -> None:
    program = tokens_for(circle, 28.5)
    program.membership.check()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(circle.discord.issued[2:])
    assert circle.discord.requests_to(TOKEN)[0].form["grant_type"] == "refresh_token"
    assert (
        circle.discord.requests_to(ME)[0]
        .headers["authorization"]
        .endswith(circle.discord.issued[2])
    )
    session = program.membership.session
    assert session is not None
    assert session.tokens_until == pytest.approx(circle.session_store.tokens().expires_at)
    assert circle.session_store.load() == session


def test_a_token_that_is_refused_is_prolonged_and_it_goes_on(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.expire_access()
    program.looks()
    assert circle.asked() == [ME, TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.is_admitted
    assert (program.told, program.barred) == (0, [])


def test_a_token_that_is_refused_in_the_middle_is_prolonged_too(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail(circle.member_path, Fault.status(401))
    program.looks()
    assert circle.asked() == [ME, circle.member_path, TOKEN, ME, circle.member_path]
    assert program.membership.is_admitted


def test_a_sign_in_that_was_revoked_is_over(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.revoke()
    program.looks()
    assert circle.asked() == [ME, TOKEN]
    assert_signed_out(program, circle)
    assert not program.looks()


def test_a_refresh_that_is_refused_is_the_end_of_it(circle: Circle, discord: FakeDiscord) -> None:
    program = tokens_for(circle, 6)
    discord.revoke()
    program.looks()
    assert circle.asked() == [TOKEN]
    assert_signed_out(program, circle)


def test_new_tokens_that_are_refused_are_the_end_of_it(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always(ME, Fault.status(401))
    program.looks()
    assert circle.asked() == [ME, TOKEN, ME]
    assert_signed_out(program, circle)


def test_a_sign_in_without_a_refresh_token_ends_with_its_token(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.program()
    program.membership.sign_in(circle.granted()._replace(refresh=None), random_id)
    discord.seen.clear()
    circle.clock.advance(5 * HOUR)
    discord.expire_access()
    program.looks()
    assert circle.asked() == [ME]
    assert_signed_out(program, circle)


def test_tokens_that_are_somebody_elses_suddenly_are_the_end_of_it(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    member_id, discord.person.id = discord.person.id, "666"
    program.looks()
    assert program.membership.session is None
    assert not circle.session_store.path.exists()
    assert program.barred == [member_id]


def test_new_tokens_are_on_disk_before_they_are_used(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tokens_for(circle, 28.5)
    on_disk, receive = {}, discord.receive

    def spy(seen: Seen) -> Fault | None:
        on_disk[seen.path] = circle.kept_tokens()
        return receive(seen)

    monkeypatch.setattr(discord, "receive", spy)
    program.looks()
    assert on_disk[TOKEN] == tuple(discord.issued[:2])
    assert on_disk[ME] == tuple(discord.issued[2:])
    assert program.membership.is_admitted


def test_new_tokens_are_kept_whatever_the_next_request_brings(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail(ME, Fault.status(500))
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    kept = circle.session_store.load()
    assert kept is not None
    assert kept.checked_at == circle.clock() - 5 * HOUR, "nobody was checked"
    assert program.membership.is_admitted
    # And they serve: nothing is prolonged a second time.
    program.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    assert program.membership.session is not None
    assert program.membership.session.checked_at == circle.clock()


def test_a_refresh_whose_answer_got_lost_is_no_end_while_the_token_holds(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail(TOKEN, Fault.answer_lost())
    program.looks()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.session is not None
    assert program.membership.session.checked_at == circle.clock()
    # Its refresh token is spent, so that the next time is the end.
    circle.clock.advance(5 * HOUR)
    program.looks()
    assert_signed_out(program, circle)


@pytest.mark.parametrize(
    "fault",
    [Fault.status(503), Fault.hang_up(), Fault.status(401, {"error": "invalid_client"})],
    ids=["503", "hang up", "401"],
)
def test_a_refresh_that_fails_is_tried_again_while_the_token_holds(
    circle: Circle, discord: FakeDiscord, fault: Fault
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail(TOKEN, fault)
    program.looks()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(discord.issued)
    assert program.membership.unchecked_for is None
    circle.clock.advance(5 * HOUR)
    program.looks()
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.is_admitted


def test_a_refresh_that_fails_signs_nobody_out_once_the_token_ran_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 4.5)
    discord.fail(TOKEN, Fault.status(503))
    program.looks()
    assert circle.asked() == [TOKEN]
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.unchecked_for is None


@pytest.mark.parametrize("fault", [Fault.status(503), Fault.hang_up(), Fault.too_many(5)])
def test_a_refresh_that_fails_signs_nobody_out_whose_token_was_refused(
    circle: Circle, discord: FakeDiscord, fault: Fault
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.expire_access()
    discord.fail(TOKEN, fault)
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert program.membership.is_admitted
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])


# By Discord's clock it ran out sooner.
def test_a_refresh_that_fails_signs_nobody_out_whose_token_is_refused_then(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 28.5)
    discord.expire_access()
    discord.fail_always(TOKEN, Fault.status(503))
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert program.membership.is_admitted
    discord.heal()
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])


def test_a_refresh_token_that_stays_the_same_is_kept(circle: Circle, discord: FakeDiscord) -> None:
    program = tokens_for(circle, 28.5)
    fresh = discord.grant()["access_token"]
    discord.fail(TOKEN, Fault.status(200, {"access_token": fresh, "expires_in": 604_800}))
    program.membership.check()
    assert circle.kept_tokens() == (fresh, discord.issued[1])


def test_who_leaves_waits_until_new_tokens_are_on_disk(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tokens_for(circle, 28.5)
    has_come, answer, receive = threading.Event(), threading.Event(), discord.receive

    def hold(seen: Seen) -> Fault | None:
        if seen.path == TOKEN:
            has_come.set()
            answer.wait(SECONDS)
        return receive(seen)

    monkeypatch.setattr(discord, "receive", hold)
    program.membership.check_in_background()
    assert has_come.wait(SECONDS)
    asking = program.membership._thread
    assert asking is not None
    join, patience = asking.join, []

    def impatient(seconds: float | None = None) -> None:
        patience.append(seconds)
        if len(patience) > 1:
            answer.set()
        join(seconds)

    monkeypatch.setattr(asking, "join", impatient)
    program.membership.close(0.0)
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert patience[0] == 0.0


# Signing in and out


def test_whoever_signs_in_is_told_of(circle: Circle) -> None:
    program = circle.program()
    session = program.membership.sign_in(circle.granted(), random_id)
    assert program.membership.session == session == circle.session_store.load()
    assert program.membership.is_admitted
    assert (program.told, program.barred) == (1, [])


def test_a_sign_in_that_fails_leaves_the_one_before(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in()
    before = circle.session_store.path.read_bytes()
    tokens = circle.granted()
    discord.fail(ME, Fault.status(500))
    failure_of(
        DiscordUnreachable, lambda: program.membership.sign_in(tokens, random_id), discord.issued
    )
    assert circle.session_store.path.read_bytes() == before
    assert program.membership.is_admitted


def test_revoking_signs_out_everywhere_and_here_is_forgotten(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in()
    program.membership.revoke()
    assert discord.requests_to(REVOKE)[0].form["token"] == discord.issued[1]
    program.membership.sign_out()
    assert program.membership.session is None
    assert not circle.session_store.path.exists()
    assert program.barred == [discord.person.id]
    assert "login" in str(failure_of(NotSignedIn, program.membership.require))


def test_signing_out_needs_no_discord(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in()
    discord.fail_always("*", Fault.hang_up())
    failure_of(DiscordUnreachable, program.membership.revoke, discord.issued)
    program.membership.sign_out()
    assert not circle.session_store.path.exists()
    program.membership.sign_out()


def test_what_was_shown_is_removed_with_its_member(config: Config, circle: Circle) -> None:
    circle.signed_in()
    membership = guild_membership_of(config)
    assert membership.guild.guild_id == circle.discord.guild_id
    assert isinstance(membership.session_store, SessionStore)
    assert membership.member.id == circle.discord.person.id
    assert config.database.url == DATABASE  # type: ignore[union-attr]
    membership.sign_out()
    assert circle.program().membership.session is None


@pytest.mark.parametrize(
    ("person", "roles"),
    [
        (Person(username="\u200b", global_name=None), [MEMBER_ROLE]),
        (Person(username="", global_name=None), [MEMBER_ROLE]),
        (Person(id="1" * 300), [MEMBER_ROLE]),
        (Person(avatar="a" * 300), [MEMBER_ROLE]),
        (Person(), [MEMBER_ROLE, ""]),
        (Person(), [MEMBER_ROLE, "a\nb"]),
        (Person(), [MEMBER_ROLE, "1" * 300]),
    ],
    ids=["hidden name", "no name", "long id", "long avatar", "no role", "two lines", "long role"],
)
def test_whoever_is_signed_in_is_so_at_the_next_start(
    circle: Circle, discord: FakeDiscord, person: Person, roles: list[str]
) -> None:
    discord.person, discord.membership = person, Membership(None, roles)
    program = circle.program()
    try:
        session = program.membership.sign_in(circle.granted(), random_id)
    except DiscordError:
        assert circle.session_store.load() is None
        return
    assert circle.session_store.load() == session


# Other programs of this machine


def test_what_another_program_found_out_is_taken_without_asking(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=5 * HOUR)
    first, second = circle.program(), circle.program()
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    assert first.looks()
    assert not second.looks()
    second.membership.check()
    assert second.membership.session == first.membership.session
    second.membership.require(Right.ADMIN)
    assert second.told == 1
    assert circle.asked() == [ME, circle.member_path]


def test_who_another_program_found_barred_is_shown_out_here(
    circle: Circle, discord: FakeDiscord
) -> None:
    circle.signed_in(ago=5 * HOUR)
    first, second = circle.program(), circle.program()
    discord.membership = None
    first.looks()
    assert not second.looks()
    assert_barred(second, "is not in this guild")
    assert (second.told, second.barred) == (1, [discord.person.id])
    assert len(circle.asked()) == 2


def test_what_another_program_prolonged_is_used_here(circle: Circle, discord: FakeDiscord) -> None:
    first = tokens_for(circle, 28.5)
    second = circle.program()
    first.membership.check()
    circle.clock.advance(5 * HOUR)
    second.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    assert discord.requests_to(ME)[-1].headers["authorization"].endswith(discord.issued[2])


def test_a_log_out_elsewhere_is_noticed(circle: Circle, discord: FakeDiscord) -> None:
    circle.signed_in()
    first, second = circle.program(), circle.program()
    for program in (first, second):
        program.membership.enter()
    first.membership.sign_out()
    assert not second.looks()
    assert not second.membership.is_admitted
    failure_of(NotSignedIn, second.membership.require)
    assert (second.told, second.barred) == (1, [discord.person.id])
    assert circle.asked() == []


def test_somebody_else_who_signs_in_elsewhere_is_not_who_is_here(
    circle: Circle, discord: FakeDiscord
) -> None:
    first = circle.signed_in()
    first.membership.enter()
    discord.person = Person("2", "chani", None)
    circle.program().membership.sign_in(circle.granted(), random_id)
    discord.seen.clear()
    assert not first.looks()
    assert first.membership.session is None
    assert "Somebody else" in str(failure_of(NotSignedIn, first.membership.require))
    assert first.told == 1
    # Whoever starts now is the other one.
    assert circle.program().membership.member.id == "2"
    assert circle.asked() == []


def test_before_anybody_entered_it_is_whoever_signed_in_last(
    circle: Circle, discord: FakeDiscord
) -> None:
    first = circle.signed_in()
    discord.person = Person("2", "chani", None)
    circle.program().membership.sign_in(circle.granted(), random_id)
    first.looks()
    assert first.membership.member.id == "2"
    first.membership.enter()
    first.looks()
    assert first.membership.is_admitted


def test_who_is_taken_while_entering_stays(circle: Circle, discord: FakeDiscord) -> None:
    roles_now(discord, GUEST_ROLE)
    first = circle.signed_in()
    discord.person = Person("2", "chani", None)
    roles_now(discord, MEMBER_ROLE)
    second = circle.program()
    second.membership.sign_in(circle.granted(), random_id)
    first.membership.enter()
    assert first.membership.member.id == "2"
    record = second.membership.pending_record()
    assert record is not None
    second.membership.mark_recorded(record)
    first.looks()
    assert first.membership.is_admitted


def test_the_same_member_who_signs_in_again_elsewhere_goes_on(circle: Circle) -> None:
    first = circle.signed_in()
    first.membership.enter()
    session = circle.program().membership.sign_in(circle.granted(), random_id)
    first.looks()
    assert first.membership.session == session
    assert first.membership.is_admitted


def test_signing_out_signs_out_nobody_else(circle: Circle, discord: FakeDiscord) -> None:
    first = circle.signed_in()
    first.membership.enter()
    discord.person = Person("2", "chani", None)
    other = circle.program().membership
    other.sign_in(circle.granted(), random_id)
    failure_of(NotSignedIn, first.membership.revoke, discord.issued)
    first.membership.sign_out()
    assert not discord.requests_to(REVOKE)
    assert circle.session_store.load() == other.session


class Overtaken(SessionStore):
    """Another program writes just after the session was read."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.then: Callable[[], object] | None = None

    def load(self) -> Session | None:
        session = super().load()
        then, self.then = self.then, None
        if then is not None:
            then()
        return session


def test_what_is_written_while_it_is_read_is_noticed_next_time(circle: Circle) -> None:
    circle.signed_in()
    session_store = Overtaken(circle.config)
    program, other = circle.program(session_store), circle.program()
    program.membership.enter()
    record = other.membership.pending_record()
    assert record is not None
    other.membership.mark_recorded(record)  # something to read
    session_store.then = other.membership.sign_out
    program.looks()
    program.looks()
    assert not program.membership.is_admitted


def test_a_program_that_holds_the_session_too_long_is_not_waited_for(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guild_membership, "_LOCK_SECONDS", 0.0)
    program = circle.signed_in(ago=5 * HOUR)
    with circle.session_store.locked(0.0):
        assert program.looks()
        failure_of(DiscordUnreachable, program.membership.check)
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    assert circle.asked() == []


def test_a_file_that_cannot_be_written_leaves_who_is_here(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = circle.signed_in(ago=5 * HOUR)

    def full(*_: object) -> None:
        raise LocalFileError("The disk is full.")

    monkeypatch.setattr(program.membership.session_store, "save", full)
    assert program.looks()
    assert program.membership.is_admitted
    assert program.told == 1


def test_a_fault_of_the_program_itself_is_no_end(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)

    def fault(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(program.membership._member_check, "check", fault)
        assert program.looks()
    assert program.membership.is_admitted
    assert not program.looks()
    tick.advance(60)
    assert program.looks()
    assert len(circle.asked()) == 2


# What the database is to be told


def test_a_sign_in_is_to_be_told_and_is_told_once(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in()
    session, record = program.membership.session, program.membership.pending_record()
    assert session is not None
    assert record == (
        *(session.row_id, discord.person.id, "paul", None, "Muad'Dib", (MEMBER_ROLE,), True),
    )
    assert program.membership.pending_record() == record
    program.membership.mark_recorded(record)
    assert program.membership.pending_record() is None
    assert circle.program().membership.pending_record() is None
    assert not program.looks()
    assert (program.told, program.barred, circle.asked()) == (0, [], [])


def test_a_role_check_is_to_be_told_and_is_no_sign_in(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in()
    first = program.membership.pending_record()
    assert first is not None
    program.membership.mark_recorded(first)
    circle.clock.advance(5 * HOUR)
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.looks()
    second = program.membership.pending_record()
    assert second == first._replace(role_ids=(MEMBER_ROLE, ADMIN_ROLE), is_new=False)
    program.membership.mark_recorded(second)
    assert program.membership.pending_record() is None


def test_a_sign_in_that_nobody_told_is_one_after_a_role_check_too(circle: Circle) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    before = program.membership.pending_record()
    program.looks()
    assert len(circle.asked()) == 2
    assert before is not None
    assert program.membership.pending_record() == before
    assert before.is_new


def test_what_was_told_before_roles_changed_is_to_be_told_anew(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    old = program.membership.pending_record()
    assert old is not None
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.looks()
    program.membership.mark_recorded(old)
    new = program.membership.pending_record()
    assert new == old._replace(role_ids=(MEMBER_ROLE, ADMIN_ROLE))


def test_what_was_told_of_one_session_is_to_be_told_of_the_next(circle: Circle) -> None:
    program = circle.signed_in()
    old = program.membership.pending_record()
    assert old is not None
    circle.program().membership.sign_in(circle.granted(), random_id)
    program.membership.mark_recorded(old)
    new = program.membership.pending_record()
    assert new is not None
    assert new.session_id != old.session_id
    assert new.is_new


def test_while_another_program_asks_it_is_told_twice_rather_than_waited_for(
    circle: Circle,
) -> None:
    program = circle.signed_in()
    record = program.membership.pending_record()
    assert record is not None
    with circle.session_store.locked(0.0):
        program.membership.mark_recorded(record)
    assert program.membership.pending_record() == record
    program.membership.mark_recorded(record)
    assert program.membership.pending_record() is None


def test_what_was_told_leaves_tokens_and_age_alone(circle: Circle) -> None:
    program = circle.signed_in(ago=HOUR)
    before, tokens = program.membership.session, circle.kept_tokens()
    record = program.membership.pending_record()
    assert before is not None
    assert record is not None
    program.membership.mark_recorded(record)
    assert program.membership.session == before._replace(is_recorded=True, is_new=False)
    assert circle.kept_tokens() == tokens


@each_way_to_be_barred
def test_nothing_is_told_of_who_may_not_enter(
    circle: Circle, discord: FakeDiscord, membership: Membership | None, said: str
) -> None:
    discord.membership = membership
    program = circle.signed_in()
    assert_barred(program, said)
    assert program.barred == [discord.person.id]
    assert circle.program().membership.pending_record() is None


def test_a_secret_of_the_application_is_sent_with_each_refresh(
    circle: Circle, discord: FakeDiscord
) -> None:
    discord.client_secret = "client-4u8PqS1x"
    tokens_for(circle, 28.5)
    program = circle.program(client_secret=Secret("client-4u8PqS1x"))
    program.membership.check()
    assert discord.requests_to(TOKEN)[0].form["client_secret"] == "client-4u8PqS1x"
    assert "client-4u8PqS1x" not in circle.session_store.path.read_text()
