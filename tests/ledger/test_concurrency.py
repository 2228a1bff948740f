"""Many players at once, in real processes, on one resource: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import new_resource
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask_at, make_file
from helpers.player import PLAY, changes_of
from helpers.processes import run_together
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


def play(where: str, players: list[str], changes_each: int) -> dict[str, list[str]]:
    """Run all players at once; return the verdicts for each change, by id."""
    printed = run_together(PLAY, [(where, player, changes_each) for player in players])
    verdicts = defaultdict(list)
    for out in printed:
        for change_id, verdict in json.loads(out.splitlines()[-1]).items():
            verdicts[change_id].append(verdict)
    return verdicts


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


@pytest.mark.parametrize(
    ("where", "players", "changes_each"),
    # Twins send the same changes.
    [("wal", "abctt", 50), ("remote", "abcd", 30), ("rollback", "abc", 30)],
    indirect=["where"],
)
def test_many_players_at_once_apply_each_change_once(
    where: str, players: str, changes_each: int
) -> None:
    verdicts = play(where, list(players), changes_each)
    changes = {c.id: c for player in players for c in changes_of(player, changes_each)}
    assert verdicts.keys() == changes.keys()
    in_history = [str(row[0]) for row in history(where)]
    for change_id, found in verdicts.items():
        applied = in_history.count(change_id)
        assert found.count("applied") == applied <= 1, change_id
        assert applied or set(found) == {"refused"}, change_id
    assert_history_is_a_chain_of(changes, where)
    # Otherwise they played one after the other, and the test proves nothing.
    turns = [changes[change_id].by for change_id in in_history]
    assert sum(before != after for before, after in pairwise(turns)) > len(players)
    if not where.endswith("wal.db"):
        both = "quantity_hagga - quantity_location_1, quantity_deep_desert - quantity_location_2"
        assert ask_at(where, f"SELECT {both} FROM resources") == [(0, 0)]
