"""Changes that the database or the ledger refuses, with others that wait: what stays, what goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.books import Books
from helpers.commands import Run
from helpers.proxy import Fate, Proxy, pass_on
from helpers.refusing import NO_DATABASE, READ_ONLY, TOKEN_REFUSED, batch_failed
from remote.line import Line
from remote.outboxes import changed, outcomes, queue, states, waiting

pytestmark = pytest.mark.usefixtures("no_second_try")

# Where the database refuses us


@pytest.mark.parametrize(
    "refused", [TOKEN_REFUSED, READ_ONLY, NO_DATABASE], ids=["401", "403", "404"]
)
def test_a_new_change_is_withdrawn_and_what_waited_before_stays(
    run: Run, known: Books, line: Line, home: Path, refused: Fate
) -> None:
    line.cut()
    queued = [queue(run, "spice", "+5"), queue(run, "Iron Ore", "+3")]
    line.mend()
    line.proxy.fate = refused
    ran = run("edit", "water", "+1")
    assert ran.status == 4
    assert ran.error
    assert waiting(home) == queued
    assert states(home) == ["pending", "pending"]
    line.proxy.fate = pass_on
    assert run("list").status == 0
    assert changed(known) == [(queued[0], "spice", 1_005), (queued[1], "iron", 10)]


@pytest.mark.parametrize("code", ["SQLITE_AUTH"])
def test_a_statement_that_is_not_permitted_at_the_first_try_was_never_stored(
    run: Run, known: Books, proxy: Proxy, code: str
) -> None:
    proxy.fate = batch_failed(code)
    ran = run("edit", "spice", "+5")
    assert ran.status == 4
    assert "An earlier try" not in ran.error


# Where the ledger refuses a change


def test_an_edit_that_is_refused_leaves_nothing_behind(run: Run, known: Books, home: Path) -> None:
    for argv in (("spice", "-5000"), ("spice", "=1", "--if", "3"), ("nothing such", "+5")):
        ran = run("edit", *argv)
        assert ran.status == 1
        assert ran.error
        assert states(home) == []
    assert changed(known) == []


def test_a_queued_change_that_is_refused_waits_for_the_player_and_later_ones_for_it(
    run: Run, known: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", 0.1)
    line.cut()
    too_many = queue(run, "spice", "-1000")
    line.mend()
    known.run("UPDATE resources SET quantity_hagga = 999 WHERE id = 'spice'")
    # Another resource has nothing to do with it.
    assert run("edit", "water", "+1", "--json").document["outcome"] == "applied"
    assert states(home) == ["refused", "applied"]
    for name in ("spice", "Spice"):
        behind = run("edit", name, "+5", "--json")
        assert (behind.status, behind.document["outcome"]) == (0, "queued")
        assert "waits for you in the dashboard" in behind.document["message"]
    assert states(home) == ["refused", "applied", "pending", "pending"]
    assert known.quantities() == (999, 400)
    assert outcomes(home)[0]["refusal"] == "quantity"
    assert too_many not in waiting(home)
