"""`edit` keeps one deadline, whatever holds the database, the outbox or the send lock.

All other timeouts are long here, so code that ignores the deadline hangs.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from helpers.clocks import SleeplessClock
from helpers.commands import Ran, Run
from helpers.guild import ask, quantities
from helpers.outbox_files import outbox_of, send_lock_held, store_of
from helpers.processes import locked
from helpers.timeouts import set_timeouts
from tracker_tui.config.timeouts import Timeouts
from tracker_tui.sync.one_shot_edit import OneShotEdit

FOR_EVER = 40.0
"""Seconds; longer than any edit takes, even on a busy machine."""
PATIENCE = 0.3
PROMISED = 3.0


@pytest.fixture
def all_other_timeouts_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "db.sqlite.BUSY_SECONDS": FOR_EVER,
        "local.sqlite_file._BUSY_SECONDS": FOR_EVER,
        "tracker.ledger_thread._ONE_SHOT_SECONDS": FOR_EVER,
        "tracker.ledger_thread._CLOSING_SECONDS": FOR_EVER,
        "tracker.ledger_thread._SEND_LOCK_INTERVAL": FOR_EVER / 20,
    }.items():
        monkeypatch.setattr(f"tracker_tui.{name}", value)
    set_timeouts(monkeypatch, edit=PATIENCE, retry=FOR_EVER)


waits_for_ever = pytest.mark.usefixtures("all_other_timeouts_are_long")


def edit_in_time(run: Run, *argv: str) -> Ran:
    began = time.monotonic()
    ran = run("edit", *argv)
    assert time.monotonic() - began < FOR_EVER * 0.75
    return ran


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Hold a write transaction on a file; others can still read it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


def test_a_busy_file_takes_no_longer_with_more_pending_changes(
    run: Run, guild: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock advances only while the program sleeps."""
    set_timeouts(monkeypatch, edit=Timeouts().edit)
    clock = SleeplessClock()
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit.time", clock)
    monkeypatch.setattr("tracker_tui.db.sqlite._SQLITE_WAITS", 0.0)
    monkeypatch.setattr("tracker_tui.db.sqlite.sleep", clock.sleep)
    for module in ("cli.edit", "db.sqlite", "local.sqlite_file"):
        monkeypatch.setattr(f"tracker_tui.{module}.monotonic", clock.monotonic, raising=False)
    took = []
    for hold in (written, locked):
        with hold(guild):
            for _ in range(3):
                began = clock.monotonic()
                ran = run("edit", "iron", "+1")
                took.append(clock.monotonic() - began)
                assert (ran.status, ran.err) == (0, "")
                assert "guild.db is in use by another program" in ran.out
    assert max(took) <= PROMISED
    assert run("edit", "iron", "+1").status == 0
    assert quantities(guild, "iron") == (1_007, 500)


@waits_for_ever
def test_a_busy_outbox_is_an_error_and_nothing_is_queued(run: Run, guild: Path, home: Path) -> None:
    run("edit", "iron", "+5")
    outbox = outbox_of(home)
    before = ask(outbox, "SELECT * FROM entries"), quantities(guild, "iron")
    for hold in (written, locked):
        with hold(outbox):
            ran = edit_in_time(run, "iron", "+5")
        assert ran.status == 1
        assert "outbox.db is in use by another program" in ran.error
        assert "Nothing was changed, and nothing is queued" in ran.error
    assert (ask(outbox, "SELECT * FROM entries"), quantities(guild, "iron")) == before


@waits_for_ever
def test_an_outbox_that_gets_busy_later_leaves_the_change_queued(
    run: Run, guild: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("edit", "iron", "+5")
    outbox, persist = outbox_of(home), OneShotEdit._try_until

    def persist_later(one_shot_edit: OneShotEdit, *arguments: object) -> object:
        with written(outbox):
            return persist(one_shot_edit, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(OneShotEdit, "_try_until", persist_later)
    for resource in ("iron", "Iron Ore"):
        ran = edit_in_time(run, resource, "+5")
        assert (ran.status, ran.err) == (0, "")
        assert "outbox.db is in use by another program" in ran.out


@waits_for_ever
def test_a_send_lock_that_is_never_released(run: Run, guild: Path, home: Path) -> None:
    run("edit", "iron", "+5")
    with send_lock_held(store_of(home)):
        ran = edit_in_time(run, "iron", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert "Another tracker-tui is sending" in ran.out
