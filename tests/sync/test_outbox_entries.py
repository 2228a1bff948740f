"""Changes and outcomes as stored documents: read back unchanged, or reported as damage."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import add, set_to
from tracker_tui.domain.change import Change, Moved, Outcome, Shortage, Verdict
from tracker_tui.domain.points import Points
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.sync.outbox_entries import (
    change_from_json,
    change_to_json,
    outcome_from_json,
    outcome_to_json,
)

numbers = st.floats(allow_nan=False)


def any_of(kind: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for named tuples with any values of their fields' types."""
    return st.builds(kind, **(dict.fromkeys(kind._fields, ...) | given))


changes = any_of(Change)
moves = any_of(Moved, points=st.builds(Points, *[numbers] * 4))
outcomes = any_of(
    Outcome,
    change=changes,
    resource=st.none() | any_of(Resource, multiplier=numbers),
    moved=st.none() | moves,
    shortage=st.none() | any_of(Shortage),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DEEP = ("[" * 100_000, '{"a":' * 100_000)


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


def test_a_malformed_change_or_outcome_is_damage() -> None:
    document = json.loads(change_to_json(set_to(1, expected=2)))
    malformed: list[dict[str, Any]] = [
        *({"id": 7}, {"resource_id": None}, {"by": ["x"]}, {"reason": 1.5}, {"remark": {}}),
        *({"kind": "steal"}, {"kind": {}}, {"location": "arrakeen"}),
        *({"amount": "12"}, {"amount": 1.5}, {"amount": True}, {"amount": float("inf")}),
        *({"expected": "12"}, {"expected": False}),
    ]
    texts = [json.dumps(document | part) for part in malformed]
    texts += [
        json.dumps({name: each for name, each in document.items() if name != key})
        for key in ("id", "resource_id", "by", "kind", "location", "amount")
    ]
    for text in (*texts, *DEEP):
        with pytest.raises(LocalFileDamaged):
            pytest.fail(f"{text[:200]} was read as {change_from_json(text)}")
    assert change_from_json(json.dumps(document)).expected == 2
    document = json.loads(outcome_to_json(Outcome(add(1), Verdict.APPLIED, None)))
    malformed = [
        *({"verdict": "perhaps"}, {"resource": ["spice"]}, {"resource": 5}, {"refusal": "mood"}),
        *({"moved": [1, 2, 3]}, {"moved": [1, 2, 3, 4, [1.0]]}, {"said": None}),
        *({"shortage": ["arrakeen", 1, 2]}, {"shortage": [1]}, {"shortage": []}),
    ]
    for text in (*(json.dumps(document | part) for part in malformed), *DEEP):
        with pytest.raises(LocalFileDamaged):
            pytest.fail(f"{text[:200]} was read as {outcome_from_json(text, add(1))}")
    assert outcome_from_json(json.dumps(document), add(1)).verdict is Verdict.APPLIED
