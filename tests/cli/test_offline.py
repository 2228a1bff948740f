"""A guild's files on this machine: their members, offline reading, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.outbox_files import outbox_of, replica_of, store_of
from helpers.proxy import answer
from helpers.remote_guild import Line
from tracker_tui.sync.local_store import pending_elsewhere

pytestmark = pytest.mark.usefixtures("single_try")

GARBAGE = {"text": b"no database at all\n" * 400, "cut": b"SQLite format 3\0" + b"\xff" * 8_000}


def damage(path: Path, data: bytes) -> None:
    """Damage a file that no program has open."""
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(data)


# Offline


def test_an_offline_list_shows_the_replica_and_pending_changes(
    run: Run, known_guild: Books, line: Line
) -> None:
    online = run("list").out
    for status in (429, 500, 503):
        line.proxy.fate = answer(status)
        ran = run("list")
        assert (ran.status, ran.out) == (0, online), status
        assert "Showing what was read" in ran.err, status
    line.cut()
    offline = run("list")
    assert (offline.status, offline.out) == (0, online)
    assert offline.err.count("\n") == 1
    assert "cannot be reached" in offline.err
    assert "Showing what was read just now" in offline.err
    assert run("edit", "spice", "+5").status == 0
    (spice,) = run("list", "spice", "--json").document
    assert spice["hagga"] == 1_005


def test_an_offline_list_without_a_replica_is_an_error(
    run: Run, remote_guild: Books, line: Line
) -> None:
    line.cut()
    assert run("edit", "spice", "+5").status == 0
    ran = run("list")
    assert ran.status == 4
    assert "cannot be reached" in ran.error


# Members


def sign_on(monkeypatch: pytest.MonkeyPatch, member: str) -> None:
    """Switch this machine to another member."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, member)


def test_members_send_only_their_own_changes(
    run: Run, remote_guild: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = ("chani", "stilgar")
    for member in members:
        sign_on(monkeypatch, member)
        run("list")
    line.cut()
    for member in members:
        sign_on(monkeypatch, member)
        assert run("edit", "spice", "+5").status == 0
    pending = {store.member: store.changes for store in pending_elsewhere(home / "data" / "guilds")}
    assert pending == {"chani": 1, "stilgar": 1}
    line.mend()
    for number, member in enumerate(members, start=1):
        sign_on(monkeypatch, member)
        assert run("list").status == 0
        assert run("edit", "water", "+1").status == 0
        senders = [row["updated_by"] for row in remote_guild.rows("resource_history")[3:]]
        assert senders == [each for each in members[:number] for _ in range(2)]
    assert remote_guild.quantities() == (1_010, 400)
    assert list(pending_elsewhere(home / "data" / "guilds")) == []


def test_another_members_outbox_is_not_sent(
    run: Run, remote_guild: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_on(monkeypatch, "chani")
    line.cut()
    assert run("edit", "spice", "+5").status == 0
    chanis = outbox_of(home)
    line.mend()
    sign_on(monkeypatch, "stilgar")
    assert run("list").status == 0
    (stilgars,) = (each for each in home.rglob("outbox.db") if each != chanis)
    damage(stilgars, chanis.read_bytes())
    before = remote_guild.everything()
    for argv in (["edit", "spice", "+5"], ["list"]):
        ran = run(*argv)
        assert ran.status == 1
        assert "is another member's outbox" in ran.error
    assert remote_guild.everything() == before


# Damaged files


@pytest.mark.parametrize("argv", [["edit", "spice", "+5"], ["list"]], ids=" ".join)
def test_a_damaged_outbox_is_set_aside_and_reported(
    run: Run, known_guild: Books, home: Path, argv: list[str]
) -> None:
    damages = list(GARBAGE.values())
    for number, data in enumerate(damages, 1):
        damage(outbox_of(home), data)
        ran = run(*argv)
        assert ran.status == 0
        assert "could not be read" in ran.err
        assert "outbox.db.damaged" in ran.err
        aside = store_of(home).glob("outbox.db.damaged-*")
        assert sorted(path.read_bytes() for path in aside) == sorted(damages[:number])
        applied = 5 * number if argv[0] == "edit" else 0
        assert known_guild.quantities() == (1_000 + applied, 400)


def test_a_damaged_replica_is_rebuilt_and_stops_no_edit(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    for number, data in enumerate(GARBAGE.values(), 1):
        damage(replica_of(home), data)
        assert run("edit", "Iron Ore", "+5").status == 0
        assert known_guild.quantities("iron") == (7 + 5 * number, 0)
        online = run("list").out
        damage(replica_of(home), data)
        assert run("list").out == online
    line.cut()
    assert run("list").out == online


def test_a_damaged_replica_is_not_shown_offline(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    damage(replica_of(home), GARBAGE["text"])
    line.cut()
    ran = run("list")
    assert ran.status == 4
    assert "cannot be reached" in ran.err
