"""Checks at Discord: tokens that expire, are refreshed, or are rejected."""

from __future__ import annotations

import threading

import pytest

from helpers.auth_errors import failure_of
from helpers.auth_guild import (
    HOUR,
    ME,
    SECONDS,
    TOKEN,
    Circle,
    assert_signed_out,
    tokens_for,
)
from helpers.discord import FakeDiscord, Fault
from helpers.discord_answers import Seen
from tracker_tui.auth.discord_errors import (
    DiscordUnreachable,
)
from tracker_tui.ledger.ledger import random_id

# Tokens that expire


def test_token_valid_for_a_day_is_not_refreshed(circle: Circle) -> None:
    program = tokens_for(circle, 29.5)
    program.membership.check()
    assert circle.asked() == [ME, circle.member_path]
    assert circle.kept_tokens() == tuple(circle.discord.issued)


def test_token_that_expires_within_a_day_is_refreshed_first(circle: Circle) -> None:
    program = tokens_for(circle, 28.5)
    program.membership.check()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(circle.discord.issued[2:])
    assert circle.discord.requests_to(TOKEN)[0].form["grant_type"] == "refresh_token"
    (asked,) = circle.discord.requests_to(ME)
    assert asked.headers["authorization"].endswith(circle.discord.issued[2])
    session = program.membership.session
    assert session is not None
    assert session.tokens_until == pytest.approx(circle.session_store.tokens().expires_at)
    assert circle.session_store.load() == session


def test_rejected_token_is_refreshed(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.expire_access()
    program.checks()
    assert circle.asked() == [ME, TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.is_admitted
    assert (program.changes, program.lost_access) == (0, [])


def test_token_rejected_between_two_requests_is_refreshed(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail(circle.member_path, Fault.status(401))
    program.checks()
    assert circle.asked() == [ME, circle.member_path, TOKEN, ME, circle.member_path]
    assert program.membership.is_admitted


def test_revoked_sign_in_signs_out(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.revoke()
    program.checks()
    assert circle.asked() == [ME, TOKEN]
    assert_signed_out(program, circle)
    assert not program.checks()


def test_rejected_refresh_signs_out(circle: Circle, discord: FakeDiscord) -> None:
    program = tokens_for(circle, 6)
    discord.revoke()
    program.checks()
    assert circle.asked() == [TOKEN]
    assert_signed_out(program, circle)


def test_rejected_new_tokens_sign_out(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.fail_always(ME, Fault.status(401))
    program.checks()
    assert circle.asked() == [ME, TOKEN, ME]
    assert_signed_out(program, circle)


def test_new_tokens_that_are_rejected_are_not_refreshed_again(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail_always(ME, Fault.status(401))
    program.checks()
    assert circle.asked() == [TOKEN, ME]
    assert_signed_out(program, circle)


def test_without_a_refresh_token_an_expired_token_signs_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.program()
    program.membership.sign_in(circle.granted()._replace(refresh=None), random_id)
    discord.seen.clear()
    circle.clock.advance(5 * HOUR)
    discord.expire_access()
    program.checks()
    assert circle.asked() == [ME]
    assert_signed_out(program, circle)


def test_tokens_of_another_user_sign_out(circle: Circle, discord: FakeDiscord) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    member_id, discord.person.id = discord.person.id, "666"
    program.checks()
    assert program.membership.session is None
    assert not circle.session_store.path.exists()
    assert program.lost_access == [member_id]


def test_new_tokens_are_saved_before_they_are_used(
    circle: Circle, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tokens_for(circle, 28.5)
    on_disk, receive = {}, discord.receive

    def spy(seen: Seen) -> Fault | None:
        on_disk[seen.path] = circle.kept_tokens()
        return receive(seen)

    monkeypatch.setattr(discord, "receive", spy)
    discord.fail(ME, Fault.status(500))
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert on_disk == {TOKEN: tuple(discord.issued[:2]), ME: tuple(discord.issued[2:])}
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    kept = circle.session_store.load()
    assert kept is not None
    assert kept.checked_at == circle.clock() - 5 * HOUR, "a failed check does not count"
    assert program.membership.is_admitted
    # The new tokens are used: there is no second refresh.
    program.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    assert program.membership.session is not None
    assert program.membership.session.checked_at == circle.clock()


def test_lost_refresh_reply_is_harmless_while_the_token_is_valid(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail(TOKEN, Fault.answer_lost())
    program.checks()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert program.membership.session is not None
    assert program.membership.session.checked_at == circle.clock()
    # The refresh token is used up, so the next refresh fails.
    circle.clock.advance(5 * HOUR)
    program.checks()
    assert_signed_out(program, circle)


@pytest.mark.parametrize(
    "fault",
    [Fault.status(503), Fault.status(401, {"error": "invalid_client"})],
    ids=["503", "401"],
)
def test_failed_refresh_is_repeated_while_the_token_is_valid(
    circle: Circle, discord: FakeDiscord, fault: Fault
) -> None:
    program = tokens_for(circle, 28.5)
    discord.fail(TOKEN, fault)
    program.checks()
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert circle.kept_tokens() == tuple(discord.issued)
    assert program.membership.unchecked_for is None
    circle.clock.advance(5 * HOUR)
    program.checks()
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.is_admitted


def test_failed_refresh_with_an_expired_token_does_not_sign_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = tokens_for(circle, 4.5)
    discord.fail(TOKEN, Fault.status(503))
    program.checks()
    assert circle.asked() == [TOKEN]
    assert program.membership.is_admitted
    assert program.membership.unchecked_for == pytest.approx(5 * HOUR)
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.unchecked_for is None


def test_failed_refresh_after_a_rejected_token_does_not_sign_out(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    discord.expire_access()
    discord.fail(TOKEN, Fault.hang_up())
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert program.membership.is_admitted
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])


# By Discord's clock it expired sooner.
def test_failed_refresh_before_a_rejected_token_does_not_sign_out(
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


def test_missing_new_refresh_token_keeps_the_old_one(circle: Circle, discord: FakeDiscord) -> None:
    program = tokens_for(circle, 28.5)
    fresh = discord.grant()["access_token"]
    discord.fail(TOKEN, Fault.status(200, {"access_token": fresh, "expires_in": 604_800}))
    program.membership.check()
    assert circle.kept_tokens() == (fresh, discord.issued[1])


def test_close_waits_until_new_tokens_are_saved(
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
