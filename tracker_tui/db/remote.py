"""A ledger on a libSQL server such as Turso: what goes wrong there, said for the player."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from peewee import BaseQuery, PeeweeException

from tracker_tui import turso
from tracker_tui.config.settings import Remote
from tracker_tui.db.database import BatchResult, Result, only_reads, results_or_raise
from tracker_tui.db.user_messages import explain
from tracker_tui.errors import ConfigError, DatabaseUnreachable, LedgerError
from tracker_tui.turso.client import DEADLINE
from tracker_tui.turso.tokens import Token
from tracker_tui.turso.urls import endpoint

_DOTS_IN_A_TOKEN: Final = 2


class RemoteLedgerDatabase:
    """A database on a server; each call is one request. Let one thread use one of these."""

    def __init__(self, driver: turso.TursoDatabase, where: str, *, has_token: bool) -> None:
        self.where = where
        """The server, as it may be shown: never with a token."""
        self._has_token = has_token
        self._until: float | None = None
        self._commits_seen: int | None = None
        self._driver = driver
        # Peewee keeps one for each thread; `interrupt` is called from another one.
        self._connection = driver.connection()

    @property
    def traffic(self) -> turso.Traffic:
        """What has been exchanged with the server so far."""
        return self._connection.client.traffic

    def hurry(self, seconds: float) -> None:
        """Let all calls from now on take no longer than this together."""
        self._until = monotonic() + seconds

    def batch(self, queries: Sequence[BaseQuery]) -> list[Result]:
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
        try:
            results = self._driver.batches(
                batches, repeatable=repeatable, seconds=self._seconds_left(seconds)
            )
        except PeeweeException as error:
            raise self._explained(error) from error
        if not all(map(only_reads, batches)):
            self._commits_seen = self.traffic.commits
        return [self._translated(result) for result in results]

    def _seconds_left(self, at_most: float | None) -> float | None:
        if self._until is None:
            return at_most
        left = self._until - monotonic()
        if left <= 0:
            raise DatabaseUnreachable(f"{self.where} takes too long to answer. Try again.")
        return left if at_most is None else min(left, at_most)

    def changed_elsewhere(self) -> bool:
        """Whether others committed, as the server told with its latest answer; not all do."""
        seen, self._commits_seen = self._commits_seen, self.traffic.commits
        return None not in (seen, self._commits_seen) and seen != self._commits_seen

    def interrupt(self) -> None:
        """Let the call that waits for the server in another thread fail at once."""
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of the server."""
        self._driver.close()

    def _translated(self, result: list[turso.StatementResult] | PeeweeException) -> BatchResult:
        if isinstance(result, PeeweeException):
            return self._explained(result)
        return [Result(each.rows, each.rowcount) for each in result]

    def _explained(self, wrapped: PeeweeException) -> LedgerError:
        reason = getattr(wrapped, "orig", wrapped)
        explained = explain(reason, self.where, has_token=self._has_token)
        explained.__cause__ = wrapped
        return explained


def open_remote(remote: Remote, seconds: float | None = None) -> RemoteLedgerDatabase:
    """Return the database on a server; nothing is sent yet.

    `seconds` is the deadline of each request. Raises ConfigError for settings that cannot be right.
    """
    token = Token(None if remote.token is None else remote.token.reveal())
    try:
        at = endpoint(remote.url)
        driver = turso.TursoDatabase(
            remote.url,
            token,
            timeout=DEADLINE if seconds is None else seconds,
            allow_plain=remote.allow_plain,
        )
        where = urlsplit(at.base).netloc
        return RemoteLedgerDatabase(driver, where, has_token=remote.token is not None)
    except (turso.Error, PeeweeException) as error:
        raise _misconfigured(error) from error


def may_write(remote: Remote) -> bool | None:
    """Return what is known before anything is sent of whether the token may write.

    A libSQL token says of itself when it is for reading only (the claim `a`); nobody would gain by
    a false one, for the server checks it. None: the server has to be asked, which over a WebSocket
    only makes it hang up.
    """
    if remote.token is not None and _claims(remote.token.reveal()).get("a") == "ro":
        return False
    return True if remote.url.startswith(("ws:", "wss:")) else None


def _claims(token: str) -> dict[str, Any]:
    """Return what a JSON Web Token says, unchecked; nothing if it is none."""
    encoded = token.split(".")[1] if token.count(".") == _DOTS_IN_A_TOKEN else ""
    try:
        claims = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _misconfigured(error: Exception) -> ConfigError:
    driver_error = getattr(error, "orig", error)
    said = str(driver_error).rstrip(".")
    if isinstance(driver_error, turso.NotSupportedError):
        return ConfigError(f"{said}.")
    if isinstance(driver_error, turso.PlainTextRefused):
        return ConfigError(
            f"TURSO_DATABASE_URL: {said}. Use libsql:// or https://, "
            "or set TRACKER_INSECURE=1 if you know the network."
        )
    if isinstance(driver_error, turso.InterfaceError):
        return ConfigError(f"TURSO_DATABASE_URL or TURSO_AUTH_TOKEN: {said}. Correct it.")
    raise error
