"""A local HTTPS server that imitates the part of Discord's API for signing in, and can fail.

It follows Discord's documentation and was never compared with the real Discord. It speaks TLS with
a certificate that is made for the tests: `trust_discord` makes a test, and each program that it
starts, trust that certificate in the way a user would.
"""

from __future__ import annotations

import math
import socket
import ssl
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from helpers.certificates import loopback_certificate
from helpers.discord_answers import (
    CLIENT_ID,
    FORM,
    GUILD_ID,
    Answer,
    DiscordAnswers,
    Membership,
    Person,
    Seen,
    as_json,
    media_type,
    not_found,
)

__all__ = [
    "CLIENT_ID",
    "GUILD_ID",
    "FakeDiscord",
    "Fault",
    "Membership",
    "Person",
    "Seen",
    "trust_discord",
]

BASE = "/api/v10"
EVERY_PATH = "*"


def trust_discord(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of every FakeDiscord, by the variable that a user would set."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(loopback_certificate()[1]))


@dataclass(frozen=True)
class Fault:
    """A failure of one request."""

    kind: Literal["answer", "hang", "hang up", "trickle", "answer lost"]
    answer: Answer | None = None
    """The answer to send instead of carrying the request out."""
    seconds: float = 0

    @classmethod
    def status(
        cls, code: int, body: bytes | dict[str, Any] = b"", headers: Mapping[str, str] | None = None
    ) -> Self:
        """Another answer; a dict is sent as JSON."""
        if isinstance(body, dict):
            return cls("answer", as_json(code, body, headers))
        return cls("answer", Answer(code, body, {"Content-Type": "text/plain", **(headers or {})}))

    @classmethod
    def hang(cls, seconds: float) -> Self:
        """Send no answer and close the connection after that time; don't carry the request out."""
        return cls("hang", seconds=seconds)

    @classmethod
    def hang_up(cls) -> Self:
        """Close the connection at once; don't carry the request out."""
        return cls("hang up")

    @classmethod
    def trickle(cls, seconds_between_bytes: float) -> Self:
        """Carry the request out; send an endless answer byte by byte."""
        return cls("trickle", seconds=seconds_between_bytes)

    @classmethod
    def garbage(cls, body: bytes) -> Self:
        """A success with any body, declared as JSON."""
        return cls.status(200, body, {"Content-Type": "application/json"})

    @classmethod
    def too_many(cls, retry_after: float) -> Self:
        """Too many requests; whole seconds in the header, fractions in the body."""
        message = "You are being rate limited."
        body = {"message": message, "retry_after": retry_after, "global": False}
        return cls.status(429, body, {"Retry-After": str(math.ceil(retry_after))})

    @classmethod
    def redirect(cls, location: str) -> Self:
        """A redirect."""
        return cls.status(302, headers={"Location": location})

    @classmethod
    def answer_lost(cls) -> Self:
        """Carry the request out; close the connection without an answer."""
        return cls("answer lost")


@dataclass(kw_only=True, eq=False)
class FakeDiscord(DiscordAnswers):
    """Discord, while the block runs. Tests may change its attributes at any time."""

    url: str = field(default="", init=False)
    """The base of all paths; set when the block begins."""
    seen: list[Seen] = field(default_factory=list, init=False)
    """All requests in their order."""
    _faults: dict[str, deque[Fault]] = field(init=False, repr=False)
    _lasting_faults: dict[str, Fault] = field(default_factory=dict, init=False, repr=False)
    _server: _Server = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._faults = defaultdict(deque)

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self.url = f"https://127.0.0.1:{self._server.server_port}{BASE}"
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def requests_to(self, path: str) -> list[Seen]:
        """Return the requests to a path such as `/oauth2/token`."""
        return [seen for seen in tuple(self.seen) if seen.path == path]

    def fail(self, path: str, *faults: Fault) -> None:
        """Make the next requests to a path (`*`: any) fail, one with each fault."""
        with self._lock:
            self._faults[path].extend(faults)

    def fail_always(self, path: str, fault: Fault) -> None:
        """Make all requests to a path (`*`: any) fail, after the faults of `fail`."""
        with self._lock:
            self._lasting_faults[path] = fault

    def heal(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()
            self._lasting_faults.clear()

    def receive(self, seen: Seen) -> Fault | None:
        """Record a request; return its fault, if any."""
        with self._lock:
            self.seen.append(seen)
            for path in (seen.path, EVERY_PATH):
                if self._faults[path]:
                    return self._faults[path].popleft()
            return self._lasting_faults.get(seen.path) or self._lasting_faults.get(EVERY_PATH)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many clients may connect at once.
    request_queue_size = 128

    def __init__(self, discord: FakeDiscord) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.discord = discord
        self.stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close all connections."""
        self.stopped.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        # The handshake comes with the first read, on the thread of the connection.
        tls, _ = loopback_certificate()
        return tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        # Not in the handler, which may not have started when the server stops.
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Many tests drop their connection; other errors are faults of this server.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # The client hung up within the body, so there is nothing to carry out.
            self.close_connection = True
            return
        seen = self._seen(body)
        fault = self.server.discord.receive(seen)
        if fault is None:
            self._send(self._right_answer(seen))
        elif fault.answer is not None:
            self._send(fault.answer)
        else:
            self._suffer(fault, seen)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _seen(self, body: bytes) -> Seen:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        form: dict[str, str] = {}
        if media_type(headers) == FORM:
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        path = unquote(parts.path).removeprefix(BASE) or "/"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Seen(self.command, path, form, headers, query, time.monotonic())

    def _right_answer(self, seen: Seen) -> Answer:
        # Only paths below the base exist.
        is_below = unquote(self.path).startswith(BASE + "/")
        return self.server.discord.answer(seen) if is_below else not_found()

    def _send(self, answer: Answer) -> None:
        length = {"Content-Length": str(len(answer.body))}
        self._send_head(answer.status, {**length, **answer.headers})
        self.wfile.write(answer.body)

    def _send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _suffer(self, fault: Fault, seen: Seen) -> None:
        if fault.kind == "hang":
            self.server.stopped.wait(fault.seconds)
        elif fault.kind == "answer lost":
            self._right_answer(seen)
        elif fault.kind == "trickle":
            self._trickle(self._right_answer(seen), fault.seconds)
        self.close_connection = True

    def _trickle(self, answer: Answer, pause: float) -> None:
        # Without a length, so that the answer never ends.
        self._send_head(answer.status, {**answer.headers, "Connection": "close"})
        position = 0
        while not self.server.stopped.wait(pause):
            # Spaces after JSON are harmless.
            self.wfile.write(answer.body[position : position + 1] or b" ")
            position += 1

    def log_message(self, *args: Any) -> None:
        """Log nothing."""
