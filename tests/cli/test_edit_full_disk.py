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
from helpers.timeouts import set_timeouts

__all__ = ["small_disk"]

pytestmark = pytest.mark.usefixtures("single_try")

PAGE = 4_096
REASON = "x" * 400


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits for busy files: a full disk looks like one."""
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    set_timeouts(monkeypatch, retry=0.0)


@pytest.fixture
def small_home(small_disk: Path, short_waits: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home on a small disk without other files."""
    home = small_disk / "home"
    monkeypatch.setenv("TRACKER_HOME", str(home))
    return home


@pytest.mark.parametrize("is_new", [True, False], ids=["new outbox", "known outbox"])
def test_a_change_on_a_full_disk_is_an_error_and_never_applied(
    run: Run, remote_guild: Books, small_home: Path, is_new: bool
) -> None:
    if not is_new:
        assert run("edit", "spice", "=1000").status == 0
    before = remote_guild.everything()
    ballast = fill_up(small_home.parent)
    ran = run("edit", "spice", "+5", "--reason", REASON)
    assert ran.status == 1
    assert "outbox.db" in ran.error
    assert "disk" in ran.error
    assert remote_guild.everything() == before
    ballast.unlink()
    # The next command sends nothing of it.
    assert run("edit", "spice", "+7").status == 0
    assert run("list").status == 0
    assert remote_guild.quantities() == (1_007, 400)
    assert set(states(small_home)) == {"applied"}


@pytest.mark.parametrize("is_new", [True, False], ids=["new outbox", "known outbox"])
def test_a_failed_edit_is_never_applied_however_full_the_disk_is(
    run: Run, remote_guild: Books, small_home: Path, is_new: bool
) -> None:
    applied_despite_an_error = []
    for pages in range(0, 44, 4):
        shutil.rmtree(small_home, ignore_errors=True)
        if not is_new:
            assert run("edit", "spice", "=1000").status == 0
        ballast = fill_up(small_home.parent)
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - pages * PAGE)
        before = remote_guild.quantities()
        failed = run("edit", "spice", "+5", "--reason", REASON).status == 1
        ballast.unlink()
        assert run("list").status == 0
        if failed and remote_guild.quantities() != before:
            applied_despite_an_error.append(pages)
    assert applied_despite_an_error == []
