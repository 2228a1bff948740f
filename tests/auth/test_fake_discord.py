"""The pretended Discord rejects what the real one would: other tests would not notice otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from helpers.auth_guild import DEVICE, ME, REVOKE, TOKEN
from helpers.certificates import loopback_certificate
from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, Person

MEMBER = f"/users/@me/guilds/{GUILD_ID}/member"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "identify guilds.members.read"


class Client:
    """Sends requests on one connection; returns status and error."""

    def __init__(self, discord: FakeDiscord, session: requests.Session) -> None:
        self._discord = discord
        self.session = session

    def post(self, path: str, /, **form: str) -> tuple[int, str]:
        reply = self.session.post(
            self._discord.url + path, {"client_id": CLIENT_ID, **form}, timeout=5
        )
        return reply.status_code, reply.json().get("error", "")

    def get(self, path: str, token: str | None = None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.session.get(self._discord.url + path, headers=headers, timeout=5).status_code

    def new_code(self) -> tuple[str, str]:
        """Return a new device code and its user code."""
        self.post(DEVICE, scope=SCOPE)
        device_code, code = list(self._discord._codes.items())[-1]
        return device_code, code.user_code

    def poll(self, code: tuple[str, str]) -> tuple[int, str]:
        return self.post(TOKEN, grant_type=DEVICE_CODE, device_code=code[0])

    def refresh(self, tokens: dict[str, Any]) -> tuple[int, str]:
        return self.post(TOKEN, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.fixture
def client(discord: FakeDiscord) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(loopback_certificate()[1])
        yield Client(discord, session)


def test_each_code_is_approved_denied_or_expired_and_gives_tokens_once(
    discord: FakeDiscord, client: Client
) -> None:
    first, second, third, newest = (client.new_code() for _ in range(4))
    discord.approve(first[1])
    discord.deny(second[1])
    discord.expire(third[1])
    discord.slow_down_next()
    assert client.poll(newest) == (400, "slow_down")
    assert [client.poll(code) for code in (first, second, third, newest)] == [
        (200, ""),
        (400, "access_denied"),
        (400, "expired_token"),
        (400, "authorization_pending"),
    ]
    assert client.poll(first) == (400, "invalid_grant")
    with pytest.raises(AssertionError, match="NONESUCH"):
        discord.approve("NONESUCH")


def test_tokens_end_by_refreshing_revoking_and_time(discord: FakeDiscord, client: Client) -> None:
    old = discord.grant()
    assert [client.refresh(old), client.refresh(old)] == [(200, ""), (400, "invalid_grant")]
    assert client.get(ME, old["access_token"]) == 200
    for token in (None, "", "access-forged"):
        assert (client.get(ME, token), client.get(MEMBER, token)) == (401, 401), token

    second = discord.grant()
    discord.person = Person("2", "chani", None)
    others = discord.grant()
    assert client.post(REVOKE, token=old["access_token"]) == (200, "")
    assert client.get(ME, second["access_token"]) == 401
    assert client.refresh(second) == (400, "invalid_grant")
    assert client.get(ME, others["access_token"]) == 200

    discord.token_lifetime = 0
    assert client.get(ME, discord.grant()["access_token"]) == 401
    discord.expire_access()
    assert client.get(ME, others["access_token"]) == 401
    assert client.refresh(others) == (200, "")


def test_malformed_requests_are_rejected(discord: FakeDiscord, client: Client) -> None:
    url, form = discord.url, {"client_id": CLIENT_ID, "scope": SCOPE}
    assert client.session.post(url + DEVICE, json=form, timeout=5).status_code == 400
    outside = url.removesuffix("/api/v10") + ME
    assert client.session.get(outside, timeout=5).status_code == 404
    assert (client.get(TOKEN), client.get("/nowhere")) == (405, 404)
    assert client.post(DEVICE) == (400, "invalid_scope")
    assert client.post(TOKEN) == (400, "invalid_request")
    assert client.post(TOKEN, grant_type="password") == (400, "unsupported_grant_type")
    assert client.poll(("device-forged", "")) == (400, "invalid_grant")
    assert client.post(REVOKE) == (400, "invalid_request")
    discord.client_secret = "spice"
    for path in (DEVICE, TOKEN, REVOKE):
        assert client.post(path, client_id="1", client_secret="spice") == (401, "invalid_client")
        assert client.post(path, client_secret="sand") == (401, "invalid_client")
    assert client.post(DEVICE, scope=SCOPE, client_secret="spice") == (200, "")
    # A request is carried out if only its answer is lost.
    discord.client_secret, tokens = None, discord.grant()
    discord.issued.clear()
    for fault, issued in ((Fault.hang_up(), 0), (Fault.hang(0.01), 0), (Fault.answer_lost(), 2)):
        discord.fail(TOKEN, fault)
        with pytest.raises(requests.ConnectionError):
            client.refresh(tokens)
        assert len(discord.issued) == issued, fault
