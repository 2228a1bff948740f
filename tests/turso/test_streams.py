"""URLs of databases, and streams: batons, the servers that a token may go to, closing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.proxy import Fate, ProxiedRequest, Proxy, Reply, proxy_to
from tracker_tui.net.route import is_this_machine
from tracker_tui.turso import Connection, InterfaceError, Misdirected, OperationalError, connect
from tracker_tui.turso.urls import endpoint, may_follow

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


def test_each_request_has_the_baton_of_an_answer(connection: Connection, proxy: Proxy) -> None:
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


def test_closing_ends_the_stream_and_frees_its_lock(connection: Connection, proxy: Proxy) -> None:
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
        # Without a server, closing does no harm and is not tried again.
        proxy.fate = ProxiedRequest.cut
        other.close()
        sent = proxy.count
    assert proxy.count == sent


def test_a_stream_follows_a_server(connection: Connection, proxy: Proxy, elsewhere: Proxy) -> None:
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


SECRET = "eyJhbGciOiJFZERTQSJ9.secret"


def test_a_url_names_a_server() -> None:
    servers = {
        "libsql://guild-me.turso.io": "https://guild-me.turso.io",
        "libsql://guild-me.turso.io/": "https://guild-me.turso.io",
        "LIBSQL://Guild-Me.Turso.IO": "https://guild-me.turso.io",
        "libsql://guild-me.turso.io:8080": "https://guild-me.turso.io:8080",
        "libsql://guild-me.turso.io?tls=1": "https://guild-me.turso.io",
        "libsql://guild-me.turso.io?tls=": "https://guild-me.turso.io",
        "libsql://guild-me.turso.io:8080?tls=0": "http://guild-me.turso.io:8080",
        "libsql://localhost:8080": "http://localhost:8080",
        "libsql://127.0.0.1:8080?tls=1": "https://127.0.0.1:8080",
        "libsql://[::1]:8080": "http://[::1]:8080",
        "https://[2001:db8::1]/": "https://[2001:db8::1]",
        "https://db.example.org/dev/guild//": "https://db.example.org/dev/guild",
        "https://db.example.org?tls=1": "https://db.example.org",
        "http://db.example.org?tls=0": "http://db.example.org",
        "ws://db.example.org:80/x": "ws://db.example.org:80/x",
        "wss://db.example.org": "wss://db.example.org",
    }
    assert {url: endpoint(url).base for url in servers} == servers


def test_an_endpoint_knows_its_protocol() -> None:
    expected = {
        "libsql://db.example.org": (True, False, False),
        "http://localhost": (False, False, True),
        "https://127.0.0.1": (True, False, True),
        "ws://[::1]": (False, True, True),
        "wss://db.example.org": (True, True, False),
    }
    found = {url: endpoint(url) for url in expected}
    assert expected == {
        url: (at.is_encrypted, at.is_websocket, at.is_this_machine) for url, at in found.items()
    }
    here = ["localhost", "db.localhost", "127.0.0.1", "127.9.9.9", "::1"]
    elsewhere = ["localhost.example.org", "notlocalhost", "127.0.0.1.example.org", "10.0.0.1"]
    assert [host for host in (*here, *elsewhere, "0.0.0.0", "") if is_this_machine(host)] == here


def test_a_malformed_url_is_rejected_without_quoting_a_secret() -> None:
    for url in (
        *("", "guild.db", "db.example.org", "//db.example.org", "libsql:db.example.org"),
        *("libsql://", "libsql:///path", "libsql://:8080", "file:///guild.db"),
        *("ftp://db.example.org", "postgres://db.example.org", "https://db.example.org:port"),
        *("https://db.example.org:99999", "https://[::1", "https://[nonsense]"),
        *(f"https://{SECRET}@db.example.org", f"https://user:{SECRET}@db.example.org"),
        *(f"https://:{SECRET}@db.example.org", "https://@db.example.org"),
        *(f"https://db.example.org#{SECRET}", f"https://db.example.org?authToken={SECRET}"),
        *(f"https://db.example.org?tls=1&authToken={SECRET}",),
        *(f"https://db.example.org?{SECRET}", f"https://db.example.org:{SECRET}"),
        *(f"{SECRET}://db.example.org", "libsql://db.example.org?tls=2"),
        *(f"libsql://db.example.org?tls={SECRET}", "https://db.example.org?tls=0"),
        *("http://db.example.org?tls=1", "wss://db.example.org?tls=0"),
        *("ws://db.example.org?tls=1",),
    ):
        with pytest.raises(InterfaceError) as caught:
            pytest.fail(f"{url!r} was parsed as {endpoint(url)}")
        assert "secret" not in str(caught.value).lower(), url
        assert caught.value.__cause__ is None, url
        assert caught.value.__suppress_context__ or caught.value.__context__ is None, url


@given(st.text() | st.text().map("https://{}".format) | st.text().map("libsql://h{}".format))
def test_any_text_is_parsed_or_rejected(url: str) -> None:
    try:
        at = endpoint(url)
    except InterfaceError:
        return
    assert endpoint(at.base) == at


# For each database: the servers that its stream may move to, and others.
MOVES: dict[str, tuple[str, str]] = {
    "libsql://a.turso.io": (
        "https://a.turso.io https://a.turso.io:444/x https://b.turso.io https://A.Turso.io",
        (
            "http://a.turso.io wss://a.turso.io https://a.eu.turso.io https://turso.io "
            "https://a.turso.io.example.org https://evil.example.org https://evilturso.io "
            "https://user@a.turso.io https://a.turso.io?x=1 nonsense http://localhost "
            "https://127.0.0.1"
        ),
    ),
    "libsql://a.eu.turso.io": ("https://b.eu.turso.io", ""),
    # Hosts directly below "org" belong to different owners.
    "https://mine.org": ("https://mine.org", "https://other.org"),
    "https://database": ("", "https://other"),
    "https://10.0.0.1": ("https://10.0.0.1", "https://11.0.0.1 https://a.0.0.1"),
    "https://[2001:db8::1]": ("", "https://[2001:db8::2]"),
    "http://db.example.org": ("", "http://db.example.org"),
    "http://localhost:1": ("http://localhost:2 http://127.0.0.1:2", ""),
    "http://localhost": ("", "https://db.example.org ws://localhost"),
}


def test_a_stream_moves_only_to_allowed_servers() -> None:
    for url, (allowed, others) in MOVES.items():
        servers = ["", *allowed.split(), *others.split()]
        moved = [there for there in servers if may_follow(endpoint(url), there)]
        assert moved == allowed.split(), url
