"""Checks at Discord: tokens that expire, are refreshed, or are rejected."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from auth.discord_calls import MEMBER
from helpers.auth_errors import failure_of
from helpers.auth_guild import (
    HOUR,
    ME,
    SECONDS,
    TOKEN,
    Circle,
    Program,
    assert_signed_out,
    tokens_for,
)
from helpers.discord import FakeDiscord, Fault
from helpers.discord_answers import Seen
from tracker_tui.auth.discord_errors import DiscordUnreachable
from tracker_tui.ledger.ledger import random_id

Change = Callable[[FakeDiscord], object]


def fail(path: str, *faults: Fault) -> Change:
    return lambda discord: discord.fail(path, *faults)


def program_of(circle: Circle, hours: float | None, change: Change | None) -> Program:
    """Sign in five hours ago, with tokens of this lifetime or a week; then change Discord."""
    program = tokens_for(circle, hours or 7 * 24)
    if change is not None:
        change(circle.discord)
    return program


CHECKED: dict[str, tuple[float | None, Change | None, list[str], bool]] = {
    "a token valid for a day is kept": (29.5, None, [ME, MEMBER], False),
    "a token that expires within a day is refreshed first": (28.5, None, [TOKEN, ME, MEMBER], True),
    "a rejected token is refreshed": (
        *(None, FakeDiscord.expire_access, [ME, TOKEN, ME, MEMBER], True),
    ),
    "a token rejected between two requests is refreshed": (
        *(None, fail(MEMBER, Fault.status(401)), [ME, MEMBER, TOKEN, ME, MEMBER], True),
    ),
    "a failed refresh is repeated later": (
        *(28.5, fail(TOKEN, Fault.status(503)), [TOKEN, ME, MEMBER], False),
    ),
    "a rejected client is repeated later": (
        28.5,
        fail(TOKEN, Fault.status(401, {"error": "invalid_client"})),
        *([TOKEN, ME, MEMBER], False),
    ),
    # The refresh token is used up then, so the next refresh fails.
    "a lost answer is harmless while the token is valid": (
        *(28.5, fail(TOKEN, Fault.answer_lost()), [TOKEN, ME, MEMBER], False),
    ),
}


@pytest.mark.parametrize("case", CHECKED)
def test_checks_that_succeed(circle: Circle, discord: FakeDiscord, case: str) -> None:
    hours, change, asked, is_refreshed = CHECKED[case]
    program = program_of(circle, hours, change)
    program.checks()
    assert circle.asked() == asked
    old, new = tuple(discord.issued[:2]), tuple(discord.issued[2:])
    assert circle.kept_tokens() == (new if is_refreshed else old)
    assert program.membership.is_admitted
    assert program.membership.unchecked_for is None
    assert (program.changes, program.lost_access) == (0, [])
    session = program.membership.session
    assert session.checked_at == circle.clock()
    assert session.tokens_until == pytest.approx(circle.session_store.tokens().expires_at)
    assert circle.session_store.load() == session
    if is_refreshed:
        assert discord.requests_to(TOKEN)[0].form["grant_type"] == "refresh_token"
        assert discord.requests_to(ME)[-1].headers["authorization"].endswith(new[0])
    circle.clock.advance(5 * HOUR)
    program.checks()
    if "lost answer" in case:
        assert_signed_out(program, circle)
    else:
        assert circle.kept_tokens() == tuple(discord.issued[2:])
        assert program.membership.is_admitted


SIGNED_OUT: dict[str, tuple[float | None, Change, list[str]]] = {
    "a revoked sign-in": (None, FakeDiscord.revoke, [ME, TOKEN]),
    "a rejected refresh": (6, FakeDiscord.revoke, [TOKEN]),
    "rejected new tokens": (None, fail(ME, *[Fault.status(401)] * 2), [ME, TOKEN, ME]),
    "rejected new tokens after a refresh": (28.5, fail(ME, Fault.status(401)), [TOKEN, ME]),
}


@pytest.mark.parametrize("case", SIGNED_OUT)
def test_checks_that_sign_out(circle: Circle, case: str) -> None:
    hours, change, asked = SIGNED_OUT[case]
    program = program_of(circle, hours, change)
    program.checks()
    assert circle.asked() == asked
    assert_signed_out(program, circle)
    assert not program.checks()


def expire_and_fail(fault: Fault) -> Change:
    def change(discord: FakeDiscord) -> None:
        discord.expire_access()
        discord.fail(TOKEN, fault)

    return change


FAILED: dict[str, tuple[float | None, Change]] = {
    "an expired token": (4.5, fail(TOKEN, Fault.status(503))),
    "a rejected token": (None, expire_and_fail(Fault.hang_up())),
    # By Discord's clock it expired sooner.
    "a refresh before a rejected token": (28.5, expire_and_fail(Fault.status(503))),
}


@pytest.mark.parametrize("case", FAILED)
def test_a_failed_refresh_does_not_sign_out(
    circle: Circle, discord: FakeDiscord, case: str
) -> None:
    program = program_of(circle, *FAILED[case])
    failure_of(DiscordUnreachable, program.membership.check, discord.issued)
    assert program.membership.is_admitted
    program.membership.check()
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    assert program.membership.unchecked_for is None


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
    assert kept.checked_at == circle.clock() - 5 * HOUR, "a failed check does not count"
    assert program.membership.is_admitted
    # The new tokens are used: there is no second refresh.
    program.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    assert program.membership.session.checked_at == circle.clock()


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
