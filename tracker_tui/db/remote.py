"""A ledger on a libSQL server such as Turso.

Queries go straight to the driver's client, many batches in one request. The driver's errors become
ours, each a sentence that tells the player what to do (`error_messages`).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from peewee import BaseQuery

from tracker_tui import turso
from tracker_tui.config.settings import Remote
from tracker_tui.db.database import BatchResult, Result, compiled, only_reads, results_or_raise
from tracker_tui.db.error_messages import explain
from tracker_tui.errors import ConfigError, DatabaseUnreachable, LedgerError
from tracker_tui.turso.client import DEADLINE, Client, create_client
from tracker_tui.turso.urls import Token, endpoint

_DOTS_IN_A_TOKEN: Final = 2


class RemoteLedgerDatabase:
    """A database on a server; each call is one request. Use it from one thread only."""

    def __init__(self, client: Client, where: str, *, has_token: bool) -> None:
        self.where = where
        """The server's name, safe to show: it never holds the token."""
        self._client = client
        self._has_token = has_token
        self._deadline: float | None = None
        self._commits_seen: int | None = None

    @property
    def traffic(self) -> turso.Traffic:
        """The requests, statements and rows of this connection so far."""
        return self._client.traffic

    def hurry(self, seconds: float) -> None:
        """Give all calls from now on this much time together."""
        self._deadline = monotonic() + seconds

    def batch(self, queries: Sequence[BaseQuery]) -> Sequence[Result]:
        """Run the queries in one transaction; see `Database.batch`."""
        (result,) = self.batches([queries])
        return results_or_raise(result)

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[BatchResult]:
        """Run batches in one request; see `Database.batches`."""
        statements = [[compiled(query) for query in batch] for batch in batches]
        seconds = self._seconds_left(seconds)
        try:
            results = self._client.batches(statements, repeatable=repeatable, seconds=seconds)
        except turso.Error as error:
            raise self._explained(error) from error
        if not all(map(only_reads, batches)):
            self._commits_seen = self.traffic.commits
        return [
            self._explained(result) if isinstance(result, turso.Error) else result
            for result in results
        ]

    def _seconds_left(self, at_most: float | None) -> float | None:
        if self._deadline is None:
            return at_most
        left = self._deadline - monotonic()
        if left <= 0:
            raise DatabaseUnreachable(f"{self.where} takes too long to answer.", "Try again.")
        return left if at_most is None else min(left, at_most)

    def changed_elsewhere(self) -> bool:
        """Whether others committed, according to the latest answer; some servers do not tell."""
        seen, self._commits_seen = self._commits_seen, self.traffic.commits
        return None not in (seen, self._commits_seen) and seen != self._commits_seen

    def interrupt(self) -> None:
        """Make a call that waits for the server in another thread fail at once."""
        self._client.interrupt()

    def close(self) -> None:
        """Close the connection to the server."""
        self._client.close()

    def _explained(self, error: turso.Error) -> LedgerError:
        explained = explain(error, self.where, has_token=self._has_token)
        explained.__cause__ = error
        return explained


def open_remote(remote: Remote, seconds: float | None = None) -> RemoteLedgerDatabase:
    """Return the database on a server; nothing is sent yet.

    `seconds` is the deadline of each request. Raises ConfigError for settings that cannot be right.
    """
    token = Token(None if remote.token is None else remote.token.reveal())
    deadline = DEADLINE if seconds is None else seconds
    try:
        where = urlsplit(endpoint(remote.url).base).netloc
        client = create_client(remote.url, token, deadline, allow_plain=remote.allow_plain)
    except turso.Error as error:
        raise _misconfigured(error) from error
    return RemoteLedgerDatabase(client, where, has_token=remote.token is not None)


def may_write(remote: Remote) -> bool | None:
    """Return whether the token may write, as far as the token itself says so.

    A libSQL token that may only read carries the claim `"a": "ro"`. A forged claim gains nothing,
    because the server checks the token. None: only the server knows. Over a WebSocket it cannot be
    asked, because it hangs up.
    """
    if remote.token is not None and _claims(remote.token.reveal()).get("a") == "ro":
        return False
    return True if remote.url.startswith(("ws:", "wss:")) else None


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token, unchecked; empty for any other text."""
    encoded = token.split(".")[1] if token.count(".") == _DOTS_IN_A_TOKEN else ""
    try:
        claims = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _misconfigured(error: turso.Error) -> ConfigError:
    reason = str(error).rstrip(".")
    if isinstance(error, turso.NotSupportedError):
        return ConfigError(f"{reason}.")
    if isinstance(error, turso.PlainTextRefused):
        return ConfigError(
            f"TURSO_DATABASE_URL: {reason}. Use libsql:// or https://, "
            "or set TRACKER_INSECURE=1 if you know the network."
        )
    if isinstance(error, turso.InterfaceError):
        return ConfigError(f"TURSO_DATABASE_URL or TURSO_AUTH_TOKEN: {reason}. Correct it.")
    raise error
