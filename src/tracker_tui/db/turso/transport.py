"""One kept-alive HTTP connection to a server, with a deadline that nothing can stretch."""

from __future__ import annotations

import io
import json
import re
import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tracker_tui import __version__
from tracker_tui.db.turso.errors import (
    Blocked,
    Error,
    InterfaceError,
    Misdirected,
    NoSuchDatabase,
    NoSuchHost,
    NotAllowed,
    NotSent,
    OperationalError,
    OutcomeUnknown,
    TimedOut,
    TlsFailed,
    TokenRefused,
    TooManyRequests,
    TransactionLost,
)

if TYPE_CHECKING:
    # Costs as much as all else that a command imports: only when something is sent.
    import requests
    from requests.auth import AuthBase

MOST_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that is taken, decoded."""
_CHUNK: Final = 64 * 1024
_LONGEST_QUOTE: Final = 200
_TOKEN = re.compile(r"[\x21-\x7e]+")
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_FAULTS_OF_THE_SERVER: Final = 500
_REFUSALS: Final[dict[int, tuple[type[Error], str]]] = {
    401: (TokenRefused, "The server refused the token"),
    403: (NotAllowed, "The token does not allow this"),
    404: (NoSuchDatabase, "The server has no such database"),
    413: (OperationalError, "The request was too long for the server"),
    429: (TooManyRequests, "The server has too many requests to serve"),
}
_BATON = re.compile(r"baton|stream", re.IGNORECASE)

Json = dict[str, Any]


class Transport:
    """Posts JSON and returns JSON; one request at a time.

    The token travels through requests' own way of authentication: a `~/.netrc` entry would replace
    a plain header. Redirects are never followed.
    """

    def __init__(self, token: str | None) -> None:
        if token is not None and not _TOKEN.fullmatch(token):
            raise InterfaceError("The token holds characters that no token has.")
        self._token = _Secret(token)
        self._session: requests.Session | None = None
        self._exchange: _Exchange | None = None
        self.requests_sent = 0

    def post(self, url: str, body: Json, seconds: float) -> Json:
        """Return the answer to one request; raises the driver's errors, after `seconds` at most.

        The request runs in a thread of its own, as nothing else ends a name server that is silent
        or headers that trickle in.
        """
        if self._session is None:
            self._session = _new_session()
        self.requests_sent += 1
        payload = _Payload(json.dumps(body, separators=(",", ":")).encode("ascii"))
        exchange = _Exchange(self._session, url, payload, self._token.auth(), seconds)
        self._exchange = exchange
        answer = exchange.wait()
        self._exchange = None
        if answer is None:
            # Whatever comes on this connection later belongs to a request that was given up.
            self.close()
            message = f"No whole answer came within {seconds:g} s"
            raise TimedOut(message) if payload.was_touched else NotSent(message)
        if isinstance(answer, Error):
            raise answer
        return answer

    def interrupt(self) -> None:
        """Let `post` fail at once that waits in another thread, as if its time were over."""
        exchange = self._exchange
        if exchange is not None:
            exchange.give_up()

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None


class _Secret:
    """Keeps the token out of anything that prints an object."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def auth(self) -> AuthBase:
        from requests.auth import AuthBase

        token = self._token

        class Bearer(AuthBase):
            def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
                if token is not None:
                    request.headers["Authorization"] = f"Bearer {token}"
                return request

        return Bearer()


class _Payload(io.BytesIO):
    """The body of a request, which knows whether any of it was handed to the network."""

    was_touched = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_touched = True
        return super().read(size)


class _Exchange:
    """One request and its answer, in a thread that may be left behind."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        payload: _Payload,
        auth: AuthBase,
        seconds: float,
    ) -> None:
        self._session = session
        self._url = url
        self._payload = payload
        self._auth = auth
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self._answer: SimpleQueue[Json | Error | None] = SimpleQueue()

    def wait(self) -> Json | Error | None:
        """Return the answer or what prevented it; None when it is not waited for any longer."""
        # A daemon: at its end Python waits for no answer that nobody waits for.
        threading.Thread(target=self._run, name="turso-request", daemon=True).start()
        try:
            return self._answer.get(timeout=self._seconds)
        except Empty:
            return None

    def give_up(self) -> None:
        """Let `wait` return at once."""
        self._answer.put(None)

    def _run(self) -> None:
        try:
            self._answer.put(self._converse())
        except Error as error:
            self._answer.put(error)
        except Exception as error:  # noqa: BLE001 - it is handed to the thread that waits
            self._answer.put(self._explained(error))

    def _converse(self) -> Json:
        with self._session.post(
            self._url,
            data=self._payload,
            auth=self._auth,
            allow_redirects=False,
            stream=True,
            timeout=self._seconds,
            headers={"Content-Type": "application/json"},
        ) as response:
            content = self._content(response)
        if response.status_code != _OK:
            raise _refusal(response.status_code, content)
        return _parsed(content)

    def _content(self, response: requests.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                raise OutcomeUnknown("The answer is longer than the 64 MB that are taken")
            if monotonic() > self._deadline:
                raise TimedOut("The answer trickled in too slowly")
        return bytes(content)

    def _explained(self, error: Exception) -> Error:
        """Return the driver's error for what requests raised; the reason stays as its cause."""
        kind: type[Error]
        if self._payload.was_touched:
            kind, message = OutcomeUnknown, "The connection broke before the answer was whole"
        else:
            kind, message = _why_not_sent(error)
        explained = kind(message)
        explained.__cause__ = error
        return explained


def _new_session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.headers["User-Agent"] = f"tracker-tui/{__version__}"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return session


def _why_not_sent(error: Exception) -> tuple[type[Error], str]:
    import requests
    from urllib3.exceptions import NameResolutionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.exceptions.SSLError):
        return TlsFailed, "No trusted encrypted connection could be made"
    if isinstance(reason, NameResolutionError):
        return NoSuchHost, "The name of the server is not known"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotSent, "The server did not accept a connection in time"
    return NotSent, "No connection to the server could be made"


def _refusal(status: int, content: bytes) -> Error:
    if status in _REDIRECTS:
        return Misdirected(f"The server answered with a redirect ({status}), not with data")
    message, code = _reported(content)
    said = f": {message}" if message else ""
    if code == "BLOCKED":
        return Blocked(f"The database is blocked{said}", code)
    if status in _REFUSALS:
        kind, sentence = _REFUSALS[status]
        return kind(f"{sentence} ({status}){said}", code)
    if status >= _FAULTS_OF_THE_SERVER:
        return OutcomeUnknown(f"The server failed ({status}){said}", code)
    if code == "STREAM_EXPIRED" or _BATON.search(message):
        return TransactionLost(f"The server has closed the stream{said}", code)
    return OperationalError(f"The server did not take the request ({status}){said}", code)


def _reported(content: bytes) -> tuple[str, str]:
    """Return what a refusal says and its code; nothing of a page made for browsers."""
    text = content[: 4 * _CHUNK].decode("utf-8", "replace").strip()
    code = ""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict):
        code = str(report.get("code") or "")
        text = str(report.get("error") or report.get("message") or "")
    elif text.startswith("<"):
        text = ""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_LONGEST_QUOTE], code[:_LONGEST_QUOTE]


def _parsed(content: bytes) -> Json:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("The answer is not what a libSQL server sends") from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown("The answer is not what a libSQL server sends")
    return answer
