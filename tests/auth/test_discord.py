"""Each endpoint of Discord's: what is sent there, and what becomes of each answer."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests

from helpers.auth_errors import failure_of
from helpers.auth_guild import DEVICE, ME, REVOKE, TOKEN
from helpers.certificates import loopback_certificate
from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, Membership
from tracker_tui.auth.auth_errors import (
    CodeExpired,
    DiscordRejected,
    DiscordUnreachable,
    SignInRejected,
    TokenInvalid,
)
from tracker_tui.auth.discord import DeviceCode, Discord, GuildMember, Pending, Person
from tracker_tui.auth.guild_config import Guild
from tracker_tui.config.settings import Secret
from tracker_tui.net.call_with_timeout import start_in_background

MEMBER = f"/users/@me/guilds/{GUILD_ID}/member"
CLIENT_SECRET = Secret("client-4u8PqS1x")
ACCESS, REFRESH = Secret("access-Zk3bV9tR"), Secret("refresh-M2nQ7wLd")
CODE = DeviceCode(
    device_code=Secret("device-h5TgY8cE"),
    user_code="ZAW6C586",
    link="https://d/a",
    link_with_code="https://d/a?c",
    expires_at=float("inf"),
    interval=5.0,
)
SECRETS = [secret.reveal() for secret in (CLIENT_SECRET, ACCESS, REFRESH, CODE.device_code)]
SOON = 0.1
"""Seconds after which a request is given up that is meant to be."""
MOST_BYTES = 256 * 1024


class Call(NamedTuple):
    """An endpoint, how it is asked, and which secret it is asked with."""

    path: str
    ask: Callable[[Discord], object]
    secret: Secret | None = None


CALLS = {
    "begin": Call(DEVICE, lambda client: client.request_code()),
    "poll": Call(TOKEN, lambda client: client.poll(CODE), CODE.device_code),
    "refresh": Call(TOKEN, lambda client: client.refresh(REFRESH), REFRESH),
    "revoke": Call(REVOKE, lambda client: client.revoke(REFRESH), REFRESH),
    "me": Call(ME, lambda client: client.me(ACCESS), ACCESS),
    "member": Call(MEMBER, lambda client: client.member(ACCESS), ACCESS),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def calls(*names: str) -> pytest.MarkDecorator:
    """Each of these endpoints."""
    return pytest.mark.parametrize("call", [CALLS[name] for name in names], ids=names)


def client_of(
    discord: FakeDiscord, seconds: float = 10.0, secret: Secret | None = None, **changes: Any
) -> Discord:
    guild = Guild(discord.url, discord.client_id, discord.guild_id, (), secret)
    return Discord(guild._replace(**changes), seconds)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeDiscord]:
    """One server for all tests here: to start one takes longer than most of them."""
    with FakeDiscord() as server:
        yield server


@pytest.fixture
def discord(server: FakeDiscord) -> FakeDiscord:
    """A Discord that remembers nothing."""
    discord = FakeDiscord()
    discord.url, server._server.discord = server.url, discord
    return discord


@pytest.fixture
def client(discord: FakeDiscord) -> Discord:
    return client_of(discord)


@pytest.fixture
def elsewhere() -> Iterator[FakeDiscord]:
    """Another server, which must not hear of anything."""
    with FakeDiscord() as elsewhere:
        yield elsewhere


def refusal(error: str, **more: str) -> Fault:
    return Fault.status(400, {"error": error, **more})


def as_json(document: object) -> Fault:
    return Fault.garbage(json.dumps(document).encode())


# What is sent


def test_a_code_is_asked_for_with_the_scope_and_the_client_id_alone(
    discord: FakeDiscord, client: Discord
) -> None:
    client.request_code()
    (seen,) = discord.seen
    assert (seen.method, seen.path) == ("POST", DEVICE)
    assert seen.form == {"client_id": CLIENT_ID, "scope": "identify guilds.members.read"}


def test_a_poll_names_the_grant_and_the_code(discord: FakeDiscord, client: Discord) -> None:
    with pytest.raises(Pending):
        client.poll(client.request_code())
    assert discord.seen[-1].path == TOKEN
    assert discord.seen[-1].form == {
        "client_id": CLIENT_ID,
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": discord.issued[0],
    }


def test_a_refresh_names_the_grant_and_the_token(discord: FakeDiscord, client: Discord) -> None:
    token = discord.grant()["refresh_token"]
    client.refresh(Secret(token))
    (seen,) = discord.requests_to(TOKEN)
    assert seen.form == {
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_token": token,
    }


def test_a_token_is_taken_back_by_name(discord: FakeDiscord, client: Discord) -> None:
    client.revoke(REFRESH)
    (seen,) = discord.requests_to(REVOKE)
    assert seen.form == {"client_id": CLIENT_ID, "token": REFRESH.reveal()}


@calls("me", "member")
def test_an_access_token_goes_into_the_header(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    failure_of(TokenInvalid, lambda: call.ask(client), SECRETS)
    (seen,) = discord.seen
    assert (seen.method, seen.path) == ("GET", call.path)
    assert seen.headers["authorization"] == f"Bearer {ACCESS.reveal()}"
    assert not seen.form


@calls("begin", "poll", "refresh", "revoke")
def test_a_confidential_client_has_its_secret_in_the_form(discord: FakeDiscord, call: Call) -> None:
    discord.client_secret = CLIENT_SECRET.reveal()
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client_of(discord, secret=CLIENT_SECRET))
    (seen,) = discord.seen
    assert seen.form["client_secret"] == CLIENT_SECRET.reveal()
    assert seen.form["client_id"] == CLIENT_ID


@calls("begin", "poll", "refresh", "revoke")
def test_bodies_are_forms(discord: FakeDiscord, client: Discord, call: Call) -> None:
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
def test_the_clock_of_this_machine_keeps_no_token_from_discord(
    discord: FakeDiscord, client: Discord, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e10)
    failure_of(TokenInvalid, lambda: call.ask(client), SECRETS)
    assert [seen.path for seen in discord.seen] == [call.path]


@every_call
def test_it_says_who_asks(discord: FakeDiscord, client: Discord, call: Call) -> None:
    discord.fail(call.path, Fault.status(403))
    with pytest.raises(DiscordRejected):
        call.ask(client)
    assert discord.seen[0].headers["user-agent"].startswith("tracker-tui/")


@every_call
def test_a_netrc_of_the_user_is_not_used(
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
def test_a_proxy_is_not_asked_for_this_machine(
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
def test_a_redirect_to_nowhere_is_legible(
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


# Codes


def test_a_code_is_handed_out(discord: FakeDiscord, client: Discord) -> None:
    discord.interval, discord.expires_in = 7, 70
    before = time.monotonic()
    code = client.request_code()
    assert code.device_code.reveal() == discord.issued[0]
    assert len(code.user_code) == 8
    assert code.link == "https://discord.com/activate"
    assert code.link_with_code == f"https://discord.com/activate?user_code={code.user_code}"
    assert code.interval == 7
    assert before + 70 <= code.expires_at <= time.monotonic() + 70


def authorization(**changes: object) -> Fault:
    plain: dict[str, object] = {
        "device_code": "device-8FzQ",
        "user_code": "ZAW6C586",
        "verification_uri": "https://discord.com/activate",
        "verification_uri_complete": "https://discord.com/activate?user_code=ZAW6C586",
        "expires_in": 300,
        "interval": 5,
    }
    return as_json({k: v for k, v in (plain | changes).items() if v != "left out"})


def test_what_a_code_comes_without_is_as_rfc_8628_says(
    discord: FakeDiscord, client: Discord
) -> None:
    lacking = ("verification_uri_complete", "expires_in", "interval")
    discord.fail(DEVICE, authorization(**dict.fromkeys(lacking, "left out")))
    before = time.monotonic()
    code = client.request_code()
    assert code.link_with_code == code.link == "https://discord.com/activate"
    assert code.interval == 5
    assert before + 300 <= code.expires_at <= time.monotonic() + 300


@pytest.mark.parametrize(("told", "taken"), [(0, 1), (-5, 1), (0.25, 1), (3600, 60), (7.5, 7.5)])
def test_the_interval_of_a_code_is_kept_within_reason(
    discord: FakeDiscord, client: Discord, told: float, taken: float
) -> None:
    discord.fail(DEVICE, authorization(interval=told))
    assert client.request_code().interval == taken


@pytest.mark.parametrize(("told", "taken"), [(0, 1), (-1e9, 1), (1e12, 3600), (299.5, 299.5)])
def test_the_life_of_a_code_is_kept_within_reason(
    discord: FakeDiscord, client: Discord, told: float, taken: float
) -> None:
    discord.fail(DEVICE, authorization(expires_in=told))
    before = time.monotonic()
    assert before + taken <= client.request_code().expires_at <= time.monotonic() + taken


@pytest.mark.parametrize("name", ["verification_uri", "verification_uri_complete"])
@pytest.mark.parametrize(
    "link",
    [
        "http://discord.com/activate",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "discord.com/activate",
        " https://discord.com/activate",
        "https:/discord.com",
        "https://discord.com/\x1b[31m",
        "https://discord.com/\nactivate",
        "https://disc\u043erd.com/activate",
        "https://discord.com/\u202eetavitca",
        "https://discord.com/" + "a" * 5_000,
    ],
)
def test_links_that_are_not_plain_https_are_refused(
    discord: FakeDiscord, client: Discord, name: str, link: str
) -> None:
    discord.fail(DEVICE, authorization(**{name: link}))
    error = failure_of(DiscordRejected, client.request_code, ["device-8FzQ"])
    assert "https" in str(error)


def test_a_link_is_handed_on_whole_or_not_at_all(discord: FakeDiscord, client: Discord) -> None:
    link = "https://discord.com/activate?user_code=ZAW6C586&state=" + "0123456789" * 20
    discord.fail(DEVICE, authorization(verification_uri_complete=link))
    try:
        found = client.request_code().link_with_code
    except (DiscordRejected, DiscordUnreachable):
        return
    assert found in (link, "https://discord.com/activate")


def test_a_code_that_is_shown_is_one_line(discord: FakeDiscord, client: Discord) -> None:
    discord.fail(DEVICE, authorization(user_code="ZAW\x1b[2J\n6C586\u202e" + "X" * 100))
    shown = client.request_code().user_code
    assert shown.startswith("ZAW [2J 6C586X")
    assert shown.isprintable()
    assert len(shown) <= 40


# Polls


@pytest.mark.parametrize(
    "answer",
    [
        refusal("authorization_pending"),
        refusal("authorization_pending", error_description="not yet"),
        Fault.status(400),
        Fault.status(400, {}),
        Fault.status(400, {"message": "Bad Request", "code": 0}),
        Fault.status(400, b"<html>Bad Request</html>"),
        Fault.status(400, b"[1]"),
        Fault.status(400, {"error": 5}),
        Fault.status(400, b"\xff\xfe"),
        Fault.status(400, b"[" * 10_000),
    ],
)
def test_a_400_that_says_nothing_else_is_pending(
    discord: FakeDiscord, client: Discord, answer: Fault
) -> None:
    discord.fail(TOKEN, answer)
    with pytest.raises(Pending) as pending:
        client.poll(CODE)
    assert not pending.value.slow_down


def test_slow_down_is_pending_and_told(discord: FakeDiscord, client: Discord) -> None:
    discord.slow_down_next()
    code = client.request_code()
    with pytest.raises(Pending) as pending:
        client.poll(code)
    assert pending.value.slow_down
    with pytest.raises(Pending) as pending:
        client.poll(code)
    assert not pending.value.slow_down


def test_a_denied_code_says_that_somebody_refused(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.deny()
    error = failure_of(SignInRejected, lambda: client.poll(code), discord.issued)
    assert "refused" in str(error)


def test_an_expired_code_says_to_ask_for_another(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.expire()
    error = failure_of(CodeExpired, lambda: client.poll(code), discord.issued)
    assert "new one" in str(error)


def test_an_approved_code_gives_tokens(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.approve()
    before = time.time()
    tokens = client.poll(code)
    assert tokens.refresh is not None
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[1:]
    assert before + 604_800 <= tokens.expires_at <= time.time() + 604_800


@pytest.mark.parametrize("status", [401, 403, 404, 418])
def test_the_words_of_the_flow_mean_nothing_with_another_status(
    discord: FakeDiscord, client: Discord, status: int
) -> None:
    discord.fail(TOKEN, Fault.status(status, {"error": "authorization_pending"}))
    error = failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS)
    assert str(status) in str(error)


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "unsupported_grant_type"])
def test_any_other_error_of_a_poll_is_told(
    discord: FakeDiscord, client: Discord, error: str
) -> None:
    discord.fail(TOKEN, refusal(error, error_description="so it is"))
    told = str(failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS))
    assert f"(400: {error}, so it is)" in told


# Tokens


def test_a_refresh_replaces_both_tokens(discord: FakeDiscord, client: Discord) -> None:
    old = discord.grant()
    tokens = client.refresh(Secret(old["refresh_token"]))
    assert tokens.refresh is not None
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[2:]
    failure_of(TokenInvalid, lambda: client.refresh(Secret(old["refresh_token"])), discord.issued)


def test_tokens_without_a_refresh_token_or_a_lifetime_are_usable(
    discord: FakeDiscord, client: Discord
) -> None:
    discord.fail_always(TOKEN, as_json({"access_token": "a-1"}))
    for tokens in (client.poll(CODE), client.refresh(REFRESH)):
        assert (tokens.access.reveal(), tokens.refresh) == ("a-1", None)
        assert 0 <= time.time() + 604_800 - tokens.expires_at < 60


@pytest.mark.parametrize(
    ("told", "taken"), [(3600, 3600), ("3600", 3600), (99.9, 99), (-5, 0), (10**300, 31_622_400)]
)
def test_the_lifetime_of_tokens_is_kept_within_reason(
    discord: FakeDiscord, client: Discord, told: object, taken: float
) -> None:
    discord.fail(TOKEN, as_json({"access_token": "a-1", "expires_in": told}))
    before = time.time()
    expires_at = client.refresh(REFRESH).expires_at
    assert before + taken <= expires_at <= time.time() + taken


def test_tokens_that_live_for_no_time_have_run_out(discord: FakeDiscord, client: Discord) -> None:
    discord.token_lifetime = 0
    tokens = client.refresh(Secret(discord.grant()["refresh_token"]))
    assert tokens.expires_at <= time.time()


NOT_TOKENS = {
    "empty": b"",
    "no JSON": b"<html>Welcome</html>",
    "null": b"null",
    "number": b"5",
    "text": b'"access_token"',
    "list": b'["access_token"]',
    "nothing in it": b"{}",
    "no access token": b'{"refresh_token": "refresh-1", "expires_in": 604800}',
    "an error after all": b'{"error": "invalid_grant"}',
    "null token": b'{"access_token": null}',
    "number for a token": b'{"access_token": 5}',
    "list for a token": b'{"access_token": ["access-1"]}',
    "line break in a token": b'{"access_token": "access\\n-1"}',
    "blank in a token": b'{"access_token": "access -1"}',
    "no ASCII": b'{"access_token": "acc\\u00e9ss-1"}',
    "half a character": b'{"access_token": "access-1\\ud800"}',
    "number for a refresh token": b'{"access_token": "access-1", "refresh_token": 5}',
    "line break in a refresh token": b'{"access_token": "a", "refresh_token": "refresh\\r\\n"}',
    "text for a lifetime": b'{"access_token": "access-1", "expires_in": "soon"}',
    "form": b"access_token=access-1&refresh_token=refresh-1",
    "list for a lifetime": b'{"access_token": "access-1", "expires_in": []}',
    "no number for a lifetime": b'{"access_token": "access-1", "expires_in": NaN}',
    "number for a scope": b'{"access_token": "access-1", "scope": 5}',
    "half a number for a lifetime": b'{"access_token": "access-1", "expires_in": "nan"}',
    "no UTF-8": b'{"access_token": "access-1\xff"}',
    "cut": b'{"access_token": "access-1", "refr',
    "infinite lifetime": b'{"access_token": "access-1", "expires_in": 1e400}',
    "huge lifetime": b'{"access_token": "access-1", "expires_in": 1' + b"0" * 400 + b"}",
    "deep": b'{"access_token": ' + b"[" * 50_000,
    "empty token": b'{"access_token": "", "refresh_token": "refresh-1"}',
}


@calls("poll", "refresh")
@pytest.mark.parametrize("body", NOT_TOKENS.values(), ids=NOT_TOKENS)
def test_an_answer_without_usable_tokens_is_legible_and_quotes_none(
    discord: FakeDiscord, client: Discord, call: Call, body: bytes
) -> None:
    discord.fail(TOKEN, Fault.garbage(body))
    error = failure_of(
        DiscordUnreachable, lambda: call.ask(client), [*SECRETS, "access-1", "refresh-1"]
    )
    assert "no usable tokens" in str(error)


def test_only_invalid_grant_makes_a_refresh_token_void(
    discord: FakeDiscord, client: Discord
) -> None:
    discord.fail(TOKEN, refusal("invalid_request"), Fault.status(400), Fault.status(403))
    for _ in range(3):
        failure_of(DiscordRejected, lambda: client.refresh(REFRESH), SECRETS)
    failure_of(TokenInvalid, lambda: client.refresh(REFRESH), SECRETS)


def test_taking_back_signs_out_everywhere(discord: FakeDiscord, client: Discord) -> None:
    mine, on_another_machine = discord.grant(), discord.grant()
    client.revoke(Secret(mine["refresh_token"]))
    for token in (mine["access_token"], on_another_machine["access_token"]):
        failure_of(TokenInvalid, partial(client.me, Secret(token)), discord.issued)


def test_taking_back_what_is_void_is_no_error(discord: FakeDiscord, client: Discord) -> None:
    client.revoke(REFRESH)
    assert len(discord.requests_to(REVOKE)) == 1


# Who and what


def test_it_is_told_whose_token_it_is(discord: FakeDiscord, client: Discord) -> None:
    person = client.me(Secret(discord.grant()["access_token"]))
    assert person == Person(
        id="80351110224678912", username="paul", global_name="Paul Atreides", avatar=None
    )


@pytest.mark.parametrize("global_name", [None, ""])
def test_nobody_needs_a_global_name(
    discord: FakeDiscord, client: Discord, global_name: str | None
) -> None:
    discord.person.global_name = global_name
    assert client.me(Secret(discord.grant()["access_token"])).global_name is None


@pytest.mark.parametrize(
    ("avatar", "name"),
    [
        ("8342729096ea3675442027381ff50dfe", "8342729096ea3675442027381ff50dfe.png"),
        ("a_1269e74af4df7417b13759eae50c83dc", "a_1269e74af4df7417b13759eae50c83dc.gif"),
        ("b_1269", "b_1269.png"),
    ],
)
def test_an_avatar_has_a_url(discord: FakeDiscord, client: Discord, avatar: str, name: str) -> None:
    discord.person.avatar = avatar
    person = client.me(Secret(discord.grant()["access_token"]))
    assert person.avatar == f"https://cdn.discordapp.com/avatars/80351110224678912/{name}"


@pytest.mark.parametrize(
    "avatar",
    [
        *(None, "", "_", "../../evil", "a b", "a/b", "a?x=1", "a#b", "a\nb", "\x1b[31m", "é"),
        *("a.png", "[bold]", "\u202eabc", "%2e%2e"),
    ],
)
def test_an_avatar_that_is_no_name_has_none(
    discord: FakeDiscord, client: Discord, avatar: str | None
) -> None:
    discord.person.avatar = avatar
    assert client.me(Secret(discord.grant()["access_token"])).avatar is None


def test_a_member_has_roles_and_perhaps_a_nickname(discord: FakeDiscord, client: Discord) -> None:
    access = Secret(discord.grant()["access_token"])
    discord.membership = Membership("Usul", ["1", "2"])
    assert client.member(access) == GuildMember(nick="Usul", role_ids=("1", "2"))
    for nick in (None, ""):
        discord.membership = Membership(nick, [])
        assert client.member(access) == GuildMember(nick=None, role_ids=())


def test_who_is_not_in_the_guild_is_no_member(discord: FakeDiscord, client: Discord) -> None:
    discord.membership = None
    assert client.member(Secret(discord.grant()["access_token"])) is None
    elsewhere = client_of(discord, guild_id="1")
    assert elsewhere.member(Secret(discord.grant()["access_token"])) is None


def test_only_a_404_means_not_in_the_guild(discord: FakeDiscord, client: Discord) -> None:
    for status in (400, 403, 405, 410):
        discord.fail(MEMBER, Fault.status(status, {"message": "no"}))
        error = failure_of(DiscordRejected, lambda: client.member(ACCESS), SECRETS)
        assert f"({status}: no)" in str(error)
    discord.fail(ME, Fault.status(404))
    failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)


HOSTILE = "a\x1b[31m\nb\r\tc\x00\x9b[bold]d[/bold] \u202ee\u2066f"
HARMLESS = "a [31m b c [bold]d[/bold] ef"


def test_hostile_names_are_one_line(discord: FakeDiscord, client: Discord) -> None:
    discord.person.username = discord.person.global_name = HOSTILE
    discord.membership = Membership(HOSTILE, ["1"])
    access = Secret(discord.grant()["access_token"])
    person, member = client.me(access), client.member(access)
    assert member is not None
    assert (person.username, person.global_name, member.nick) == (HARMLESS,) * 3


def test_long_names_are_cut(discord: FakeDiscord, client: Discord) -> None:
    discord.person.username = discord.person.global_name = "x" * 50_000
    discord.membership = Membership("y" * 50_000, ["1"])
    access = Secret(discord.grant()["access_token"])
    person, member = client.me(access), client.member(access)
    assert member is not None
    for name in (person.username, person.global_name, member.nick):
        assert name is not None
        assert len(name) <= 100


@calls("me", "member")
def test_a_401_says_that_the_token_is_void(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    discord.fail(call.path, Fault.status(401, b"\xff not even JSON"))
    failure_of(TokenInvalid, lambda: call.ask(client), SECRETS)


NOBODY = {
    "empty": b"",
    "no JSON": b"<html>Welcome</html>",
    "null": b"null",
    "number": b"5",
    "text": b'"id"',
    "list": b"[]",
    "nothing in it": b"{}",
    "cut": b'{"id": "1", "username": "pa',
    "no UTF-8": b'{"id": "1", "username": "pa\xff"}',
    "half a character": b'{"id": "1", "username": "pa\\ud800"}',
    "deep": b"[" * 100_000,
    "deep in what nobody reads": b'{"id": "1", "username": "p", "z": ' + b"[" * 100_000,
    "number for an id": b'{"id": 80351110224678912, "username": "paul"}',
    "no id": b'{"username": "paul"}',
    "no name": b'{"id": "1"}',
    "null name": b'{"id": "1", "username": null}',
    "number for a name": b'{"id": "1", "username": "paul", "global_name": 5}',
    "list for an avatar": b'{"id": "1", "username": "paul", "avatar": []}',
    "empty id": b'{"id": "", "username": "paul"}',
    "id of letters": b'{"id": "paul", "username": "paul"}',
    "id of other digits": '{"id": "\u0661\u0662", "username": "paul"}'.encode(),
    "id with a sign": b'{"id": "-1", "username": "paul"}',
    "id with a path": b'{"id": "1/../2", "username": "paul"}',
}


@pytest.mark.parametrize("body", NOBODY.values(), ids=NOBODY)
def test_an_answer_that_names_nobody_is_legible(
    discord: FakeDiscord, client: Discord, body: bytes
) -> None:
    discord.fail(ME, Fault.garbage(body))
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


NO_MEMBER = {
    "empty": b"",
    "no JSON": b"<html>Welcome</html>",
    "null": b"null",
    "list": b"[]",
    "nothing in it": b"{}",
    "null roles": b'{"roles": null}',
    "text for roles": b'{"roles": "1001"}',
    "numbers for roles": b'{"roles": [1001]}',
    "null for a role": b'{"roles": ["1001", null]}',
    "object for roles": b'{"roles": {"1001": true}}',
    "number for a nickname": b'{"roles": [], "nick": 5}',
    "deep": b'{"roles": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("body", NO_MEMBER.values(), ids=NO_MEMBER)
def test_an_answer_that_names_no_member_is_legible(
    discord: FakeDiscord, client: Discord, body: bytes
) -> None:
    discord.fail(MEMBER, Fault.garbage(body))
    failure_of(DiscordUnreachable, lambda: client.member(ACCESS), SECRETS)


NO_CODE = {
    "empty": b"",
    "no JSON": b"<html>Welcome</html>",
    "null": b"null",
    "list": b"[]",
    "nothing in it": b"{}",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", NO_CODE.values(), ids=NO_CODE)
def test_an_answer_that_is_no_code_is_legible(
    discord: FakeDiscord, client: Discord, body: bytes
) -> None:
    discord.fail(DEVICE, Fault.garbage(body))
    failure_of(DiscordUnreachable, client.request_code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "left out") for name in ("device_code", "user_code", "verification_uri")),
        *((name, 5) for name in ("device_code", "user_code", "verification_uri")),
        *((name, None) for name in ("device_code", "user_code", "expires_in", "interval")),
        *((name, "5") for name in ("expires_in", "interval")),
        ("interval", True),
        ("interval", float("inf")),
        ("expires_in", float("nan")),
        ("expires_in", 10**400),
        ("verification_uri_complete", 5),
    ],
)
def test_half_a_code_is_legible(
    discord: FakeDiscord, client: Discord, name: str, value: object
) -> None:
    discord.fail(DEVICE, authorization(**{name: value}))
    failure_of(DiscordUnreachable, client.request_code, ["device-8FzQ"])


@every_call
def test_more_than_is_taken_is_not_read(discord: FakeDiscord, client: Discord, call: Call) -> None:
    discord.fail(call.path, Fault.huge(8 * MOST_BYTES))
    failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_how_much_is_taken_is_counted_unpacked(
    discord: FakeDiscord, client: Discord, *, is_packed: bool
) -> None:
    for size in (MOST_BYTES, MOST_BYTES + 1):
        body = b'{"id": "1", "username": "paul"}'.ljust(size)
        encoding = {"Content-Encoding": "gzip"} if is_packed else {}
        discord.fail(ME, Fault.status(200, gzip.compress(body) if is_packed else body, encoding))
    assert client.me(ACCESS).username == "paul"
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


def test_what_cannot_be_unpacked_is_legible(discord: FakeDiscord, client: Discord) -> None:
    discord.fail(ME, Fault.status(200, b"no gzip at all", {"Content-Encoding": "gzip"}))
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


# Refusals


@calls("begin", "poll", "refresh", "revoke")
@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("status", [400, 401])
def test_a_client_that_is_not_public_is_told_how_to_become_one(
    discord: FakeDiscord, client: Discord, call: Call, error: str, status: int
) -> None:
    discord.fail(call.path, Fault.status(status, {"error": error}))
    told = str(failure_of(DiscordRejected, lambda: call.ask(client), SECRETS))
    assert "public client" in told
    assert "DISCORD_CLIENT_ID" in told
    assert f"({status}: {error})" in told


def test_a_client_that_nobody_knows_is_told_so(discord: FakeDiscord) -> None:
    client = client_of(discord, client_id="1")
    assert "public client" in str(failure_of(DiscordRejected, client.request_code))


def test_a_client_without_the_secret_is_told_so(discord: FakeDiscord, client: Discord) -> None:
    discord.client_secret = CLIENT_SECRET.reveal()
    assert "public client" in str(failure_of(DiscordRejected, client.request_code, SECRETS))


@every_call
def test_what_discord_says_of_a_refusal_is_one_line_without_secrets(
    discord: FakeDiscord, call: Call
) -> None:
    sent = [CLIENT_SECRET.reveal(), *([] if call.secret is None else [call.secret.reveal()])]
    discord.fail(call.path, Fault.status(403, {"message": f"{HOSTILE}: {' '.join(sent)}"}))
    client = client_of(discord, secret=CLIENT_SECRET)
    told = str(failure_of(DiscordRejected, lambda: call.ask(client), sent))
    assert told.endswith(f"(403: {HARMLESS}: {' '.join('…' for _ in sent)}).")


def test_a_secret_that_would_be_cut_is_struck_out_whole(
    discord: FakeDiscord, client: Discord
) -> None:
    for before in range(180, 200):
        said = {"message": "x" * before + REFRESH.reveal()}
        discord.fail(TOKEN, Fault.status(403, said))
        with pytest.raises(DiscordRejected) as refused:
            client.refresh(REFRESH)
        assert REFRESH.reveal()[:4] not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"message": 5}', b"[" * 10_000])
def test_a_refusal_without_a_word_names_the_status(
    discord: FakeDiscord, client: Discord, body: bytes
) -> None:
    discord.fail(ME, Fault.status(403, body))
    error = failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)
    assert str(error).endswith("(403).")


# Not now


@every_call
def test_a_server_in_trouble_may_be_asked_later(
    discord: FakeDiscord, client: Discord, call: Call
) -> None:
    for status in (500, 502, 503, 504, 520):
        discord.fail(call.path, Fault.status(status, b"<html>Bad Gateway</html>"))
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
        assert str(status) in str(error)
        assert error.retry_after is None


@every_call
def test_a_429_says_for_how_long(discord: FakeDiscord, client: Discord, call: Call) -> None:
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
def test_how_long_discord_wants_to_be_left_alone(
    discord: FakeDiscord, client: Discord, body: bytes, header: str, seconds: float
) -> None:
    headers = {"Retry-After": header} if header else {}
    discord.fail(ME, Fault.status(429, body, headers))
    error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    assert error.retry_after == seconds


@every_call
@pytest.mark.parametrize("fault", [Fault.hang(60), Fault.trickle(0.01)], ids=["hang", "trickle"])
def test_an_answer_that_does_not_come_in_time_is_given_up(call: Call, fault: Fault) -> None:
    with FakeDiscord() as discord:
        discord.fail(call.path, fault)
        client = client_of(discord, SOON)
        began = time.monotonic()
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
        assert SOON / 2 <= time.monotonic() - began < 5
    # Which of two deadlines came first is chance.
    assert "in time" in str(error) or "cannot be reached" in str(error)
    assert error.retry_after is None


def test_an_answer_that_was_given_up_is_not_read_for_ever() -> None:
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
def test_a_connection_that_breaks_is_told_of(
    discord: FakeDiscord, client: Discord, call: Call, fault: Fault
) -> None:
    discord.fail(call.path, fault)
    error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
    assert "cannot be reached" in str(error)
    assert len(discord.seen) == 1, "nothing is sent twice by itself"


def test_an_answer_that_is_cut_is_no_answer(discord: FakeDiscord, client: Discord) -> None:
    body = b'{"id": "1", "username": "paul"}'
    discord.fail(ME, Fault.status(200, body, {"Content-Length": "1000", "Connection": "close"}))
    failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)


@every_call
def test_a_discord_that_nobody_answers_for_is_told_of(discord: FakeDiscord, call: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        client = client_of(discord, api_url=url, secret=CLIENT_SECRET)
        error = failure_of(DiscordUnreachable, lambda: call.ask(client), SECRETS)
    assert "cannot be reached" in str(error)


def test_who_does_not_speak_http_is_told_of(discord: FakeDiscord) -> None:
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


def test_an_encryption_that_fails_is_told_of(discord: FakeDiscord) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        client = client_of(discord, api_url=f"https://127.0.0.1:{server.server_port}")
        error = failure_of(DiscordUnreachable, lambda: client.me(ACCESS), SECRETS)
    assert "encryption" in str(error)
