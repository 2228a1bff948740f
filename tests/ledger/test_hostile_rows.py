"""Hostile rows: reading never fails, and other rows can still be edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import other_schemas
from helpers.build import DEEP_DESERT, HAGGA, add, remove, set_to, to_deep_desert
from helpers.ledger_under_test import Books, MakeLedger
from helpers.tracking import recent_history
from tracker_tui.domain.change import Change, Verdict
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.messages import outcome_sentence
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line
from tracker_tui.ledger.ledger import random_id

# A server keeps most of these out: it checks references, and accepts only UTF-8.
pytestmark = pytest.mark.parametrize("empty_database", ["file"], indirect=True)

RESOURCE_TYPES = {
    "id": str,
    "name": str,
    "hagga": int,
    "deep_desert": int,
    "description": (str, type(None)),
    "category": (str, type(None)),
    "icon": (str, type(None)),
    "image_url": (str, type(None)),
    "target": (int, type(None)),
    "multiplier": float,
    "priority": int,
    "updated_by": str,
    "updated_at": int,
    "subcategory": (str, type(None)),
    "tier": (int, type(None)),
}
ENTRY_TYPES = {
    "id": (str, type(None)),
    "change_type": str,
    "hagga_before": int,
    "hagga": int,
    "deep_desert_before": int,
    "deep_desert": int,
    "by": str,
    "reason": (str, type(None)),
    "at": int,
    "resource_id": str,
    "place": PageCursor,
}

TEXTS = {
    "markup": "'[red]Spice[/red] [link=file:///etc/passwd]x[/link]'",
    "escapes": r"char(27) || '[2J' || char(27) || ']0;owned' || char(7)",
    "lines": r"'a' || char(10) || 'b' || char(13) || char(8232) || 'c' || char(9)",
    "right to left": "char(8238) || 'ecips' || char(1633)",
    "emoji": "char(128119) || char(8205) || char(128105) || char(65039)",
    "zero width": "'sp' || char(8203) || 'ice' || char(65279)",
    "marks": "'e' || replace(hex(zeroblob(500)), '0', char(769))",
    "10,000 characters": "replace(hex(zeroblob(5000)), '0', 'x')",
    "NUL": "'sp' || char(0) || 'ice'",
    "surrogate": "CAST(x'EDA080' AS TEXT)",
    "no UTF-8": "CAST(x'FFFE8073706963C3' AS TEXT)",
    "blob": "x'00FF1B5B324A'",
    "empty": "''",
    "number": "12.5",
}
NUMBERS = {
    "text": "'many'",
    "empty text": "''",
    "digits as text": "'12 apples'",
    "no UTF-8": "CAST(x'FF' AS TEXT)",
    "real": "1.75",
    "infinity": "9e999",
    "minus infinity": "-9e999",
    "blob": "x'FF00'",
    "negative": "-77",
    "the largest": "9223372036854775807",
    "the smallest": "-9223372036854775807 - 1",
    "milliseconds": "1700000000000",
}
NULLABLE = (
    *("description", "category", "icon", "image_url", "status", "target_quantity"),
    *("subcategory", "tier"),
)
TEXT_COLUMNS = (
    *("name", "description", "category", "icon", "image_url", "status", "last_updated_by"),
    *("subcategory", "id"),
)
NUMBER_COLUMNS = (
    *("quantity_hagga", "quantity_deep_desert", "target_quantity", "multiplier", "is_priority"),
    *("created_at", "updated_at", "tier", "quantity_location_1"),
)
HOSTILE_RESOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    **{f"a text: {name}": (value, TEXT_COLUMNS) for name, value in TEXTS.items()},
    **{f"a number: {name}": (value, NUMBER_COLUMNS) for name, value in NUMBERS.items()},
    "NULL": ("NULL", (*NULLABLE, "id")),
    "a tier out of range": ("999", ("tier",)),
    "an unknown status": ("'on fire'", ("status",)),
}
"""SQL expressions, and the columns to put them into."""
HOSTILE_HISTORY: dict[str, tuple[str, tuple[str, ...]]] = {
    **{
        f"a text: {name}": (value, ("change_type", "updated_by", "reason", "id"))
        for name, value in TEXTS.items()
    },
    **{
        f"a number: {name}": (
            value,
            (
                *("previous_quantity_hagga", "new_quantity_hagga", "change_amount_hagga"),
                *("previous_quantity_deep_desert", "new_quantity_deep_desert", "created_at"),
                *("transfer_amount", "new_quantity_location_1"),
            ),
        )
        for name, value in NUMBERS.items()
    },
    "NULL": ("NULL", ("reason", "transfer_amount", "transfer_direction", "id")),
    "a newer word": ("'transfer_to_location_1'", ("transfer_direction",)),
}
CHANGES = [
    add(5, resource_id="hostile"),
    remove(5, resource_id="hostile"),
    set_to(5, resource_id="hostile"),
    set_to(5, DEEP_DESERT, resource_id="hostile", expected=0),
    to_deep_desert(5, resource_id="hostile"),
]
PLACES = {HAGGA: "Hagga", DEEP_DESERT: "Deep Desert"}


@pytest.fixture
def wild_books(make_ledger: MakeLedger) -> Books:
    """A later database with a normal resource, "spice", and one to spoil, "hostile"."""
    books = make_ledger(other_schemas.GROWN)
    books.insert_resource(quantity_hagga=100, quantity_deep_desert=50)
    plant_hostile(books)
    return books


def plant_hostile(books: Books) -> None:
    """Restore the hostile resource, with one row of history."""
    books.run("DELETE FROM resources WHERE id IS NOT 'spice'")
    books.run("DELETE FROM resource_history WHERE resource_id IS NOT 'spice'")
    books.insert_resource("hostile", quantity_hagga=100, quantity_deep_desert=50)
    books.ledger.apply(add(10, resource_id="hostile"))


def spoilt(books: Books, table: str, hostile: tuple[str, tuple[str, ...]]) -> Iterator[str]:
    """Put the value into one column of the hostile resource after the other; yield each column."""
    value, columns = hostile
    key = "id" if table == "resources" else "resource_id"
    for column in columns:
        plant_hostile(books)
        books.run(f"UPDATE {table} SET {column} = {value} WHERE {key} = 'hostile'")
        yield column


def assert_is_sane(values: Resource | HistoryEntry, types: dict[str, Any]) -> None:
    wrong = {
        name: value
        for name, value in values._asdict().items()
        if not isinstance(value, types[name])
    }
    assert not wrong


def assert_can_be_shown(resource: Resource) -> None:
    """Use a resource as all screens do."""
    assert resource.status in ("critical", "below_target", "at_target", "above_target")
    assert resource.needs_update(1_700_000_000) in (True, False)
    assert one_line(resource.name).isprintable()
    assert one_line(resource.shown_category).isprintable()
    assert isinstance(resource.shown_tier, str)
    assert json.dumps(resource._asdict())


@pytest.mark.parametrize("name", HOSTILE_RESOURCES)
def test_a_refresh_reads_past_any_resource(wild_books: Books, name: str) -> None:
    for column in spoilt(wild_books, "resources", HOSTILE_RESOURCES[name]):
        resources = wild_books.ledger.refresh().resources
        assert "spice" in [resource.id for resource in resources], column
        for resource in resources:
            assert_is_sane(resource, RESOURCE_TYPES)
            assert_can_be_shown(resource)
        # Lists are sorted by any column, and searched.
        assert sorted(resources, key=lambda r: (r.name, r.updated_at, r.total, r.multiplier))
        assert ranked(resources, "spice")


@pytest.mark.parametrize("name", HOSTILE_RESOURCES)
def test_other_resources_can_still_be_edited(wild_books: Books, name: str) -> None:
    for number, column in enumerate(spoilt(wild_books, "resources", HOSTILE_RESOURCES[name])):
        outcome = wild_books.ledger.apply(set_to(number, expected=number - 1 if number else 100))
        assert outcome.verdict is Verdict.APPLIED, column
        assert wild_books.quantities() == (number, 50)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c.kind} at {c.location}")
@pytest.mark.parametrize("name", HOSTILE_RESOURCES)
def test_a_change_of_a_hostile_resource_has_an_outcome(
    wild_books: Books, change: Change, name: str
) -> None:
    for column in spoilt(wild_books, "resources", HOSTILE_RESOURCES[name]):
        outcome = wild_books.ledger.apply(change._replace(id=f"{change.id} {column}"))
        assert outcome_sentence(outcome, PLACES).isprintable(), column
        if outcome.moved is not None:
            assert [type(number) for number in outcome.moved[:4]] == [int] * 4, column
            assert outcome.resource is not None
            after = outcome.resource.hagga, outcome.resource.deep_desert
            assert outcome.moved[2:4] == after, column


@pytest.mark.parametrize("name", HOSTILE_HISTORY)
def test_recent_history_reads_past_any_row(wild_books: Books, name: str) -> None:
    for _ in spoilt(wild_books, "resource_history", HOSTILE_HISTORY[name]):
        (entry,) = recent_history(wild_books.ledger, "hostile")
        assert_is_sane(entry, ENTRY_TYPES)
        assert one_line(entry.change_type).isprintable()
        assert one_line(entry.by).isprintable()


@pytest.mark.parametrize("name", HOSTILE_HISTORY)
def test_hostile_history_stops_no_change(wild_books: Books, name: str) -> None:
    for column in spoilt(wild_books, "resource_history", HOSTILE_HISTORY[name]):
        for resource in ("spice", "hostile"):
            outcome = wild_books.ledger.apply(add(1, resource_id=resource))
            assert outcome.verdict is Verdict.APPLIED, column
        assert len(recent_history(wild_books.ledger, "hostile")) == 2


@pytest.mark.parametrize("name", [name for name in HOSTILE_HISTORY if "number" in name])
def test_a_change_sent_again_reads_its_own_row_even_if_it_was_altered(
    wild_books: Books, name: str
) -> None:
    for column in spoilt(wild_books, "resource_history", HOSTILE_HISTORY[name]):
        (row,) = (r for r in wild_books.rows("resource_history") if r["resource_id"] == "hostile")
        outcome = wild_books.ledger.apply(add(10, resource_id="hostile", id=row["id"]))
        assert outcome.verdict is Verdict.ALREADY_APPLIED
        assert outcome_sentence(outcome, PLACES).isprintable(), column
        assert outcome.moved is not None
        assert [type(number) for number in outcome.moved[:4]] == [int] * 4, column


@pytest.mark.parametrize("column", ["discord_id", "username", "custom_nickname", "avatar"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_refresh_reads_past_any_member(wild_books: Books, column: str, name: str) -> None:
    for who in ("good", "hostile"):
        wild_books.insert("users", id=who, discord_id=who, username=who, created_at=1, last_login=1)
    wild_books.run(f"UPDATE users SET {column} = {TEXTS[name]} WHERE id = 'hostile'")
    names = wild_books.ledger.refresh().names
    assert names["good"] == "good"
    assert all(type(text) is str for pair in names.items() for text in pair)


@pytest.mark.parametrize("name", ["NULL", *TEXTS])
def test_a_refresh_reads_past_any_name_of_a_location(wild_books: Books, name: str) -> None:
    value = TEXTS.get(name, "NULL")
    wild_books.run(
        "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
        f" VALUES ('inventory_location_1_name', {value}, 1, 1), (NULL, {value}, 1, 1),"
        f" (x'FF', {value}, 1, 1)"
    )
    snapshot = wild_books.ledger.refresh()
    assert type(snapshot.cached_layout.places[HAGGA]) is str
    assert one_line(snapshot.cached_layout.places[HAGGA]).isprintable()
    assert wild_books.ledger.apply(to_deep_desert(1)).verdict is Verdict.APPLIED


def test_a_resource_without_an_id_is_not_shown(wild_books: Books) -> None:
    wild_books.run("UPDATE resources SET id = NULL WHERE id = 'hostile'")
    assert [resource.id for resource in wild_books.ledger.refresh().resources] == ["spice"]


def test_names_with_traps_are_kept_as_they_are_in_the_ledger(wild_books: Books) -> None:
    """Screens show them escaped; search and export use them unchanged."""
    name = "[red]Spice\x1b[2J\u202e"
    wild_books.run("UPDATE resources SET name = ? WHERE id = 'hostile'", name)
    shown = {resource.id: resource.name for resource in wild_books.ledger.refresh().resources}
    assert shown["hostile"] == name


def test_a_number_that_is_text_counts_as_nothing(wild_books: Books) -> None:
    wild_books.run("UPDATE resources SET quantity_hagga = 'many' WHERE id = 'hostile'")
    (hostile,) = (r for r in wild_books.ledger.refresh().resources if r.id == "hostile")
    assert (hostile.hagga, hostile.deep_desert) == (0, 50)
    wild_books.ledger.apply(add(5, resource_id="hostile"))
    assert wild_books.quantities("hostile") == (5, 50)


anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(anything, min_size=16, max_size=16), change=st.sampled_from(CHANGES))
def test_any_mixture_of_values_can_be_read_and_edited(
    wild_books: Books, values: list[object], change: Change
) -> None:
    sane: dict[str, object] = {
        "name": "x",
        "last_updated_by": "x",
        "created_at": 1,
        "updated_at": 1,
        "quantity_hagga": 1,
        "quantity_deep_desert": 1,
        "multiplier": 1.0,
        "is_priority": 0,
    }
    columns = [*NULLABLE, *sane]
    mixture = dict(zip(columns, values, strict=True))
    # A replacement is needed only if the schema does not allow NULL.
    row = {c: sane.get(c) if value is None else value for c, value in mixture.items()}
    wild_books.run("DELETE FROM resources WHERE id = 'hostile'")
    wild_books.insert("resources", id="hostile", **row)
    for resource in wild_books.ledger.refresh().resources:
        assert_is_sane(resource, RESOURCE_TYPES)
    outcome = wild_books.ledger.apply(change._replace(id=random_id()))
    assert outcome_sentence(outcome, PLACES).isprintable()
    assert wild_books.ledger.apply(add(1)).verdict is Verdict.APPLIED
