"""Polling until the code was entered (RFC 8628, section 3.5), and sign-ins from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.discord_calls import CODE
from helpers.auth_errors import failure_of
from helpers.auth_guild import DEVICE, ME, TOKEN, Circle, Program, some_tokens
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.membership import GUEST_ROLE, MEMBER_ROLE
from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.discord_errors import (
    AccessDenied,
    CodeExpired,
    DiscordRejected,
    DiscordUnreachable,
    NotSignedIn,
    Pending,
    SignInCancelled,
    SignInRejected,
)
from tracker_tui.auth.session import Session, Tokens
from tracker_tui.auth.sign_in import SignIn, wait_for_tokens
from tracker_tui.config.settings import Secret

TOKENS = some_tokens()
PENDING, SLOW_DOWN = Pending(), Pending(slow_down=True)
TIMED_OUT = DiscordUnreachable("Discord does not answer in time.")
REFUSED = DiscordRejected("Discord does not let you in (403).")
Answer = Tokens | Exception


def too_many(seconds: float) -> DiscordUnreachable:
    return DiscordUnreachable("Discord wants to be left alone.", seconds)


@dataclass
class Play:
    """A Discord that answers from a script, then with `pending`; and its clock."""

    script: Iterable[Answer] = ()
    poll_takes: float = 0.0
    leaves_at: int | None = None
    """The wait at which the player cancels, counted from 0."""
    now: float = 0.0
    waits: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    """The times at which the polls began."""

    def __post_init__(self) -> None:
        self._coming = iter(self.script)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return len(self.waits) - 1 == self.leaves_at

    def poll(self, code: DeviceCode) -> Tokens:
        assert code.device_code is CODE.device_code
        self.polls.append(self.now)
        self.now += self.poll_takes
        answer = next(self._coming, PENDING)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, *, interval: float = 5.0, expires_in: float = 300.0) -> Tokens:
        code = replace(CODE, expires_at=expires_in, interval=interval)
        return wait_for_tokens(cast(Discord, self), code, self.wait, clock=lambda: self.now)


def test_pauses_between_polls() -> None:
    cases: dict[str, tuple[list[Answer], list[float]]] = {
        "each poll waits for the interval": ([PENDING, PENDING], [5, 5, 5]),
        "slow_down adds five seconds for good": (
            [PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, PENDING, PENDING],
            [5, 5, 10, 10, 15, 15, 15],
        ),
        "time-outs double the pause up to a minute until Discord answers": (
            [*[TIMED_OUT] * 6, PENDING],
            [5, 10, 20, 40, 60, 60, 60, 5],
        ),
        "an interval of over a minute is not shortened": (
            [*[SLOW_DOWN] * 12, TIMED_OUT],
            [*range(5, 66, 5), 65],
        ),
        "slow_down adds to the interval after a time-out": ([TIMED_OUT, SLOW_DOWN], [5, 10, 10]),
        "429 delays the next poll only": ([too_many(17.5), PENDING], [5, 17.5, 5]),
        "429 never shortens the interval": ([too_many(0.0), too_many(0.25)], [5, 5, 5]),
    }
    found = {}
    for case, (script, _) in cases.items():
        play = Play([*script, TOKENS])
        assert play.run(expires_in=3600) is TOKENS
        found[case] = (script, play.waits)
    assert found == cases
    play = Play([TOKENS])
    assert play.run(interval=7) is TOKENS
    assert (play.waits, play.polls) == ([7], [7])


def test_code_that_is_not_entered_expires() -> None:
    play = Play(poll_takes=0.5)
    failure_of(CodeExpired, lambda: play.run(expires_in=21))
    assert play.polls[:3] == [5, 10.5, 16]
    assert play.now <= 21.5
    # The last poll respects the interval.
    play = Play()
    failure_of(CodeExpired, lambda: play.run(expires_in=12))
    assert play.polls == [5, 10]
    # Neither an expired code is polled, nor one that expires before the pause of a 429 ends.
    play = Play(now=300.0)
    failure_of(CodeExpired, play.run)
    assert play.polls == []
    assert sum(play.waits) == 0
    play = Play([too_many(600), TOKENS])
    failure_of(CodeExpired, play.run)
    assert play.polls == [5]


def test_final_answers_end_the_polling() -> None:
    for answer in (SignInRejected("No."), CodeExpired("Over."), REFUSED):
        play = Play([PENDING, answer, TOKENS])
        with pytest.raises(type(answer)) as ended:
            play.run()
        assert ended.value is answer
        assert len(play.polls) == 2


def test_polling_can_be_cancelled_at_any_wait() -> None:
    for number in (0, 1, 4):
        play = Play([PENDING, SLOW_DOWN, TIMED_OUT, too_many(30)], leaves_at=number)
        failure_of(SignInCancelled, play.run)
        assert len(play.polls) == number
        assert len(play.waits) == number + 1


quarters = st.integers(0, 400).map(lambda n: n / 4)
answers = st.lists(
    st.sampled_from([PENDING, SLOW_DOWN, TIMED_OUT]) | quarters.map(too_many), max_size=40
)


@given(
    answers,
    st.integers(4, 240).map(lambda n: n / 4),
    st.integers(4, 4_000).map(float),
    st.integers(0, 40).map(lambda n: n / 4),
)
def test_polls_are_never_too_soon_or_too_late(
    script: list[Exception], interval: float, expires_in: float, poll_takes: float
) -> None:
    play = Play(script, poll_takes)
    failure_of(CodeExpired, lambda: play.run(interval=interval, expires_in=expires_in))
    # The pauses that RFC 8628 requires before each poll, computed independently.
    asked_for, backoff = [interval], interval
    for answer in [*script, *[PENDING] * len(play.polls)]:
        if isinstance(answer, Pending):
            interval += 5 if answer.slow_down else 0
            pause = backoff = interval
        elif isinstance(answer, DiscordUnreachable) and answer.retry_after is not None:
            pause = max(interval, answer.retry_after)
        else:
            pause = backoff = max(interval, min(backoff * 2, 60))
        asked_for.append(pause)
    for began, ended, least in zip(
        [0.0, *(at + poll_takes for at in play.polls)], play.polls, asked_for, strict=False
    ):
        assert ended - began == least
    assert all(at <= expires_in for at in play.polls)
    assert sum(play.waits) <= expires_in
    assert all(seconds >= 0 for seconds in play.waits)


class Browser:
    """Replaces waiting: records each duration, and calls something at each wait."""

    def __init__(self, *happens: Callable[[], object] | None, leaves: bool = False) -> None:
        self.waits: list[float] = []
        self._happens = list(happens)
        self._leaves = leaves

    def __call__(self, seconds: float) -> bool:
        self.waits.append(seconds)
        if not self._happens:
            return self._leaves
        happen = self._happens.pop(0)
        if happen is not None:
            happen()
        return False


def sign_in(circle: Circle, browser: Browser, **changes: Any) -> tuple[Program, Session]:
    """Sign in with a program; `changes` are applied to the configured guild."""
    program = circle.program(**changes)
    flow = SignIn(program.membership)
    return program, flow.finish(flow.begin(), browser)


def test_entered_code_signs_in(circle: Circle, discord: FakeDiscord) -> None:
    browser = Browser(None, None, discord.approve)
    program, session = sign_in(circle, browser)
    assert browser.waits == [5, 5, 5]
    assert (session.member_id, session.name) == (discord.person.id, "Muad'Dib")
    assert session.role_ids == (MEMBER_ROLE,)
    assert program.membership.is_admitted
    assert circle.session_store.load() == session
    assert circle.kept_tokens() == tuple(discord.issued[1:])
    assert circle.asked() == [DEVICE, TOKEN, TOKEN, TOKEN, ME, circle.member_path]
    # Each sign-in has its own row.
    _, second = sign_in(circle, Browser(discord.approve))
    assert len(session.row_id) == len(second.row_id) == 21
    assert session.row_id != second.row_id
    assert (second.is_new, second.is_recorded) == (True, False)


def test_member_name_is_the_server_nickname(circle: Circle, discord: FakeDiscord) -> None:
    names = {
        ("Muad'Dib", "Paul Atreides"): "Muad'Dib",
        (None, "Paul Atreides"): "Paul Atreides",
        ("", None): "paul",
        # All of its characters are invisible.
        ("\u200b\u202e", "Paul Atreides"): "Paul Atreides",
        ("\u200b", "\n"): "paul",
    }
    found = {}
    for nick, global_name in names:
        discord.membership = Membership(nick, [MEMBER_ROLE])
        discord.person.global_name = global_name
        _, session = sign_in(circle, Browser(discord.approve))
        found[nick, global_name] = session.name
        assert session.username == "paul"
    assert found == names


def test_declined_expired_or_cancelled_code_starts_no_session(
    circle: Circle, discord: FakeDiscord
) -> None:
    failure_of(SignInRejected, lambda: sign_in(circle, Browser(discord.deny)), discord.issued)
    failure_of(CodeExpired, lambda: sign_in(circle, Browser(discord.expire)), discord.issued)
    assert circle.session_store.load() is None
    # A cancelled sign-in
    discord.seen.clear()
    browser = Browser(None, None, leaves=True)
    failure_of(SignInCancelled, lambda: sign_in(circle, browser), discord.issued)
    assert circle.session_store.load() is None
    assert len(discord.requests_to(TOKEN)) == 2


def test_brief_outage_after_the_code_needs_no_new_code(
    circle: Circle, discord: FakeDiscord
) -> None:
    discord.fail(ME, Fault.status(503), Fault.too_many(64.5))
    discord.fail(circle.member_path, Fault.hang_up())
    browser = Browser(discord.approve)
    _, session = sign_in(circle, browser)
    assert circle.session_store.load() == session
    assert browser.waits == [5, 2, 64.5, 2]


def test_failure_after_the_code_starts_no_session(circle: Circle, discord: FakeDiscord) -> None:
    outage = Fault.status(503)
    for faults, leaves, error, requests, waits in (
        ([outage] * 4, False, DiscordUnreachable, 4, 4),
        ([Fault.too_many(600)], False, DiscordUnreachable, 1, 1),
        # The player cancels.
        ([outage], True, SignInCancelled, 1, 2),
        # New tokens are not prolonged if they are invalid.
        ([Fault.status(401)], False, NotSignedIn, 1, 1),
    ):
        discord.seen.clear()
        discord.fail(ME, *faults)
        browser = Browser(discord.approve, leaves=leaves)
        failure_of(error, partial(sign_in, circle, browser), discord.issued)
        assert len(discord.requests_to(ME)) == requests, error
        assert len(browser.waits) == waits, error
        assert len(discord.requests_to(TOKEN)) == 1
        assert circle.session_store.load() is None


def test_member_without_access_is_signed_in_and_denied(
    circle: Circle, discord: FakeDiscord
) -> None:
    for membership, reason in (
        (Membership(None, [GUEST_ROLE]), "Fremen"),
        (None, "is not in this guild"),
    ):
        discord.membership = membership
        program, session = sign_in(circle, Browser(discord.approve))
        assert session.is_in_guild is (membership is not None)
        assert not program.membership.is_admitted
        assert program.membership.pending_record() is None
        assert program.lost_access == [discord.person.id]
        assert circle.program().membership.pending_record() is None
        assert reason in str(failure_of(AccessDenied, program.membership.require))
        circle.session_store.delete()


def test_confidential_client_signs_in(discord: FakeDiscord, circle: Circle) -> None:
    discord.client_secret = "client-4u8PqS1x"
    secret = Secret("client-4u8PqS1x")
    _, session = sign_in(circle, Browser(discord.approve), client_secret=secret)
    assert session.member_id == discord.person.id
    assert "client-4u8PqS1x" not in circle.session_store.path.read_text()
