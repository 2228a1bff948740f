"""An edit that waits for its turn while another program sends its change, and many more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from helpers.books import Books
from helpers.commands import Ran, Run
from helpers.guild import make_guild
from helpers.listening import SECONDS
from helpers.proxy import Proxy, answer
from helpers.sending import send_lock_held
from helpers.wild import ask
from remote.outboxes import outbox_of, store_of, waiting
from remote.test_queueing_programs import until
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.outbox_records import change_from_json

Deal = Callable[[Change], object]


@pytest.fixture(autouse=True)
def more_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no edit be queued because this machine is busy."""
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", SECONDS)


def edit_while_another_deals_with_it(run: Run, home: Path, deal: Deal, *argv: str) -> Ran:
    """Edit; before it is the edit's turn another program takes the change out of the outbox."""
    answers: list[Ran] = []
    with send_lock_held(store_of(home)):
        edit = threading.Thread(target=lambda: answers.append(run("edit", *argv)))
        edit.start()
        until(lambda: len(waiting(home)) == 1)
        ((document,),) = ask(outbox_of(home), "SELECT change FROM entries WHERE state = 'pending'")
        deal(change_from_json(document))
        ask(outbox_of(home), "DELETE FROM entries")
    edit.join(SECONDS)
    (ran,) = answers
    return ran


@pytest.mark.parametrize("resource", ["iron", "Iron Ore"])
def test_it_was_applied_if_the_history_has_it(
    run: Run, known: Books, home: Path, resource: str
) -> None:
    def apply(change: Change) -> None:
        known.ledger.apply(change._replace(resource_id="iron"))
        known.ledger.apply(change._replace(id="later", resource_id="iron", amount=100))

    ran = edit_while_another_deals_with_it(run, home, apply, resource, "+5", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.document["outcome"] == "applied"
    assert ran.document["message"].startswith("Iron Ore +5 → 12 at Hagga")
    assert (ran.document["previous"]["hagga"], ran.document["resource"]["hagga"]) == (7, 112)
    assert known.quantities("iron") == (112, 0)


def test_it_was_applied_even_if_the_resource_is_gone(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a file, in which nothing keeps others from deleting it."""
    path = tmp_path / "guild.db"
    make_guild(path)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    assert run("list").status == 0

    def apply(change: Change) -> None:
        with closing(Ledger(*open_sqlite(path))) as ledger:
            ledger.apply(change)
        ask(path, "DELETE FROM resources WHERE id = 'iron'")

    ran = edit_while_another_deals_with_it(run, home, apply, "iron", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("iron +5 → 1,005 at Hagga")


def test_it_was_withdrawn_if_the_history_does_not(run: Run, known: Books, home: Path) -> None:
    before = known.everything()
    ran = edit_while_another_deals_with_it(run, home, lambda _: None, "iron", "+5")
    assert ran.status == 1
    assert "cancelled" in ran.error
    assert known.everything() == before


@pytest.mark.parametrize("status", [401, 503])
def test_where_the_history_cannot_be_asked_nothing_is_made_up(
    run: Run,
    known: Books,
    proxy: Proxy,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)

    def apply_and_go(change: Change) -> None:
        known.ledger.apply(change)
        proxy.fate = answer(status, b'{"error":"no"}')

    ran = edit_while_another_deals_with_it(run, home, apply_and_go, "iron", "+5")
    assert ran.status == 4
    assert "look in the history before you repeat it" in ran.error
