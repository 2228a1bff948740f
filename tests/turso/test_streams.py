"""Streams: requests carry the baton, the token stays with its server, closing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from helpers.proxy import Fate, ProxiedRequest, Proxy, Reply, proxy_to
from tracker_tui.turso import Connection, Misdirected, OperationalError, connect

TOKEN = "a.secret.token"


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    with closing(connect(proxy.url, TOKEN, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def elsewhere(remote_url: str) -> Iterator[Proxy]:
    """Another server with the same database."""
    with proxy_to(remote_url) as elsewhere:
        yield elsewhere


@pytest.fixture
def everywhere(remote_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A server that receives every request to another machine."""
    with proxy_to(remote_url) as everywhere:
        monkeypatch.setenv("HTTP_PROXY", f"http://localhost:{everywhere.port}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{everywhere.port}")
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
        yield everywhere


def body_of(proxied: ProxiedRequest) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(proxied.body)
    return body


def sending_to(base_url: str) -> Fate:
    """Redirect the stream to another URL in the server's reply."""

    def fate(proxied: ProxiedRequest) -> None:
        reply = proxied.forward()
        body = json.dumps({**json.loads(reply.body), "base_url": base_url})
        proxied.reply(reply._replace(body=body.encode()))

    return fate


def test_each_request_has_the_baton_of_the_last_answer(
    connection: Connection, proxy: Proxy
) -> None:
    replies: list[Reply] = []

    def keep(proxied: ProxiedRequest) -> None:
        replies.append(proxied.forward())
        proxied.reply(replies[-1])

    proxy.fate = keep
    for statement in ("CREATE TABLE t (n)", "BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"):
        connection.execute(statement)
    connection.close()
    given = [json.loads(reply.body)["baton"] for reply in replies]
    assert [body_of(each)["baton"] for each in proxy.seen] == [None, *given[:-1]]
    assert len(set(given)) == 5
    assert given[-1] is None


def test_closing_ends_the_stream_and_releases_its_lock(
    connection: Connection, proxy: Proxy
) -> None:
    connect(proxy.url).close()
    assert proxy.count == 0
    # A batch closes its stream in the same request.
    connection.client.batches([[("SELECT 1", ())], [("SELECT 2", ())]])
    types = [request["type"] for request in body_of(proxy.seen[0])["requests"]]
    assert types == ["batch", "batch", "close"]
    connection.execute("CREATE TABLE t (n)")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    sent = proxy.count
    connection.close()
    assert (proxy.count, body_of(proxy.seen[-1])["requests"]) == (sent, [{"type": "close"}])
    # It would wait five seconds if the lock were still held.
    with closing(connect(proxy.url, timeout=3)) as other:
        other.execute("INSERT INTO t VALUES (2)")
        other.commit()
        assert other.execute("SELECT n FROM t").fetchall() == [(2,)]
        # Without a server, closing does no harm.
        proxy.fate = ProxiedRequest.cut


def test_a_stream_moves_with_its_server(
    connection: Connection, proxy: Proxy, elsewhere: Proxy
) -> None:
    proxy.meet([sending_to(f"{elsewhere.url}/")])
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE t (n)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("COMMIT")
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
    connection.close()
    assert (proxy.count, elsewhere.count) == (1, 5)
    assert {each.path for each in elsewhere.seen} == {proxy.seen[0].path}
    assert {each.headers["authorization"] for each in elsewhere.seen} == {f"Bearer {TOKEN}"}
    # A new stream begins at the database.
    with closing(connect(proxy.url, isolation_level=None)) as another:
        proxy.meet([sending_to(elsewhere.url)])
        another.execute("BEGIN")
        elsewhere.meet([ProxiedRequest.cut])
        with pytest.raises(OperationalError):
            another.execute("SELECT 1")
        another.client.batches([[("SELECT 1", ())]])
        assert (proxy.count, elsewhere.count) == (3, 6)


def test_a_transaction_never_follows_to_a_forbidden_server(proxy: Proxy, everywhere: Proxy) -> None:
    with closing(connect(proxy.url, TOKEN, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n)")
    for base_url in (
        *("http://elsewhere.example", "https://elsewhere.example/x", "http://10.0.0.1"),
        *("ftp:", ""),
    ):
        with closing(connect(proxy.url, TOKEN, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            proxy.meet([sending_to(base_url)])
            connection.execute("SELECT n FROM t")
            with pytest.raises(Misdirected):
                connection.execute("INSERT INTO t VALUES (2)")
            with pytest.raises(OperationalError):
                connection.execute("COMMIT")
            connection.rollback()
    assert everywhere.count == 0
    with closing(connect(proxy.url)) as other:
        assert other.execute("SELECT n FROM t").fetchall() == []


def test_outside_a_transaction_a_forbidden_server_is_ignored(
    connection: Connection, proxy: Proxy, everywhere: Proxy
) -> None:
    proxy.fate = sending_to("http://elsewhere.example")
    connection.execute("CREATE TABLE t (n)")
    connection.execute("INSERT INTO t VALUES (1)")
    ((counted,),) = connection.client.batches([[("SELECT count(*) FROM t", ())]])
    assert not isinstance(counted, str)
    assert counted.rows == [(1,)]
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
    assert everywhere.count == 0


def test_requests_to_another_machine_would_be_seen(everywhere: Proxy) -> None:
    with closing(connect("http://elsewhere.example", TOKEN, allow_plain=True)) as connection:
        with pytest.raises(OperationalError):
            connection.execute("SELECT 1")
        assert everywhere.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
