"""Each method of `Discord`: codes, polls, tokens, user and guild member; and its rejections."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from itertools import product
from typing import Any

import pytest

from auth.discord_calls import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    CODE,
    HARMLESS,
    HOSTILE,
    MEMBER,
    REFRESH,
    SECRETS,
    as_json,
    client_of,
    refusal,
)
from auth.unusable_replies import DAMAGED, NO_MEMBER, NOBODY, NOT_TOKENS
from helpers.auth_errors import E, failure_of, failures_of
from helpers.auth_guild import DEVICE, ME, REVOKE, TOKEN
from helpers.discord import FakeDiscord, Fault, Membership
from tracker_tui.auth.discord import Discord, GuildMember, Person
from tracker_tui.auth.discord_errors import (
    CodeExpired,
    DiscordRejected,
    DiscordUnreachable,
    Pending,
    SignInRejected,
    TokenInvalid,
)
from tracker_tui.config.settings import Secret


def test_request_code_returns_code_links_and_times(discord: FakeDiscord, client: Discord) -> None:
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


def codes_that_fail(
    kind: type[E], client: Discord, cases: Iterable[tuple[str, object]], discord: FakeDiscord
) -> list[E]:
    """Ask for a code that has these fields, one after the other; return the errors."""

    def ask(case: tuple[str, object]) -> None:
        discord.fail(DEVICE, authorization(**dict([case])))
        client.request_code()

    return failures_of(kind, ask, cases, ["device-8FzQ"])


def test_interval_and_lifetime_of_a_code_have_defaults_and_limits(
    discord: FakeDiscord, client: Discord
) -> None:
    lacking = ("verification_uri_complete", "expires_in", "interval")
    discord.fail(DEVICE, authorization(**dict.fromkeys(lacking, "left out")))
    before = time.monotonic()
    code = client.request_code()
    assert code.link_with_code == code.link == "https://discord.com/activate"
    assert code.interval == 5
    assert before + 300 <= code.expires_at <= time.monotonic() + 300
    # They are limited.
    for given, expected in ((0, 1), (-5, 1), (0.25, 1), (3600, 60), (7.5, 7.5)):
        discord.fail(DEVICE, authorization(interval=given))
        assert client.request_code().interval == expected, given
    for given, expected in ((0, 1), (-1e9, 1), (1e12, 3600), (299.5, 299.5)):
        discord.fail(DEVICE, authorization(expires_in=given))
        before = time.monotonic()
        expires_at = client.request_code().expires_at
        assert before + expected <= expires_at <= time.monotonic() + expected, given


def test_links_are_plain_https_and_a_user_code_is_one_line(
    discord: FakeDiscord, client: Discord
) -> None:
    links = (
        *("http://discord.com/activate", "javascript:alert(1)", "file:///etc/passwd"),
        *("discord.com/activate", " https://discord.com/activate", "https:/discord.com"),
        *("https://discord.com/\x1b[31m", "https://discord.com/\nactivate"),
        *("https://disc\u043erd.com/activate", "https://discord.com/\u202eetavitca"),
        "https://discord.com/" + "a" * 5_000,
    )

    names = ("verification_uri", "verification_uri_complete")
    for error in codes_that_fail(DiscordRejected, client, product(names, links), discord):
        assert "https" in str(error)
    # A link is never shortened.
    link = "https://discord.com/activate?user_code=ZAW6C586&state=" + "0123456789" * 20
    discord.fail(DEVICE, authorization(verification_uri_complete=link))
    assert client.request_code().link_with_code == link
    # A user code is one printable line.
    discord.fail(DEVICE, authorization(user_code="ZAW\x1b[2J\n6C586\u202e" + "X" * 100))
    shown = client.request_code().user_code
    assert shown.startswith("ZAW [2J 6C586X")
    assert shown.isprintable()
    assert len(shown) <= 40


def test_400_without_a_known_error_is_pending(discord: FakeDiscord, client: Discord) -> None:
    bodies: tuple[bytes | dict[str, Any], ...] = (
        {"error": "authorization_pending"},
        {"error": "authorization_pending", "error_description": "not yet"},
        {"message": "Bad Request", "code": 0},
        {"error": 5},
        *(b"", b"<html>Bad Request</html>", b"[1]", b"\xff\xfe", b"[" * 10_000),
    )
    for answer in bodies:
        discord.fail(TOKEN, Fault.status(400, answer))
        with pytest.raises(Pending) as pending:
            client.poll(CODE)
        assert not pending.value.slow_down, answer


def test_each_answer_of_the_flow_has_its_own_result(discord: FakeDiscord, client: Discord) -> None:
    discord.slow_down_next()
    code = client.request_code()
    for slow_down in (True, False):
        with pytest.raises(Pending) as pending:
            client.poll(code)
        assert pending.value.slow_down is slow_down
    discord.deny()
    error: Exception = failure_of(SignInRejected, lambda: client.poll(code), discord.issued)
    assert "declined" in str(error)
    discord.expire()
    error = failure_of(CodeExpired, lambda: client.poll(code), discord.issued)
    assert "new one" in str(error)
    approved = client.request_code()
    discord.approve()
    before = time.time()
    tokens = client.poll(approved)
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[2:]
    assert before + 604_800 <= tokens.expires_at <= time.time() + 604_800


def test_other_poll_errors_are_rejections_that_are_quoted(
    discord: FakeDiscord, client: Discord
) -> None:
    for status in (401, 403, 404, 418):
        discord.fail(TOKEN, Fault.status(status, {"error": "authorization_pending"}))
        error = failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS)
        assert str(status) in str(error)
    for name in ("invalid_grant", "invalid_request", "unsupported_grant_type"):
        discord.fail(TOKEN, refusal(name, error_description="so it is"))
        message = str(failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS))
        assert f"(400: {name}, so it is)" in message


def test_a_refresh_replaces_both_tokens(discord: FakeDiscord, client: Discord) -> None:
    old = discord.grant()
    tokens = client.refresh(Secret(old["refresh_token"]))
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[2:]
    failure_of(TokenInvalid, lambda: client.refresh(Secret(old["refresh_token"])), discord.issued)
    # Only `invalid_grant` invalidates a refresh token.
    discord.fail(TOKEN, refusal("invalid_request"), Fault.status(400), Fault.status(403))
    for _ in range(3):
        failure_of(DiscordRejected, lambda: client.refresh(REFRESH), SECRETS)
    failure_of(TokenInvalid, lambda: client.refresh(REFRESH), SECRETS)


def test_refresh_token_and_lifetime_are_optional(discord: FakeDiscord, client: Discord) -> None:
    discord.fail_always(TOKEN, as_json({"access_token": "a-1"}))
    for tokens in (client.poll(CODE), client.refresh(REFRESH)):
        assert (tokens.access.reveal(), tokens.refresh) == ("a-1", None)
        assert 0 <= time.time() + 604_800 - tokens.expires_at < 60
    # A lifetime is limited.
    discord.heal()
    for sent, lifetime in (
        *((3600, 3600), ("3600", 3600), ("60.5", 60), ("6e5", 600_000), (99.9, 99)),
        *((0, 0), (-5, 0), (10**300, 31_622_400)),
    ):
        discord.fail(TOKEN, as_json({"access_token": "a-1", "expires_in": sent, "error": None}))
        before = time.time()
        expires_at = client.refresh(REFRESH).expires_at
        assert before + lifetime <= expires_at <= time.time() + lifetime, sent


def test_revoking_signs_out_on_all_machines(discord: FakeDiscord, client: Discord) -> None:
    mine, on_another_machine = discord.grant(), discord.grant()
    client.revoke(Secret(mine["refresh_token"]))
    for token in (mine["access_token"], on_another_machine["access_token"]):
        failure_of(TokenInvalid, partial(client.me, Secret(token)), discord.issued)
    # An invalid token is no error.
    client.revoke(REFRESH)
    assert len(discord.requests_to(REVOKE)) == 2


def test_me_returns_the_user_of_the_token(discord: FakeDiscord, client: Discord) -> None:
    access = Secret(discord.grant()["access_token"])
    assert client.me(access) == Person(
        id="80351110224678912", username="paul", global_name="Paul Atreides", avatar=None
    )
    for discord.person.global_name in (None, ""):
        assert client.me(access).global_name is None
    # An avatar becomes a URL if it is well formed.
    files = {"83ea": "83ea.png", "a_12e7": "a_12e7.gif", "b_1269": "b_1269.png"}
    malformed = (
        *(None, "", "_", "../../evil", "a b", "a/b", "a?x=1", "a#b", "a\nb", "\x1b[31m", "é"),
        *("a.png", "[bold]", "\u202eabc", "%2e%2e", "a" * 101),
    )
    base = "https://cdn.discordapp.com/avatars/80351110224678912/"
    urls: dict[str | None, str | None] = {name: base + file for name, file in files.items()}
    urls |= dict.fromkeys(malformed)
    for discord.person.avatar, url in urls.items():
        assert client.me(access).avatar == url


def test_member_returns_roles_and_nickname(discord: FakeDiscord, client: Discord) -> None:
    access = Secret(discord.grant()["access_token"])
    discord.membership = Membership("Usul", ["1", "2"])
    assert client.member(access) == GuildMember(nick="Usul", role_ids=("1", "2"))
    for nick in (None, ""):
        discord.membership = Membership(nick, [])
        assert client.member(access) == GuildMember(nick=None, role_ids=())


def test_only_a_404_means_not_in_the_guild_and_a_401_an_invalid_token(
    discord: FakeDiscord, client: Discord
) -> None:
    access = Secret(discord.grant()["access_token"])
    assert client_of(discord, guild_id="1").member(access) is None
    discord.membership = None
    assert client.member(access) is None
    for status in (400, 403, 405, 410):
        discord.fail(MEMBER, Fault.status(status, {"message": "no"}))
        error = failure_of(DiscordRejected, lambda: client.member(ACCESS), SECRETS)
        assert f"({status}: no)" in str(error)
    discord.fail(ME, Fault.status(404))
    failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)
    for name in ("me", "member"):
        discord.fail(CALLS[name].path, Fault.status(401, b"\xff not even JSON"))
        failure_of(TokenInvalid, partial(CALLS[name].ask, client), SECRETS)
    # Names are one line, and cut.
    for name, shown in ((HOSTILE, HARMLESS), ("x" * 50_000, "x" * 99 + "…")):
        discord.person.username = discord.person.global_name = name
        discord.membership = Membership(name, ["1"])
        person, member = client.me(access), client.member(access)
        assert (person.username, person.global_name, member.nick) == (shown,) * 3


def test_unusable_replies_are_reported(discord: FakeDiscord, client: Discord) -> None:
    def ask(case: tuple[str, bytes]) -> None:
        name, body = case
        discord.fail(CALLS[name].path, Fault.garbage(body))
        CALLS[name].ask(client)

    replies = {"me": NOBODY, "member": NO_MEMBER, "begin": DAMAGED}
    # Polls and refreshes parse their replies alike.
    replies |= {"poll": NOT_TOKENS, "refresh": NOT_TOKENS[::3]}
    cases = [(name, body) for name, bodies in replies.items() for body in bodies]
    secrets = [*SECRETS, "access-1", "refresh-1"]
    errors = failures_of(DiscordUnreachable, ask, cases, secrets)
    for (name, body), error in zip(cases, errors, strict=True):
        is_of_tokens = name in ("poll", "refresh")
        assert ("no usable tokens" in str(error)) is is_of_tokens, (name, body)


def test_incomplete_code_reply_is_reported(discord: FakeDiscord, client: Discord) -> None:
    texts = ("device_code", "user_code", "verification_uri")
    cases: list[tuple[str, object]] = [
        *((name, "left out") for name in texts),
        *((name, 5) for name in (*texts, "verification_uri_complete")),
        *((name, None) for name in ("device_code", "user_code", "expires_in", "interval")),
        *((name, "5") for name in ("expires_in", "interval")),
        *(("interval", True), ("interval", float("inf"))),
        *(("expires_in", float("nan")), ("expires_in", 10**400)),
    ]
    codes_that_fail(DiscordUnreachable, client, cases, discord)


def test_client_error_explains_the_public_client_switch(
    discord: FakeDiscord, client: Discord
) -> None:
    for name, error, status in (
        *(("begin", "invalid_client", 400), ("begin", "unauthorized_client", 401)),
        *(("poll", "invalid_client", 401), ("refresh", "unauthorized_client", 400)),
        ("revoke", "invalid_client", 400),
    ):
        discord.fail(CALLS[name].path, Fault.status(status, {"error": error}))
        rejection = failure_of(DiscordRejected, partial(CALLS[name].ask, client), SECRETS)
        for part in ("public client", "DISCORD_CLIENT_ID", f"({status}: {error})"):
            assert part in str(rejection), (name, error, status)
    # So do a wrong client id and a wrong secret.
    unknown = client_of(discord, client_id="1")
    assert "public client" in str(failure_of(DiscordRejected, unknown.request_code))
    discord.client_secret = CLIENT_SECRET.reveal()
    assert "public client" in str(failure_of(DiscordRejected, client.request_code, SECRETS))


def test_rejection_is_quoted_in_one_line_without_secrets(discord: FakeDiscord) -> None:
    client = client_of(discord, secret=CLIENT_SECRET)
    for name, call in CALLS.items():
        sent = [CLIENT_SECRET.reveal(), *([] if call.secret is None else [call.secret.reveal()])]
        discord.fail(call.path, Fault.status(403, {"message": f"{HOSTILE}: {' '.join(sent)}"}))
        message = str(failure_of(DiscordRejected, partial(call.ask, client), sent))
        assert message.endswith(f"(403: {HARMLESS}: {' '.join('…' for _ in sent)})."), name
    # Secrets are redacted before the text is cut.
    for before in range(180, 200, 2):
        said = {"message": "x" * before + REFRESH.reveal()}
        discord.fail(TOKEN, Fault.status(403, said))
        with pytest.raises(DiscordRejected) as caught:
            client.refresh(REFRESH)
        assert REFRESH.reveal()[:4] not in str(caught.value)
    # Without a message the status is named.
    for body in (b"", b"[]", b"\xff", b'{"message": 5}', b"[" * 10_000):
        discord.fail(ME, Fault.status(403, body))
        error = failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)
        assert str(error).endswith("(403)."), body
