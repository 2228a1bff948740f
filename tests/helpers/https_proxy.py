"""An HTTPS proxy between a client and its servers, which may reject connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

VARIABLES = (
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
    *("NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
)
"""Variables that tests of proxies clear first: this machine may have its own."""
_TLS = b"\x16\x03"
"""The first bytes of an encrypted connection."""


class HttpsProxy:
    """A proxy for HTTPS. For every host it connects to the same port of this machine.

    With a `rejection`, a status line, it answers with that instead.
    """

    def __init__(self, port: int, rejection: str = "") -> None:
        self.requests: list[bytes] = []
        """The first bytes of each request."""
        self.rejection = rejection
        self._target = port
        self._server = ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    proxy._serve(self.request)

        return Handler

    def _serve(self, client: socket.socket) -> None:
        request = b""
        while not _is_whole(request) and (part := client.recv(65_536)):
            request += part
        self.requests.append(request)
        if request.startswith(_TLS):
            # Like a proxy without TLS that a client connects to with TLS.
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        if self.rejection or not request.startswith(b"CONNECT "):
            status = self.rejection or "405 No"
            client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\n<p>!".encode())
            return
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            _pour(client, server)
            back.join()


def _is_whole(request: bytes) -> bool:
    return request.startswith(_TLS) or b"\r\n\r\n" in request


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes until the source ends."""
    with suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def https_proxy(port: int, rejection: str = "") -> Iterator[HttpsProxy]:
    """Run a proxy to a port for the duration of the block."""
    proxy = HttpsProxy(port, rejection)
    try:
        yield proxy
    finally:
        proxy.close()
