"""Secrets are stored only where they belong, and never printed or logged, whatever Discord does.

The worst Discord puts all secrets that it was sent or ever issued into its answers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
    HOUR,
    ME,
    MEMBER,
    REVOKE,
    TOKEN,
    assert_kept,
    assert_private,
    config_file,
    everything_kept,
    session_file,
)
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault, Membership, Seen
from helpers.membership import MEMBER_ROLE, configure, settings, sign_in

DATABASE_TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicncifQ.Kx7vQm2pTz9wLb4n"
CLIENT_SECRET = "zQ8-uVw3_kLmN5pR7sT9xYbC1dEfG2hJ"


class KnownSecrets(NamedTuple):
    """The secrets that the worst Discord knows when it answers."""

    sent: list[str]
    """The secrets in the request, those of the application last."""
    everything: str


Shape = Callable[[KnownSecrets], Fault]


class WorstDiscord(FakeDiscord):
    """A Discord that puts secrets into its answers to some requests."""

    def __init__(self) -> None:
        super().__init__(
            interval=1,
            membership=Membership(roles=[MEMBER_ROLE]),
            client_secret=CLIENT_SECRET,
            approves_at_once=True,
        )
        self.path = ""
        self.shape: Shape | None = None
        self.left = 0
        """How many more requests to the path get such an answer."""

    def betray(self, path: str, shape: Shape) -> None:
        self.path, self.shape, self.left = path, shape, 2

    def receive(self, seen: Seen) -> Fault | None:
        fault = super().receive(seen)
        if self.shape is None or seen.path != self.path or not self.left:
            return fault
        self.left -= 1
        named = ("token", "device_code", "refresh_token", "client_secret")
        bearer = seen.headers.get("authorization", "").removeprefix("Bearer ")
        sent = [bearer, *(seen.form.get(name, "") for name in named)]
        everything = " ".join([*sent, *self.issued, DATABASE_TOKEN])
        return self.shape(KnownSecrets([secret for secret in sent if secret], everything))


def in_json(status: int) -> Shape:
    def shape(known: KnownSecrets) -> Fault:
        # A server can echo only secrets in the request.
        said = " ".join(known.sent)
        return Fault.status(
            status, {"error": said, "error_description": said, "message": said, "retry_after": said}
        )

    return shape


def in_words(status: int) -> Shape:
    return lambda known: Fault.status(status, known.everything.encode())


def in_headers(status: int) -> Shape:
    return lambda known: Fault.status(
        status, headers={"Location": known.everything, "Retry-After": known.everything}
    )


def in_an_answer_of_another_kind(known: KnownSecrets) -> Fault:
    return Fault.status(
        200, {name: {"x": known.everything} for name in ("access_token", "id", "device_code")}
    )


def in_fields_that_are_no_good(known: KnownSecrets) -> Fault:
    odd = f"{known.everything}\n"
    return Fault.status(
        200,
        {
            **dict.fromkeys(("access_token", "refresh_token", "id", "username"), odd),
            "device_code": "d",
            "user_code": "U",
            "verification_uri": f"http://discord.com/{known.everything}",
            "roles": odd,
        },
    )


def in_a_token_that_cannot_be_sent(known: KnownSecrets) -> Fault:
    # An HTTP library may quote an invalid header.
    return Fault.status(
        200, {"access_token": f"{known.everything}\n", "token_type": "Bearer", "refresh_token": "r"}
    )


SHAPES: dict[str, Shape] = {
    **{f"{status} in JSON": in_json(status) for status in (200, 401, 429, 500)},
    "400 in words": in_words(400),
    "302 in headers": in_headers(302),
    "429 in headers": in_headers(429),
    "an answer of another kind": in_an_answer_of_another_kind,
    "fields that are no good": in_fields_that_are_no_good,
    "a token that cannot be sent": in_a_token_that_cannot_be_sent,
    "hangs up": lambda known: Fault.hang_up(),
}


@pytest.fixture
def worst(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorstDiscord]:
    """The worst Discord, configured with an application that has a secret."""
    with WorstDiscord() as discord:
        configure(monkeypatch, settings(discord, "http://localhost:1", DATABASE_TOKEN))
        yield discord


def assert_all_kept(ran: Ran, home: Path, discord: FakeDiscord) -> None:
    """Assert that only access and refresh tokens are stored, and only in a session."""
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    devices = [secret for secret in discord.issued if secret.startswith("device-")]
    assert_kept(ran, home, [DATABASE_TOKEN, CLIENT_SECRET, *devices], tokens)


WAYS: tuple[tuple[str, list[str]], ...] = (
    *((path, ["login"]) for path in (TOKEN, AUTHORIZE, ME, MEMBER)),
    *((path, ["whoami"]) for path in (ME, MEMBER, TOKEN)),
    (REVOKE, ["logout"]),
)
"""Commands, and the path of the request that gets a bad answer."""


def shapes_for(number: int) -> list[str]:
    """Return all shapes for the first way; for each other a share, and one that all get."""
    names = list(SHAPES)
    return names if number == 0 else [*names[number :: len(WAYS)], "400 in words"]


def sign_in_again(worst: WorstDiscord, path: str) -> None:
    """Store a sign-in so old that it is checked first; expire its token to force a refresh."""
    worst.left = 0
    sign_in(worst, age=29 * HOUR)
    if path == TOKEN:
        worst.expire_access()


def test_no_reply_of_discord_reveals_a_secret(run: Run, home: Path, worst: WorstDiscord) -> None:
    for number, (path, argv) in enumerate(WAYS):
        for name in shapes_for(number):
            session_file(home).unlink(missing_ok=True)
            if argv != ["login"]:
                sign_in_again(worst, path)
            worst.betray(path, SHAPES[name])
            # --debug prints and logs more.
            ran = run(*argv, *(["--debug"] if name != "400 in words" else []))
            assert_all_kept(ran, home, worst)
            assert worst.left < 2, f"{argv}, {path}, {name}: it was never asked"
    # Without a log, this test would check too little.
    assert (home / "state" / "debug.log").exists()


@pytest.mark.usefixtures("single_try")
def test_no_command_reveals_a_secret(run: Run, home: Path, worst: WorstDiscord) -> None:
    for path, argv, name in (
        (ME, ["list"], "200 in JSON"),
        (MEMBER, ["edit", "spice", "+1"], "429 in headers"),
        (TOKEN, ["doctor", "--json"], "fields that are no good"),
        (TOKEN, ["list"], "400 in words"),
    ):
        sign_in_again(worst, path)
        worst.betray(path, SHAPES[name])
        assert_all_kept(run(*argv, "--debug"), home, worst)
        assert worst.left < 2, (path, argv)


def test_client_secret_is_sent_for_its_application_only(
    run: Run, home: Path, settings_of_guild: dict[str, str], discord: FakeDiscord
) -> None:
    config_file(home).parent.mkdir(parents=True)
    config_file(home).write_text(
        f"DISCORD_CLIENT_ID = '4711'\nDISCORD_CLIENT_SECRET = '{CLIENT_SECRET}'\n"
        "TURSO_DATABASE_URL = 'libsql://elsewhere.invalid'\n",
        "utf-8",
    )
    discord.approves_at_once = True
    # The environment names another application.
    assert run("login").status == 0
    assert {seen.form["client_id"] for seen in discord.requests_to(TOKEN)} == {discord.client_id}
    assert CLIENT_SECRET not in str(discord.seen)


# Stored files


@pytest.mark.usefixtures("settings_of_guild")
def test_tokens_are_in_the_session_only_and_private_whatever_the_umask(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    before = os.umask(0)
    try:
        assert run("login").status == 0
        assert run("list", "--debug").status == 4
    finally:
        os.umask(before)
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    holding = [path for path, text in everything_kept(home) if any(t in text for t in tokens)]
    assert holding == [session_file(home)]
    assert_private(session_file(home))
