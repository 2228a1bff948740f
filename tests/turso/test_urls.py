"""URLs of databases: valid ones, and the servers that a token may be sent to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.net.route import is_this_machine
from tracker_tui.turso import InterfaceError
from tracker_tui.turso.urls import endpoint, may_follow

SECRET = "eyJhbGciOiJFZERTQSJ9.secret"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("libsql://guild-me.turso.io", "https://guild-me.turso.io"),
        ("libsql://guild-me.turso.io/", "https://guild-me.turso.io"),
        ("LIBSQL://Guild-Me.Turso.IO", "https://guild-me.turso.io"),
        ("libsql://guild-me.turso.io:8080", "https://guild-me.turso.io:8080"),
        ("libsql://guild-me.turso.io?tls=1", "https://guild-me.turso.io"),
        ("libsql://guild-me.turso.io?tls=", "https://guild-me.turso.io"),
        ("libsql://guild-me.turso.io:8080?tls=0", "http://guild-me.turso.io:8080"),
        ("libsql://localhost:8080", "http://localhost:8080"),
        ("libsql://127.0.0.1:8080?tls=1", "https://127.0.0.1:8080"),
        ("libsql://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
        ("https://db.example.org/dev/guild//", "https://db.example.org/dev/guild"),
        ("https://db.example.org?tls=1", "https://db.example.org"),
        ("http://db.example.org?tls=0", "http://db.example.org"),
        ("ws://db.example.org:80/x", "ws://db.example.org:80/x"),
        ("wss://db.example.org", "wss://db.example.org"),
    ],
)
def test_a_url_names_a_server(url: str, base: str) -> None:
    assert endpoint(url).base == base


@pytest.mark.parametrize(
    ("url", "encrypted", "websocket", "here"),
    [
        ("libsql://db.example.org", True, False, False),
        ("http://localhost", False, False, True),
        ("https://127.0.0.1", True, False, True),
        ("ws://[::1]", False, True, True),
        ("wss://db.example.org", True, True, False),
    ],
)
def test_an_endpoint_knows_its_protocol(
    url: str, encrypted: bool, websocket: bool, here: bool
) -> None:
    at = endpoint(url)
    assert (at.is_encrypted, at.is_websocket, at.is_this_machine) == (encrypted, websocket, here)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "guild.db",
        "db.example.org",
        "//db.example.org",
        "libsql:db.example.org",
        "libsql://",
        "libsql:///path",
        "libsql://:8080",
        "file:///guild.db",
        "ftp://db.example.org",
        "postgres://db.example.org",
        "https://db.example.org:port",
        "https://db.example.org:99999",
        "https://[::1",
        "https://[nonsense]",
        f"https://{SECRET}@db.example.org",
        f"https://user:{SECRET}@db.example.org",
        f"https://:{SECRET}@db.example.org",
        "https://@db.example.org",
        f"https://db.example.org#{SECRET}",
        f"https://db.example.org?authToken={SECRET}",
        f"https://db.example.org?tls=1&authToken={SECRET}",
        f"https://db.example.org?{SECRET}",
        f"https://db.example.org:{SECRET}",
        f"{SECRET}://db.example.org",
        "libsql://db.example.org?tls=2",
        f"libsql://db.example.org?tls={SECRET}",
        "https://db.example.org?tls=0",
        "http://db.example.org?tls=1",
        "wss://db.example.org?tls=0",
        "ws://db.example.org?tls=1",
    ],
)
def test_a_malformed_url_is_rejected_without_quoting_a_secret(url: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        endpoint(url)
    assert "secret" not in str(caught.value).lower()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text() | st.text().map("https://{}".format) | st.text().map("libsql://h{}".format))
def test_any_text_is_parsed_or_rejected(url: str) -> None:
    try:
        at = endpoint(url)
    except InterfaceError:
        return
    assert endpoint(at.base) == at


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("db.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.org", False),
        ("notlocalhost", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_this_machine_is_recognized_by_name_and_address(host: str, here: bool) -> None:
    assert is_this_machine(host) is here


@pytest.mark.parametrize(
    ("origin", "there", "may"),
    [
        ("libsql://a.turso.io", "https://a.turso.io", True),
        ("libsql://a.turso.io", "https://a.turso.io:444/x", True),
        ("libsql://a.turso.io", "https://b.turso.io", True),
        ("libsql://a.eu.turso.io", "https://b.eu.turso.io", True),
        ("libsql://a.turso.io", "https://A.Turso.io", True),
        ("libsql://a.turso.io", "http://a.turso.io", False),
        ("libsql://a.turso.io", "wss://a.turso.io", False),
        ("libsql://a.turso.io", "https://a.eu.turso.io", False),
        ("libsql://a.turso.io", "https://turso.io", False),
        ("libsql://a.turso.io", "https://a.turso.io.example.org", False),
        ("libsql://a.turso.io", "https://evil.example.org", False),
        ("libsql://a.turso.io", "https://evilturso.io", False),
        ("libsql://a.turso.io", "https://user@a.turso.io", False),
        ("libsql://a.turso.io", "https://a.turso.io?x=1", False),
        ("libsql://a.turso.io", "nonsense", False),
        ("libsql://a.turso.io", "", False),
        ("libsql://a.turso.io", "http://localhost", False),
        ("libsql://a.turso.io", "https://127.0.0.1", False),
        # Hosts directly below "org" belong to different owners.
        ("https://mine.org", "https://other.org", False),
        ("https://mine.org", "https://mine.org", True),
        ("https://database", "https://other", False),
        ("https://10.0.0.1", "https://10.0.0.1", True),
        ("https://10.0.0.1", "https://11.0.0.1", False),
        ("https://10.0.0.1", "https://a.0.0.1", False),
        ("https://[2001:db8::1]", "https://[2001:db8::2]", False),
        ("http://db.example.org", "http://db.example.org", False),
        ("http://localhost:1", "http://localhost:2", True),
        ("http://localhost:1", "http://127.0.0.1:2", True),
        ("http://localhost", "https://db.example.org", False),
        ("http://localhost", "ws://localhost", False),
    ],
)
def test_a_stream_moves_only_to_allowed_servers(origin: str, there: str, may: bool) -> None:
    assert may_follow(endpoint(origin), there) is may
