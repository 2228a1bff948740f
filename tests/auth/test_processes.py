"""Several programs of one machine at once: one of them asks Discord, and none is in another's way.

A refresh token is good for once: of two programs that use it at the same time, one would be signed
out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from helpers.auth_errors import failure_of
from helpers.auth_guild import HOUR, ME, TOKEN, Circle
from helpers.discord import FakeDiscord, Fault
from helpers.discord_answers import Seen
from helpers.membership import ADMIN_ROLE, grow_old, sign_in
from helpers.processes import SECONDS, await_line, run_together, start
from tracker_tui.auth.auth_errors import DiscordUnreachable
from tracker_tui.config.settings import Config
from tracker_tui.guild.membership_factory import guild_membership_of

PROGRAMS = 4
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
HOLD = """
import os
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config
with SessionStore(load_config(os.environ)).locked(0):
    print("ours", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def program(code: str) -> Iterator[Popen[str]]:
    """Another program, which is killed at the latest when the block ends."""
    process = start(code)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def kill(process: Popen[str]) -> None:
    """As the system does when memory is short: nothing is tidied up."""
    process.kill()
    process.communicate(timeout=SECONDS)


@pytest.fixture
def due(discord: FakeDiscord, config: Config) -> Config:
    """Somebody who signed in five hours ago, with a token that runs out within a day."""
    discord.token_lifetime = int(20 * HOUR)
    sign_in(discord, config, age=5 * HOUR)
    discord.token_lifetime = 604_800
    discord.seen.clear()
    return config


def test_of_programs_that_start_at_once_one_asks_for_all(
    circle: Circle, discord: FakeDiscord, due: Config
) -> None:
    assert discord.membership is not None
    discord.membership.roles.append(ADMIN_ROLE)
    printed = run_together(CHECK, [[]] * PROGRAMS)
    assert circle.asked() == [TOKEN, ME, circle.member_path]
    assert len(set(printed)) == 1, "all see the new session"
    assert ADMIN_ROLE in printed[0]
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    # Which is warm, and whose tokens are good.
    membership = guild_membership_of(due)
    membership.check()
    assert len(circle.asked()) == 3
    grow_old(due, 5 * HOUR)
    membership.check()
    assert circle.asked()[3:] == [ME, circle.member_path]


def test_programs_whose_token_is_refused_refresh_it_once(
    circle: Circle, discord: FakeDiscord, config: Config
) -> None:
    sign_in(discord, config, age=5 * HOUR)
    discord.expire_access()
    discord.seen.clear()
    printed = run_together(CHECK, [[]] * 2)
    assert circle.asked() == [ME, TOKEN, ME, circle.member_path]
    assert len(set(printed)) == 1


def test_a_program_that_is_killed_while_it_has_its_turn_is_in_nobodys_way(
    circle: Circle, due: Config
) -> None:
    membership = guild_membership_of(due)
    with program(HOLD) as holder:
        assert await_line(holder) == "ours"

        def take() -> None:
            with circle.session_store.locked(0):
                pytest.fail("both have it")

        failure_of(DiscordUnreachable, take)
        kill(holder)
        with circle.session_store.locked(0):
            assert circle.session_store.load() == membership.session
    membership.check()
    assert circle.asked() == [TOKEN, ME, circle.member_path]


def test_a_program_that_is_killed_while_it_asks_is_in_nobodys_way(
    circle: Circle, discord: FakeDiscord, due: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_come, receive = threading.Event(), discord.receive

    def spy(seen: Seen) -> Fault | None:
        fault = receive(seen)
        if seen.path == ME:
            has_come.set()
        return fault

    monkeypatch.setattr(discord, "receive", spy)
    discord.fail(ME, Fault.hang(SECONDS))
    with program(CHECK) as asking:
        assert await_line(asking) == "ready"
        assert asking.stdin is not None
        asking.stdin.write("go\n")
        asking.stdin.flush()
        assert has_come.wait(SECONDS)
        kill(asking)
    # Its new tokens are on disk, and serve whoever comes next.
    assert circle.kept_tokens() == tuple(discord.issued[2:])
    membership = guild_membership_of(due)
    membership.check()
    assert circle.asked() == [TOKEN, ME, ME, circle.member_path]
    assert membership.is_admitted
