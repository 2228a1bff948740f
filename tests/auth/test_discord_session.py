"""Requests to Discord: what is sent, their limits, and replies that are not Discord's own."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from auth.discord_calls import (
    ACCESS,
    CLIENT_SECRET,
    MOST_BYTES,
    REFRESH,
    SECRETS,
    SOON,
    Call,
    calls,
    client,
    client_of,
    discord,
    elsewhere,
    every_call,
    server,
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

__all__ = ["client", "discord", "elsewhere", "server"]


# Requests


def test_request_code_sends_scope_and_client_id_only(discord: FakeDiscord, client: Discord) -> None:
    client.request_code()
    (seen,) = discord.seen
    assert (seen.method, seen.path) == ("POST", DEVICE)
    assert seen.form == {"client_id": CLIENT_ID, "scope": "identify guilds.members.read"}


def test_poll_sends_grant_type_and_device_code(discord: FakeDiscord, client: Discord) -> None:
    with pytest.raises(Pending):
        client.poll(client.request_code())
    assert discord.seen[-1].path == TOKEN
    assert discord.seen[-1].form == {
        "client_id": CLIENT_ID,
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": discord.issued[0],
    }


def test_refresh_sends_grant_type_and_refresh_token(discord: FakeDiscord, client: Discord) -> None:
    token = discord.grant()["refresh_token"]
    client.refresh(Secret(token))
    (seen,) = discord.requests_to(TOKEN)
    assert seen.form == {
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_token": token,
    }


def test_revoke_sends_the_token(discord: FakeDiscord, client: Discord) -> None:
    client.revoke(REFRESH)
    (seen,) = discord.requests_to(REVOKE)
    assert seen.form == {"client_id": CLIENT_ID, "token": REFRESH.reveal()}


@calls("me", "member")
def test_access_token_is_sent_as_bearer_header(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    failure_of(TokenInvalid, lambda: call.ask(client), SECRETS)
    (seen,) = discord.seen
    assert (seen.method, seen.path) == ("GET", call.path)
    assert seen.headers["authorization"] == f"Bearer {ACCESS.reveal()}"
    assert not seen.form


@calls("begin", "poll", "refresh", "revoke")
def test_client_secret_is_sent_in_the_form(discord: FakeDiscord, call: Call) -> None:
    discord.client_secret = CLIENT_SECRET.reveal()
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client_of(discord, secret=CLIENT_SECRET))
    (seen,) = discord.seen
    assert seen.form["client_secret"] == CLIENT_SECRET.reveal()
    assert seen.form["client_id"] == CLIENT_ID


@calls("begin", "poll", "refresh", "revoke")
def test_bodies_are_forms_without_authorization_header(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client)
    (seen,) = discord.seen
    assert seen.method == "POST"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in seen.headers


@every_call
def test_no_secret_is_in_a_url_nor_in_a_log(
    discord: FakeDiscord, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    discord.fail(call.path, Fault.status(403))
    with caplog.at_level(logging.DEBUG), pytest.raises(DiscordRejected):
        call.ask(client_of(discord, secret=CLIENT_SECRET))
    (seen,) = discord.seen
    assert (seen.path, seen.query) == (call.path, {})
    assert call.path in caplog.text, "nothing was logged at all"
    assert not [secret for secret in SECRETS if secret in caplog.text]


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


@calls("me", "member")
def test_tokens_are_sent_at_any_local_time(
    discord: FakeDiscord, client: Discord, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e10)
    failure_of(TokenInvalid, lambda: call.ask(client), SECRETS)
    assert [seen.path for seen in discord.seen] == [call.path]


@every_call
def test_user_agent_names_the_program(discord: FakeDiscord, client: Discord, call: Call) -> None:
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client)
    assert discord.seen[0].headers["user-agent"].startswith("tracker-tui/")


@every_call
def test_netrc_is_ignored(
    discord: FakeDiscord,
    client: Discord,
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(discord.url) == ("somebody", "something")
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client)
    (seen,) = discord.seen
    authorization = seen.headers.get("authorization", "")
    assert authorization == (f"Bearer {ACCESS.reveal()}" if seen.method == "GET" else "")


@every_call
def test_proxies_are_ignored_for_this_machine(
    discord: FakeDiscord,
    client: Discord,
    elsewhere: FakeDiscord,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert requests.utils.get_environ_proxies(discord.url)["https"] == elsewhere.url
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client)
    assert [seen.path for seen in discord.seen] == [call.path]
    assert not elsewhere.seen


@every_call
def test_a_redirect_is_not_followed(
    discord: FakeDiscord, client: Discord, elsewhere: FakeDiscord, call: Call
) -> None:
    statuses = (301, 302, 303, 307, 308)
    for status in statuses:
        there = {"Location": elsewhere.url + call.path}
        discord.fail("*", Fault.status(status, headers=there))
        error = failure_of(DiscordRejected, lambda: call.ask(client), SECRETS)
        assert str(status) in str(error)
    assert len(discord.seen) == len(statuses)
    assert not elsewhere.seen


# requests looks at `Location` even where redirects are not followed, and raises ValueError.
@pytest.mark.parametrize("location", ["http://[", "http://127.0.0.1:99999/", "\xff"])
def test_malformed_redirect_is_reported(
    discord: FakeDiscord, client: Discord, location: str
) -> None:
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


@every_call
def test_body_beyond_the_limit_is_not_read(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    discord.fail(call.path, Fault.huge(8 * MOST_BYTES))
    failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_size_limit_applies_to_the_decompressed_body(
    discord: FakeDiscord, client: Discord, *, is_packed: bool
) -> None:
    for size in (MOST_BYTES, MOST_BYTES + 1):
        body = b'{"id": "1", "username": "paul"}'.ljust(size)
        encoding = {"Content-Encoding": "gzip"} if is_packed else {}
        discord.fail(ME, Fault.status(200, gzip.compress(body) if is_packed else body, encoding))
    assert client.me(ACCESS).username == "paul"
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


def test_body_that_cannot_be_decompressed_is_reported(
    discord: FakeDiscord, client: Discord
) -> None:
    discord.fail(ME, Fault.status(200, b"no gzip at all", {"Content-Encoding": "gzip"}))
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


# Temporary failures


@every_call
def test_5xx_is_temporary(discord: FakeDiscord, client: Discord, call: Call) -> None:
    for status in (500, 502, 503, 504, 520):
        discord.fail(call.path, Fault.status(status, b"<html>Bad Gateway</html>"))
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
        assert str(status) in str(error)
        assert error.retry_after is None


@every_call
def test_429_carries_retry_after(discord: FakeDiscord, client: Discord, call: Call) -> None:
    discord.fail(call.path, Fault.too_many(12.25))
    error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
    assert error.retry_after == 12.25
    assert "13 s" in str(error)


LIMITS = [
    (b'{"retry_after": 64.57}', "", 64.57),
    (b'{"retry_after": 3}', "60", 3),
    (b'{"retry_after": "2.5"}', "60", 2.5),
    (b'{"retry_after": 0}', "60", 0),
    (b"", "65", 65),
    (b"", "1.5", 1.5),
    (b"<html>error code: 1015</html>", "30", 30),
    (b"[7]", "30", 30),
    (b'{"retry_after": null}', "30", 30),
    (b'{"retry_after": true}', "30", 30),
    (b'{"retry_after": [1]}', "30", 30),
    (b'{"retry_after": "soon"}', "30", 30),
    (b'{"retry_after": NaN}', "30", 30),
    (b'{"retry_after": "nan"}', "30", 30),
    (b'{"retry_after": "inf"}', "30", 30),
    (b'{"retry_after": 1e400}', "30", 30),
    (b'{"retry_after": 1' + b"0" * 400 + b"}", "30", 30),
    (b"[" * 10_000, "30", 30),
    (b'{"retry_after": 1e300}', "30", 86_400),
    (b'{"retry_after": -5}', "30", 0),
    (b"", "99999999999", 86_400),
    (b"", "-5", 0),
    (b"", "inf", 5),
    (b"", "nan", 5),
    (b"", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
    (b"", "Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    (b"", "", 5),
]


@pytest.mark.parametrize(("body", "header", "seconds"), LIMITS)
def test_retry_after_from_body_or_header(
    discord: FakeDiscord, client: Discord, body: bytes, header: str, seconds: float
) -> None:
    headers = {"Retry-After": header} if header else {}
    discord.fail(ME, Fault.status(429, body, headers))
    error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    assert error.retry_after == seconds


@every_call
@pytest.mark.parametrize("fault", [Fault.hang(60), Fault.trickle(0.01)], ids=["hang", "trickle"])
def test_deadline_covers_the_whole_request(call: Call, fault: Fault) -> None:
    with FakeDiscord() as discord:
        discord.fail(call.path, fault)
        client = client_of(discord, SOON)
        began = time.monotonic()
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
        assert SOON / 2 <= time.monotonic() - began < 5
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


@every_call
@pytest.mark.parametrize("fault", [Fault.hang_up(), Fault.answer_lost()], ids=lambda f: f.kind)
def test_broken_connection_is_reported_and_not_retried(
    discord: FakeDiscord, client: Discord, call: Call, fault: Fault
) -> None:
    discord.fail(call.path, fault)
    error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
    assert "cannot be reached" in str(error)
    assert len(discord.seen) == 1, "nothing is sent twice by itself"


def test_truncated_body_is_reported(discord: FakeDiscord, client: Discord) -> None:
    body = b'{"id": "1", "username": "paul"}'
    discord.fail(ME, Fault.status(200, body, {"Content-Length": "1000", "Connection": "close"}))
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


@every_call
def test_refused_connection_is_reported(discord: FakeDiscord, call: Call) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        url = f"https://127.0.0.1:{unused.getsockname()[1]}"
        client = client_of(discord, api_url=url, secret=CLIENT_SECRET)
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
    assert "cannot be reached" in str(error)


def test_server_without_http_is_reported(discord: FakeDiscord) -> None:
    tls, _ = loopback_certificate()
    with tls.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as server:
        client = client_of(discord, api_url=f"https://127.0.0.1:{server.getsockname()[1]}")
        server.settimeout(5)
        asked = start_in_background(
            lambda: failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"220 smtp.example ESMTP\r\n\r\n")
        assert "cannot be reached" in str(asked.result(5))


def test_server_without_tls_is_reported(discord: FakeDiscord) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        client = client_of(discord, api_url=f"https://127.0.0.1:{server.server_port}")
        error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    assert "encryption" in str(error)
