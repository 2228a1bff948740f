"""The replica: exactly what the ledger held when it was last read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import DEEP_DESERT, HAGGA
from helpers.other_schemas import ask
from tracker_tui.db.layout import Layout
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.sync.replica import REPLICA_NAME, Reading, Replica, ReplicaContents

Reopen = Callable[[], Replica]
READING = Reading(1_700_000_000, 1_700_000_003.5)
KNOWN = CachedLayout(Layout.founding(), "47:11", {HAGGA: "Hagga", DEEP_DESERT: "The Deep"})
SPICE = Resource(
    "spice", "Spice", 1000, 400, None, "Raw", None, None, 2500, 1.5, True, "x", 1_700_000_000
)
WATER = SPICE._replace(id="water", name="Water", hagga=50, priority=False, tier=3, target=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / REPLICA_NAME


@pytest.fixture
def reopen(path: Path) -> Iterator[Reopen]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Replica(path)))


@pytest.fixture
def replica(reopen: Reopen) -> Replica:
    """A replica with spice and water."""
    replica = reopen()
    known = {"names": {"1": "paul"}, "cached_layout": KNOWN}
    replica.write([SPICE, WATER], (), ["c1"], READING, is_whole=True, **known)
    return replica


def contents_of(replica: Replica) -> ReplicaContents:
    found = replica.load()
    assert found is not None
    return found


def test_what_was_written_is_read(replica: Replica, reopen: Reopen) -> None:
    found = contents_of(reopen())
    assert sorted(found.rows) == [SPICE, WATER]
    assert (found.names, found.applied_ids, found.reading) == ({"1": "paul"}, {"c1"}, READING)
    assert found.cached_layout is not None
    assert found.cached_layout.layout.columns == KNOWN.layout.columns
    assert found.cached_layout[1:] == KNOWN[1:]
    assert sorted(replica.resource_names()) == [("spice", "Spice"), ("water", "Water")]


quantities = st.integers(0, 999_999_999)
rows = st.builds(
    SPICE._replace,
    id=st.sampled_from(["spice", "water", "-", "ä'\"", ""]),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    hagga=quantities,
    deep_desert=quantities,
    description=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    target=st.none() | st.integers(-(2**63), 2**63 - 1),
    multiplier=st.floats(allow_nan=False),
    priority=st.booleans(),
    updated_at=st.integers(0, 10**12),
)


@given(st.lists(rows, unique_by=lambda row: row.id))
def test_any_rows_survive_being_stored(
    tmp_path_factory: pytest.TempPathFactory, read: list[Resource]
) -> None:
    path = tmp_path_factory.mktemp("replica") / REPLICA_NAME
    with closing(Replica(path)) as written:
        assert written.write(read, (), (), READING, is_whole=True)
    with closing(Replica(path)) as reopened:
        assert sorted(contents_of(reopened).rows) == sorted(read)


def test_a_part_leaves_other_rows_and_a_whole_refresh_replaces_everything(replica: Replica) -> None:
    later, iron = Reading(READING.now + 5, READING.at + 5), WATER._replace(id="iron")
    more = SPICE._replace(hagga=1001)
    assert replica.write([more, iron], ["water"], ["c2"], later, is_whole=False)
    found = contents_of(replica)
    assert sorted(found.rows) == sorted([more, iron])
    assert (found.applied_ids, found.reading, found.names) == ({"c2"}, later, {"1": "paul"})
    assert found.cached_layout is not None
    assert replica.write([WATER], (), (), READING, is_whole=True)
    assert (contents_of(replica).rows, contents_of(replica).applied_ids) == ([WATER], frozenset())


def test_a_new_replica_accepts_only_whole_refreshes(reopen: Reopen) -> None:
    replica = reopen()
    assert (replica.load(), replica.resource_names(), replica.load_layout()) == (None, [], None)
    assert not replica.write([SPICE], (), (), READING, is_whole=False)
    replica.update([SPICE], ["c5"])
    assert (replica.load(), replica.resource_names()) == (None, [])
    replica.save_layout(KNOWN)
    found = reopen().load_layout()
    assert found is not None
    assert (found.layout.columns, found[1:]) == (KNOWN.layout.columns, KNOWN[1:])
    assert reopen().load() is None


def test_an_older_refresh_replaces_nothing(replica: Replica, reopen: Reopen) -> None:
    newer = SPICE._replace(hagga=7)
    reopen().write([newer], (), ["c9"], Reading(READING.now + 9, 1.0), is_whole=False)
    assert replica.write([SPICE], ["water"], (), Reading(READING.now + 5, 2.0), is_whole=False)
    found = contents_of(replica)
    assert sorted(found.rows) == sorted([newer, WATER])
    assert (found.applied_ids, found.reading) == ({"c9"}, Reading(READING.now + 9, 1.0))


def test_an_outcome_replaces_its_row_and_adds_its_id(replica: Replica) -> None:
    answered = SPICE._replace(hagga=1005)
    replica.update([answered], ["c5"])
    replica.update([answered], ["c5"])
    found = contents_of(replica)
    assert sorted(found.rows) == [answered, WATER]
    assert (found.applied_ids, found.reading) == ({"c1", "c5"}, READING)


def test_a_replica_that_was_deleted_is_created_again(replica: Replica, path: Path) -> None:
    for file in path.parent.glob(f"{REPLICA_NAME}*"):
        file.unlink()
    assert not replica.write([SPICE], (), (), READING, is_whole=False)
    assert replica.write([SPICE], (), (), READING, is_whole=True)
    assert contents_of(replica).rows == [SPICE]


def test_a_replica_with_malformed_content_is_damaged(path: Path) -> None:
    for statement in (
        "UPDATE facts SET value = '{}' WHERE name = 'reading'",
        "UPDATE facts SET value = '[1]' WHERE name = 'reading'",
        "UPDATE facts SET value = '[1, \"x\"]' WHERE name = 'reading'",
        "UPDATE facts SET value = x'ff' WHERE name = 'reading'",
        "UPDATE facts SET value = '[]' WHERE name = 'acquaintance'",
        "UPDATE facts SET value = '{' WHERE name = 'acquaintance'",
        *("DELETE FROM facts WHERE name = 'proof'", "UPDATE resources SET hagga = hagga + 1"),
        *("UPDATE resources SET hagga = 'many'", "UPDATE resources SET name = NULL"),
        *("UPDATE resources SET multiplier = 1", "UPDATE resources SET updated_at = x'00'"),
        *("DELETE FROM resources WHERE id = 'water'", "DELETE FROM resources"),
    ):
        with closing(Replica(path)) as replica:
            replica.write([SPICE, WATER], (), (), READING, cached_layout=KNOWN, is_whole=True)
            assert len(contents_of(replica).rows) == 2
            ask(path, statement)
            with pytest.raises(LocalFileDamaged):
                pytest.fail(f"{statement}: {replica.load()}")
