"""Faults before the server has received the whole request, and servers that never answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.certificates import self_signed
from helpers.driver_faults import (
    SECONDS,
    SOON,
    WAYS,
    await_left_behind,
    by_batch,
    count_rows,
    failed_write,
    failure_of,
    give_time,
    make_table,
    works,
    writer,
    writes_fail,
    writes_fail_once,
)
from helpers.proxy import (
    ProxiedRequest,
    Proxy,
    cut_after,
    cut_before,
    cut_within,
    pass_on,
    proxy_to,
)
from helpers.servers import free_port
from tracker_tui import turso

GetAddresses = Callable[..., list[Any]]


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def dead_end() -> Iterator[int]:
    """A port that never accepts a connection, as behind a firewall: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
        queued = [socket.socket() for _ in range(4)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        yield port
        for each in queued:
            each.close()


def test_an_unknown_host_is_not_found(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    known: GetAddresses = socket.getaddrinfo
    make_table(proxy.url)
    with writer(proxy.url.replace("localhost", "something.invalid")) as connection:
        writes_fail(connection, turso.NoSuchHost, "name of the server is not known")

        def known_now(host: str, *rest: Any) -> list[Any]:
            return known(host.replace("something.invalid", "localhost"), *rest)

        monkeypatch.setattr(socket, "getaddrinfo", known_now)
        works(connection)
    assert count_rows(proxy.url) == 0


def test_a_rejected_connection_was_not_sent(remote_url: str) -> None:
    make_table(remote_url)
    port = free_port()
    url = remote_url.replace(remote_url.split(":")[2].split("/", maxsplit=1)[0], str(port))
    with writer(url) as connection:
        writes_fail(connection, turso.NotSent, "No connection to the server")
        with proxy_to(remote_url, port=port):
            works(connection)
    assert count_rows(remote_url) == 0


def test_a_server_without_a_trusted_certificate_receives_nothing(
    remote_url: str, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(proxy.url.replace("http:", "https:"), "token") as connection:
        writes_fail(connection, turso.TlsFailed, "No trusted encrypted connection")
    tls, certificate = self_signed(tmp_path)
    with proxy_to(remote_url, tls=tls) as encrypted, writer(encrypted.url, "token") as connection:
        message = "the certificate of localhost, issued by “localhost”, is not trusted here"
        writes_fail(connection, turso.ConnectionBlocked, message)
        assert proxy.count == encrypted.count == 0
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        works(connection)


def test_a_server_that_never_answers_ends_with_the_deadline(silent: int, dead_end: int) -> None:
    for url, kind, expected in (
        (f"http://localhost:{silent}", turso.TimedOut, "No whole answer came within 0.3 s"),
        # Silent before the encryption: nothing was sent.
        (f"https://localhost:{silent}", turso.NotSent, ""),
        (f"http://localhost:{dead_end}", turso.NotSent, "did not accept a connection in time"),
    ):
        with writer(url, timeout=SOON) as connection:
            writes_fail(connection, kind, expected)
    await_left_behind()


def test_a_dead_address_leaves_time(
    proxy: Proxy, dead_end: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: GetAddresses = socket.getaddrinfo

    def also_a_dead_end(host: str, port: int, *rest: Any) -> list[Any]:
        found = known(host, port, *rest)
        return [*known("127.0.0.1", dead_end, *rest), *found] if port == proxy.port else found

    monkeypatch.setattr(socket, "getaddrinfo", also_a_dead_end)
    with writer(proxy.url, timeout=4.5) as connection:
        works(connection)


def test_a_hanging_name_server_sends_nothing(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table(proxy.url)
    known: GetAddresses = socket.getaddrinfo
    released = threading.Event()

    def hangs(host: str, port: int, *rest: Any) -> list[Any]:
        if port == proxy.port:
            assert released.wait(SECONDS)
        return known(host, port, *rest)

    came = proxy.count
    with writer(proxy.url, timeout=SOON) as connection:
        monkeypatch.setattr(socket, "getaddrinfo", hangs)
        writes_fail(connection, turso.NotSent, "Nothing could be sent within 0.3 s")
        released.set()
        await_left_behind()
        assert proxy.count == came
        give_time(connection)
        works(connection)
    assert count_rows(proxy.url) == 0


def test_a_connection_that_breaks_leaves_the_outcome_unknown(proxy: Proxy) -> None:
    make_table(proxy.url)
    with writer(proxy.url) as connection:
        for fate, rows in ((cut_before, 0), (cut_after, 2), (cut_within, 4)):
            writes_fail_once(proxy, fate, connection, turso.OutcomeUnknown, "The connection broke")
            assert count_rows(proxy.url) == rows
    for write in WAYS:
        with writer(proxy.url) as connection:
            proxy.hang_ups = 1
            # All of it was sent. The client cannot know that the server did not read it.
            failed_write(write, connection, turso.OutcomeUnknown, "The connection broke")
            works(connection)


def test_a_connection_closed_while_much_is_sent_was_not_sent(proxy: Proxy) -> None:
    much = "x" * 20_000_000
    with writer(proxy.url) as connection:
        proxy.hang_ups = 1
        error = failure_of(lambda: connection.execute("SELECT length(?)", (much,)))
        assert type(error) is turso.NotSent
        works(connection)


def test_a_waiting_call_is_interrupted_from_another_thread(proxy: Proxy) -> None:
    make_table(proxy.url)
    released = threading.Event()
    with writer(proxy.url) as connection:

        def interrupted(proxied: ProxiedRequest) -> None:
            connection.interrupt()
            assert released.wait(SECONDS)
            pass_on(proxied)

        proxy.meet([interrupted])
        failed_write(by_batch, connection, turso.TimedOut, "was aborted before its answer")
        released.set()
        works(connection)


def test_no_netrc_file_and_no_proxy_is_used(
    proxy: Proxy, remote_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine localhost login somebody password something\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    for token, sent in (("the-token", "Bearer the-token"), (None, None)):
        with writer(proxy.url, token) as connection:
            works(connection)
            assert {seen.headers.get("authorization") for seen in proxy.seen} == {sent}
        proxy.seen.clear()
    # Requests to this machine use no proxy.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    with writer(remote_url, "token") as connection:
        works(connection)
    assert proxy.count == 0
