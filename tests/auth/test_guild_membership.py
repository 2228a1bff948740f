"""Admission of members: fresh, stale and expired answers of Discord."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from helpers.auth_errors import failure_of
from helpers.auth_guild import HOUR, ME, SECONDS, Circle, assert_denied, each_denial, roles_now, who
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.discord_answers import Seen
from helpers.membership import ADMIN_ROLE, GUEST_ROLE, MEMBER_ROLE, OFFICER_ROLE
from tracker_tui.auth.access_policy import CHECK_AFTER
from tracker_tui.auth.discord_errors import AccessDenied, NotSignedIn
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.membership import Membership as Asked
from tracker_tui.auth.membership import Owner
from tracker_tui.auth.session import Session, SessionStore
from tracker_tui.config.settings import Config
from tracker_tui.domain.roles import Member, Right
from tracker_tui.errors import NotPermitted

ACCESS_ONLY = frozenset({Right.ACCESS_RESOURCES})


def test_memberships_implement_the_protocol() -> None:
    asked = {name for name in vars(Asked) if not name.startswith("_")}
    assert {"member", "enter", "check_in_background", "mark_recorded"} <= asked
    for kind in (GuildMembership, Owner):
        assert asked - {"member"} <= {*dir(kind)}, kind


def test_fresh_session_needs_no_request(circle: Circle) -> None:
    circle.signed_in()
    signed_in_at = circle.clock()
    for age in (0.0, 1.0, HOUR, CHECK_AFTER - 1):
        circle.clock.now = signed_in_at + age
        program = circle.program()
        program.membership.enter()
        program.membership.check()
        program.membership.require()
        assert not program.checks(), age
        assert program.membership.is_admitted
        assert program.membership.unchecked_for is None
        assert program.membership.member == Member("80351110224678912", "Muad'Dib", ACCESS_ONLY)
        assert circle.asked() == [], age
    # A missing right names the roles that have it.
    deletes = partial(program.membership.require, Right.ADMIN, "delete resources")
    said = str(failure_of(NotPermitted, deletes))
    assert said == "Only Mahdi may delete resources. Ask one of them."
    program.membership.require(Right.ACCESS_RESOURCES)
    assert circle.asked() == []


def test_without_a_session_the_error_says_how_to_sign_in(circle: Circle) -> None:
    program = circle.program()
    membership = program.membership
    for use in (membership.require, membership.enter, membership.check, membership.revoke):
        assert "login" in str(failure_of(NotSignedIn, use))
    assert "login" in str(failure_of(NotSignedIn, who(program)))
    assert not program.checks()
    assert not program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.pending_record() is None
    assert (program.changes, program.lost_access, circle.asked()) == (0, [], [])


def test_damaged_session_denies_access(circle: Circle) -> None:
    running = circle.signed_in()
    circle.session_store.path.write_bytes(circle.session_store.path.read_bytes()[:-2])
    starting = circle.program()
    assert "damaged" in str(failure_of(NotSignedIn, starting.membership.enter))
    assert not starting.checks()
    running.membership.check_in_background()
    assert not running.membership.is_admitted
    assert "damaged" in str(failure_of(NotSignedIn, running.membership.require))
    assert running.changes == 1


def test_background_check_never_blocks_or_piles_up_and_close_waits_as_long_as_told(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    program.membership.close(SECONDS)  # without a check
    answer, receive = threading.Event(), discord.receive

    def hold(seen: Seen) -> Fault | None:
        fault = receive(seen)
        answer.wait(SECONDS)
        return fault

    monkeypatch.setattr(discord, "receive", hold)
    program.membership.check_in_background()
    asking = program.membership._thread
    assert asking.daemon
    for _ in range(20):
        program.membership.check_in_background()
        assert program.membership._thread is asking
        assert program.membership.is_admitted
    program.membership.close(0.0)
    assert asking.is_alive()
    answer.set()
    program.membership.close(SECONDS)
    assert not asking.is_alive()
    assert circle.asked() == [ME, circle.member_path]


def test_changed_roles_take_effect_at_once(circle: Circle, discord: FakeDiscord) -> None:
    roles_now(discord, OFFICER_ROLE)
    program = circle.signed_in(ago=5 * HOUR)
    program.membership.require(Right.EDIT_TARGETS)
    # A right is revoked.
    roles_now(discord, MEMBER_ROLE)
    program.checks()
    assert program.membership.member.rights == ACCESS_ONLY
    failure_of(NotPermitted, lambda: program.membership.require(Right.EDIT_TARGETS))
    assert program.membership.is_admitted
    assert program.changes == 1
    # A right is granted.
    circle.clock.advance(5 * HOUR)
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.checks()
    program.membership.require(Right.ADMIN)
    assert program.membership.member.rights == {Right.ACCESS_RESOURCES, Right.ADMIN}
    assert program.changes == 2
    # The roles change, but not the rights; so do name and picture.
    circle.clock.advance(5 * HOUR)
    discord.person.username, discord.person.avatar = "usul", "a_1"
    discord.membership = Membership(None, ["5", MEMBER_ROLE, ADMIN_ROLE])
    program.checks()
    session = program.membership.session
    assert (session.username, session.name) == ("usul", "Paul Atreides")
    assert session.avatar == f"https://cdn.discordapp.com/avatars/{session.member_id}/a_1.gif"
    assert program.membership.member.name == "Paul Atreides"
    assert len(circle.asked()) == 6
    assert (program.changes, program.lost_access) == (2, [])


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


def test_denied_session_is_checked_at_each_entry(circle: Circle, discord: FakeDiscord) -> None:
    roles_now(discord, GUEST_ROLE)
    program = circle.signed_in()
    discord.fail("*", Fault.status(503))
    message = str(failure_of(AccessDenied, program.membership.enter))
    assert "no role that may enter" in message
    assert "503" in message
    assert "Fremen" in str(failure_of(AccessDenied, program.membership.enter))
    roles_now(discord, MEMBER_ROLE)
    program.changes = 0
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.changes == 1
    assert len(discord.requests_to(ME)) == 3


def test_stale_session_admits_while_discord_is_unreachable(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    for fault in (Fault.status(403), Fault.too_many(5), Fault.hang_up()):
        discord.heal()
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
    program.changes = 0
    program.membership.enter()
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.changes == 1


def test_stale_session_admits_until_the_check_ends(circle: Circle) -> None:
    program = circle.signed_in(ago=27 * HOUR)
    program.membership.enter()
    assert circle.asked() == []
    assert program.checks()
    assert circle.asked() == [ME, circle.member_path]
    session = program.membership.session
    assert session.checked_at == circle.clock()
    assert circle.session_store.load() == session
    assert not program.checks()


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
    # `Retry-After` is respected.
    discord.heal()
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail("*", Fault.too_many(1_234.5))
    assert program.checks()
    tick.advance(1_234)
    assert not program.checks()
    tick.advance(0.5)
    assert program.checks()
    assert program.membership.unchecked_for is None


def test_recovery_of_discord_notifies_listeners(
    circle: Circle, discord: FakeDiscord, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    # Stale: the age of the answer is no longer shown. Expired: access is regained.
    for later in (0.0, 29 * HOUR):
        circle.clock.advance(later)
        discord.fail("*", Fault.status(500))
        program.checks()
        assert program.membership.is_admitted is (later == 0.0)
        assert (program.membership.unchecked_for is not None) is (later == 0.0)
        tick.advance(60)
        program.changes = 0
        program.checks()
        assert program.membership.is_admitted
        assert program.membership.unchecked_for is None
        assert program.changes == 1
    # So does a check by another program.
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


class Overtaken(SessionStore):
    """A store to which another program writes just after a read."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.then: Callable[[], object] | None = None

    def load(self) -> Session | None:
        session = super().load()
        then, self.then = self.then, None
        if then is not None:
            then()
        return session


def test_write_during_a_read_is_noticed_next_time(circle: Circle) -> None:
    circle.signed_in()
    session_store = Overtaken(circle.config)
    program, other = circle.program(session_store), circle.program()
    program.membership.enter()
    record = other.membership.pending_record()
    assert record is not None
    other.membership.mark_recorded(record)  # something to read
    session_store.then = other.membership.sign_out
    program.checks()
    program.checks()
    assert not program.membership.is_admitted
