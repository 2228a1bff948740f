"""The pretended Discord that the other tests rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from helpers.certificates import loopback_certificate
from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, Membership, Person

DEVICE = "/oauth2/device/authorize"
TOKEN = "/oauth2/token"
REVOKE = "/oauth2/token/revoke"
ME = "/users/@me"
MEMBER = f"/users/@me/guilds/{GUILD_ID}/member"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "identify guilds.members.read"
PENDING = (400, "authorization_pending")


class Client:
    """Sends requests as a program would, on one connection."""

    def __init__(self, discord: FakeDiscord, session: requests.Session) -> None:
        self._discord = discord
        self._session = session

    def post(self, path: str, /, **form: str) -> requests.Response:
        form = {"client_id": CLIENT_ID, **form}
        return self._session.post(self._discord.url + path, form, timeout=5)

    def get(self, path: str, token: str | None = None, **options: Any) -> requests.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        options = {"timeout": 5, "allow_redirects": False, **options}
        return self._session.get(self._discord.url + path, headers=headers, **options)

    def new_code(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(DEVICE, scope=SCOPE).json()
        return answer

    def poll(self, code: dict[str, Any]) -> requests.Response:
        return self.post(TOKEN, grant_type=DEVICE_CODE, device_code=code["device_code"])

    def refresh(self, tokens: dict[str, Any]) -> requests.Response:
        return self.post(TOKEN, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    with FakeDiscord() as discord:
        yield discord


@pytest.fixture
def client(discord: FakeDiscord) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(loopback_certificate()[1])
        yield Client(discord, session)


def refused(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


# The flow


def test_a_code_is_handed_out(discord: FakeDiscord, client: Client) -> None:
    discord.interval, discord.expires_in = 7, 70

    code = client.new_code()

    assert code["device_code"].startswith("device-")
    assert len(code["user_code"]) == 8
    assert code["user_code"].isalnum()
    assert code["user_code"] == code["user_code"].upper()
    assert code["verification_uri"] == "https://discord.com/activate"
    whole = f"https://discord.com/activate?user_code={code['user_code']}"
    assert code["verification_uri_complete"] == whole
    assert (code["interval"], code["expires_in"]) == (7, 70)
    assert discord.issued == [code["device_code"]]


def test_an_approved_code_gives_tokens_once(discord: FakeDiscord, client: Client) -> None:
    code = client.new_code()
    assert refused(client.poll(code)) == PENDING
    assert refused(client.poll(code)) == PENDING
    discord.approve()

    tokens = client.poll(code).json()

    assert tokens["access_token"].startswith("access-")
    assert tokens["refresh_token"].startswith("refresh-")
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 604800)
    assert tokens["scope"] == SCOPE
    assert set(discord.issued) == {
        code["device_code"],
        tokens["access_token"],
        tokens["refresh_token"],
    }
    assert refused(client.poll(code)) == (400, "invalid_grant")


def test_codes_are_approved_denied_and_expired_by_name(
    discord: FakeDiscord, client: Client
) -> None:
    first, second, third, newest = (client.new_code() for _ in range(4))
    discord.approve(first["user_code"])
    discord.deny(second["user_code"])
    discord.expire(third["user_code"])

    assert client.poll(first).status_code == 200
    assert refused(client.poll(second)) == (400, "access_denied")
    assert refused(client.poll(third)) == (400, "expired_token")
    assert refused(client.poll(newest)) == PENDING

    with pytest.raises(AssertionError, match="NONESUCH"):
        discord.approve("NONESUCH")


def test_the_newest_code_is_the_default(discord: FakeDiscord, client: Client) -> None:
    older, newest = client.new_code(), client.new_code()
    discord.deny()

    assert refused(client.poll(older)) == PENDING
    assert refused(client.poll(newest)) == (400, "access_denied")

    discord.expire()

    assert refused(client.poll(newest)) == (400, "expired_token")


def test_a_code_runs_out_by_itself(discord: FakeDiscord, client: Client) -> None:
    discord.expires_in = 0

    assert refused(client.poll(client.new_code())) == (400, "expired_token")


def test_a_code_can_be_approved_at_once(discord: FakeDiscord, client: Client) -> None:
    discord.approves_at_once = True

    assert client.poll(client.new_code()).status_code == 200


def test_polls_are_slowed_down_only_on_demand(discord: FakeDiscord, client: Client) -> None:
    code = client.new_code()
    discord.slow_down_next(2)

    errors = [client.poll(code).json()["error"] for _ in range(4)]

    assert errors == ["slow_down"] * 2 + ["authorization_pending"] * 2


# What a token is good for


def test_token_returns_the_person(discord: FakeDiscord, client: Client) -> None:
    token = discord.grant()["access_token"]
    expected = {"id": "80351110224678912", "username": "paul", "global_name": "Paul Atreides"}

    assert client.get(ME, token).json().items() >= {**expected, "avatar": None}.items()

    discord.person.avatar = "a_1269e74af4df7417b13759eae50c83dc"

    assert client.get(ME, token).json()["avatar"] == discord.person.avatar


def test_a_token_stays_with_the_person_that_approved(discord: FakeDiscord, client: Client) -> None:
    token = discord.grant()["access_token"]
    discord.person = Person("2", "chani", None)

    assert client.get(ME, token).json()["username"] == "paul"
    assert client.get(ME, discord.grant()["access_token"]).json()["username"] == "chani"


def test_token_returns_the_membership(discord: FakeDiscord, client: Client) -> None:
    discord.membership = Membership(None, ["1", "2"])

    member = client.get(MEMBER, discord.grant()["access_token"]).json()

    assert (member["nick"], member["roles"]) == (None, ["1", "2"])
    assert member["user"]["id"] == discord.person.id
    assert "joined_at" in member


def test_membership_is_missing_outside_the_guild(discord: FakeDiscord, client: Client) -> None:
    token = discord.grant()["access_token"]
    other = client.get("/users/@me/guilds/1/member", token)
    discord.membership = None
    left = client.get(MEMBER, token)

    assert (other.status_code, left.status_code) == (404, 404)
    assert other.json() == left.json() == {"message": "Unknown Guild", "code": 10004}


@pytest.mark.parametrize("path", [ME, MEMBER])
@pytest.mark.parametrize("token", [None, "", "access-forged"])
def test_an_invalid_token_is_rejected(client: Client, path: str, token: str | None) -> None:
    answer = client.get(path, token)

    assert answer.status_code == 401
    assert answer.json() == {"message": "401: Unauthorized", "code": 0}


# Refreshing and revoking


def test_refreshing_replaces_the_refresh_token_only(discord: FakeDiscord, client: Client) -> None:
    old = discord.grant()

    new = client.refresh(old).json()

    assert new.keys() == old.keys()
    assert set(new.values()).isdisjoint({old["access_token"], old["refresh_token"]})
    assert refused(client.refresh(old)) == (400, "invalid_grant")
    assert client.get(ME, old["access_token"]).status_code == 200
    assert client.get(ME, new["access_token"]).status_code == 200


def test_access_tokens_run_out(discord: FakeDiscord, client: Client) -> None:
    tokens = discord.grant()
    discord.expire_access()
    assert client.get(ME, tokens["access_token"]).status_code == 401

    discord.token_lifetime = 0
    refreshed = client.refresh(tokens).json()

    assert refreshed["expires_in"] == 0
    assert client.get(ME, refreshed["access_token"]).status_code == 401


def test_a_person_can_revoke_access(discord: FakeDiscord, client: Client) -> None:
    tokens = discord.grant()
    discord.revoke()

    assert client.get(ME, tokens["access_token"]).status_code == 401
    assert refused(client.refresh(tokens)) == (400, "invalid_grant")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_the_program_revokes_all_of_one_person(
    discord: FakeDiscord, client: Client, which: str
) -> None:
    first, second = discord.grant(), discord.grant()
    discord.person = Person("2", "chani", None)
    others = discord.grant()

    answer = client.post(REVOKE, token=first[which])

    assert (answer.status_code, answer.json()) == (200, {})
    assert client.get(ME, first["access_token"]).status_code == 401
    assert client.get(ME, second["access_token"]).status_code == 401
    assert refused(client.refresh(second)) == (400, "invalid_grant")
    assert client.get(ME, others["access_token"]).status_code == 200
    assert client.post(REVOKE, token=first[which]).status_code == 200


# Requests that are wrong


@pytest.mark.parametrize("path", [DEVICE, TOKEN, REVOKE])
def test_bodies_are_forms_of_the_right_client(
    discord: FakeDiscord, client: Client, path: str
) -> None:
    not_a_form = requests.post(discord.url + path, json={"client_id": CLIENT_ID}, timeout=5)

    assert not_a_form.status_code == 400
    assert "message" in not_a_form.json()
    assert refused(client.post(path, client_id="1")) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "auth", "status"),
    [
        ({"client_id": CLIENT_ID, "client_secret": "spice"}, None, 200),
        ({}, (CLIENT_ID, "spice"), 200),
        ({"client_id": CLIENT_ID}, None, 401),
        ({"client_id": CLIENT_ID, "client_secret": "sand"}, None, 401),
        ({}, (CLIENT_ID, "sand"), 401),
    ],
)
def test_the_client_secret_is_accepted_in_the_form_or_as_basic(
    discord: FakeDiscord, form: dict[str, str], auth: tuple[str, str] | None, status: int
) -> None:
    discord.client_secret = "spice"

    answer = requests.post(discord.url + DEVICE, {"scope": SCOPE, **form}, auth=auth, timeout=5)

    assert answer.status_code == status


def test_other_malformed_requests_are_rejected(discord: FakeDiscord, client: Client) -> None:
    basic = {"Authorization": "Basic !"}
    garbled = requests.post(discord.url + DEVICE, {"scope": "x"}, headers=basic, timeout=5)
    outside = discord.url.removesuffix("/api/v10")

    assert refused(garbled) == (401, "invalid_client")
    assert refused(client.post(DEVICE)) == (400, "invalid_scope")
    assert refused(client.post(TOKEN)) == (400, "invalid_request")
    assert refused(client.post(TOKEN, grant_type="password")) == (400, "unsupported_grant_type")
    assert refused(client.poll({"device_code": "device-forged"})) == (400, "invalid_grant")
    assert refused(client.refresh({"refresh_token": "forged"})) == (400, "invalid_grant")
    assert refused(client.post(REVOKE)) == (400, "invalid_request")
    assert client.get(TOKEN).status_code == 405
    assert client.get("/nowhere").status_code == 404
    assert requests.get(outside + ME, timeout=5).status_code == 404


# What is noted


def test_requests_are_noted_in_order(discord: FakeDiscord, client: Client) -> None:
    began = time.monotonic()
    client.post(DEVICE, scope=SCOPE, empty="")
    client.get(ME + "?with=query", "access-forged")

    first, second = discord.seen

    assert (first.method, first.path) == ("POST", DEVICE)
    assert first.form == {"client_id": CLIENT_ID, "scope": SCOPE, "empty": ""}
    assert (second.method, second.path) == ("GET", ME)
    assert (second.form, second.query) == ({}, {"with": "query"})
    assert second.headers["authorization"] == "Bearer access-forged"
    assert began <= first.at <= second.at <= time.monotonic()
    assert discord.requests_to(ME) == [second]


def test_one_of_two_concurrent_refreshes_succeeds(discord: FakeDiscord) -> None:
    refresh_token = discord.grant()["refresh_token"]
    form = {
        "client_id": CLIENT_ID,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }

    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(requests.post, discord.url + TOKEN, form, timeout=5) for _ in range(8)
        ]

    assert sorted(each.result().status_code for each in asked) == [200] + [400] * 7
    assert len(discord.requests_to(TOKEN)) == 8


# Faults


def test_each_fault_is_met_once(discord: FakeDiscord, client: Client) -> None:
    discord.fail(DEVICE, Fault.status(500), Fault.status(502, {"message": "no"}, {"X-So": "so"}))
    elsewhere = client.get(ME)
    first, second, third = (client.post(DEVICE, scope=SCOPE) for _ in range(3))

    assert elsewhere.status_code == 401
    assert (first.status_code, first.content) == (500, b"")
    assert (second.status_code, second.json()) == (502, {"message": "no"})
    assert second.headers["X-So"] == "so"
    assert third.status_code == 200
    assert len(discord.issued) == 1
    assert len(discord.requests_to(DEVICE)) == 3


def test_lasting_faults_end_when_healed(discord: FakeDiscord, client: Client) -> None:
    discord.fail_always("*", Fault.status(503))
    discord.fail_always(ME, Fault.status(504))
    discord.fail("*", Fault.status(500))

    assert [client.get(ME).status_code for _ in range(3)] == [500, 504, 504]
    assert client.get(MEMBER).status_code == 503

    discord.fail(ME, Fault.status(500))
    discord.heal()

    assert client.get(ME).status_code == 401


def test_hang_up_closes_the_connection(discord: FakeDiscord, client: Client) -> None:
    discord.fail(DEVICE, Fault.hang_up())

    with pytest.raises(requests.ConnectionError):
        client.post(DEVICE, scope=SCOPE)

    assert not discord.issued
    assert client.post(DEVICE, scope=SCOPE).status_code == 200


def test_a_hang_ends_after_its_time(discord: FakeDiscord, client: Client) -> None:
    discord.fail_always(ME, Fault.hang(0.1))

    with pytest.raises(requests.Timeout):
        client.get(ME, timeout=0.02)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        client.get(ME)

    assert 0.1 <= time.monotonic() - began < 2


@pytest.mark.parametrize("fault", [Fault.hang(60), Fault.trickle(60)])
def test_it_stops_at_once_while_requests_hang(fault: Fault) -> None:
    with ThreadPoolExecutor(1) as thread:
        with FakeDiscord() as discord, requests.Session() as idle:
            idle.get(discord.url + "/nowhere", timeout=5)
            discord.fail(ME, fault)
            hanging = thread.submit(requests.get, discord.url + ME, timeout=30)
            while not discord.requests_to(ME):
                time.sleep(0.001)
            began = time.monotonic()
        assert time.monotonic() - began < 1
        # An answer without a length ends with its connection.
        assert isinstance(hanging.exception(2), requests.ConnectionError | None)

    with pytest.raises(requests.ConnectionError):
        requests.get(discord.url + ME, timeout=5)


def test_a_trickled_answer_never_ends(discord: FakeDiscord, client: Client) -> None:
    discord.fail(DEVICE, Fault.trickle(0))
    with client._session.post(
        discord.url + DEVICE, {"client_id": CLIENT_ID, "scope": SCOPE}, stream=True, timeout=5
    ) as answer:
        came = answer.raw.read(1000)

    assert answer.status_code == 200
    assert len(came) == 1000
    answer_itself, _, rest = came.partition(b"}")
    assert json.loads(answer_itself + b"}")["device_code"] == discord.issued[0]
    assert not rest.strip(b" ")


def test_garbage_and_huge_bodies_are_sent(discord: FakeDiscord, client: Client) -> None:
    discord.fail(ME, Fault.garbage(b"\xff{"), Fault.huge(1_000_000))
    garbage, huge = client.get(ME), client.get(ME)

    assert (garbage.status_code, garbage.content) == (200, b"\xff{")
    assert garbage.headers["Content-Type"] == "application/json"
    assert (huge.status_code, len(huge.content)) == (200, 1_000_000)
    assert isinstance(huge.json(), str)


def test_too_many_carries_retry_after(discord: FakeDiscord, client: Client) -> None:
    discord.fail("*", Fault.too_many(0.25))

    answer = client.get(ME)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    message = "You are being rate limited."
    assert answer.json() == {"message": message, "retry_after": 0.25, "global": False}


def test_a_redirect_is_sent(discord: FakeDiscord, client: Client) -> None:
    discord.fail(ME, Fault.redirect(discord.url + "/elsewhere"))

    answer = client.get(ME)

    assert (answer.status_code, answer.headers["Location"]) == (302, discord.url + "/elsewhere")
    assert not discord.requests_to("/elsewhere")


def test_a_request_whose_answer_is_lost_is_carried_out(
    discord: FakeDiscord, client: Client
) -> None:
    tokens = discord.grant()
    discord.fail(TOKEN, Fault.answer_lost())

    with pytest.raises(requests.ConnectionError):
        client.refresh(tokens)

    assert refused(client.refresh(tokens)) == (400, "invalid_grant")
    assert len(discord.issued) == 4


def test_nothing_is_printed(
    discord: FakeDiscord, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    discord.fail(ME, Fault.huge(20_000_000))
    with client._session.get(discord.url + ME, stream=True, timeout=5) as answer:
        answer.raw.read(10)
    client.get("/nowhere")

    assert capfd.readouterr() == ("", "")
