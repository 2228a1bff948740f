"""`edit` on a locked file: queued, and sent in order with the next command."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.guild import ask, make_guild, quantities
from helpers.outbox_files import pending_ids, queue
from helpers.processes import locked
from helpers.timeouts import set_timeouts
from tracker_tui.sync.local_store import pending_elsewhere

MISSING = {"no file": None, "an empty file": b"", "no database": b"some notes\n" * 500}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on a lock that is never released."""
    set_timeouts(monkeypatch, edit=0.05, retry=0.0)


def pending_count(home: Path) -> int:
    """Return the number of pending changes on this machine."""
    return sum(store.changes for store in pending_elsewhere(home / "data" / "guilds"))


def test_an_edit_of_a_locked_file_is_sent_in_order_with_the_next_command(
    run: Run, guild: Path, home: Path
) -> None:
    def assert_applied(*numbers: int) -> None:
        expected.extend(zip(queued, numbers, strict=True))
        rows = ask(guild, "SELECT id, new_quantity_hagga FROM resource_history ORDER BY rowid")
        assert rows == expected
        assert pending_count(home) == 0

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
        assert pending_count(home) == 0, name
        path.unlink(missing_ok=True)
        make_guild(path)
        assert run("list").status == 0, name
        assert quantities(path, "iron") == (1_000, 500), name
