"""What lies between a machine and the servers it asks: a proxy that lets through, or does not."""

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
"""What a test of the way sets anew: the machine that it runs on may have its own."""
_TLS = b"\x16\x03"
"""How an encrypted connection begins."""


class HttpsProxy:
    """A proxy for HTTPS: whatever host is asked for, it connects to one port of this machine.

    With a `refusal`, a status line, it answers that instead.
    """

    def __init__(self, port: int, refusal: str = "") -> None:
        self.asked: list[bytes] = []
        """The beginning of each request."""
        self.rejection = refusal
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
        asked = b""
        while not _is_whole(asked) and (part := client.recv(65_536)):
            asked += part
        self.asked.append(asked)
        if asked.startswith(_TLS):
            # As a proxy does that is spoken to encrypted, and speaks no TLS.
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        if self.rejection or not asked.startswith(b"CONNECT "):
            told = self.rejection or "405 No"
            client.sendall(f"HTTP/1.1 {told}\r\nContent-Length: 4\r\n\r\n<p>!".encode())
            return
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(server, client), daemon=True)
            back.start()
            _pour(client, server)
            back.join()


def _is_whole(asked: bytes) -> bool:
    return asked.startswith(_TLS) or b"\r\n\r\n" in asked


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, until no more does."""
    with suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def https_proxy(port: int, refusal: str = "") -> Iterator[HttpsProxy]:
    """A proxy on the way to a port, for as long as the block runs."""
    proxy = HttpsProxy(port, refusal)
    try:
        yield proxy
    finally:
        proxy.close()
