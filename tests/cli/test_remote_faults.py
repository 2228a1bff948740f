"""All kinds of server faults: one clear line, and the same command works afterwards.

An edit is queued, unless the database rejects us.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.commands import Ran, Run
from helpers.ledger_under_test import Books
from helpers.outbox_files import pending_ids
from helpers.proxy import (
    Fate,
    ProxiedRequest,
    Proxy,
    answer,
    cut_after,
    cut_before,
    cut_within,
    pass_on,
)
from helpers.rejected_writes import NO_DATABASE, READ_ONLY
from helpers.remote_guild import configure
from helpers.servers import SECONDS, Server, free_port

PAGE = b"<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
IN_TIME = 10.0
"""Seconds; the longest that any command takes in these tests."""

MISLEADING = ("nothing was sent", "try again", "refused")
"""Stored parts of an edit that contain private text."""
COMMANDS = (["list"], ["history"], ["leaderboard"], ["edit", "spice", "+5"], ["init"])
each_command = pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)


class Fault(NamedTuple):
    """The fate of every request, and the message about it."""

    fate: Fate
    said: str
    is_heard: bool = False
    """Whether the server executes the request, even without a usable answer."""
    is_final: bool = False
    """Whether the database rejects us; an edit is then withdrawn, not queued."""


def cut_json(proxied: ProxiedRequest) -> None:
    """Execute the request, but cut the reply short."""
    reply = proxied.forward()
    proxied.reply(reply._replace(body=reply.body[: len(reply.body) // 2]))


FAULTS = {
    "cut before": Fault(cut_before, "The connection broke"),
    "cut after": Fault(cut_after, "The connection broke", is_heard=True),
    "cut within": Fault(cut_within, "The connection broke", is_heard=True),
    "JSON cut short": Fault(cut_json, "not what a libSQL server sends", is_heard=True),
    "a page": Fault(answer(200, PAGE), "not what a libSQL server sends"),
    "redirect": Fault(answer(302, Location="http://elsewhere.invalid/"), "points elsewhere"),
    "401": Fault(answer(401), "wants a token", is_final=True),
    "403": Fault(READ_ONLY, "does not allow", is_final=True),
    "404": Fault(NO_DATABASE, "has no such database", is_final=True),
    "429": Fault(answer(429), "too many requests"),
    "500": Fault(answer(500, b'{"error":"boom"}'), "The server failed (500)"),
    "502 with a page": Fault(answer(502, PAGE), "The server failed (502)"),
    "blocked": Fault(
        answer(403, b'{"error":"blocked","code":"BLOCKED"}'), "is blocked", is_final=True
    ),
}


PATIENCE = (
    "cli.edit._TIMEOUT_SECONDS",
    "db.remote.DEADLINE",
    "guild.database_factory._LONG_WORK_SECONDS",
)


@pytest.fixture(autouse=True)
def single_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Don't retry an edit: in these tests a retry changes nothing."""
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)


@pytest.fixture
def known_guild(run: Run, remote_guild: Books) -> Books:
    """The guild with known columns, so that the next request is the change itself."""
    assert run("edit", "spice", "=1000").status == 0
    return remote_guild


def in_time(run: Run, *argv: str) -> Ran:
    began = time.monotonic()
    ran = run(*argv)
    assert time.monotonic() - began < IN_TIME
    return ran


def assert_is_queued(ran: Ran, said: str) -> None:
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 1
    assert "saved here, will be sent with the next command" in ran.out
    assert not [words for words in MISLEADING if words in ran.out.lower()]
    assert said in ran.out


@each_command
@pytest.mark.parametrize("name", FAULTS)
def test_a_failing_server_is_reported_until_it_works_again(
    run: Run, known_guild: Books, proxy: Proxy, argv: list[str], name: str
) -> None:
    fault = FAULTS[name]
    proxy.fate = fault.fate
    ran = in_time(run, *argv)
    is_edit = argv[0] == "edit"
    is_queued = is_edit and not fault.is_final
    if is_queued:
        assert_is_queued(ran, fault.said)
    else:
        assert ran.status == 4
        assert ran.error.startswith("tracker-tui: localhost:")
        assert fault.said in ran.error
    # The change is applied at most once, however often it was sent.
    kept = 5 if is_edit and fault.is_heard else 0
    assert known_guild.quantities() == (1_000 + kept, 400)
    proxy.fate = pass_on
    assert run(*argv).status == 0
    assert run("list").status == 0
    # A queued change is applied once; a rejected one never.
    more = 5 if is_edit else 0
    assert known_guild.quantities() == (1_000 + (5 if is_queued else 0) + more, 400)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.is_heard])
def test_an_edit_with_an_unknown_outcome_is_queued_and_applied_once(
    run: Run, known_guild: Books, proxy: Proxy, home: Path, name: str
) -> None:
    proxy.fate = FAULTS[name].fate
    document = run("edit", "spice", "+5", "--json").document
    assert document["outcome"] == "queued"
    assert pending_ids(home) == [document["change_id"]]
    proxy.fate = pass_on
    assert run("list").status == 0
    assert pending_ids(home) == []
    assert known_guild.quantities() == (1_005, 400)
    assert [row["id"] for row in known_guild.rows("leaderboard")] == [document["change_id"]]


@pytest.mark.parametrize("fate", [cut_before, cut_after, cut_within, cut_json])
def test_an_edit_whose_reply_is_lost_is_sent_again_and_applied_once(
    run: Run, known_guild: Books, proxy: Proxy, fate: Fate
) -> None:
    proxy.meet([fate])
    ran = in_time(run, "edit", "spice", "+5", "--json")
    assert ran.status == 0
    expected = "applied" if fate is cut_before else "already_applied"
    assert ran.document["outcome"] == expected
    assert known_guild.quantities() == (1_005, 400)
    assert len(known_guild.rows("leaderboard")) == 1


@each_command
@pytest.mark.parametrize("fate", [cut_before, cut_after, cut_within, cut_json])
def test_a_single_lost_reply_goes_unnoticed(
    run: Run, known_guild: Books, proxy: Proxy, argv: list[str], fate: Fate
) -> None:
    proxy.meet([fate])
    assert in_time(run, *argv).status == 0


# Missing server


@each_command
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (lambda _: f"http://localhost:{free_port()}", "cannot be reached. Check the network."),
        (lambda _: "libsql://guild.invalid", "cannot be found"),
        (lambda proxy: proxy.url.replace("http:", "https:"), "offers no encryption"),
    ],
    ids=["refused", "unknown host", "no TLS"],
)
def test_a_missing_server_is_an_error(
    run: Run,
    known_guild: Books,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    url: Callable[[Proxy], str],
    said: str,
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", url(proxy))
    ran = in_time(run, *argv)
    if argv[0] == "edit":
        assert_is_queued(ran, said)
    else:
        assert ran.status == 4
        assert said in ran.error
    configure(monkeypatch, proxy.url)
    assert run(*argv).status == 0


# A server that never answers


@pytest.fixture
def silence() -> Iterator[Fate]:
    """The server receives requests but does not answer before the test ends."""
    is_over = threading.Event()

    def wait(proxied: ProxiedRequest) -> None:
        is_over.wait(SECONDS)
        proxied.cut()

    yield wait
    is_over.set()


@pytest.fixture
def trickle() -> Iterator[Fate]:
    """The server sends one blank at a time until the test ends."""
    is_over = threading.Event()

    def dribble(proxied: ProxiedRequest) -> None:
        proxied.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not is_over.wait(0.02):
            proxied.send(b" ")

    yield dribble
    is_over.set()


@each_command
@pytest.mark.parametrize("kind", ["silence", "trickle"])
def test_a_server_that_never_answers_is_given_up(
    run: Run,
    known_guild: Books,
    proxy: Proxy,
    request: pytest.FixtureRequest,
    argv: list[str],
    kind: str,
) -> None:
    proxy.fate = request.getfixturevalue(kind)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in PATIENCE:
            monkeypatch.setattr(f"tracker_tui.{name}", 0.3)
        ran = in_time(run, *argv)
    if argv[0] == "edit":
        assert_is_queued(ran, "did not answer in time")
    else:
        assert ran.status == 4
        assert "did not answer in time" in ran.error
    assert known_guild.quantities() == (1_000, 400)
    proxy.fate = pass_on
    assert run(*argv).status == 0
    assert run("list").status == 0
    # The queued change has been applied.
    assert known_guild.quantities() == (1_010 if argv[0] == "edit" else 1_000, 400)


# A database whose plan is used up


@each_command
def test_a_blocked_database_is_an_error(
    run: Run, known_guild: Books, server: Server, remote_url: str, argv: list[str]
) -> None:
    server.block(remote_url, blocked=True)
    ran = in_time(run, *argv)
    server.block(remote_url, blocked=False)
    assert ran.status == 4
    assert "is blocked" in ran.error
    assert known_guild.quantities() == (1_000, 400)
    assert run(*argv).status == 0
