"""Several programs on one machine at once: one of them asks Discord, and none disturbs another.

A refresh token works once: if two programs used it at the same time, one would be signed out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from helpers.auth_errors import failure_of
from helpers.auth_guild import (
    HOUR,
    ME,
    REVOKE,
    SECONDS,
    TOKEN,
    Circle,
    assert_denied,
    roles_now,
    tokens_for,
)
from helpers.clocks import Clock
from helpers.discord import FakeDiscord, Fault, Membership, Person
from helpers.discord_answers import Seen
from helpers.membership import ADMIN_ROLE, GUEST_ROLE, MEMBER_ROLE, grow_old, sign_in
from helpers.processes import await_line, run_together, start
from tracker_tui.auth import guild_membership
from tracker_tui.auth.discord_errors import DiscordError, DiscordUnreachable, NotSignedIn
from tracker_tui.config.settings import Config
from tracker_tui.domain.roles import Right
from tracker_tui.errors import LocalFileError
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.ledger.ledger import random_id

CHECK = """
import json, os
from tracker_tui.guild.membership_factory import guild_membership_of
from tracker_tui.config.settings import load_config
membership = guild_membership_of(load_config(os.environ))
print("ready", flush=True)
sys.stdin.readline()
membership.check()
assert membership.is_admitted
session = membership.session
print(json.dumps([session.checked_at, session.tokens_until, session.role_ids]))
"""


@pytest.fixture
def due(discord: FakeDiscord, config: Config) -> Config:
    """A member who signed in five hours ago, with a token that expires within a day."""
    discord.token_lifetime = int(20 * HOUR)
    sign_in(discord, config, age=5 * HOUR)
    discord.token_lifetime = 604_800
    discord.seen.clear()
    return config


def test_one_of_several_programs_asks_discord(
    circle: Circle, discord: FakeDiscord, due: Config
) -> None:
    discord.membership.roles.append(ADMIN_ROLE)
    printed = run_together(CHECK, [[]] * 3)
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert len(set(printed)) == 1, "all see the new session"
    assert ADMIN_ROLE in printed[0]
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    # The session is fresh, and its tokens are valid.
    membership = guild_membership_of(due)
    membership.check()
    assert len(circle.asked()) == 3
    grow_old(due, 5 * HOUR)
    membership.check()
    assert circle.asked()[3:] == [ME, circle.member_path]
    # A rejected token is refreshed once.
    grow_old(due, 5 * HOUR)
    discord.expire_access()
    discord.seen.clear()
    assert len(set(run_together(CHECK, [[]] * 2))) == 1
    assert circle.asked() == [ME, TOKEN, ME, circle.member_path]


def test_program_killed_during_a_check_releases_the_lock(
    circle: Circle, discord: FakeDiscord, due: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_come, receive = threading.Event(), discord.receive

    def spy(seen: Seen) -> Fault | None:
        fault = receive(seen)
        if seen.path == ME:
            has_come.set()
        return fault

    def take() -> None:
        with circle.session_store.locked(0):
            pytest.fail("both have it")

    monkeypatch.setattr(discord, "receive", spy)
    discord.fail(ME, Fault.hang(SECONDS))
    asking = start(CHECK)
    try:
        assert await_line(asking) == "ready"
        asking.stdin.write("go\n")
        asking.stdin.flush()
        assert has_come.wait(SECONDS)
        failure_of(DiscordUnreachable, take)
    finally:
        # As the system does without memory
        asking.kill()
        asking.communicate(timeout=SECONDS)
    # Its new tokens are on disk, and the next program uses them.
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    membership = guild_membership_of(due)
    with circle.session_store.locked(0):
        assert circle.session_store.load() == membership.session
    membership.check()
    assert circle.asked() == [TOKEN, ME, ME, circle.member_path]
    assert membership.is_admitted


def test_sign_in_notifies_listeners_and_a_failed_one_keeps_the_session(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.program()
    session = program.membership.sign_in(circle.granted(), random_id)
    assert program.membership.session == session == circle.session_store.load()
    assert program.membership.is_admitted
    assert (program.changes, program.lost_access) == (1, [])
    before, tokens = circle.session_store.path.read_bytes(), circle.granted()
    discord.fail(ME, Fault.status(500))
    failure_of(
        DiscordUnreachable, lambda: program.membership.sign_in(tokens, random_id), discord.issued
    )
    assert circle.session_store.path.read_bytes() == before
    assert program.membership.is_admitted


def test_revoke_and_sign_out_leave_nothing_and_signing_out_needs_no_discord(
    config: Config, circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in()
    membership = guild_membership_of(config)
    assert membership.guild.guild_id == discord.guild_id
    assert membership.member.id == discord.person.id
    program.membership.revoke()
    assert discord.requests_to(REVOKE)[0].form["token"] == discord.issued[1]
    discord.fail_always("*", Fault.hang_up())
    failure_of(DiscordUnreachable, membership.revoke, discord.issued)
    for _ in range(2):
        program.membership.sign_out()
        assert program.membership.session is None
        assert not circle.session_store.path.exists()
    assert program.lost_access == [discord.person.id]
    assert "login" in str(failure_of(NotSignedIn, program.membership.require))
    assert circle.program().membership.session is None


def test_next_start_loads_the_session(circle: Circle, discord: FakeDiscord) -> None:
    usual = [MEMBER_ROLE]
    loaded = []
    nameless = (Person(username=name, global_name=None) for name in ("\u200b", ""))
    people = (*nameless, Person(id="1" * 300), Person(avatar="a" * 300))
    odd = ([MEMBER_ROLE, role] for role in ("", "a\nb", "1" * 300))
    for person, roles in (*((p, usual) for p in people), *((Person(), r) for r in odd)):
        discord.person, discord.membership = person, Membership(None, roles)
        membership = circle.program().membership
        try:
            session = membership.sign_in(circle.granted(), random_id)
        except DiscordError:
            session = None
        assert circle.session_store.load() == session, (person, roles)
        loaded.append(session is not None)
        membership.sign_out()
    assert loaded == [True, True, False, True, True, True, True]


def test_check_of_another_program_is_used(circle: Circle, discord: FakeDiscord) -> None:
    circle.signed_in(ago=5 * HOUR)
    first, second = circle.program(), circle.program()
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    assert first.checks()
    assert not second.checks()
    second.membership.check()
    assert second.membership.session == first.membership.session
    second.membership.require(Right.ADMIN)
    assert second.changes == 1
    assert circle.asked() == [ME, circle.member_path]
    # A denial, too.
    circle.clock.advance(5 * HOUR)
    discord.membership = None
    first.checks()
    assert not second.checks()
    assert_denied(second, "is not in this guild")
    assert (second.changes, second.lost_access) == (2, [discord.person.id])
    assert len(circle.asked()) == 4


def test_tokens_and_sign_out_of_another_program_are_noticed(
    circle: Circle, discord: FakeDiscord
) -> None:
    first = tokens_for(circle, 28.5)
    second = circle.program()
    first.membership.check()
    circle.clock.advance(5 * HOUR)
    second.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    assert discord.requests_to(ME)[-1].headers["authorization"].endswith(discord.issued[2])
    # A sign-out
    circle.signed_in()
    first, second = circle.program(), circle.program()
    for program in (first, second):
        program.membership.enter()
    first.membership.sign_out()
    assert not second.checks()
    assert not second.membership.is_admitted
    failure_of(NotSignedIn, second.membership.require)
    assert (second.changes, second.lost_access) == (1, [discord.person.id])
    assert circle.asked() == []


def test_sign_in_of_another_member_ends_this_session(circle: Circle, discord: FakeDiscord) -> None:
    first = circle.signed_in()
    first.membership.enter()
    discord.person = Person("2", "chani", None)
    other = circle.program().membership
    other.sign_in(circle.granted(), random_id)
    discord.seen.clear()
    assert not first.checks()
    assert first.membership.session is None
    assert "Another member" in str(failure_of(NotSignedIn, first.membership.require))
    assert first.changes == 1
    # Signing out leaves the foreign session, to which a program that starts now belongs.
    failure_of(NotSignedIn, first.membership.revoke, discord.issued)
    first.membership.sign_out()
    assert circle.session_store.load() == other.session
    assert circle.program().membership.member.id == "2"
    assert circle.asked() == []


def test_before_and_at_entry_the_latest_sign_in_counts(
    circle: Circle, discord: FakeDiscord
) -> None:
    roles_now(discord, GUEST_ROLE)
    early, late = circle.signed_in(), circle.program()
    discord.person = Person("2", "chani", None)
    roles_now(discord, MEMBER_ROLE)
    second = circle.program()
    second.membership.sign_in(circle.granted(), random_id)
    early.checks()
    assert early.membership.member.id == "2"
    late.membership.enter()
    assert late.membership.member.id == "2"
    record = second.membership.pending_record()
    assert record is not None
    second.membership.mark_recorded(record)
    late.checks()
    assert late.membership.is_admitted
    # The same member signs in again.
    session = circle.program().membership.sign_in(circle.granted(), random_id)
    late.checks()
    assert late.membership.session == session
    assert late.membership.is_admitted


def test_waiting_for_the_lock_has_a_limit(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guild_membership, "_LOCK_SECONDS", 0.0)
    program = circle.signed_in(ago=5 * HOUR)
    with circle.session_store.locked(0.0):
        assert program.checks()
        failure_of(DiscordUnreachable, program.membership.check)
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    assert circle.asked() == []


def raises(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_error_in_a_check_keeps_the_session(
    circle: Circle, monkeypatch: pytest.MonkeyPatch, tick: Clock
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    membership = program.membership
    for owner, name, error, pause in (
        (membership.session_store, "save", LocalFileError("The disk is full."), 60),
        (membership._member_check, "check", ZeroDivisionError(), 120),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, raises(error))
            assert program.checks(), name
        assert membership.is_admitted, name
        assert not program.checks(), name
        tick.advance(pause)
    assert program.changes == 2
    assert program.checks()
    assert len(circle.asked()) == 4
