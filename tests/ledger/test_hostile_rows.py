"""Hostile rows: reading never fails, and other rows can still be edited."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any, get_type_hints

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
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line
from tracker_tui.ledger.ledger import random_id

# Only files are tried: a server checks references, and accepts only UTF-8.
RESOURCE_TYPES: dict[str, Any] = get_type_hints(Resource) | {"priority": int}
ENTRY_TYPES: dict[str, Any] = get_type_hints(HistoryEntry) | {"id": str | None}

TEXTS = (
    "'[red]Spice[/red] [link=file:///etc/passwd]x[/link]'",
    r"char(27) || '[2J' || char(27) || ']0;owned' || char(7)",
    r"'a' || char(10) || 'b' || char(13) || char(8232) || 'c' || char(9)",
    "char(8238) || 'ecips' || char(1633)",
    "char(128119) || char(8205) || char(128105) || char(65039)",
    "'sp' || char(8203) || 'ice' || char(65279)",
    "'e' || replace(hex(zeroblob(500)), '0', char(769))",
    "replace(hex(zeroblob(5000)), '0', 'x')",
    "'sp' || char(0) || 'ice'",
    "CAST(x'EDA080' AS TEXT)",
    "CAST(x'FFFE8073706963C3' AS TEXT)",
    "x'00FF1B5B324A'",
    "''",
    "12.5",
)
NUMBERS = (
    *("'many'", "''", "'12 apples'", "CAST(x'FF' AS TEXT)", "1.75", "9e999", "-9e999", "x'FF00'"),
    *("-77", "9223372036854775807", "-9223372036854775807 - 1", "1700000000000"),
)
NULLABLE = (
    *("description", "category", "icon", "image_url", "status", "target_quantity"),
    *("subcategory", "tier"),
)
REQUIRED = (
    *("name", "last_updated_by", "created_at", "updated_at", "quantity_hagga"),
    *("quantity_deep_desert", "multiplier", "is_priority"),
)
TEXT_COLUMNS = (
    *("name", "description", "category", "icon", "image_url", "status", "last_updated_by"),
    *("subcategory", "id"),
)
NUMBER_COLUMNS = (*REQUIRED[2:], *("target_quantity", "tier", "quantity_location_1"))
HISTORY_NUMBERS = (
    *("previous_quantity_hagga", "new_quantity_hagga", "change_amount_hagga"),
    *("previous_quantity_deep_desert", "new_quantity_deep_desert", "created_at"),
    *("transfer_amount", "new_quantity_location_1"),
)
Spoilt = list[tuple[str, str]]
"""Columns, and SQL expressions to put into them."""
TEXTS_OF_RESOURCES: Spoilt = [
    *((column, value) for value in TEXTS for column in TEXT_COLUMNS),
    *((column, "NULL") for column in (*NULLABLE, "id")),
    ("status", "'on fire'"),
]
NUMBERS_OF_RESOURCES: Spoilt = [
    *((column, value) for value in NUMBERS for column in NUMBER_COLUMNS),
    ("tier", "999"),
]
TEXTS_OF_HISTORY: Spoilt = [
    *((c, value) for value in TEXTS for c in ("change_type", "updated_by", "reason", "id")),
    *((c, "NULL") for c in ("reason", "transfer_amount", "transfer_direction", "id")),
    ("transfer_direction", "'transfer_to_location_1'"),
]
NUMBERS_OF_HISTORY: Spoilt = [(c, value) for value in NUMBERS for c in HISTORY_NUMBERS]
OF_SPICE = (add(5), remove(5), set_to(5), set_to(5, DEEP_DESERT, expected=0), to_deep_desert(5))
CHANGES = [change._replace(resource_id="hostile") for change in OF_SPICE]
PLACES = {HAGGA: "Hagga", DEEP_DESERT: "Deep Desert"}


@pytest.fixture
def wild_books(make_ledger: MakeLedger) -> Books:
    """A later database with a normal resource, "spice", and one to spoil, "hostile"."""
    books = make_ledger(other_schemas.GROWN)
    books.insert_resource(quantity_hagga=100, quantity_deep_desert=50)
    plant_hostile(books)
    return books


def plant_hostile(books: Books) -> Change:
    """Restore the hostile resource, with one change in its history."""
    books.run("DELETE FROM resources WHERE id IS NOT 'spice'")
    books.run("DELETE FROM resource_history WHERE resource_id IS NOT 'spice'")
    books.insert_resource("hostile", quantity_hagga=100, quantity_deep_desert=50)
    change = add(10, resource_id="hostile")
    books.ledger.apply(change)
    return change


def assert_is_sane(values: Resource | HistoryEntry, types: dict[str, Any]) -> None:
    named = values._asdict().items()
    assert not {name: value for name, value in named if not isinstance(value, types[name])}


@pytest.mark.parametrize("spoilt", [TEXTS_OF_RESOURCES, NUMBERS_OF_RESOURCES], ids=["text", "no"])
def test_any_resource_is_read_and_changed_and_others_are_too(
    wild_books: Books, spoilt: Spoilt
) -> None:
    changes = cycle(CHANGES)
    for number, (column, value) in enumerate(spoilt):
        case = column, value
        plant_hostile(wild_books)
        spoil = f"UPDATE resources SET {column} = {value} WHERE id = 'hostile'"
        wild_books.run(spoil)
        # It is read.
        resources = wild_books.ledger.refresh().resources
        assert "spice" in [resource.id for resource in resources], case
        for resource in resources:
            assert_is_sane(resource, RESOURCE_TYPES)
            # All screens use it so.
            assert resource.status in ("critical", "below_target", "at_target", "above_target")
            assert resource.needs_update(1_700_000_000) in (True, False)
            assert one_line(resource.name).isprintable(), case
            assert one_line(resource.shown_category).isprintable(), case
            assert isinstance(resource.shown_tier, str), case
            assert json.dumps(resource._asdict())
        # Lists are sorted by any column, and searched.
        assert sorted(resources, key=lambda r: (r.name, r.updated_at, r.total, r.multiplier))
        assert ranked(resources, "spice")
        # Another resource is changed.
        outcome = wild_books.ledger.apply(set_to(number, expected=number - 1 if number else 100))
        assert outcome.verdict is Verdict.APPLIED, case
        assert wild_books.quantities() == (number, 50), case
        # A text matters to all kinds of change alike.
        for change in CHANGES if spoilt is NUMBERS_OF_RESOURCES else [next(changes)]:
            wild_books.run(spoil)
            outcome = wild_books.ledger.apply(change._replace(id=random_id()))
            assert outcome_sentence(outcome, PLACES).isprintable(), case
            if outcome.moved is not None:
                assert [type(number) for number in outcome.moved[:4]] == [int] * 4, case
                after = outcome.resource.hagga, outcome.resource.deep_desert
                assert outcome.moved[2:4] == after, case


@pytest.mark.parametrize("spoilt", [TEXTS_OF_HISTORY, NUMBERS_OF_HISTORY], ids=["text", "no"])
def test_any_history_is_read_and_stops_no_change(wild_books: Books, spoilt: Spoilt) -> None:
    for column, value in spoilt:
        case = column, value
        planted = plant_hostile(wild_books)
        spoil = f"UPDATE resource_history SET {column} = {value} WHERE resource_id = 'hostile'"
        wild_books.run(spoil)
        (entry,) = recent_history(wild_books.ledger, "hostile")
        assert_is_sane(entry, ENTRY_TYPES)
        assert one_line(entry.change_type).isprintable(), case
        assert one_line(entry.by).isprintable(), case
        if spoilt is NUMBERS_OF_HISTORY:
            # A change sent again reads its own row, even if it was altered.
            outcome = wild_books.ledger.apply(planted)
            assert outcome.verdict is Verdict.ALREADY_APPLIED, case
            assert outcome_sentence(outcome, PLACES).isprintable(), case
            assert [type(number) for number in outcome.moved[:4]] == [int] * 4, case
        for resource in ("spice", "hostile"):
            outcome = wild_books.ledger.apply(add(1, resource_id=resource))
            assert outcome.verdict is Verdict.APPLIED, case
        assert len(recent_history(wild_books.ledger, "hostile")) == 2, case


def test_a_refresh_reads_past_any_member(wild_books: Books) -> None:
    for who in ("good", "hostile"):
        wild_books.insert("users", id=who, discord_id=who, username=who, created_at=1, last_login=1)
    for column in ("discord_id", "username", "custom_nickname", "avatar"):
        for value in TEXTS:
            wild_books.run(f"UPDATE users SET {column} = {value} WHERE id = 'hostile'")
            names = wild_books.ledger.refresh().names
            assert names["good"] == "good", (column, value)
            assert all(type(text) is str for pair in names.items() for text in pair)
        wild_books.run(f"UPDATE users SET {column} = 'hostile' WHERE id = 'hostile'")


def test_a_refresh_reads_past_any_name_of_a_location(wild_books: Books) -> None:
    for value in ("NULL", *TEXTS):
        wild_books.run("DELETE FROM global_settings")
        wild_books.run(
            "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
            f" VALUES ('inventory_location_1_name', {value}, 1, 1), (NULL, {value}, 1, 1),"
            f" (x'FF', {value}, 1, 1)"
        )
        snapshot = wild_books.ledger.refresh()
        assert type(snapshot.cached_layout.places[HAGGA]) is str, value
        assert one_line(snapshot.cached_layout.places[HAGGA]).isprintable(), value
        assert wild_books.ledger.apply(to_deep_desert(1)).verdict is Verdict.APPLIED, value


def test_what_is_shown_of_a_hostile_resource(wild_books: Books) -> None:
    def shown() -> dict[str, Resource]:
        return {resource.id: resource for resource in wild_books.ledger.refresh().resources}

    # A name is kept with its traps. Screens show it escaped; search and export use it unchanged.
    name = "[red]Spice\x1b[2J\u202e"
    wild_books.run("UPDATE resources SET name = ? WHERE id = 'hostile'", name)
    assert shown()["hostile"].name == name
    # A number that is text counts as nothing.
    wild_books.run("UPDATE resources SET quantity_hagga = 'many' WHERE id = 'hostile'")
    assert (shown()["hostile"].hagga, shown()["hostile"].deep_desert) == (0, 50)
    wild_books.ledger.apply(add(5, resource_id="hostile"))
    assert wild_books.quantities("hostile") == (5, 50)
    # Without an id it is not shown.
    wild_books.run("UPDATE resources SET id = NULL WHERE id = 'hostile'")
    assert shown().keys() == {"spice"}


anything = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(anything, min_size=16, max_size=16), change=st.sampled_from(CHANGES))
def test_any_mixture_of_values_can_be_read_and_edited(
    wild_books: Books, values: list[object], change: Change
) -> None:
    mixture = dict(zip((*NULLABLE, *REQUIRED), values, strict=True))
    row = {c: 1 if v is None and c in REQUIRED else v for c, v in mixture.items()}
    wild_books.run("DELETE FROM resources WHERE id = 'hostile'")
    wild_books.insert("resources", id="hostile", **row)
    for resource in wild_books.ledger.refresh().resources:
        assert_is_sane(resource, RESOURCE_TYPES)
    outcome = wild_books.ledger.apply(change._replace(id=random_id()))
    assert outcome_sentence(outcome, PLACES).isprintable()
    assert wild_books.ledger.apply(add(1)).verdict is Verdict.APPLIED
