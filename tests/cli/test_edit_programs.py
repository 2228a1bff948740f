"""Several programs share an outbox: one sends, another is killed, many edit at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import tracker_tui.tracker.ledger_thread
from helpers.build import PLAYER, add
from helpers.commands import Run, editing, environment
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books
from helpers.listening import Listener
from helpers.many_players import START, assert_history_is_a_chain_of, history
from helpers.other_schemas import ask_at
from helpers.outbox_files import pending_ids, states
from helpers.processes import SECONDS, run_together, until
from helpers.proxy import Fate, ProxiedRequest, Proxy, cut_after, cut_before, pass_on
from tracker_tui.config.settings import load_config
from tracker_tui.domain.change import Verdict
from tracker_tui.tracker.tracker import Tracker

# One sends at a time


def test_an_edit_waits_while_a_dashboard_sends_and_is_applied_once(
    run: Run, known_guild: Books, proxy: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The promised time, which is too short on a busy machine.
    assert tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS <= 3.0
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", SECONDS)
    with ExitStack() as stack:
        tracker = stack.enter_context(closing(Tracker(load_config(os.environ))))
        listener = Listener(tracker)
        tracker.open().result(SECONDS)
        with Gate() as gate:
            proxy.fate = gate
            tracker.submit([add(100)])
            gate.await_request()
            rans = stack.enter_context(editing(run, "spice", "+5", "--json"))
            until(lambda: len(states(home)) == 2)
            proxy.fate = pass_on
        assert listener.settled(1)[0].verdict is Verdict.APPLIED
    assert rans[0].document["outcome"] in ("applied", "already_applied")
    assert known_guild.quantities() == (1_105, 400)
    assert states(home) == ["applied", "applied"]


# Killed


@pytest.mark.parametrize(
    ("then", "next_one"),
    [(cut_after, ["list"]), (cut_before, ["edit", "Water", "+1"])],
    ids=["applied", "never received"],
)
def test_an_edit_that_is_killed_before_the_answer_is_applied_once(
    run: Run, known_guild: Books, proxy: Proxy, home: Path, then: Fate, next_one: list[str]
) -> None:
    """The next command gets the send lock, and tells whether the server received the change."""
    proxy.seen.clear()
    answered = threading.Event()

    def report_answer(proxied: ProxiedRequest) -> None:
        try:
            then(proxied)
        finally:
            answered.set()

    with Gate(report_answer) as gate:
        proxy.fate = gate
        edit = subprocess.Popen(
            [sys.executable, "-m", "tracker_tui", "edit", "spice", "+5"],
            env=environment(home, TURSO_DATABASE_URL=proxy.url, TRACKER_AUTH="none"),
            cwd=home.parent,
        )
        gate.await_request()
        edit.kill()
        edit.wait(SECONDS)
        assert states(home) == ["sending"]
        (change_id,) = pending_ids(home)
    assert answered.wait(SECONDS)
    proxy.fate = pass_on
    assert known_guild.quantities() == (1_000 if then is cut_before else 1_005, 400)
    assert run(*next_one).status == 0
    assert pending_ids(home) == []
    assert known_guild.quantities() == (1_005, 400)
    assert [row["id"] for row in known_guild.rows("resource_history")].count(change_id) == 1


# Many at once

PROCESSES, EDITS = 3, 6
MANY_EDITS = """
import contextlib, io, json
from tracker_tui.cli import main
print("ready", flush=True)
sys.stdin.readline()
made = []
for number in range(int(sys.argv[2])):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main(["edit", ("spice", "Spice")[number % 2], f"+{sys.argv[1]}", "--json"])
    assert status == 0, status
    made.append(json.loads(out.getvalue()))
print(json.dumps([(each["change_id"], each["outcome"]) for each in made]))
"""


@pytest.mark.parametrize("where", ["wal"], indirect=True)
def test_concurrent_edits_are_each_applied_once(
    run: Run, home: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One program sends at a time, so the kind of database makes no difference."""
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{where}")
    monkeypatch.setenv("LOGNAME", PLAYER)
    amounts = range(1, PROCESSES + 1)
    printed = run_together(MANY_EDITS, [(amount, EDITS) for amount in amounts])
    assert run("list").status == 0
    outcomes = [json.loads(out.splitlines()[-1]) for out in printed]
    assert {len(each) for each in outcomes} == {EDITS}
    changes = {
        change_id: add(amount, id=change_id)
        for amount, each in zip(amounts, outcomes, strict=True)
        for change_id, _ in each
    }
    assert len(changes) == PROCESSES * EDITS
    assert pending_ids(home) == []
    assert sorted(str(row[0]) for row in history(where)) == sorted(changes)
    assert_history_is_a_chain_of(changes, where)
    quantities = ask_at(where, "SELECT quantity_hagga, quantity_deep_desert FROM resources")
    assert quantities == [(START[0] + EDITS * sum(amounts), START[1])]
