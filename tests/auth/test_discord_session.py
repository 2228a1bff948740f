"""Requests to Discord: what is sent, their limits, and replies that are not Discord's own."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import tracemalloc
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import product
from pathlib import Path

import pytest
import requests

from auth.discord_calls import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    MEMBER,
    MOST_BYTES,
    REFRESH,
    SECRETS,
    SOON,
    client_of,
)
from helpers.auth_errors import failure_of
from helpers.auth_guild import DEVICE, ME, REVOKE, TOKEN
from helpers.certificates import loopback_certificate
from helpers.discord import CLIENT_ID, FakeDiscord, Fault
from tracker_tui.auth.discord import Discord
from tracker_tui.auth.discord_errors import (
    DiscordRejected,
    DiscordUnreachable,
    Pending,
    TokenInvalid,
)
from tracker_tui.config.settings import Secret
from tracker_tui.net.call_with_timeout import start_in_background

# Requests


def test_posts_send_only_what_they_need(discord: FakeDiscord, client: Discord) -> None:
    token = discord.grant()["refresh_token"]
    with pytest.raises(Pending):
        client.poll(client.request_code())
    client.refresh(Secret(token))
    client.revoke(REFRESH)
    device_code = "urn:ietf:params:oauth:grant-type:device_code"
    forms: list[tuple[str, dict[str, str]]] = [
        (DEVICE, {"scope": "identify guilds.members.read"}),
        (TOKEN, {"grant_type": device_code, "device_code": discord.issued[2]}),
        (TOKEN, {"grant_type": "refresh_token", "refresh_token": token}),
        (REVOKE, {"token": REFRESH.reveal()}),
    ]
    sent = [(seen.path, seen.form) for seen in discord.seen]
    assert sent == [(path, {"client_id": CLIENT_ID, **form}) for path, form in forms]


def test_each_request_sends_its_secret_in_the_right_place(
    discord: FakeDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    discord.client_secret = CLIENT_SECRET.reveal()
    client = client_of(discord, secret=CLIENT_SECRET)
    for name, call in CALLS.items():
        discord.seen.clear()
        caplog.clear()
        discord.fail(call.path, Fault.status(403))
        with caplog.at_level(logging.DEBUG), pytest.raises(DiscordRejected):
            call.ask(client)
        (seen,) = discord.seen
        assert (seen.path, seen.query) == (call.path, {}), name
        assert seen.headers["user-agent"].startswith("tracker-tui/"), name
        assert call.path in caplog.text, "nothing was logged at all"
        assert not [secret for secret in SECRETS if secret in caplog.text], name
        if name in ("me", "member"):
            assert (seen.method, seen.form) == ("GET", {}), name
            assert seen.headers["authorization"] == f"Bearer {ACCESS.reveal()}", name
        else:
            assert seen.method == "POST", name
            assert seen.headers["content-type"] == "application/x-www-form-urlencoded", name
            assert "authorization" not in seen.headers, name
            assert seen.form["client_secret"] == CLIENT_SECRET.reveal(), name
            assert seen.form["client_id"] == CLIENT_ID, name


def test_no_token_is_in_a_log(
    discord: FakeDiscord, client: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    # requests-oauthlib logs tokens, forms and replies at this level.
    for name in ("", "oauthlib", "requests_oauthlib", "requests_oauthlib.oauth2_session"):
        caplog.set_level(logging.DEBUG, name)
    discord.approves_at_once = True
    tokens = client.poll(client.request_code())
    assert tokens.refresh is not None
    tokens = client.refresh(tokens.refresh)
    client.me(tokens.access)
    client.member(tokens.access)
    client.revoke(tokens.access)
    assert TOKEN in caplog.text, "nothing was logged at all"
    assert len(discord.issued) == 5
    assert not [secret for secret in discord.issued if secret in caplog.text]


def test_tokens_are_sent_at_any_local_time(
    discord: FakeDiscord, client: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e10)
    for name in ("me", "member"):
        failure_of(TokenInvalid, partial(CALLS[name].ask, client), SECRETS)
    assert [seen.path for seen in discord.seen] == [ME, MEMBER]


def test_netrc_and_proxies_are_ignored(
    discord: FakeDiscord,
    client: Discord,
    elsewhere: FakeDiscord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(discord.url) == ("somebody", "something")
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert requests.utils.get_environ_proxies(discord.url)["https"] == elsewhere.url
    for call in CALLS.values():
        discord.fail(call.path, Fault.status(403))
        with pytest.raises(DiscordRejected):
            call.ask(client)
    bearer = f"Bearer {ACCESS.reveal()}"
    sent = [(seen.path, seen.headers.get("authorization")) for seen in discord.seen]
    assert sent == [
        (call.path, bearer if name in ("me", "member") else None) for name, call in CALLS.items()
    ]
    assert not elsewhere.seen


def test_a_redirect_is_not_followed_and_a_malformed_one_is_reported(
    discord: FakeDiscord, client: Discord, elsewhere: FakeDiscord
) -> None:
    cases = [(call, 302) for call in CALLS.values()]
    cases += [(CALLS["refresh"], status) for status in (301, 303, 307, 308)]
    for call, status in cases:
        there = {"Location": elsewhere.url + call.path}
        discord.fail("*", Fault.status(status, headers=there))
        error = failure_of(DiscordRejected, partial(call.ask, client), SECRETS)
        assert str(status) in str(error), call.path
    assert len(discord.seen) == len(cases)
    assert not elsewhere.seen
    # requests looks at `Location` even where redirects are not followed, and raises ValueError.
    for location in ("http://[", "http://127.0.0.1:99999/", "\xff"):
        discord.fail(ME, Fault.redirect(location))
        with pytest.raises((DiscordRejected, DiscordUnreachable)):
            client.me(ACCESS)


# requests reads the whole body of a redirect, before anything here counts its bytes.
def test_a_huge_redirect_is_not_read_to_its_end(discord: FakeDiscord, client: Discord) -> None:
    body = b"x" * (80 * MOST_BYTES)
    discord.fail(ME, Fault.status(302, body, {"Location": discord.url}))
    tracemalloc.start()
    try:
        with pytest.raises((DiscordRejected, DiscordUnreachable)):
            client.me(ACCESS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(body) / 4


def test_size_limit_counts_unpacked_bytes_and_broken_bodies_are_reported(
    discord: FakeDiscord, client: Discord
) -> None:
    for call in CALLS.values():
        discord.fail(call.path, Fault.garbage(b'"' + b"x" * (8 * MOST_BYTES) + b'"'))
        failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
    for is_packed in (False, True):
        for size in (MOST_BYTES, MOST_BYTES + 1):
            body = b'{"id": "1", "username": "paul"}'.ljust(size)
            encoding = {"Content-Encoding": "gzip"} if is_packed else {}
            body = gzip.compress(body) if is_packed else body
            discord.fail(ME, Fault.status(200, body, encoding))
        assert client.me(ACCESS).username == "paul"
        failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    # Bodies that cannot be unpacked, or end too soon
    body = b'{"id": "1", "username": "paul"}'
    truncated = {"Content-Length": "1000", "Connection": "close"}
    discord.fail(ME, Fault.status(200, b"no gzip at all", {"Content-Encoding": "gzip"}))
    discord.fail(ME, Fault.status(200, body, truncated))
    for _ in range(2):
        failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


def test_5xx_and_429_are_temporary(discord: FakeDiscord, client: Discord) -> None:
    for name, call in CALLS.items():
        for status in (500, 502, 503, 504, 520) if name == "me" else (503,):
            discord.fail(call.path, Fault.status(status, b"<html>Bad Gateway</html>"))
            error = failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
            assert str(status) in str(error), name
            assert error.retry_after is None
        discord.fail(call.path, Fault.too_many(12.25))
        error = failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
        assert error.retry_after == 12.25, name
        assert "13 s" in str(error)


# Body, header and pause; a body without a usable number leaves it to the header.
LIMITS = [
    *((b'{"retry_after": 64.57}', "", 64.57), (b'{"retry_after": "2.5"}', "60", 2.5)),
    *((b'{"retry_after": 0}', "60", 0), (b"", "65", 65)),
    *(
        (b'{"retry_after": %b}' % wrong, "30", 30)
        for wrong in (b"null", b"[1]", b'"soon"', b'"nan"', b'"inf"', b"1e400", b"1" + b"0" * 400)
    ),
    *((body, "30", 30) for body in (b"<html>error code: 1015</html>", b"[7]", b"[" * 10_000)),
    *((b'{"retry_after": 1e300}', "30", 86_400), (b'{"retry_after": -5}', "30", 0)),
    *((b"", "99999999999", 86_400), (b"", "-5", 0), (b"", "inf", 5), (b"", "nan", 5), (b"", "", 5)),
    (b"", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
    (b"", "Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
]


def test_retry_after_from_body_or_header(discord: FakeDiscord, client: Discord) -> None:
    found = []
    for body, header, _ in LIMITS:
        headers = {"Retry-After": header} if header else {}
        discord.fail(ME, Fault.status(429, body, headers))
        error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
        found.append((body, header, error.retry_after))
    assert found == LIMITS


def test_deadline_covers_the_whole_request() -> None:
    with FakeDiscord() as discord:
        client = client_of(discord, SOON)
        for call, fault in product(CALLS.values(), (Fault.hang(60), Fault.trickle(0.01))):
            discord.fail("*", fault)
            began = time.monotonic()
            error = failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
            assert SOON / 2 <= time.monotonic() - began < 5, call.path
            # Which of two deadlines came first is chance.
            assert "in time" in str(error) or "cannot be reached" in str(error)
            assert error.retry_after is None


def test_abandoned_request_ends_its_thread() -> None:
    before = set(threading.enumerate())
    with FakeDiscord() as discord:
        discord.fail(ME, Fault.trickle(0.01))
        # Longer than a busy machine takes from one byte to the next.
        failure_of(DiscordUnreachable, lambda: client_of(discord, 0.5).me(ACCESS), SECRETS)
        for thread in set(threading.enumerate()) - before:
            if thread.name == "background":
                thread.join(2)
                assert not thread.is_alive()


def test_broken_connection_is_reported_and_not_retried(
    discord: FakeDiscord, client: Discord
) -> None:
    for fault in (Fault.hang_up(), Fault.answer_lost()):
        for call in CALLS.values():
            discord.seen.clear()
            discord.fail(call.path, fault)
            error = failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
            assert "cannot be reached" in str(error), call.path
            assert len(discord.seen) == 1, "nothing is sent twice by itself"


def test_other_servers_are_reported(discord: FakeDiscord) -> None:
    # A refused connection
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        url = f"https://127.0.0.1:{unused.getsockname()[1]}"
        client = client_of(discord, api_url=url, secret=CLIENT_SECRET)
        for call in CALLS.values():
            error = failure_of(DiscordUnreachable, partial(call.ask, client), SECRETS)
            assert "cannot be reached" in str(error), call.path
    # A server without HTTP
    tls, _ = loopback_certificate()
    with tls.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as server:
        client = client_of(discord, api_url=f"https://127.0.0.1:{server.getsockname()[1]}")
        server.settimeout(5)
        ask = partial(client.me, ACCESS)
        asked = start_in_background(lambda: failure_of(DiscordUnreachable, ask, SECRETS))
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"220 smtp.example ESMTP\r\n\r\n")
        assert "cannot be reached" in str(asked.result(5))
    # A server without TLS
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        client = client_of(discord, api_url=f"https://127.0.0.1:{server.server_port}")
        error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    assert "encryption" in str(error)
