"""Running programs on one machine that share a session and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from helpers.auth_errors import failure_of
from helpers.discord import FakeDiscord, Membership
from helpers.membership import GUEST_ROLE
from tracker_tui.auth.discord_errors import AccessDenied, NotSignedIn
from tracker_tui.auth.guild_config import Guild, guild_of
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.session import Binding, Session, SessionStore, Tokens
from tracker_tui.config.settings import Config, Secret
from tracker_tui.domain.roles import Member
from tracker_tui.ledger.ledger import random_id

DATABASE: Final = "libsql://guild.invalid"
HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
SECONDS: Final = 20.0
"""The time limit for threads in tests."""

TOKEN, REVOKE, ME = "/oauth2/token", "/oauth2/token/revoke", "/users/@me"
DEVICE = "/oauth2/device/authorize"


class UnixClock:
    """This machine's clock in Unix seconds; only tests advance it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Program:
    """A running program, and what its membership reported."""

    def __init__(self, guild: Guild, session_store: SessionStore, clock: UnixClock) -> None:
        self.lost_access: list[str] = []
        """The ids of members who lost access."""
        self.changes = 0
        """The number of changes of rights or admission."""
        self.membership = GuildMembership(
            guild, session_store, on_access_lost=self.lost_access.append, clock=clock
        )
        self.membership.listen(self._hear)

    def _hear(self) -> None:
        self.changes += 1

    def checks(self) -> bool:
        """Run a background check to its end; return whether one started."""
        before = self.membership._thread
        self.membership.check_in_background()
        thread = self.membership._thread
        if thread is None or thread is before:
            return False
        thread.join(SECONDS)
        assert not thread.is_alive(), "Discord is still being asked"
        return True


class Circle:
    """Starts programs on one machine; they share the session, the clock and Discord."""

    def __init__(self, discord: FakeDiscord, config: Config) -> None:
        self.discord = discord
        self.config = config
        self.clock = UnixClock()
        self.session_store = SessionStore(config)

    @property
    def member_path(self) -> str:
        return f"/users/@me/guilds/{self.discord.guild_id}/member"

    def binding(self) -> Binding:
        return Binding.of(guild_of(self.config))

    def program(self, session_store: SessionStore | None = None, **changes: Any) -> Program:
        """Start a program; `changes` are applied to the configured guild."""
        guild = guild_of(self.config)._replace(**changes)
        return Program(guild, session_store or SessionStore(self.config), self.clock)

    def granted(self) -> Tokens:
        answer = self.discord.grant()
        return Tokens(
            Secret(answer["access_token"]),
            Secret(answer["refresh_token"]),
            self.clock() + answer["expires_in"],
        )

    def signed_in(self, *, ago: float = 0.0) -> Program:
        """Start a program in which the person signed in `ago` seconds ago."""
        program = self.program()
        program.membership.sign_in(self.granted(), random_id)
        program.changes = 0
        self.discord.seen.clear()
        self.clock.advance(ago)
        return program

    def asked(self) -> list[str]:
        """Return the paths of all requests since the sign-in, in their order."""
        return [seen.path for seen in tuple(self.discord.seen)]

    def kept_tokens(self) -> tuple[str, str | None]:
        return revealed(self.session_store.tokens())[:2]


def a_session(**changes: Any) -> Session:
    plain = Session(
        Binding("https://discord.com/api/v10", "1", "2"),
        "80351110224678912",
        "paul",
        "Muad'Dib",
        None,
        ("1001", "1002"),
        is_in_guild=True,
        checked_at=1_700_000_000.5,
        tokens_until=1_700_604_800.25,
        row_id="row-of-the-session",
    )
    return plain._replace(**changes)


def some_tokens(name: str = "some", expires_at: float = 1_700_604_800.25) -> Tokens:
    """Return tokens that are unknown to Discord; they expire when `a_session` says."""
    return Tokens(Secret(f"access-{name}"), Secret(f"refresh-{name}"), expires_at)


TOKENS, OTHERS = some_tokens(), some_tokens("other")


def revealed(tokens: Tokens) -> tuple[str, str | None, float]:
    refresh = None if tokens.refresh is None else tokens.refresh.reveal()
    return tokens.access.reveal(), refresh, tokens.expires_at


DENIALS = {
    "left the guild": (None, "is not in this guild"),
    "no role at all": (Membership("Muad'Dib", []), "has no role that may enter"),
    "no role that may enter": (Membership("Muad'Dib", [GUEST_ROLE]), "Only Mahdi, Naib or Fremen"),
}
each_denial = pytest.mark.parametrize(("membership", "said"), DENIALS.values(), ids=DENIALS)


def roles_now(discord: FakeDiscord, *roles: str) -> None:
    discord.membership = Membership("Muad'Dib", list(roles))


def assert_denied(program: Program, said: str) -> None:
    assert not program.membership.is_admitted
    assert said in str(failure_of(AccessDenied, program.membership.require))
    assert program.membership.pending_record() is None


def assert_signed_out(program: Program, circle: Circle) -> None:
    """Assert that the session is gone and that the error says how to sign in again."""
    assert program.membership.session is None
    assert not program.membership.is_admitted
    assert not circle.session_store.path.exists()
    for use in (program.membership.require, program.membership.enter, who(program)):
        assert "Sign in again" in str(failure_of(NotSignedIn, use, circle.discord.issued))
    assert program.lost_access == [circle.discord.person.id]
    assert program.changes


def who(program: Program) -> Callable[[], Member]:
    return lambda: program.membership.member


def tokens_for(circle: Circle, hours: float) -> Program:
    """Sign in five hours ago with tokens of this lifetime; later tokens last a week."""
    circle.discord.token_lifetime = int(hours * HOUR)
    program = circle.signed_in(ago=5 * HOUR)
    circle.discord.token_lifetime = 604_800
    return program
