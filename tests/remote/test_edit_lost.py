"""An edit whose reply is lost, and a later try that meets something else: it may be stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.books import Books
from helpers.build import add, remote_config
from helpers.clocks import ImpatientClock
from helpers.commands import Ran, Run
from helpers.gate import Gate
from helpers.listening import SECONDS
from helpers.proxy import Exchange, Fate, Proxy, answer, cut_after, cut_before, pass_on, proxy_to
from helpers.refusing import NO_DATABASE, READ_ONLY, TOKEN_REFUSED, batch_failed
from remote.outboxes import waiting
from tracker_tui.domain.change import Verdict
from tracker_tui.tracker.tracker import Tracker

LATER: dict[str, Fate] = {
    "429": answer(429),
    "503": answer(503),
    "busy": batch_failed("SQLITE_BUSY"),
}
"""What leaves an edit queued."""
REFUSING: dict[str, Fate] = {
    "401": answer(401),
    "403": READ_ONLY,
    "404": NO_DATABASE,
    "400": answer(400, b'{"error":"no"}'),
    "blocked": answer(403, b'{"error":"blocked","code":"BLOCKED"}'),
    "full": batch_failed("SQLITE_FULL"),
    "not allowed": batch_failed("SQLITE_AUTH"),
}
"""What ends it with an error."""
MISLEADING = ("nothing was sent", "Not changed", "refused")

once_or_twice = pytest.mark.parametrize("lost", [1, 2], ids=["once", "twice"])
"""Lost twice, it is the program that tries again; lost once, it is the driver."""


@pytest.fixture
def known(run: Run, guild: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """The guild once its columns are known; an edit is then tried a few times, without waiting."""
    assert run("edit", "spice", "=1000").status == 0
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit.time", ImpatientClock())
    return guild


def assert_is_stored_once(books: Books) -> None:
    assert books.quantities() == (1_005, 400)
    # The resource was created, and set to what it had: neither brought points.
    assert len(books.rows("leaderboard")) == 1


def assert_is_queued(ran: Ran) -> None:
    assert (ran.status, ran.err) == (0, "")
    assert "saved here, will be sent" in ran.out


@once_or_twice
@pytest.mark.parametrize("later", LATER)
def test_what_a_later_try_meets_leaves_an_edit_queued(
    run: Run, known: Books, proxy: Proxy, home: Path, later: str, lost: int
) -> None:
    proxy.meet([*[cut_after] * lost, *[LATER[later]] * 20])
    ran = run("edit", "spice", "+5")
    assert proxy.count > 1 + lost
    assert_is_queued(ran)
    assert not [words for words in MISLEADING if words in ran.out]
    assert_is_stored_once(known)
    proxy.fate = pass_on
    assert run("list").status == 0
    assert waiting(home) == []
    assert_is_stored_once(known)


@once_or_twice
@pytest.mark.parametrize("later", REFUSING)
def test_what_refuses_a_later_try_says_nothing_of_the_first(
    run: Run, known: Books, proxy: Proxy, later: str, lost: int
) -> None:
    proxy.meet([*[cut_after] * lost, *[REFUSING[later]] * 20])
    ran = run("edit", "spice", "+5")
    assert proxy.count > 1 + lost
    assert ran.status == 4
    assert "may have stored the change. It stays queued, and counts once" in ran.error
    assert not [words for words in MISLEADING[:2] if words in ran.error]
    assert_is_stored_once(known)
    proxy.fate = pass_on
    assert run("list").status == 0
    assert_is_stored_once(known)


@pytest.mark.parametrize("fate", [TOKEN_REFUSED, READ_ONLY, NO_DATABASE])
def test_an_edit_that_ended_with_an_error_is_not_sent_later_unless_that_was_said(
    run: Run, known: Books, proxy: Proxy, home: Path, fate: Fate
) -> None:
    """It never arrived, as whoever looks finds out, and then repeats it."""
    proxy.meet([*[cut_before] * 2, *[fate] * 20])
    error = run("edit", "spice", "+5").error
    proxy.fate = pass_on
    assert known.quantities() == (1_000, 400)
    assert run("edit", "spice", "+5").status == 0
    assert run("list").status == 0
    assert known.quantities() == (1_005, 400) or "queued" in error


def test_what_a_trigger_refuses_is_known_not_to_be_stored(
    run: Run, known: Books, proxy: Proxy, home: Path
) -> None:
    """The database looked whether it has the change before it refused it."""
    known.run(
        "CREATE TRIGGER hands_off BEFORE UPDATE ON resources WHEN NEW.id = 'spice'"
        " BEGIN SELECT RAISE(ABORT, 'hands off the spice'); END"
    )
    proxy.meet([cut_before, cut_before])
    ran = run("edit", "spice", "+5")
    assert ran.status == 1
    assert "hands off the spice" in ran.error
    assert waiting(home) == []
    known.run("DROP TRIGGER hands_off")
    assert run("list").status == 0
    assert known.quantities() == (1_000, 400)


@once_or_twice
def test_a_server_that_is_gone_afterwards_leaves_an_edit_queued(
    run: Run, known: Books, remote_url: str, proxy: Proxy, home: Path, lost: int
) -> None:
    meet_and_go(proxy, lost)
    assert_is_queued(run("edit", "spice", "+5"))
    assert_is_stored_once(known)
    with proxy_to(remote_url, port=proxy.port):
        assert run("list").status == 0
    assert waiting(home) == []
    assert_is_stored_once(known)


@once_or_twice
def test_a_server_that_is_gone_afterwards_does_not_mean_that_nothing_was_sent(
    run: Run, known: Books, proxy: Proxy, lost: int
) -> None:
    meet_and_go(proxy, lost)
    assert "nothing was sent" not in run("edit", "spice", "+5").out


def meet_and_go(proxy: Proxy, lost: int) -> None:
    """Let replies be lost, and with the last of them the way to the server."""

    def cut_and_gone(exchange: Exchange) -> None:
        exchange.forward()
        proxy.close()
        exchange.cut()

    proxy.meet([*[cut_after] * (lost - 1), cut_and_gone])


def test_an_edit_that_hangs_is_not_sent_again_by_closing(
    guild: Books, proxy: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._CLOSING_SECONDS", 0.1)
    tracker = Tracker(remote_config(proxy.url, home))
    tracker.edit(add(1)).result(SECONDS)
    proxy.seen.clear()
    change = add(5)
    with Gate() as gate:
        proxy.fate = gate
        edited = tracker.edit(change)
        gate.await_request()
        assert tracker.close() == [change]
        assert gate.is_holding
        assert edited.result(SECONDS).verdict is Verdict.QUEUED
        assert proxy.count == 1
    assert waiting(home) == [change.id]


def test_an_edit_that_is_slow_ends_with_the_time_of_all_its_requests_together(
    run: Run, guild: Books, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.cli.edit._TIMEOUT_SECONDS", 1.0)
    with Gate() as gate:
        # The columns are told; the change itself hangs, and no time is left to send it again.
        proxy.meet([pass_on, *[gate] * 20])
        ran = run("edit", "Iron Ore", "+5")
        assert proxy.count == 2
    assert_is_queued(ran)
    assert "did not answer in time" in ran.out
