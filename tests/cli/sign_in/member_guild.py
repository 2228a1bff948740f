"""A guild whose members sign in with Discord, and its files on this machine."""

from __future__ import annotations

import json
import stat
import sys
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from helpers.commands import Ran
from helpers.discord import GUILD_ID, FakeDiscord
from helpers.ledger_under_test import Books
from helpers.membership import ROLES
from helpers.proxy import Proxy
from helpers.servers import Server
from tracker_tui.config.settings import Secret
from tracker_tui.guild.invitation import Invitation

AUTHORIZE = "/oauth2/device/authorize"
TOKEN = "/oauth2/token"
REVOKE = "/oauth2/token/revoke"
ME = "/users/@me"
MEMBER = f"/users/@me/guilds/{GUILD_ID}/member"
HOUR = 3_600.0
CLIENT, GUILD = "112233445566778899", GUILD_ID

NICKNAME = "Muad'Dib"
"""The signed-in member's nickname in the guild."""
MEMBERS_MAY = "see everything, add, remove, set, move"

WELCOME = f"Signed in as {NICKNAME}. You may {MEMBERS_MAY}."

Type = Callable[..., None]
"""Types lines into the next command."""


class Guarded(NamedTuple):
    """A guild on a server that checks tokens, reached through a proxy."""

    books: Books
    proxy: Proxy
    full: str
    """The configured token, which may do everything."""
    read_only: str
    server: Server


class Waits:
    """Replaces the waits of `login`: each takes no time and runs a callback."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        """The requested duration of each wait."""
        self._coming: deque[Callable[[], object]] = deque()
        self._else: Callable[[], object] = lambda: None

    def bring(self, *happenings: Callable[[], object]) -> None:
        """Run one of these during each of the next waits."""
        self._coming.extend(happenings)

    def bring_always(self, happening: Callable[[], object]) -> None:
        """Run this during each wait after those of `bring`."""
        self._else = happening

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        assert len(self.seconds) < 100, "login never stops waiting"
        (self._coming.popleft() if self._coming else self._else)()
        return False


def nothing() -> None:
    """Do nothing during a wait."""


def session_file(home: Path, profile: str | None = None) -> Path:
    name = "session" if profile is None else f"profile-{profile}"
    return home / "data" / "sessions" / f"{name}.json"


def session(home: Path, profile: str | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(session_file(home, profile).read_text("utf-8"))
    return document


def stores(home: Path) -> list[Path]:
    """Return the folders that contain an outbox, a replica and pages."""
    folder = home / "data" / "guilds"
    return sorted(folder.iterdir()) if folder.exists() else []


def copies(home: Path) -> set[str]:
    """Return the names of the files with cached rows of the ledger."""
    found = (path.name for store in stores(home) for path in store.iterdir())
    return {name for name in found if name.startswith(("replica.db", "pages.db"))}


def recorded(books: Books) -> dict[str, Any]:
    """Return the rows of all tables that a sign-in may write to."""
    return books.tables("users", "user_sessions")


def paths_asked(discord: FakeDiscord) -> list[str]:
    """Return the paths of all requests to Discord, in order."""
    return [seen.path for seen in tuple(discord.seen)]


def config_file(home: Path) -> Path:
    return home / "config" / "config.toml"


def invitation_to(guarded: Guarded, token: str | None = None, **given: Any) -> str:
    """Return the invitation that an officer hands out."""
    secret = None if token is None else Secret(token)
    usual = {
        "database_url": guarded.proxy.url,
        "client_id": CLIENT,
        "guild_id": GUILD,
        "roles": json.dumps(ROLES),
        "token": secret,
    }
    return Invitation(**(usual | given)).text()


def last_line(ran: Ran) -> str:
    """Return the last line of a login, which must have succeeded."""
    assert ran.status == 0, ran.err
    return ran.out.splitlines()[-1]


def kept_settings(home: Path) -> dict[str, Any]:
    """Return the contents of config.toml."""
    return tomllib.loads(config_file(home).read_text("utf-8"))


def settings_in_file(guarded: Guarded, token: str) -> dict[str, str]:
    return {
        "TURSO_DATABASE_URL": guarded.proxy.url,
        "TURSO_AUTH_TOKEN": token,
        "DISCORD_CLIENT_ID": CLIENT,
        "DISCORD_GUILD_ID": GUILD,
        "DISCORD_ROLES_CONFIG": json.dumps(ROLES, separators=(",", ":")),
    }


# Secrets in what a command printed and stored

_PIECE = 12
"""Characters; a part of a secret of this length counts as a leak."""


def pieces(text: str) -> set[str]:
    return {text[start : start + _PIECE] for start in range(len(text) - _PIECE + 1)}


def everything_kept(home: Path) -> Iterator[tuple[Path, str]]:
    """Yield each path with its name and contents; stores are binary but contain texts."""
    for path in home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        yield path, f"{path.name}\n{content.decode('utf-8', 'replace')}"


def assert_kept(ran: Ran, home: Path, secrets: Sequence[str], tokens: Sequence[str] = ()) -> None:
    """Assert that no piece of a secret was printed, or stored where it does not belong.

    `tokens` are a session's secrets, which its file may contain.
    """
    hidden, of_session = (set[str]().union(*map(pieces, each)) for each in (secrets, tokens))
    assert pieces(ran.out + ran.err).isdisjoint(hidden | of_session), "printed"
    for path, text in everything_kept(home):
        if path == config_file(home):
            continue  # `join` wrote it; other tests check its permissions
        is_session = path.parent.name == "sessions"
        leaked = pieces(text) & (hidden if is_session else hidden | of_session)
        assert not leaked, f"kept in {path}"
        if any(token in text for token in tokens):
            assert_private(path)


def assert_private(path: Path) -> None:
    if sys.platform != "win32":
        modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
        assert modes == [0o600, 0o700]
