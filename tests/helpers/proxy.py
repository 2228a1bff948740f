"""A proxy in front of a real server: records requests, and delays, cuts or alters them."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Reply(NamedTuple):
    """An HTTP reply."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


class ProxiedRequest:
    """A request that reached the proxy. A fate decides what happens to it."""

    def __init__(self, handler: _Handler, body: bytes) -> None:
        self._handler = handler
        self.body = body
        self.path = handler.path
        self.is_first = handler.is_new
        """Whether it is the first request of its connection."""
        handler.is_new = False
        self.headers = {name.lower(): value for name, value in handler.headers.items()}

    def forward(self) -> Reply:
        """Send it to the server and return the reply, without passing it on."""
        return self._handler.ask_upstream(self.body)

    def reply(self, reply: Reply) -> None:
        self.send(head(reply) + reply.body)

    def send(self, raw: bytes) -> None:
        self._handler.wfile.write(raw)
        self._handler.wfile.flush()

    def cut(self) -> None:
        self._handler.close_connection = True
        with suppress(OSError):
            self._handler.connection.shutdown(socket.SHUT_RDWR)


Fate = Callable[[ProxiedRequest], None]


class Proxy:
    """Passes requests on to a server; `fate` decides what happens to each."""

    def __init__(self, upstream: str, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[ProxiedRequest] = []
        self.fate: Fate = pass_on
        self.hang_ups = 0
        """How many of the next connections to close without reading."""
        self._upstream = urlsplit(upstream)
        self._scheme = "http" if tls is None else "https"
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        """The URL of the database behind it."""
        return f"{self._scheme}://localhost:{self.port}{self._upstream.path}"

    @property
    def count(self) -> int:
        return len(self.seen)

    def meet(self, fates: Iterable[Fate]) -> None:
        """Give the next requests these fates, one each; pass later ones on."""
        coming = iter(fates)

        def fate(proxied: ProxiedRequest) -> None:
            next(coming, pass_on)(proxied)

        self.fate = fate

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect_upstream(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            self._upstream.hostname or "", self._upstream.port, timeout=60
        )


@contextmanager
def proxy_to(upstream: str, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """Run a proxy for the duration of the block, with HTTPS if `tls` is given."""
    proxy = Proxy(upstream, port=port, tls=tls)
    try:
        yield proxy
    finally:
        proxy.close()


def head(reply: Reply) -> bytes:
    """Return the status line and the headers of a reply, with its length."""
    lines = [f"HTTP/1.1 {reply.status} Whatever", f"Content-Length: {len(reply.body)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


# Fates


def pass_on(proxied: ProxiedRequest) -> None:
    """Pass the request and the reply on."""
    proxied.reply(proxied.forward())


def cut_before(proxied: ProxiedRequest) -> None:
    """Cut the connection before the server gets the request."""
    proxied.cut()


def cut_after(proxied: ProxiedRequest) -> None:
    """Cut the connection after the server has carried the request out."""
    proxied.forward()
    proxied.cut()


def cut_within(proxied: ProxiedRequest) -> None:
    """Cut the connection in the middle of the reply."""
    reply = proxied.forward()
    proxied.send(head(reply) + reply.body[: len(reply.body) // 2])
    proxied.cut()


def answer(status: int, body: bytes = b"", **headers: str) -> Fate:
    """Answer in place of the server, which never gets the request."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return lambda proxied: proxied.reply(Reply(status, body, named))


def trickled(beginning: bytes, until: threading.Event) -> Fate:
    """Begin a reply, then send byte by byte, each before a time-out between bytes would end."""

    def trickle(proxied: ProxiedRequest) -> None:
        proxied.send(beginning)
        while not until.wait(0.01):
            proxied.send(b" ")
        proxied.cut()

    return trickle


def unending(beginning: bytes, hung_up: threading.Event) -> Fate:
    """Send an endless reply; set the event when the client hangs up."""

    def pour(proxied: ProxiedRequest) -> None:
        proxied.send(beginning)
        try:
            while True:
                proxied.send(b" " * 65536)
        except OSError:
            hung_up.set()
            proxied.cut()

    return pour


def altered(alter: Callable[[bytes], bytes], **headers: str) -> Fate:
    """Alter the reply of the server."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())

    def fate(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        proxied.reply(Reply(reply.status, alter(reply.body), (*reply.headers, *named)))

    return fate


def delayed(seconds: float) -> Fate:
    """Wait, then pass the request on."""

    def delay(proxied: ProxiedRequest) -> None:
        time.sleep(seconds)
        pass_on(proxied)

    return delay


def _handler_of(proxy: Proxy) -> type[_Handler]:
    return type("Handler", (_Handler,), {"proxy": proxy})


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    is_new = True
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    _upstream: http.client.HTTPConnection | None = None

    def handle(self) -> None:
        if self.proxy.hang_ups:
            self.proxy.hang_ups -= 1
        else:
            super().handle()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # The client hung up in the middle. A server would ignore half a request.
            self.close_connection = True
            return
        proxied = ProxiedRequest(self, body)
        self.proxy.seen.append(proxied)
        # The client may have hung up, as in many of these tests.
        with suppress(OSError):
            self.proxy.fate(proxied)

    def ask_upstream(self, body: bytes) -> Reply:
        if self._upstream is None:
            self._upstream = self.proxy.connect_upstream()
        kept = ("authorization", "content-type")
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        self._upstream.request("POST", self.path, body, headers)
        response = self._upstream.getresponse()
        content_type = response.getheader("Content-Type", "text/plain")
        return Reply(response.status, response.read(), (("Content-Type", content_type),))

    def finish(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
        with suppress(OSError):
            super().finish()

    def log_message(self, *args: Any) -> None:
        """Log nothing."""
