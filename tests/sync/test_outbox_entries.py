"""Changes and outcomes as stored documents: read back unchanged, or reported as damage."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import add, set_to
from sync.strategies import changes, outcomes
from tracker_tui.domain.change import Change, Outcome, Verdict
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.sync.outbox_entries import (
    change_from_json,
    change_to_json,
    outcome_from_json,
    outcome_to_json,
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(changes)
def test_any_change_survives_being_stored(change: Change) -> None:
    assert change_from_json(change_to_json(change)) == change


@given(outcomes)
def test_any_outcome_survives_being_stored(outcome: Outcome) -> None:
    found = outcome_from_json(outcome_to_json(outcome), outcome.change)
    assert found == outcome
    # Equality alone would accept 1 for 1.0 and for True.
    assert repr(found) == repr(outcome)


@given(st.text() | anything.map(json.dumps))
def test_any_other_document_is_damage(text: str) -> None:
    with pytest.raises(LocalFileDamaged):
        change_from_json(text)
    with pytest.raises(LocalFileDamaged):
        outcome_from_json(text, add(1))


@pytest.mark.parametrize("field", ["id", "resource_id", "by", "kind", "location", "amount"])
def test_a_change_without_a_required_key_is_damage(field: str) -> None:
    document = json.loads(change_to_json(add(1)))
    del document[field]
    with pytest.raises(LocalFileDamaged):
        change_from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 7),
        ("resource_id", None),
        ("by", ["x"]),
        ("reason", 1.5),
        ("remark", {}),
        ("kind", "steal"),
        ("kind", {}),
        ("location", "arrakeen"),
        ("amount", "12"),
        ("amount", 1.5),
        ("amount", True),
        ("amount", float("inf")),
        ("expected", "12"),
        ("expected", False),
    ],
)
def test_a_change_with_a_value_of_a_wrong_type_is_damage(field: str, value: Any) -> None:
    document = json.loads(change_to_json(set_to(1, expected=2))) | {field: value}
    with pytest.raises(LocalFileDamaged):
        change_from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "perhaps"),
        ("resource", ["spice"]),
        ("resource", 5),
        ("moved", [1, 2, 3]),
        ("moved", [1, 2, 3, 4, [1.0]]),
        ("refusal", "mood"),
        ("shortage", ["arrakeen", 1, 2]),
        ("shortage", [1]),
        ("shortage", []),
        ("said", None),
    ],
)
def test_an_outcome_with_a_value_of_a_wrong_type_is_damage(field: str, value: Any) -> None:
    document = json.loads(outcome_to_json(Outcome(add(1), Verdict.APPLIED, None)))
    with pytest.raises(LocalFileDamaged):
        outcome_from_json(json.dumps(document | {field: value}), add(1))


@pytest.mark.parametrize("nested", ["[" * 100_000, '{"a":' * 100_000])
def test_endless_nesting_is_damage(nested: str) -> None:
    with pytest.raises(LocalFileDamaged):
        change_from_json(nested)
    with pytest.raises(LocalFileDamaged):
        outcome_from_json(nested, add(1))
