"""The adapter in a session. Deadlines, limits and errors: see tests/turso and tests/auth."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from helpers.certificates import self_signed
from helpers.driver_faults import SECONDS, SOON, await_left_behind
from helpers.https_proxy import https_proxy
from helpers.proxy import ProxiedRequest, Proxy, answer, proxy_to
from tracker_tui.net.bounded_adapter import BoundedAdapter
from tracker_tui.net.errors import (
    DeadlineExceeded,
    Redirected,
    RequestAborted,
    RequestFailed,
    ResponseTooLarge,
)


@pytest.fixture
def server() -> Iterator[Proxy]:
    with proxy_to("http://localhost:1") as server:
        server.fate = answer(200, b"hello", Set_Cookie="seen=1")
        yield server


@pytest.fixture
def adapter() -> BoundedAdapter:
    return BoundedAdapter(seconds=SECONDS, max_bytes=1_000)


@pytest.fixture
def session(adapter: BoundedAdapter) -> Iterator[requests.Session]:
    with requests.Session() as session:
        adapter.mount_on(session)
        yield session


def failure_of(session: requests.Session, url: str, **options: Any) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        session.post(url, **options)
    return caught.value


def test_a_session_gets_limited_responses_and_keeps_no_cookie(
    session: requests.Session, server: Proxy
) -> None:
    for _ in range(2):
        assert session.post(server.url, data={"a": "b"}).content == b"hello"
    assert [seen.body for seen in server.seen] == [b"a=b", b"a=b"]
    assert [seen.is_first for seen in server.seen] == [True, False]
    assert "cookie" not in server.seen[1].headers
    # A redirect is an error, although sessions follow them.
    server.fate = answer(307, Location=server.url)
    error = failure_of(session, server.url, allow_redirects=True)
    assert isinstance(error, Redirected)
    assert (error.status, server.count) == (307, 3)
    server.fate = answer(200, b"x" * 1_001)
    assert type(failure_of(session, server.url)) is ResponseTooLarge


def test_a_request_without_a_body_is_withheld_after_its_deadline(
    session: requests.Session, server: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, known = threading.Event(), socket.getaddrinfo

    def hang(*args: Any) -> Any:
        assert released.wait(SECONDS)
        return known(*args)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    error = failure_of(session, server.url, timeout=SOON)
    assert type(error) is DeadlineExceeded
    assert not error.was_sent
    released.set()
    await_left_behind()
    assert server.count == 0


def test_abort_ends_a_request_through_a_proxy_at_once(
    adapter: BoundedAdapter,
    session: requests.Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = "guild.example"
    tls, root = self_signed(tmp_path, host)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    released = threading.Event()

    def aborted(proxied: ProxiedRequest) -> None:
        adapter.abort()
        assert released.wait(SECONDS)
        proxied.cut()

    with proxy_to("http://localhost:1", tls=tls) as server, https_proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        server.fate = aborted
        error = failure_of(session, f"https://{host}/")
        assert type(error) is RequestAborted
        assert error.was_sent
        # The connection through the proxy is cut, so the thread ends before the server answers.
        await_left_behind()
        released.set()
