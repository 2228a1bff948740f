"""A disk on which the outbox finds no room: told of, and nothing is applied behind one's back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from db.test_full_disk import fill_up, small_disk
from helpers.books import Books
from helpers.commands import Run
from remote.outboxes import states

__all__ = ["small_disk"]

PAGE = 4_096
REASON = "x" * 400


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for a disk as if it were busy."""
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)


@pytest.fixture
def small_home(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that shares its small disk with nothing else."""
    home = small_disk / "home"
    monkeypatch.setenv("TRACKER_HOME", str(home))
    return home


@pytest.mark.parametrize("is_new", [True, False], ids=["new outbox", "known outbox"])
def test_a_change_that_finds_no_room_is_told_of_and_never_applied(
    run: Run, guild: Books, small_home: Path, is_new: bool
) -> None:
    if not is_new:
        assert run("edit", "spice", "=1000").status == 0
    before = guild.everything()
    ballast = fill_up(small_home.parent)
    ran = run("edit", "spice", "+5", "--reason", REASON)
    assert ran.status == 1
    assert "outbox.db" in ran.error
    assert "disk" in ran.error
    assert guild.everything() == before
    ballast.unlink()
    # Nothing of it is left to be sent by the next command.
    assert run("edit", "spice", "+7").status == 0
    assert run("list").status == 0
    assert guild.quantities() == (1_007, 400)
    assert set(states(small_home)) == {"applied"}


@pytest.mark.parametrize("is_new", [True, False], ids=["new outbox", "known outbox"])
def test_however_much_room_there_is_an_edit_that_failed_is_never_applied(
    run: Run, guild: Books, small_home: Path, is_new: bool
) -> None:
    applied_behind_ones_back = []
    for pages in range(0, 44, 2):
        shutil.rmtree(small_home, ignore_errors=True)
        if not is_new:
            assert run("edit", "spice", "=1000").status == 0
        ballast = fill_up(small_home.parent)
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - pages * PAGE)
        before = guild.quantities()
        failed = run("edit", "spice", "+5", "--reason", REASON).status == 1
        ballast.unlink()
        assert run("list").status == 0
        if failed and guild.quantities() != before:
            applied_behind_ones_back.append(pages)
    assert applied_behind_ones_back == []
