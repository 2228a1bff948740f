"""An edit is applied once, even if its reply is lost or another program sends its change."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from helpers.build import add, remote_config
from helpers.clocks import SleeplessClock
from helpers.commands import Ran, Run, editing
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.other_schemas import ask
from helpers.outbox_files import outbox_of, pending_ids, send_lock_held, store_of
from helpers.processes import until
from helpers.proxy import (
    Fate,
    ProxiedRequest,
    Proxy,
    answer,
    cut_after,
    cut_before,
    pass_on,
    proxy_to,
)
from helpers.rejected_writes import NO_DATABASE, READ_ONLY, TOKEN_REFUSED, batch_failed
from helpers.timeouts import set_timeouts
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Change, Verdict
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.outbox_entries import change_from_json
from tracker_tui.tracker.tracker import Tracker

FAULTS: dict[str, tuple[Fate, bool]] = {
    "429": (answer(429), True),
    "401": (answer(401), False),
    "busy": (batch_failed("SQLITE_BUSY"), True),
    "403": (READ_ONLY, False),
    "404": (NO_DATABASE, False),
    "blocked": (answer(403, b'{"error":"blocked","code":"BLOCKED"}'), False),
    "not allowed": (batch_failed("SQLITE_AUTH"), False),
}
"""Faults of a retry, and whether they leave an edit queued. The others end it with an error."""
MISLEADING = ("nothing was sent", "Not changed", "refused")


@pytest.fixture
def impatient_guild(run: Run, remote_guild: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """The guild with known columns, on a clock that lets edits retry without waiting."""
    assert run("edit", "spice", "=1000").status == 0
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit.time", SleeplessClock())
    return remote_guild


def test_a_failed_retry_leaves_the_first_try_queued_or_uncertain(
    run: Run, impatient_guild: Books, proxy: Proxy, home: Path
) -> None:
    for number, (name, (fate, is_queued)) in enumerate(FAULTS.items(), 1):
        # The driver retries after one lost reply, the program after two.
        lost = 1 + number % 2
        proxy.seen.clear()
        proxy.meet([*[cut_after] * lost, *[fate] * 20])
        ran = run("edit", "spice", "+5")
        assert proxy.count > lost, name
        if is_queued:
            assert (ran.status, ran.err) == (0, ""), name
            assert "saved here, will be sent" in ran.out, name
        else:
            assert ran.status == 4, name
            assert "may have stored the change. It stays queued, and counts once" in ran.error, name
        misleading = MISLEADING if is_queued else MISLEADING[:2]
        assert not [words for words in misleading if words in ran.out + ran.err], name
        expected = (1_000 + 5 * number, 400)
        assert impatient_guild.quantities() == expected, name
        proxy.fate = pass_on
        assert run("list").status == 0, name
        assert pending_ids(home) == [], name
        assert impatient_guild.quantities() == expected, name
    # Creating a resource and setting its present quantity earn no points.
    assert len(impatient_guild.rows("leaderboard")) == len(FAULTS)


def test_a_failed_edit_is_sent_later_only_if_reported_as_queued(
    run: Run, impatient_guild: Books, proxy: Proxy
) -> None:
    """The change never arrived, so the player repeats it."""
    hagga = 1_000
    for fate in (TOKEN_REFUSED, NO_DATABASE):
        proxy.meet([*[cut_before] * 2, *[fate] * 20])
        error = run("edit", "spice", "+5").error
        proxy.fate = pass_on
        assert impatient_guild.quantities() == (hagga, 400)
        assert run("edit", "spice", "+5").status == 0
        assert run("list").status == 0
        hagga = impatient_guild.quantities()[0] if "queued" in error else hagga + 5
        assert impatient_guild.quantities() == (hagga, 400)


def test_a_change_that_a_trigger_rejects_is_not_stored(
    run: Run, impatient_guild: Books, proxy: Proxy, home: Path
) -> None:
    """The trigger fires only after the database has checked whether the change is stored."""
    impatient_guild.run(
        "CREATE TRIGGER hands_off BEFORE UPDATE ON resources WHEN NEW.id = 'spice'"
        " BEGIN SELECT RAISE(ABORT, 'hands off the spice'); END"
    )
    proxy.meet([cut_before, cut_before])
    ran = run("edit", "spice", "+5")
    assert ran.status == 1
    assert "hands off the spice" in ran.error
    assert pending_ids(home) == []
    impatient_guild.run("DROP TRIGGER hands_off")
    assert run("list").status == 0
    assert impatient_guild.quantities() == (1_000, 400)


def test_an_edit_is_queued_if_the_server_disappears(
    run: Run, impatient_guild: Books, remote_url: str, proxy: Proxy, home: Path
) -> None:
    def cut_and_gone(proxied: ProxiedRequest) -> None:
        proxied.forward()
        proxy.close()
        proxied.cut()

    proxy.meet([cut_after, cut_and_gone])
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert "saved here, will be sent" in ran.out
    assert "nothing was sent" not in ran.out
    assert impatient_guild.quantities() == (1_005, 400)
    with proxy_to(remote_url, port=proxy.port):
        assert run("list").status == 0
    assert pending_ids(home) == []
    assert impatient_guild.quantities() == (1_005, 400)
    assert len(impatient_guild.rows("leaderboard")) == 1


def test_closing_does_not_resend_a_hanging_edit(
    remote_guild: Books, proxy: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch
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
    assert pending_ids(home) == [change.id]


def test_the_requests_of_an_edit_share_one_deadline(
    run: Run, remote_guild: Books, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timeouts(monkeypatch, edit=1.0)
    with Gate() as gate:
        # The columns arrive; the change hangs until no time is left for a retry.
        proxy.meet([pass_on, *[gate] * 20])
        ran = run("edit", "Iron Ore", "+5")
        assert proxy.count == 2
    assert "saved here, will be sent" in ran.out
    assert "did not answer in time" in ran.out


# Another program deals with the change

EditWhile = Callable[..., Ran]


@pytest.fixture
def edit_while(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> EditWhile:
    """Edit while another program handles the change and removes it from the outbox."""
    # Keep a busy machine from queueing the edit.
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", SECONDS)

    def edit(deal: Callable[[Change], object], *argv: str) -> Ran:
        with ExitStack() as stack, send_lock_held(store_of(home)):
            rans = stack.enter_context(editing(run, *argv))
            until(lambda: len(pending_ids(home)) == 1)
            asked = "SELECT change FROM entries WHERE state = 'pending'"
            deal(change_from_json(ask(outbox_of(home), asked)[0][0]))
            ask(outbox_of(home), "DELETE FROM entries")
        return rans[0]

    return edit


def test_an_edit_found_in_the_history_was_applied_and_one_missing_was_cancelled(
    known_guild: Books, edit_while: EditWhile
) -> None:
    def apply(change: Change) -> None:
        known_guild.ledger.apply(change._replace(resource_id="iron"))
        known_guild.ledger.apply(change._replace(id="later", resource_id="iron", amount=100))

    ran = edit_while(apply, "Iron Ore", "+5", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.document["outcome"] == "applied"
    assert ran.document["message"].startswith("Iron Ore +5 → 12 at Hagga")
    assert (ran.document["previous"]["hagga"], ran.document["resource"]["hagga"]) == (7, 112)
    before = known_guild.everything()
    assert known_guild.quantities("iron") == (112, 0)
    ran = edit_while(lambda _: None, "iron", "+5")
    assert ran.status == 1
    assert "cancelled" in ran.error
    assert known_guild.everything() == before


def test_an_edit_of_a_deleted_resource_was_applied(
    run: Run, guild: Path, edit_while: EditWhile
) -> None:
    """In a file, other programs can delete a resource at any time."""
    assert run("list").status == 0

    def apply(change: Change) -> None:
        with closing(Ledger(*open_sqlite(guild))) as ledger:
            ledger.apply(change)
        ask(guild, "DELETE FROM resources WHERE id = 'iron'")

    ran = edit_while(apply, "iron", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("iron +5 → 1,005 at Hagga")


def test_the_outcome_is_unknown_without_the_history(
    known_guild: Books, proxy: Proxy, edit_while: EditWhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_timeouts(monkeypatch, retry=0.0)
    for status in (401, 503):

        def apply_and_go(change: Change, status: int = status) -> None:
            known_guild.ledger.apply(change)
            proxy.fate = answer(status, b'{"error":"no"}')

        ran = edit_while(apply_and_go, "iron", "+5")
        assert ran.status == 4
        assert "look in the history before you repeat it" in ran.error
        proxy.fate = pass_on
