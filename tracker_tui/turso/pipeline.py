"""Posting a pipeline: JSON to the server and JSON back, over one kept-alive connection."""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tracker_tui.net.errors import (
    DeadlineExceeded,
    EncryptionFailed,
    HostNotFound,
    Redirected,
    RequestAborted,
    RequestFailed,
    RouteBlocked,
    without_frames,
)
from tracker_tui.net.responses import is_web_page
from tracker_tui.net.route import proxy_instead_of
from tracker_tui.turso.error_replies import refusal
from tracker_tui.turso.errors import (
    ConnectionBlocked,
    Error,
    NoSuchHost,
    NotSent,
    OutcomeUnknown,
    TimedOut,
    TlsFailed,
    TooManyRequests,
)
from tracker_tui.turso.float_encoding import with_exact_floats
from tracker_tui.turso.tokens import Token

if TYPE_CHECKING:
    # requests takes as long to import as all else that a command needs, so only when it sends.
    import requests

    from tracker_tui.net.bounded_adapter import BoundedAdapter

MAX_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that is accepted, decompressed."""
_OK: Final = 200
_HEADERS: Final = {"Content-Type": "application/json"}

_BEFORE_SENDING: Final[dict[type[RequestFailed], type[Error]]] = {
    RouteBlocked: ConnectionBlocked,
    HostNotFound: NoSuchHost,
    EncryptionFailed: TlsFailed,
}
_AFTER_SENDING: Final[dict[type[RequestFailed], type[Error]]] = {
    DeadlineExceeded: TimedOut,
    RequestAborted: TimedOut,
}

Json = dict[str, Any]


class Transport:
    """Posts JSON and returns JSON; one request at a time."""

    def __init__(self, token: Token, seconds: float) -> None:
        self._token = token
        self._seconds = seconds
        self._session: requests.Session | None = None
        self._adapter: BoundedAdapter | None = None
        self._quiet_until = 0.0
        self.requests_sent = 0

    def post(self, url: str, body: Json, seconds: float) -> Json:
        """Return the answer to one request, within `seconds`; raises the driver's errors.

        Sends nothing while the server wants to be left alone (Retry-After).
        """
        self._require_quiet_is_over()
        session = self._session or self._new_session()
        content = with_exact_floats(json.dumps(body, separators=(",", ":"))).encode("ascii")
        self.requests_sent += 1
        try:
            response = session.post(
                url, data=content, auth=self._token, timeout=seconds, headers=_HEADERS
            )
        except RequestFailed as error:
            raise _driver_error(error) from without_frames(error)
        if response.status_code != _OK:
            raise self._refusal(url, response)
        return _parse(response.content)

    def abort(self) -> None:
        """Make a `post` that waits in another thread fail at once."""
        if self._adapter is not None:
            self._adapter.abort()

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._session is not None:
            self._session.close()

    def _require_quiet_is_over(self) -> None:
        left = self._quiet_until - monotonic()
        if left > 0:
            error = TooManyRequests(f"The server wants to be left alone for {left:.0f} s more")
            error.retry_after = left
            raise error

    def _new_session(self) -> requests.Session:
        import requests

        from tracker_tui.net.bounded_adapter import BoundedAdapter

        self._session = requests.Session()
        self._adapter = BoundedAdapter(seconds=self._seconds, max_bytes=MAX_BYTES)
        self._adapter.mount_on(self._session)
        return self._session

    def _refusal(self, url: str, response: requests.Response) -> Error:
        error = refusal(
            response.status_code,
            self._token.redact(response.content),
            response.headers.get("Retry-After", ""),
            proxy_instead_of(url, response.status_code),
        )
        if error.retry_after is not None:
            self._quiet_until = monotonic() + error.retry_after
        return error


def _driver_error(error: RequestFailed) -> Error:
    if isinstance(error, Redirected):
        return refusal(error.status, b"")
    kinds = _AFTER_SENDING if error.was_sent else _BEFORE_SENDING
    kind = kinds.get(type(error), OutcomeUnknown if error.was_sent else NotSent)
    return kind(str(error))


def _parse(content: bytes) -> Json:
    try:
        answer = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            # Fails for half a surrogate pair, which could not be printed later.
            json.dumps(answer, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        told = "The answer is a web page, and" if is_web_page(content) else "The answer is"
        raise OutcomeUnknown(f"{told} not what a libSQL server sends") from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown("The answer is not what a libSQL server sends")
    return answer
