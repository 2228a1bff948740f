"""URLs of databases: valid ones, and the servers that a token may be sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.net.route import is_this_machine
from tracker_tui.turso import InterfaceError
from tracker_tui.turso.urls import endpoint, may_follow

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
