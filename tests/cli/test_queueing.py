"""`edit` on a locked file: queued, and sent in order with the next command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.guild import ask, make_guild, quantities
from helpers.processes import locked
from tracker_tui.sync.local_store import pending_elsewhere

MISSING = {"no file": None, "an empty file": b"", "no database": b"some notes\n" * 500}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on a lock that is never released."""
    monkeypatch.setattr("tracker_tui.cli.edit._TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)


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


@pytest.mark.parametrize("resource", ["iron", "Iron Ore"])
def test_the_next_list_sends_pending_changes_in_order(
    run: Run, guild: Path, home: Path, resource: str
) -> None:
    first, second = queue(run, guild, (resource, "=100"), (resource, "+5"))
    assert run("list").status == 0
    assert changed(guild) == [(first, 100), (second, 105)]
    assert pending_count(home) == 0


@pytest.mark.parametrize("command", ["init", "doctor"])
def test_other_commands_send_pending_changes_and_report_it(
    run: Run, guild: Path, home: Path, command: str
) -> None:
    first, second = queue(run, guild, ("iron", "=100"), ("iron", "+5"))
    ran = run(command)
    assert ran.status == 0
    assert "sent 2 changes of earlier runs" in ran.err
    assert changed(guild) == [(first, 100), (second, 105)]
    assert pending_count(home) == 0
    assert run(command).err == ""


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Iron Ore", "Iron Ore"),
        ("iron", "Iron Ore"),
        ("iron", "iron"),
    ],
)
def test_the_next_edit_sends_pending_changes_first(
    run: Run, guild: Path, home: Path, first: str, then: str
) -> None:
    (queued,) = queue(run, guild, (first, "=100"))
    last = run("edit", then, "+5", "--json").document["change_id"]
    assert changed(guild) == [(queued, 100), (last, 105)]
    assert pending_count(home) == 0


def test_an_unknown_name_is_rejected_once_sent(run: Run, guild: Path, home: Path) -> None:
    queue(run, guild, ("Iron", "+5"), ("Copper", "+5"), ("ingot", "+5"))
    assert run("list").status == 0
    assert pending_count(home) == 0
    assert quantities(guild, "ingot") == (15, 0)
    assert quantities(guild, "iron") == (1_000, 500)
    (outbox,) = home.rglob("outbox.db")
    refusals = ask(outbox, "SELECT outcome ->> 'refusal' FROM entries ORDER BY number")
    assert refusals == [("unknown name",), ("unknown name",), (None,)]


@pytest.mark.parametrize("name", MISSING)
def test_an_edit_of_a_database_that_cannot_be_opened_is_not_queued(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """After an error the player repeats the edit, for example once a disk is mounted."""
    path = tmp_path / "later.db"
    if MISSING[name] is not None:
        path.write_bytes(MISSING[name])
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    ran = run("edit", "iron", "+5")
    assert ran.status == 4
    assert "later.db" in ran.error
    assert "An earlier try" not in ran.error
    assert pending_count(home) == 0
    path.unlink(missing_ok=True)
    make_guild(path)
    assert run("list").status == 0
    assert quantities(path, "iron") == (1_000, 500)


@pytest.mark.parametrize("argv", [("iron", "-5000"), ("iron", "=1", "--if", "3"), ("Copper", "+5")])
def test_a_rejected_edit_leaves_nothing_behind(
    run: Run, guild: Path, home: Path, argv: tuple[str, ...]
) -> None:
    ran = run("edit", *argv)
    assert ran.status == 1
    assert ran.error
    (outbox,) = home.rglob("outbox.db")
    assert ask(outbox, "SELECT count(*) FROM entries") == [(0,)]


def test_stored_changes_are_private(run: Run, guild: Path, home: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    run("edit", "iron", "+5")
    (outbox,) = home.rglob("outbox.db")
    assert outbox.parent.stat().st_mode & 0o077 == 0
