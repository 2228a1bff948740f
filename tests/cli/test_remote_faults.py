"""All kinds of server faults: one clear line, and the same command works afterwards.

An edit is queued, unless the database rejects us.
"""

from __future__ import annotations

import time
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.commands import Ran, Run
from helpers.hanging_server import Gate
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
from helpers.remote_guild import configure
from helpers.servers import free_port
from helpers.timeouts import set_timeouts

IN_TIME = 10.0
"""Seconds; the longest that any command takes in these tests."""

MISLEADING = ("nothing was sent", "try again", "refused")
"""Stored parts of an edit that contain private text."""
EDIT = ["edit", "spice", "+5"]
READING = (["list"], ["history"], ["leaderboard"], ["init"])
"""Commands that change no quantity."""


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
    "cut": Fault(cut_after, "The connection broke", is_heard=True),
    "JSON cut short": Fault(cut_json, "not what a libSQL server sends", is_heard=True),
    "401": Fault(answer(401), "wants a token", is_final=True),
    "500": Fault(answer(500, b'{"error":"boom"}'), "The server failed (500)"),
}


pytestmark = pytest.mark.usefixtures("single_try")

PATIENCE = ("db.remote.DEADLINE", "guild.database_factory._LONG_WORK_SECONDS")


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


def assert_is_failed(ran: Ran, said: str) -> None:
    assert ran.status == 4
    assert ran.error.startswith("tracker-tui: localhost:")
    assert said in ran.error


def forget_what_was_read(home: Path) -> None:
    """Remove the cache, so that commands depend on the server."""
    for name in ("replica.db", "pages.db"):
        for path in home.rglob(f"{name}*"):
            path.unlink()


def test_a_failing_server_is_reported_until_it_works_again(
    run: Run, known_guild: Books, proxy: Proxy, home: Path
) -> None:
    others = cycle(READING)
    hagga = 1_000
    for name, fault in FAULTS.items():
        other = next(others)
        forget_what_was_read(home)
        proxy.fate = fault.fate
        assert_is_failed(in_time(run, *other), fault.said)
        # Once the columns are known, the next request is the change itself.
        proxy.fate = pass_on
        assert run(*other).status == run("list").status == 0, name
        proxy.fate = fault.fate
        edited = in_time(run, *EDIT)
        if fault.is_final:
            assert_is_failed(edited, fault.said)
        else:
            assert_is_queued(edited, fault.said)
        # The change is applied at most once, however often it was sent.
        assert known_guild.quantities() == (hagga + (5 if fault.is_heard else 0), 400), name
        assert len(pending_ids(home)) == (0 if fault.is_final else 1), name
        proxy.fate = pass_on
        assert run("list").status == 0, name
        # A queued change is applied once; a rejected one never.
        hagga += 0 if fault.is_final else 5
        assert known_guild.quantities() == (hagga, 400), name
        assert pending_ids(home) == [], name
    assert run(*EDIT).status == 0


def test_a_single_lost_reply_goes_unnoticed(run: Run, known_guild: Books, proxy: Proxy) -> None:
    fates = ((cut_before, ["list"]), (cut_within, ["history"]), (cut_json, ["init"]))
    for number, (fate, other) in enumerate(fates, 1):
        # An edit is sent again and applied once.
        proxy.meet([fate])
        ran = in_time(run, *EDIT, "--json")
        assert ran.status == 0, fate
        expected = "applied" if fate is cut_before else "already_applied"
        assert ran.document["outcome"] == expected, fate
        assert known_guild.quantities() == (1_000 + 5 * number, 400)
        assert len(known_guild.rows("leaderboard")) == number
        proxy.meet([fate])
        assert in_time(run, *other).status == 0, other


def test_a_missing_server_is_an_error(
    run: Run, known_guild: Books, proxy: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_what_was_read(home)
    for url, said, other in (
        (f"http://localhost:{free_port()}", "cannot be reached. Check the network.", ["list"]),
        ("libsql://guild.invalid", "cannot be found", ["init"]),
        (proxy.url.replace("http:", "https:"), "offers no encryption", ["leaderboard"]),
    ):
        monkeypatch.setenv("TURSO_DATABASE_URL", url)
        assert_is_queued(in_time(run, *EDIT), said)
        ran = in_time(run, *other)
        assert ran.status == 4, url
        assert said in ran.error
        configure(monkeypatch, proxy.url)
        assert run(*other).status == 0, url


def test_a_server_that_never_answers_is_given_up(
    run: Run, known_guild: Books, proxy: Proxy, home: Path
) -> None:
    for hagga, other in ((1_000, ["list"]), (1_005, ["init"])):
        forget_what_was_read(home)
        with pytest.MonkeyPatch.context() as monkeypatch, Gate(ProxiedRequest.cut) as proxy.fate:
            set_timeouts(monkeypatch, edit=0.3)
            for name in PATIENCE:
                monkeypatch.setattr(f"tracker_tui.{name}", 0.3)
            assert_is_failed(in_time(run, *other), "did not answer in time")
            # On a busy machine, the time may be over before the last request is sent.
            edited = in_time(run, *EDIT)
            too_late = "takes too long to answer"
            said = too_late if too_late in edited.out else "did not answer in time"
            assert_is_queued(edited, said)
            assert known_guild.quantities() == (hagga, 400)
        proxy.fate = pass_on
        assert run(*other).status == 0
        assert run("list").status == 0
        # The queued change has been applied.
        assert known_guild.quantities() == (hagga + 5, 400)
