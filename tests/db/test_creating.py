"""Creating: whole or not at all, however many start and whoever dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import wild
from helpers.build import config_for
from helpers.processes import await_line, run_together, start
from helpers.sqlite_files import assert_is_one_clear_sentence, files_in, plant_spice
from helpers.wild import ask, journal_mode, make_file
from tracker_tui.db.layout import Layout
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite
from tracker_tui.errors import LedgerError
from tracker_tui.guild.database_factory import bring_up_to_date, open_ledger

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


def test_the_default_database_is_made_on_first_start(path: Path) -> None:
    ledger = open_ledger(config_for(path, is_default=True))
    assert len(ledger.refresh().resources) > 50
    ledger.close()
    assert files_in(path.parent) == [path.name]


def test_a_file_that_we_create_is_in_wal_mode(path: Path) -> None:
    assert create_sqlite(path, plant_spice)
    assert journal_mode(path) == "wal"


def test_creating_over_an_existing_file_changes_nothing_in_it(path: Path) -> None:
    path.parent.mkdir()
    make_file(path, wild.FOUNDING)
    before = path.read_bytes()
    assert not create_sqlite(path, plant_spice)
    assert path.read_bytes() == before
    assert files_in(path.parent) == [path.name]


def test_a_filling_that_fails_leaves_nothing(path: Path) -> None:
    def fail(database: SqliteLedgerDatabase, layout: Layout) -> None:
        plant_spice(database, layout)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sqlite(path, fail)
    assert files_in(path.parent) == []


def in_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("no folder")
    return tmp_path / "file" / "tracker.db"


def with_an_endless_name(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 300)


def with_a_name_that_leaves_no_room_for_the_draft(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 250)


@pytest.mark.parametrize(
    "place", [in_a_file, with_an_endless_name, with_a_name_that_leaves_no_room_for_the_draft]
)
def test_a_place_where_no_file_can_be_made_is_one_clear_error(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    path = place(tmp_path)
    with pytest.raises(LedgerError) as caught:
        open_ledger(config_for(path, is_default=True))
    assert_is_one_clear_sentence(caught.value, path)


def test_four_first_starts_at_once_make_one_database(path: Path) -> None:
    printed = run_together(OPEN_FIRST, [(path,)] * 4)
    catalogues = {out.splitlines()[-1] for out in printed}
    assert len(catalogues) == 1
    assert len(catalogues.pop().split()) > 50
    assert files_in(path.parent) == [path.name]


@pytest.mark.parametrize("event", ["os.mkdir", "sqlite3.connect/handle", "os.link"])
def test_a_first_start_that_dies_before_the_end_makes_no_database(path: Path, event: str) -> None:
    process = start(CREATE_AND_DIE, path, event)
    assert process.wait(60) == 9, process.communicate()
    process.communicate()
    assert not path.exists()
    ledger = open_ledger(config_for(path, is_default=True))
    assert len(ledger.refresh().resources) > 50
    ledger.close()


def test_a_first_start_that_dies_after_the_link_leaves_a_whole_database(path: Path) -> None:
    process = start(CREATE_AND_DIE, path, "os.remove")
    assert process.wait(60) == 9, process.communicate()
    process.communicate()
    ledger = open_ledger(config_for(path))
    assert len(ledger.refresh().resources) > 50
    ledger.close()


def test_a_creation_killed_half_way_makes_no_database(path: Path) -> None:
    process = start(CREATE_AND_WAIT, path)
    assert await_line(process) == "half way"
    process.kill()
    process.communicate()
    assert not path.exists()
    assert create_sqlite(path, plant_spice)
    assert ask(path, "SELECT count(*) FROM resources") == [(1,)]


def test_init_of_a_missing_file_creates_it(path: Path) -> None:
    assert bring_up_to_date(config_for(path), starter=False).created
    assert ask(path, "SELECT count(*) FROM resources") == [(0,)]


def test_init_starter_plants_once(path: Path) -> None:
    first = bring_up_to_date(config_for(path), starter=True)
    second = bring_up_to_date(config_for(path), starter=True)
    assert (first.created, second.created) == (True, False)
    assert first.starter_resources > 50
    assert (second.starter_resources, second.statements) == (0, [])
