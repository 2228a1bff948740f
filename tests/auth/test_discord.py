"""Each method of `Discord`: codes, polls, tokens, the user and the guild member."""

from __future__ import annotations

import time
from functools import partial

import pytest

from auth.discord_calls import (
    ACCESS,
    CLIENT_SECRET,
    CODE,
    MEMBER,
    REFRESH,
    SECRETS,
    Call,
    as_json,
    calls,
    client,
    client_of,
    discord,
    elsewhere,
    every_call,
    refusal,
    server,
)
from helpers.auth_errors import failure_of
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

__all__ = ["client", "discord", "elsewhere", "server"]

# Codes


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


def test_missing_fields_of_a_code_get_the_defaults_of_rfc_8628(
    discord: FakeDiscord, client: Discord
) -> None:
    lacking = ("verification_uri_complete", "expires_in", "interval")
    discord.fail(DEVICE, authorization(**dict.fromkeys(lacking, "left out")))
    before = time.monotonic()
    code = client.request_code()
    assert code.link_with_code == code.link == "https://discord.com/activate"
    assert code.interval == 5
    assert before + 300 <= code.expires_at <= time.monotonic() + 300


@pytest.mark.parametrize(
    ("given", "expected"), [(0, 1), (-5, 1), (0.25, 1), (3600, 60), (7.5, 7.5)]
)
def test_interval_is_limited(
    discord: FakeDiscord, client: Discord, given: float, expected: float
) -> None:
    discord.fail(DEVICE, authorization(interval=given))
    assert client.request_code().interval == expected


@pytest.mark.parametrize(("given", "expected"), [(0, 1), (-1e9, 1), (1e12, 3600), (299.5, 299.5)])
def test_code_lifetime_is_limited(
    discord: FakeDiscord, client: Discord, given: float, expected: float
) -> None:
    discord.fail(DEVICE, authorization(expires_in=given))
    before = time.monotonic()
    assert before + expected <= client.request_code().expires_at <= time.monotonic() + expected


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
def test_links_other_than_plain_https_are_rejected(
    discord: FakeDiscord, client: Discord, name: str, link: str
) -> None:
    discord.fail(DEVICE, authorization(**{name: link}))
    error = failure_of(DiscordRejected, client.request_code, ["device-8FzQ"])
    assert "https" in str(error)


def test_link_is_never_shortened(discord: FakeDiscord, client: Discord) -> None:
    link = "https://discord.com/activate?user_code=ZAW6C586&state=" + "0123456789" * 20
    discord.fail(DEVICE, authorization(verification_uri_complete=link))
    try:
        found = client.request_code().link_with_code
    except (DiscordRejected, DiscordUnreachable):
        return
    assert found in (link, "https://discord.com/activate")


def test_user_code_is_one_printable_line(discord: FakeDiscord, client: Discord) -> None:
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
def test_400_without_a_known_error_is_pending(
    discord: FakeDiscord, client: Discord, answer: Fault
) -> None:
    discord.fail(TOKEN, answer)
    with pytest.raises(Pending) as pending:
        client.poll(CODE)
    assert not pending.value.slow_down


def test_slow_down_is_pending_with_a_flag(discord: FakeDiscord, client: Discord) -> None:
    discord.slow_down_next()
    code = client.request_code()
    with pytest.raises(Pending) as pending:
        client.poll(code)
    assert pending.value.slow_down
    with pytest.raises(Pending) as pending:
        client.poll(code)
    assert not pending.value.slow_down


def test_access_denied_raises_sign_in_rejected(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.deny()
    error = failure_of(SignInRejected, lambda: client.poll(code), discord.issued)
    assert "declined" in str(error)


def test_expired_token_raises_code_expired(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.expire()
    error = failure_of(CodeExpired, lambda: client.poll(code), discord.issued)
    assert "new one" in str(error)


def test_approved_code_returns_tokens(discord: FakeDiscord, client: Discord) -> None:
    code = client.request_code()
    discord.approve()
    before = time.time()
    tokens = client.poll(code)
    assert tokens.refresh is not None
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[1:]
    assert before + 604_800 <= tokens.expires_at <= time.time() + 604_800


@pytest.mark.parametrize("status", [401, 403, 404, 418])
def test_flow_errors_with_another_status_are_rejections(
    discord: FakeDiscord, client: Discord, status: int
) -> None:
    discord.fail(TOKEN, Fault.status(status, {"error": "authorization_pending"}))
    error = failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS)
    assert str(status) in str(error)


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "unsupported_grant_type"])
def test_other_poll_errors_are_quoted(discord: FakeDiscord, client: Discord, error: str) -> None:
    discord.fail(TOKEN, refusal(error, error_description="so it is"))
    message = str(failure_of(DiscordRejected, lambda: client.poll(CODE), SECRETS))
    assert f"(400: {error}, so it is)" in message


# Tokens


def test_a_refresh_replaces_both_tokens(discord: FakeDiscord, client: Discord) -> None:
    old = discord.grant()
    tokens = client.refresh(Secret(old["refresh_token"]))
    assert tokens.refresh is not None
    assert [tokens.access.reveal(), tokens.refresh.reveal()] == discord.issued[2:]
    failure_of(TokenInvalid, lambda: client.refresh(Secret(old["refresh_token"])), discord.issued)


def test_refresh_token_and_lifetime_are_optional(discord: FakeDiscord, client: Discord) -> None:
    discord.fail_always(TOKEN, as_json({"access_token": "a-1"}))
    for tokens in (client.poll(CODE), client.refresh(REFRESH)):
        assert (tokens.access.reveal(), tokens.refresh) == ("a-1", None)
        assert 0 <= time.time() + 604_800 - tokens.expires_at < 60


@pytest.mark.parametrize(
    ("sent", "lifetime"),
    [
        *((3600, 3600), ("3600", 3600), ("60.5", 60), ("6e5", 600_000), (99.9, 99), (-5, 0)),
        (10**300, 31_622_400),
    ],
)
def test_token_lifetime_is_limited(
    discord: FakeDiscord, client: Discord, sent: object, lifetime: float
) -> None:
    discord.fail(TOKEN, as_json({"access_token": "a-1", "expires_in": sent, "error": None}))
    before = time.time()
    expires_at = client.refresh(REFRESH).expires_at
    assert before + lifetime <= expires_at <= time.time() + lifetime


def test_tokens_with_no_lifetime_are_expired(discord: FakeDiscord, client: Discord) -> None:
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
def test_unusable_token_reply_is_reported_and_not_quoted(
    discord: FakeDiscord, client: Discord, call: Call, body: bytes
) -> None:
    discord.fail(TOKEN, Fault.garbage(body))
    error = failure_of(
        DiscordUnreachable, lambda: call.ask(client), [*SECRETS, "access-1", "refresh-1"]
    )
    assert "no usable tokens" in str(error)


def test_only_invalid_grant_invalidates_a_refresh_token(
    discord: FakeDiscord, client: Discord
) -> None:
    discord.fail(TOKEN, refusal("invalid_request"), Fault.status(400), Fault.status(403))
    for _ in range(3):
        failure_of(DiscordRejected, lambda: client.refresh(REFRESH), SECRETS)
    failure_of(TokenInvalid, lambda: client.refresh(REFRESH), SECRETS)


def test_revoking_signs_out_on_all_machines(discord: FakeDiscord, client: Discord) -> None:
    mine, on_another_machine = discord.grant(), discord.grant()
    client.revoke(Secret(mine["refresh_token"]))
    for token in (mine["access_token"], on_another_machine["access_token"]):
        failure_of(TokenInvalid, partial(client.me, Secret(token)), discord.issued)


def test_revoking_an_invalid_token_is_no_error(discord: FakeDiscord, client: Discord) -> None:
    client.revoke(REFRESH)
    assert len(discord.requests_to(REVOKE)) == 1


# User and guild member


def test_me_returns_the_user_of_the_token(discord: FakeDiscord, client: Discord) -> None:
    person = client.me(Secret(discord.grant()["access_token"]))
    assert person == Person(
        id="80351110224678912", username="paul", global_name="Paul Atreides", avatar=None
    )


@pytest.mark.parametrize("global_name", [None, ""])
def test_global_name_is_optional(
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
def test_avatar_becomes_a_url(
    discord: FakeDiscord, client: Discord, avatar: str, name: str
) -> None:
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
def test_malformed_avatar_is_none(
    discord: FakeDiscord, client: Discord, avatar: str | None
) -> None:
    discord.person.avatar = avatar
    assert client.me(Secret(discord.grant()["access_token"])).avatar is None


def test_member_returns_roles_and_nickname(discord: FakeDiscord, client: Discord) -> None:
    access = Secret(discord.grant()["access_token"])
    discord.membership = Membership("Usul", ["1", "2"])
    assert client.member(access) == GuildMember(nick="Usul", role_ids=("1", "2"))
    for nick in (None, ""):
        discord.membership = Membership(nick, [])
        assert client.member(access) == GuildMember(nick=None, role_ids=())


def test_member_is_none_outside_the_guild(discord: FakeDiscord, client: Discord) -> None:
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
def test_401_raises_token_invalid(discord: FakeDiscord, client: Discord, call: Call) -> None:
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
    "deep in what is never read": b'{"id": "1", "username": "p", "z": ' + b"[" * 100_000,
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
def test_unusable_user_reply_is_reported(
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
def test_unusable_member_reply_is_reported(
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
def test_unusable_code_reply_is_reported(
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
def test_incomplete_code_reply_is_reported(
    discord: FakeDiscord, client: Discord, name: str, value: object
) -> None:
    discord.fail(DEVICE, authorization(**{name: value}))
    failure_of(DiscordUnreachable, client.request_code, ["device-8FzQ"])


# Rejections


@calls("begin", "poll", "refresh", "revoke")
@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
@pytest.mark.parametrize("status", [400, 401])
def test_client_error_explains_the_public_client_switch(
    discord: FakeDiscord, client: Discord, call: Call, error: str, status: int
) -> None:
    discord.fail(call.path, Fault.status(status, {"error": error}))
    message = str(failure_of(DiscordRejected, lambda: call.ask(client), SECRETS))
    assert "public client" in message
    assert "DISCORD_CLIENT_ID" in message
    assert f"({status}: {error})" in message


def test_unknown_client_id_explains_the_public_client_switch(discord: FakeDiscord) -> None:
    client = client_of(discord, client_id="1")
    assert "public client" in str(failure_of(DiscordRejected, client.request_code))


def test_missing_client_secret_explains_the_public_client_switch(
    discord: FakeDiscord, client: Discord
) -> None:
    discord.client_secret = CLIENT_SECRET.reveal()
    assert "public client" in str(failure_of(DiscordRejected, client.request_code, SECRETS))


@every_call
def test_rejection_is_quoted_in_one_line_without_secrets(discord: FakeDiscord, call: Call) -> None:
    sent = [CLIENT_SECRET.reveal(), *([] if call.secret is None else [call.secret.reveal()])]
    discord.fail(call.path, Fault.status(403, {"message": f"{HOSTILE}: {' '.join(sent)}"}))
    client = client_of(discord, secret=CLIENT_SECRET)
    message = str(failure_of(DiscordRejected, lambda: call.ask(client), sent))
    assert message.endswith(f"(403: {HARMLESS}: {' '.join('…' for _ in sent)}).")


def test_secrets_are_redacted_before_the_text_is_cut(discord: FakeDiscord, client: Discord) -> None:
    for before in range(180, 200):
        said = {"message": "x" * before + REFRESH.reveal()}
        discord.fail(TOKEN, Fault.status(403, said))
        with pytest.raises(DiscordRejected) as caught:
            client.refresh(REFRESH)
        assert REFRESH.reveal()[:4] not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"message": 5}', b"[" * 10_000])
def test_rejection_without_a_message_names_the_status(
    discord: FakeDiscord, client: Discord, body: bytes
) -> None:
    discord.fail(ME, Fault.status(403, body))
    error = failure_of(DiscordRejected, lambda: client.me(ACCESS), SECRETS)
    assert str(error).endswith("(403).")
