"""`edit` on a full disk: never applied after an error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from db.test_full_disk import fill_up, small_disk
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.outbox_files import (
    states,
)

__all__ = ["small_disk"]

pytestmark = pytest.mark.usefixtures("single_try")

PAGE = 4_096
REASON = "x" * 400


@pytest.fixture
def small_home(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a small disk without other files; a full disk looks like a busy file."""
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    monkeypatch.setenv("TRACKER_HOME", str(small_disk / "home"))
    return small_disk / "home"


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
