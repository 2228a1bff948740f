"""An edit whose reply is lost, and a later try that meets something else: it may be stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.books import Books
from helpers.build import add, remote_config
from helpers.commands import Run
from helpers.gate import Gate
from helpers.listening import SECONDS
from helpers.proxy import Exchange, Fate, Proxy, answer, cut_after, pass_on
from helpers.refusing import batch_failed
from tracker_tui.errors import OutcomeUnknown
from tracker_tui.tracker import Tracker

LATER: dict[str, Fate] = {
    "429": answer(429),
    "401": answer(401),
    "403": answer(403),
    "404": answer(404),
    "400": answer(400, b'{"error":"no"}'),
    "blocked": answer(403, b'{"error":"blocked","code":"BLOCKED"}'),
    "busy": batch_failed("SQLITE_BUSY"),
    "full": batch_failed("SQLITE_FULL"),
    "constraint": batch_failed("SQLITE_CONSTRAINT"),
    "not allowed": batch_failed("SQLITE_AUTH"),
}
MISLEADING = ("nothing was sent", "Not changed", "refused")


@pytest.fixture
def known(run: Run, guild: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """The guild once its columns are known; an edit is then tried a second time, and no third."""
    assert run("edit", "spice", "=1000").status == 0
    monkeypatch.setattr("tracker_tui.editing_once._TRY_AGAIN_SECONDS", 0.2)
    return guild


def assert_it_may_be_stored_and_is_once(run: Run, books: Books) -> None:
    before = len(books.rows("resource_history"))
    ran = run("edit", "spice", "+5")
    assert ran.status == 4
    assert "look first: the change may be stored already" in ran.error
    assert not [words for words in MISLEADING if words in ran.error]
    assert books.quantities() == (1_005, 400)
    assert len(books.rows("resource_history")) == before + 1
    assert len(books.rows("leaderboard")) == 1


@pytest.mark.parametrize("lost", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("later", LATER)
def test_what_a_later_try_meets_says_nothing_of_the_first(
    run: Run, known: Books, proxy: Proxy, later: str, lost: int
) -> None:
    """Lost twice, it is the program that tries again; lost once, it is the driver."""
    proxy.meet([*[cut_after] * lost, *[LATER[later]] * 20])
    assert_it_may_be_stored_and_is_once(run, known)
    assert proxy.count > 1 + lost


@pytest.mark.parametrize("lost", [1, 2], ids=["once", "twice"])
def test_a_server_that_is_gone_afterwards_does_not_mean_that_nothing_was_sent(
    run: Run, known: Books, proxy: Proxy, lost: int
) -> None:
    def cut_and_gone(exchange: Exchange) -> None:
        exchange.forward()
        proxy.close()
        exchange.cut()

    proxy.meet([*[cut_after] * (lost - 1), cut_and_gone])
    assert_it_may_be_stored_and_is_once(run, known)


def test_an_edit_that_hangs_is_not_sent_again_by_closing(
    guild: Books, proxy: Proxy, home: Path
) -> None:
    tracker = Tracker(remote_config(proxy.url, home))
    tracker.edit(add(1)).result(SECONDS)
    proxy.seen.clear()
    with Gate() as gate:
        proxy.fate = gate
        edited = tracker.edit(add(5))
        gate.await_request()
        assert tracker.close() == []
        assert gate.is_holding
        assert isinstance(edited.exception(SECONDS), OutcomeUnknown)
        assert proxy.count == 1


def test_an_edit_that_is_slow_ends_with_the_time_of_all_its_requests_together(
    run: Run, guild: Books, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.cli.edit._PATIENCE_SECONDS", 1.0)
    with Gate() as gate:
        # The columns are told; the change itself hangs, and no time is left to send it again.
        proxy.meet([pass_on, *[gate] * 20])
        ran = run("edit", "Iron Ore", "+5")
        assert proxy.count == 2
    assert ran.status == 4
    assert "may be stored already" in ran.error
