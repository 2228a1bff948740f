"""The starter catalogue: its values are valid, and it is added once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tracker_tui.catalogue import CREATED_BY, add_starter_resources, starter_resources
from tracker_tui.db.schema import schema_sql
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.points import MAX_MULTIPLIER
from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.domain.text import one_line
from tracker_tui.ledger.ledger import Ledger

USUAL_CATEGORIES = {
    *("Raw", "Refined", "Components", "Gear Blueprints", "Gear"),
    *("Augmentations", "Augmentation Blueprints", "Other"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "guild.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_sql())
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(*open_sqlite(path), clock=lambda: 1_700_000_000)
    yield ledger
    ledger.close()


def test_every_starter_resource_is_within_the_limits_of_the_contract(ledger: Ledger) -> None:
    resources = starter_resources(ledger)
    assert len(resources) > 50
    for resource in resources:
        assert resource.name == one_line(resource.name) != ""
        assert resource.category in USUAL_CATEGORIES
        assert resource.target is None or 0 < resource.target <= MAX_QUANTITY
        assert isinstance(resource.target, int | None)
        assert isinstance(resource.multiplier, float)
        assert 0 < resource.multiplier <= MAX_MULTIPLIER
        assert isinstance(resource.priority, bool)
        description = resource.description
        assert description is None or description == one_line(description)
        assert resource.hagga == resource.deep_desert == 0
    priorities = [resource.priority for resource in resources]
    assert 0 < sum(priorities) < len(resources) / 2
    # Names are unique in any letter case, and sorted within their category.
    order = [(resource.category, resource.name.casefold()) for resource in resources]
    assert len({name for _, name in order}) == len(order)
    categories = list(dict.fromkeys(category for category, _ in order))
    assert order == sorted(order, key=lambda entry: (categories.index(entry[0]), entry[1]))
    # Ids are random.
    ids = {resource.id for resource in (*resources, *starter_resources(ledger))}
    assert len(ids) == 2 * len(resources)
    assert all(len(resource_id) == 21 and not resource_id.isdigit() for resource_id in ids)


def test_the_catalogue_is_added_with_its_first_history_rows(path: Path, ledger: Ledger) -> None:
    added = add_starter_resources(ledger)
    assert added == len(starter_resources(ledger))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT DISTINCT change_type, reason, updated_by, created_at, "
            "previous_quantity_hagga, new_quantity_hagga FROM resource_history"
        ).fetchall()
        assert rows == [("absolute", "Resource created", CREATED_BY, 1_700_000_000, 0, 0)]
        counted = connection.execute(
            "SELECT count(*), count(DISTINCT resource_id) FROM resource_history "
            "WHERE resource_id IN (SELECT id FROM resources)"
        ).fetchone()
        assert counted == (added, added)
        assert connection.execute("SELECT count(*) FROM leaderboard").fetchone() == (0,)
        statuses = connection.execute(
            "SELECT DISTINCT coalesce(target_quantity, 0) > 0, status FROM resources ORDER BY 1"
        ).fetchall()
        assert statuses == [(0, "at_target"), (1, "critical")]
    # Adding it again does nothing.
    before = ledger.refresh().resources
    assert add_starter_resources(ledger) == 0
    assert ledger.refresh().resources == before


def test_a_guild_with_one_resource_is_unchanged(ledger: Ledger) -> None:
    ledger.create(starter_resources(ledger)[:1], "me")
    before = ledger.refresh().resources
    assert add_starter_resources(ledger) == 0
    assert ledger.refresh().resources == before
    assert len(before) == 1
