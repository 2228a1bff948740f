"""Reading commands on a server: their requests, and what this machine keeps without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.build import PLAYER, new_resource
from helpers.commands import Run
from helpers.guild import entry_row, points_row
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask
from helpers.outbox_files import outbox_of, queue, replica_of, store_of
from helpers.proxy import Proxy, answer, cut_before, pass_on
from helpers.remote_guild import NICKNAME, Guarded, Line, configure
from tracker_tui.sync.local_store import pending_elsewhere

pytestmark = pytest.mark.usefixtures("single_try")

HISTORY = ["history", "spice"]
LEADERBOARD = ["leaderboard", "--period", "all"]
EACH = (HISTORY, LEADERBOARD)
GARBAGE = b"no database at all\n" * 400


def pages_of(home: Path) -> Path:
    return store_of(home) / "pages.db"


def damage(path: Path) -> None:
    """Damage a file that no program has open."""
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(GARBAGE)


@pytest.fixture
def busy(remote_guild: Books) -> Books:
    """The guild with a history entry and points of a member."""
    remote_guild.insert(
        "resource_history",
        **entry_row("added", (1_000, 400), (1_500, 400), "spice", updated_by=PLAYER),
    )
    remote_guild.insert(
        "leaderboard", **points_row("added", 75.0, user_id=PLAYER, resource_id="spice")
    )
    return remote_guild


@pytest.fixture
def seen(run: Run, busy: Books) -> Books:
    """The guild after each command has run once, so that this machine has a cache."""
    for argv in (HISTORY, LEADERBOARD):
        assert run(*argv).status == 0
    return busy


# Requests


@pytest.mark.parametrize("remote_guild", ["grown"], indirect=True)
def test_each_command_is_one_request_once_the_columns_are_known(
    run: Run, busy: Books, proxy: Proxy
) -> None:
    assert run("list").status == 0
    for argv in (["list"], HISTORY, ["history", "--since", "7d"], LEADERBOARD):
        proxy.seen.clear()
        ran = run(*argv)
        assert (ran.status, ran.err) == (0, "")
        assert NICKNAME in ran.out or argv == ["list"]
        assert proxy.count == 1


def test_new_columns_are_noticed_by_each_command(run: Run, busy: Books, proxy: Proxy) -> None:
    assert run(*LEADERBOARD).status == 0
    busy.run("ALTER TABLE resources ADD COLUMN tier integer")
    for argv in (LEADERBOARD, ["list"], HISTORY):
        assert run(*argv).status == 0
        proxy.seen.clear()
        assert run(*argv).status == 0
        assert proxy.count == 1
    proxy.seen.clear()
    assert run("edit", "spice", "+5").status == 0
    assert proxy.count == 1, "the reader has cached it"


def test_renamed_new_and_restored_resources_are_found(run: Run, seen: Books) -> None:
    seen.run("UPDATE resources SET name = 'Old spice' WHERE id = 'spice'")
    seen.run("UPDATE resources SET name = 'Spice' WHERE id = 'iron'")
    seen.ledger.create([new_resource("oil", name="Oil")], PLAYER)
    for name, resource_id in (("Spice", "iron"), ("Oil", "oil")):
        (entry,) = run("history", name, "--json").document
        assert (entry["resource_id"], entry["resource"]) == (resource_id, name)
    # A restored backup is older than what was read.
    seen.run("UPDATE resources SET updated_at = updated_at - 9000")
    assert "1,400" in run("list", "old spice").out
    seen.run("UPDATE resources SET quantity_hagga = 900, updated_at = updated_at - 9000")
    assert "1,300" in run("list", "old spice").out


def test_pending_changes_are_sent_before_reading(run: Run, seen: Books, line: Line) -> None:
    line.cut()
    change_id = queue(run, "spice", "+5")
    line.mend()
    assert change_id in [entry["id"] for entry in run("history", "--json").document]


def test_a_read_only_token_is_enough_and_a_wrong_one_is_an_error_despite_the_cache(
    run: Run, guarded_guild: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for argv in EACH:
        ran = run(*argv, "--json")
        assert (ran.status, ran.err) == (0, "")
    configure(monkeypatch, guarded_guild.proxy.url, "wrong")
    for argv in EACH:
        ran = run(*argv)
        assert ran.status == 4
        assert "refuses your TURSO_AUTH_TOKEN" in ran.error


# Without the server


def test_offline_commands_show_the_cache_and_its_age(
    run: Run, seen: Books, line: Line, home: Path
) -> None:
    commands = (["list"], *EACH)
    online = [run(*argv) for argv in commands]
    documents = [run(*argv, "--json").document for argv in commands]
    # While the server fails, too.
    for fault in (answer(429), answer(503), None):
        if fault is None:
            line.cut()
        else:
            line.proxy.fate = fault
        for argv, shown, document in zip(commands, online, documents, strict=True):
            ran = run(*argv)
            assert (ran.status, ran.out) == (0, shown.out), argv
            assert ran.err.count("\n") == 1, argv
            assert "Showing what was read just now." in ran.err, argv
            assert ("cannot be reached" in ran.err) is (fault is None), argv
            assert run(*argv, "--json").document == document, argv
    for seconds, age in ((7_300, "2 h ago."), (-1_000_000, "just now.")):
        ask(pages_of(home), "UPDATE pages SET at = strftime('%s', 'now') - ?", seconds)
        for argv in EACH:
            assert f"Showing what was read {age}" in run(*argv).err, argv
    # Another query gets no other answer.
    for argv in (["history"], ["history", "water"], [*HISTORY, "--since", "7d"], ["leaderboard"]):
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "cannot be reached" in ran.error
    # Pending changes are included.
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


def test_a_connection_that_breaks_after_sending_is_reported_with_cached_answers(
    run: Run, seen: Books, proxy: Proxy
) -> None:
    """With a pending change, the connection can break after the change is sent."""
    for argv in EACH:
        proxy.fate = cut_before
        assert run("edit", "water", "+5").status == 0
        proxy.fate = pass_on
        online = run(*argv).out
        proxy.fate = cut_before
        assert run("edit", "water", "+5").status == 0
        # All retries fail.
        proxy.meet([pass_on, *[cut_before] * 20])
        ran = run(*argv)
        assert (ran.status, ran.out) == (0, online)
        assert "Showing what was read" in ran.err


def add_entries(books: Books, how_many: int) -> None:
    columns = ", ".join(name for name in books.rows("resource_history")[0] if name != "id")
    books.run(
        f"INSERT INTO resource_history (id, {columns}) "
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {how_many}) "
        f"SELECT 'many' || i, {columns} FROM n, (SELECT * FROM resource_history LIMIT 1)"
    )


def test_cached_entries_are_limited_and_a_page_that_is_too_short_is_reported(
    run: Run, seen: Books, line: Line
) -> None:
    add_entries(seen, 150)
    newest = run("history", "--limit", "2", "--json").document
    line.cut()
    ran = run("history", "--limit", "1", "--json")
    assert ran.document == newest[:1]
    assert ran.err.endswith("just now.\n")
    # The cached page is as long as the first page of the dashboard.
    ran = run("history", "--limit", "120", "--json")
    assert (ran.status, len(ran.document)) == (0, 100)
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("just now. There may be older entries.\n")
    ran = run("history", "unobtainium")
    assert ran.status == 1
    assert "No resource is called" in ran.error


# Slow servers


def test_a_slow_server_is_waited_for_only_without_a_cache(
    run: Run, busy: Books, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.cli.read_command.TIMEOUT_SECONDS", 0.0)
    commands = (["list"], *EACH)
    for argv in commands:
        ran = run(*argv)
        assert (ran.status, ran.err) == (0, ""), argv
    with Gate() as proxy.fate:
        for argv in commands:
            ran = run(*argv)
            assert ran.status == 0, argv
            assert "Spice" in ran.out or NICKNAME in ran.out
            assert "takes too long to answer. Showing what was read just now." in ran.err, argv


# Damaged files


def test_damaged_pages_are_rebuilt_and_a_leaderboard_needs_no_replica(
    run: Run, seen: Books, line: Line, home: Path
) -> None:
    online = [run(*argv).out for argv in EACH]
    for argv, shown in zip(EACH, online, strict=True):
        pages_of(home).write_bytes(GARBAGE)
        ran = run(*argv)
        assert (ran.status, ran.out) == (0, shown)
        assert "was damaged" in ran.err
        assert run(*argv).err == ""
    replica_of(home).write_bytes(GARBAGE)
    line.cut()
    ran = run(*LEADERBOARD)
    assert (ran.status, ran.out) == (0, online[1])
    # Without any names, this machine can't tell that the name is unknown. It shows no garbage.
    for argv in (HISTORY, ["list"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "cannot be reached" in ran.err


def test_a_damaged_replica_is_rebuilt_and_stops_no_edit(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    damage(replica_of(home))
    assert run("edit", "Iron Ore", "+5").status == 0
    assert known_guild.quantities("iron") == (12, 0)
    online = run("list").out
    damage(replica_of(home))
    assert run("list").out == online
    line.cut()
    assert run("list").out == online


def test_a_damaged_outbox_is_set_aside_and_reported(
    run: Run, known_guild: Books, home: Path
) -> None:
    for number, argv in enumerate((["edit", "spice", "+5"], ["list"]), 1):
        damage(outbox_of(home))
        ran = run(*argv)
        assert ran.status == 0
        assert "could not be read" in ran.err
        assert "outbox.db.damaged" in ran.err
        aside = store_of(home).glob("outbox.db.damaged-*")
        assert [path.read_bytes() for path in aside] == [GARBAGE] * number
        assert known_guild.quantities() == (1_005, 400)


# Members


def test_members_send_only_their_own_changes(
    run: Run, remote_guild: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign_on(member: str) -> None:
        """Switch this machine to another member."""
        for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
            monkeypatch.setenv(name, member)

    members = ("chani", "stilgar")
    for member in members:
        sign_on(member)
        run("list")
    line.cut()
    for member in members:
        sign_on(member)
        assert run("edit", "spice", "+5").status == 0
    pending = {store.member: store.changes for store in pending_elsewhere(home / "data" / "guilds")}
    assert pending == {"chani": 1, "stilgar": 1}
    line.mend()
    for number, member in enumerate(members, start=1):
        sign_on(member)
        assert run("list").status == 0
        assert run("edit", "water", "+1").status == 0
        senders = [row["updated_by"] for row in remote_guild.rows("resource_history")[3:]]
        assert senders == [each for each in members[:number] for _ in range(2)]
    assert remote_guild.quantities() == (1_010, 400)
    assert list(pending_elsewhere(home / "data" / "guilds")) == []
