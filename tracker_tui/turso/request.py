"""One request and its answer, with a deadline that nothing can stretch."""

from __future__ import annotations

import io
import json
import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tracker_tui.net.route import options_for, who_answers
from tracker_tui.turso.error_replies import is_page, refusal
from tracker_tui.turso.errors import Error, NotSent, OutcomeUnknown, TimedOut
from tracker_tui.turso.float_encoding import with_exact_floats
from tracker_tui.turso.request_failures import failure, without_frames
from tracker_tui.turso.tokens import Token
from tracker_tui.turso.urls import is_local

if TYPE_CHECKING:
    import requests

MOST_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that is taken, decoded."""
_CHUNK: Final = 64 * 1024
_OK: Final = 200
_ADDRESSES_TRIED: Final = 3
_LEAST_TO_CONNECT: Final = 2.0
_STEP: Final = 0.5
_GRACE: Final = 1.0
"""Seconds after the deadline in which the thread of a request that was given up ends."""

Json = dict[str, Any]


class Request:
    """One request and its answer, in a thread that may be left behind.

    Nothing else ends a name server that is silent, or headers that trickle in.
    """

    def __init__(
        self, session: requests.Session, url: str, body: Json, token: Token, seconds: float
    ) -> None:
        self._session = session
        self._url = url
        sent = with_exact_floats(json.dumps(body, separators=(",", ":")))
        self._payload = _Payload(sent.encode("ascii"))
        self._token = token
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self._answer: SimpleQueue[Json | Error | None] = SimpleQueue()
        self.is_over = False
        """Whether the session can be used for another exchange."""

    def result(self) -> Json:
        """Send the request and return the answer; raises the driver's errors."""
        # A daemon: at its end Python waits for no answer that nobody waits for.
        threading.Thread(target=self._run, name="turso-request", daemon=True).start()
        try:
            answer = self._awaited()
        except Empty:
            if self._payload.withhold():
                raise TimedOut(f"No whole answer came within {self._seconds:g} s") from None
            raise NotSent(f"Nothing could be sent within {self._seconds:g} s") from None
        if answer is None:
            if self._payload.withhold():
                raise TimedOut("The request was given up before its answer came")
            raise NotSent("The request was given up before it was sent")
        if isinstance(answer, Error):
            raise answer
        return answer

    def _awaited(self) -> Json | Error | None:
        """Wait for the answer in short steps: on Windows nothing interrupts a long one."""
        while True:
            left = self._deadline - monotonic()
            try:
                return self._answer.get(timeout=max(0.0, min(left, _STEP)))
            except Empty:
                if left <= _STEP:
                    raise

    def give_up(self) -> None:
        """Let `result` end at once."""
        self._answer.put(None)

    def abandon(self) -> None:
        """Send nothing from here on, since nobody waits for the answer."""
        self._payload.withhold()

    def _run(self) -> None:
        answer: Json | Error
        try:
            answer = self._converse()
        except Error as error:
            answer = without_frames(error)
        except Exception as error:  # noqa: BLE001 - it is handed to the thread that waits
            answer = failure(error, self._url, was_sent=self._payload.was_sent)
        self.is_over = True
        self._answer.put(answer)

    def _converse(self) -> Json:
        with self._session.post(
            self._url,
            data=self._payload,
            auth=self._token,
            allow_redirects=False,
            stream=True,
            proxies=around_proxies(self._url),
            # To connect, for each address: where one leads nowhere, the next has its turn. To read,
            # beyond the deadline: it is kept by who waits, this only ends the thread.
            timeout=(_seconds_to_connect(self._seconds), self._seconds + _GRACE),
            headers={"Content-Type": "application/json"},
            **options_for(self._url),
        ) as response:
            content = self._content(response)
            retry_after = response.headers.get("Retry-After", "")
        if response.status_code != _OK:
            told = self._token.redact(content)
            way = "" if is_local(self._url) else who_answers(self._url, response.status_code)
            raise refusal(response.status_code, told, retry_after, way)
        return _parsed(content)

    def _content(self, response: requests.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                raise OutcomeUnknown(f"The answer is longer than the {MOST_BYTES:,} bytes taken")
            if monotonic() > self._deadline:
                raise TimedOut("The answer trickled in too slowly")
        return bytes(content)


def _seconds_to_connect(seconds: float) -> float:
    # TCP repeats what got lost after one second: with less than two that would be in vain.
    return min(seconds * 2 / 3, max(seconds / _ADDRESSES_TRIED, _LEAST_TO_CONNECT))


class _Payload(io.BytesIO):
    """The body of a request, which knows whether all of it was handed to the network.

    It can be withheld: a thread that is left behind, waiting for a name server say, must not send
    later what was reported as not sent.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._size = len(content)
        self._is_withheld = False
        self._lock = threading.Lock()
        self.was_sent = False

    def read(self, size: int | None = -1, /) -> bytes:
        with self._lock:
            if self._is_withheld:
                raise NotSent("The request was given up before it was sent")
            part = super().read(size)
            self.was_sent = self.tell() == self._size
            return part

    def withhold(self) -> bool:
        """Let no more of it out; return whether all of it is out already."""
        with self._lock:
            self._is_withheld = True
            return self.was_sent


def around_proxies(url: str) -> dict[str, str]:
    """Return settings for which a request to this machine is not sent to a proxy elsewhere.

    Plain HTTP is allowed here because nothing leaves the machine; HTTP_PROXY would change that.
    """
    return {"no_proxy": urlsplit(url).hostname or ""} if is_local(url) else {}


def _parsed(content: bytes) -> Json:
    try:
        answer = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            # Fails for half a character, which is no text: printing it would fail later.
            json.dumps(answer, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        told = "The answer is a web page, and" if is_page(content) else "The answer is"
        raise OutcomeUnknown(f"{told} not what a libSQL server sends") from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown("The answer is not what a libSQL server sends")
    return answer
