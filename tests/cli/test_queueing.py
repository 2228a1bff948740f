"""`edit` on a locked file: queued, and sent in order with the next command."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.guild import ask, make_guild, quantities
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


def queue(run: Run, guild: Path, *edits: tuple[str, str]) -> list[str]:
    """Edit while the file is locked; return the ids of the changes."""
    with locked(guild):
        rans = [run("edit", *edit, "--json") for edit in edits]
    assert [(ran.status, ran.err) for ran in rans] == [(0, "")] * len(edits)
    documents = [ran.document for ran in rans]
    assert {document["outcome"] for document in documents} == {"queued"}
    return [document["change_id"] for document in documents]


def changed(guild: Path) -> list[tuple[object, ...]]:
    return ask(guild, "SELECT id, new_quantity_hagga FROM resource_history ORDER BY rowid")


def test_an_edit_of_a_locked_file_is_queued(run: Run, guild: Path, home: Path) -> None:
    with locked(guild):
        ran = run("edit", "iron", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("iron +5 saved here, will be sent with the next command.")
    assert "guild.db" in ran.out
    assert pending_count(home) == 1
    assert changed(guild) == []


def test_the_next_command_sends_pending_changes_in_order(run: Run, guild: Path, home: Path) -> None:
    expected: list[tuple[object, ...]] = []
    for resource, command in (("iron", "list"), ("Iron Ore", "init"), ("iron", "doctor")):
        first, second = queue(run, guild, (resource, "=100"), (resource, "+5"))
        ran = run(command)
        assert ran.status == 0, command
        assert ("sent 2 changes of earlier runs" in ran.err) is (command != "list")
        expected += [(first, 100), (second, 105)]
        assert changed(guild) == expected, command
        assert pending_count(home) == 0, command
        assert run(command).err == "", command
    for first_name, then in (("Iron Ore", "Iron Ore"), ("iron", "Iron Ore"), ("iron", "iron")):
        (queued,) = queue(run, guild, (first_name, "=100"))
        last = run("edit", then, "+5", "--json").document["change_id"]
        expected += [(queued, 100), (last, 105)]
        assert changed(guild) == expected, (first_name, then)
        assert pending_count(home) == 0, (first_name, then)


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
