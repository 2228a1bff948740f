"""`edit` keeps one deadline, whatever holds the database, the outbox or the send lock.

The change is queued, or there is an error and it is never applied.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from helpers.clocks import SleeplessClock
from helpers.commands import Ran, Run
from helpers.disk import fill_up
from helpers.guild import ask, make_guild, quantities
from helpers.ledger_under_test import Books
from helpers.outbox_files import outbox_of, pending_ids, queue, send_lock_held, states, store_of
from helpers.processes import locked
from helpers.timeouts import set_timeouts
from tracker_tui.config.timeouts import Timeouts
from tracker_tui.sync.local_store import pending_elsewhere
from tracker_tui.sync.one_shot_edit import OneShotEdit

FOR_EVER = 40.0
"""Seconds; longer than any edit takes, even on a busy machine."""
PATIENCE = 0.3
PROMISED = 3.0


@pytest.fixture
def all_other_timeouts_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make code that ignores the deadline hang."""
    for name, value in {
        "db.sqlite.BUSY_SECONDS": FOR_EVER,
        "local.sqlite_file._BUSY_SECONDS": FOR_EVER,
        "tracker.ledger_thread._ONE_SHOT_SECONDS": FOR_EVER,
        "tracker.ledger_thread._CLOSING_SECONDS": FOR_EVER,
        "tracker.ledger_thread._SEND_LOCK_INTERVAL": FOR_EVER / 20,
    }.items():
        monkeypatch.setattr(f"tracker_tui.{name}", value)
    set_timeouts(monkeypatch, edit=PATIENCE, retry=FOR_EVER)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on a lock that is never released."""
    set_timeouts(monkeypatch, edit=0.05, retry=0.0)


waits_for_ever = pytest.mark.usefixtures("all_other_timeouts_are_long")
hasty = pytest.mark.usefixtures("no_patience")


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
    assert states(home) == ["applied", "pending"]
    assert quantities(guild, "iron") == (1_005, 500)
    assert run("list").status == 0
    assert quantities(guild, "iron") == (1_010, 500)


# Queued

MISSING = {"no file": None, "an empty file": b"", "no database": b"some notes\n" * 500}


@hasty
def test_an_edit_of_a_locked_file_is_sent_in_order_with_the_next_command(
    run: Run, guild: Path, home: Path
) -> None:
    def assert_applied(*numbers: int) -> None:
        expected.extend(zip(queued, numbers, strict=True))
        rows = ask(guild, "SELECT id, new_quantity_hagga FROM resource_history ORDER BY rowid")
        assert rows == expected
        assert pending_ids(home) == []

    expected: list[tuple[object, ...]] = []
    for resource, command in (("iron", "list"), ("Iron Ore", "init"), ("iron", "doctor")):
        with locked(guild):
            queued = [queue(run, resource, "=100"), queue(run, resource, "+5")]
        ran = run(command)
        assert ran.status == 0, command
        assert ("sent 2 changes of earlier runs" in ran.err) is (command != "list")
        assert_applied(100, 105)
        assert run(command).err == "", command
    for first, then in (("Iron Ore", "iron"), ("iron", "Iron Ore")):
        with locked(guild):
            ran = run("edit", first, "=7")
            assert ran.out.startswith(f"{first} =7 saved here, will be sent with the next command.")
            assert "guild.db" in ran.out
            queued = [pending_ids(home)[-1]]
        queued.append(run("edit", then, "+5", "--json").document["change_id"])
        assert_applied(7, 12)


@hasty
def test_an_edit_of_a_database_that_cannot_be_opened_is_not_queued(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an error the player repeats the edit, for example once a disk is mounted."""
    for number, (name, content) in enumerate(MISSING.items()):
        path = tmp_path / f"later-{number}.db"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
        ran = run("edit", "iron", "+5")
        assert ran.status == 4, name
        assert path.name in ran.error, name
        assert "An earlier try" not in ran.error, name
        assert list(pending_elsewhere(home / "data" / "guilds")) == [], name
        path.unlink(missing_ok=True)
        make_guild(path)
        assert run("list").status == 0, name
        assert quantities(path, "iron") == (1_000, 500), name


# A full disk

PAGE = 4_096
REASON = "x" * 400


@pytest.fixture
def small_home(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a small disk without other files; a full disk looks like a busy file."""
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    monkeypatch.setenv("TRACKER_HOME", str(small_disk / "home"))
    return small_disk / "home"


@pytest.mark.usefixtures("single_try")
@pytest.mark.parametrize("is_new", [True, False], ids=["new outbox", "known outbox"])
def test_an_edit_that_fails_is_never_applied_however_full_the_disk_is(
    run: Run, remote_guild: Books, small_home: Path, is_new: bool
) -> None:
    failed = []
    for pages in range(0, 44, 8):
        shutil.rmtree(small_home, ignore_errors=True)
        if not is_new:
            assert run("edit", "spice", "=1000").status == 0
        ballast = fill_up(small_home.parent)
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - pages * PAGE)
        before = remote_guild.everything()
        ran = run("edit", "spice", "+5", "--reason", REASON)
        ballast.unlink()
        if ran.status == 0:
            continue
        failed.append(pages)
        assert ran.status == 1, pages
        assert "the disk is full" in (ran.err if pages else ran.error), pages
        # Later commands send nothing of it.
        assert run("list").status == 0
        assert remote_guild.everything() == before, pages
    assert 0 in failed
    assert run("edit", "spice", "=7").status == 0
    assert remote_guild.quantities() == (7, 400)
    assert set(states(small_home)) == {"applied"}
