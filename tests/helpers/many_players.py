"""A ledger that many players change at once, and its history as the proof."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import new_resource
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask_at, make_file
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.db.sqlite import create_sqlite, open_sqlite
from tracker_tui.domain.change import Change, Moved, project
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.ledger import Ledger

Row = tuple[object, ...]
START = (1000, 400)
SPICE = new_resource(hagga=START[0], deep_desert=START[1], target=2500, multiplier=1.5)


@pytest.fixture
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A file in WAL mode of our own schema, and a file and a server of the later schema."""
    if request.param == "remote":
        url: str = request.getfixturevalue("remote_url")
        with closing(open_remote(Remote(url, token=None))) as database:
            Books(database, other_schemas.LATER).ledger.create([SPICE], "x")
        return url
    path = tmp_path / f"{request.param}.db"
    if request.param == "wal":
        create_sqlite(path, lambda database, layout: Ledger(database, layout).create([SPICE], "x"))
    else:
        make_file(path, other_schemas.LATER, journal="delete")
        with closing(Ledger(*open_sqlite(path))) as ledger:
            ledger.create([SPICE], "x")
    return str(path)


def history(where: str) -> list[Row]:
    """Return the history after the creation, in order of commit: ids and quantities."""
    return ask_at(
        where,
        "SELECT id, previous_quantity_hagga, previous_quantity_deep_desert, new_quantity_hagga,"
        " new_quantity_deep_desert, change_amount_hagga, change_amount_deep_desert"
        " FROM resource_history ORDER BY rowid",
    )[1:]


def assert_history_is_a_chain_of(changes: dict[str, Change], where: str) -> None:
    """Replay the history in order of commit: no gaps, no change twice, and all points."""
    spice = Resource(
        *("spice", "Spice", *START, None, "Raw", None, None),
        *(SPICE.target, SPICE.multiplier, False, "", 0),
    )
    rows, earned = history(where), {}
    for row_id, *quantities in rows:
        change = changes[str(row_id)]
        moved = project(change, spice)
        assert isinstance(moved, Moved)
        assert quantities == [*moved[:4], moved.hagga_change, moved.deep_desert_change]
        assert min(moved.hagga, moved.deep_desert) >= 0
        spice = spice._replace(hagga=moved.hagga, deep_desert=moved.deep_desert)
        if moved.points.final:
            earned[change.id] = change.by, moved.points.final
    asked = "SELECT quantity_hagga, quantity_deep_desert FROM resources"
    assert ask_at(where, asked) == [(spice.hagga, spice.deep_desert)]
    points = ask_at(where, "SELECT id, user_id, final_points FROM leaderboard")
    assert {key: (by, final) for key, by, final in points} == earned
    assert len(points) == len(earned) > 0
