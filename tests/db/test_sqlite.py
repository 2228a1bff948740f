"""SQLite files: opened without touching them, created whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import add, config_for
from helpers.other_schemas import ask, journal_mode, make_file
from helpers.processes import await_line, run_together, start
from helpers.sqlite_files import (
    ONE_RESOURCE,
    assert_is_one_clear_sentence,
    change_once,
    files_in,
    plant_spice,
    read_once,
)
from helpers.tracking import recent_history
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite
from tracker_tui.errors import LedgerError, NotATrackerDatabase
from tracker_tui.guild.database_factory import bring_up_to_date, open_ledger


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("schema", other_schemas.OURS)
def test_opening_and_reading_changes_no_byte(tmp_path: Path, schema: str, journal: str) -> None:
    # A path may hold any character.
    path = tmp_path / "50% of #1? & ünï côdé.db"
    make_file(path, (*other_schemas.OURS[schema], ONE_RESOURCE), journal=journal)
    before = path.read_bytes()
    ledger = open_ledger(config_for(path))
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    assert recent_history(ledger, "spice") == []
    ledger.close()
    assert path.read_bytes() == before
    assert files_in(tmp_path) == [path.name]
    change_once(path)
    assert journal_mode(path) == journal


def damaged_page(path: Path, table: str) -> None:
    ((page,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = ?", table)
    ((size,),) = ask(path, "PRAGMA page_size")
    assert isinstance(page, int)
    assert isinstance(size, int)
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)


def damaged(path: Path, kind: str) -> None:
    if kind == "a missing folder":
        return
    if kind == "a file for a folder":
        path.parent.write_text("no folder")
        return
    path.parent.mkdir()
    if kind == "a folder":
        path.mkdir()
    elif kind == "garbage":
        path.write_bytes(b"What I remember of Arrakis is sand." * 500)
    elif kind != "a missing file":
        make_file(path, (*other_schemas.FOUNDING, ONE_RESOURCE))
        content = path.read_bytes()
        is_cut = kind == "cut short"
        path.write_bytes(
            content[:5000] if is_cut else content[:100] + b"\xa5" * 3996 + content[4096:]
        )


KINDS = (
    *("a missing folder", "a file for a folder", "a folder", "garbage", "a missing file"),
    *("cut short", "a damaged catalogue"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_database_is_reported_and_not_touched(path: Path, kind: str) -> None:
    damaged(path, kind)
    before = {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}
    with pytest.raises(LedgerError) as caught:
        read_once(path)
    assert_is_one_clear_sentence(caught.value, path)
    assert before == {p: p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()}


@pytest.mark.parametrize("table", ["resources", "resource_history"])
def test_a_damaged_page_is_reported_when_it_is_read(tmp_path: Path, table: str) -> None:
    path = make_file(tmp_path / "guild.db", (*other_schemas.FOUNDING, ONE_RESOURCE))
    damaged_page(path, table)
    ledger = open_ledger(config_for(path))
    with pytest.raises(LedgerError, match="is damaged"):
        ledger.apply(add(5))
    ledger.close()


OTHERS: dict[str, other_schemas.Statements] = {
    "is an empty database": (),
    "is not a tracker database": other_schemas.FOREIGN,
    "has no user_sessions": (other_schemas.USERS, other_schemas.RESOURCES),
    "has no resources": (
        *(s for s in other_schemas.FOUNDING if s is not other_schemas.RESOURCES),
        *other_schemas.FOREIGN,
    ),
    r"has no resources\.target_quantity": tuple(
        s.replace("target_quantity integer, ", "") for s in other_schemas.FOUNDING
    ),
}


@pytest.mark.parametrize("message", OTHERS)
def test_a_database_that_is_not_ours_is_one_clear_error(tmp_path: Path, message: str) -> None:
    path = make_file(tmp_path / "guild.db", OTHERS[message])
    if not OTHERS[message]:
        path.write_bytes(b"")
    before = path.read_bytes()
    with pytest.raises(NotATrackerDatabase, match=message) as caught:
        open_ledger(config_for(path))
    assert_is_one_clear_sentence(caught.value, path)
    assert path.read_bytes() == before


OPEN_FIRST = """
import sys
from pathlib import Path
from helpers.build import config_for
from tracker_tui.guild.database_factory import open_ledger
print("ready", flush=True)
sys.stdin.readline()
ledger = open_ledger(config_for(Path(sys.argv[1]), is_default=True))
print(*sorted(resource.id for resource in ledger.refresh().resources))
ledger.close()
"""

# An audit hook sees the step that comes next; _exit runs no `finally`, as no kill does.
CREATE_AND_DIE = """
import os, sys
from pathlib import Path
from helpers.build import config_for
from tracker_tui.guild.database_factory import open_ledger
def die(event, arguments):
    if event == sys.argv[2]:
        os._exit(9)
sys.addaudithook(die)
open_ledger(config_for(Path(sys.argv[1]), is_default=True)).close()
"""

CREATE_AND_WAIT = """
import sys
from pathlib import Path
from helpers.build import new_resource
from tracker_tui.db.sqlite import create_sqlite
from tracker_tui.ledger.ledger import Ledger
def fill(database, layout):
    Ledger(database, layout).create([new_resource()], "x")
    print("half way", flush=True)
    sys.stdin.readline()
create_sqlite(Path(sys.argv[1]), fill)
"""


def test_a_database_that_we_create_is_in_wal_mode(path: Path) -> None:
    assert create_sqlite(path, plant_spice)
    assert journal_mode(path) == "wal"


def test_creating_over_an_existing_file_changes_nothing_in_it(path: Path) -> None:
    path.parent.mkdir()
    make_file(path, other_schemas.FOUNDING)
    before = path.read_bytes()
    assert not create_sqlite(path, plant_spice)
    assert path.read_bytes() == before
    assert files_in(path.parent) == [path.name]


def test_a_failed_filling_leaves_nothing(path: Path) -> None:
    def fail(database: SqliteLedgerDatabase, layout: Layout) -> None:
        plant_spice(database, layout)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sqlite(path, fail)
    assert files_in(path.parent) == []


@pytest.mark.parametrize("place", ["file/tracker.db", "x" * 300, "x" * 250])
def test_a_place_where_no_file_can_be_made_is_one_clear_error(tmp_path: Path, place: str) -> None:
    """The last name leaves no room for the name of the draft."""
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / place
    for is_default in (True, False):
        with pytest.raises(LedgerError) as caught:
            open_ledger(config_for(path, is_default=is_default))
        assert_is_one_clear_sentence(caught.value, path)


def test_first_starts_at_once_make_one_database(path: Path) -> None:
    printed = run_together(OPEN_FIRST, [(path,)] * 3)
    catalogues = {out.splitlines()[-1] for out in printed}
    assert len(catalogues) == 1
    assert len(catalogues.pop().split()) > 50
    assert files_in(path.parent) == [path.name]


@pytest.mark.parametrize("event", ["os.link", "os.remove"])
def test_a_first_start_that_dies_makes_a_whole_database_or_none(path: Path, event: str) -> None:
    process = start(CREATE_AND_DIE, path, event)
    assert process.wait(60) == 9, process.communicate()
    process.communicate()
    is_linked = event == "os.remove"
    assert path.exists() == is_linked
    ledger = open_ledger(config_for(path, is_default=not is_linked))
    assert len(ledger.refresh().resources) > 50
    ledger.close()


def test_a_creation_killed_halfway_creates_no_database(path: Path) -> None:
    process = start(CREATE_AND_WAIT, path)
    assert await_line(process) == "half way"
    process.kill()
    process.communicate()
    assert not path.exists()
    assert create_sqlite(path, plant_spice)
    assert ask(path, "SELECT count(*) FROM resources") == [(1,)]


def test_init_creates_a_missing_file_and_plants_once(path: Path) -> None:
    assert bring_up_to_date(config_for(path), starter=False).created
    assert ask(path, "SELECT count(*) FROM resources") == [(0,)]
    path.unlink()
    first = bring_up_to_date(config_for(path), starter=True)
    second = bring_up_to_date(config_for(path), starter=True)
    assert (first.created, second.created) == (True, False)
    assert first.starter_resources > 50
    assert (second.starter_resources, second.statements) == (0, [])
