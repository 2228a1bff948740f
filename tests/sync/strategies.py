"""Any change and any outcome, including odd ones."""

from __future__ import annotations

from hypothesis import strategies as st

from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Shortage, Verdict
from tracker_tui.domain.points import Points
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource

texts = st.text(max_size=20)
texts_or_none = st.none() | texts
quantities = st.integers(0, 999_999_999)
numbers = st.floats(allow_nan=False)
locations = st.sampled_from(Location)

changes = st.builds(
    Change,
    id=texts,
    resource_id=texts,
    kind=st.sampled_from(Kind),
    location=locations,
    amount=quantities,
    by=texts,
    reason=texts_or_none,
    expected=st.none() | quantities,
    entered_by=texts_or_none,
    requires=texts_or_none,
    undoes=texts_or_none,
    remark=texts_or_none,
)
resources = st.builds(
    Resource,
    id=texts,
    name=texts,
    hagga=quantities,
    deep_desert=quantities,
    description=texts_or_none,
    category=texts_or_none,
    icon=texts_or_none,
    image_url=texts_or_none,
    target=st.none() | st.integers(),
    multiplier=numbers,
    priority=st.booleans(),
    updated_by=texts,
    updated_at=st.integers(),
    subcategory=texts_or_none,
    tier=st.none() | st.integers(),
)
points = st.builds(Points, numbers, numbers, numbers, numbers)
moves = st.builds(Moved, quantities, quantities, quantities, quantities, points)
shortages = st.builds(Shortage, locations, quantities, st.integers())
outcomes = st.builds(
    Outcome,
    changes,
    st.sampled_from(Verdict),
    st.none() | resources,
    st.none() | moves,
    st.none() | st.sampled_from(Rejection),
    st.none() | shortages,
    texts,
)
