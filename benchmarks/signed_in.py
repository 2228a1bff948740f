"""A member of a guild who signed in before, and a Discord that counts its requests."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import programs
from tracker_tui.auth.guild_config import guild_of
from tracker_tui.auth.session import Binding, Session, SessionStore, Tokens
from tracker_tui.config.settings import Secret, load_config

_ROLES = '[{"id": "1", "name": "Member", "canAccessResources": true}]'
_WEEK = 604_800


class Discord:
    """Accepts connections and answers none."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def asked(self) -> int:
        """Return the number of connections since the last call."""
        found = 0
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                found += 1
        return found


@contextmanager
def silent_discord() -> Iterator[Discord]:
    """Listen during a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Discord(listener)


def member_environment(url: str, home: Path, discord: Discord) -> dict[str, str]:
    """Return the environment of a signed-in member whose roles were checked recently."""
    environment = programs.remote_environment(url, home) | {
        "TRACKER_AUTH": "discord",
        "DISCORD_API_URL": discord.url,
        "DISCORD_CLIENT_ID": "1",
        "DISCORD_GUILD_ID": "2",
        "DISCORD_ROLES_CONFIG": _ROLES,
    }
    config, now = load_config(environment), time.time()
    binding = Binding.of(guild_of(config))
    session = Session(
        binding, "3", "paul", "Paul", None, ("1",), True, now, now + _WEEK, "row", False, True
    )
    tokens = Tokens(Secret("access"), Secret("refresh"), now + _WEEK)
    SessionStore(config).save(session, tokens)
    return environment
