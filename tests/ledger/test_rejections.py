"""What would leave the range of a quantity is refused whole."""

from __future__ import annotations

import pytest

from helpers.applying import apply, refused, update
from helpers.books import Books
from helpers.build import DEEP_DESERT, HAGGA, add, remove, set_to, to_deep_desert, to_hagga
from tracker_tui.domain.change import Change, Rejection
from tracker_tui.domain.quantities import MAX_QUANTITY, Location


@pytest.mark.parametrize(
    ("change", "location", "there", "wanted"),
    [
        (remove(1001), HAGGA, 1000, -1),
        (remove(401, DEEP_DESERT), DEEP_DESERT, 400, -1),
        (to_deep_desert(1001), HAGGA, 1000, -1),
        (to_hagga(401), DEEP_DESERT, 400, -1),
        (add(MAX_QUANTITY - 999), HAGGA, 1000, MAX_QUANTITY + 1),
        (set_to(MAX_QUANTITY + 1), HAGGA, 1000, MAX_QUANTITY + 1),
    ],
    ids=lambda value: f"{value.kind} {value.amount}" if isinstance(value, Change) else None,
)
def test_what_would_leave_the_range_is_refused_whole(
    store: Books, change: Change, location: Location, there: int, wanted: int
) -> None:
    outcome = refused(store, change)
    assert outcome.rejection is Rejection.QUANTITY
    assert outcome.shortage == (location, there, wanted)
    assert f"{there:,}" in outcome.shortage.sentence("Hagga")


def test_a_transfer_to_a_full_location_is_refused_whole(store: Books) -> None:
    update(store, quantity_deep_desert=MAX_QUANTITY)
    outcome = refused(store, to_deep_desert(1))
    assert outcome.shortage == (DEEP_DESERT, MAX_QUANTITY, MAX_QUANTITY + 1)


@pytest.mark.parametrize(
    ("change", "quantities"),
    [
        (remove(1000), (0, 400)),
        (to_deep_desert(1000), (0, 1400)),
        (add(MAX_QUANTITY - 1000), (MAX_QUANTITY, 400)),
        (set_to(MAX_QUANTITY), (MAX_QUANTITY, 400)),
        (set_to(0), (0, 400)),
    ],
    ids=lambda value: f"{value.kind} {value.amount}" if isinstance(value, Change) else None,
)
def test_the_bounds_themselves_are_allowed(
    store: Books, change: Change, quantities: tuple[int, int]
) -> None:
    apply(store, change)
    assert store.quantities() == quantities


def test_a_change_of_a_resource_that_is_not_there_is_refused(store: Books) -> None:
    outcome = refused(store, add(1, resource_id="gone"))
    assert (outcome.rejection, outcome.resource) == (Rejection.NO_RESOURCE, None)


@pytest.mark.parametrize(
    ("change", "quantities"),
    [
        (add(50), (0, 400)),
        (add(60), (10, 400)),
        (set_to(0), (0, 400)),
        (to_hagga(50), (0, 350)),
        (add(5, DEEP_DESERT), (-50, 405)),
        (remove(5, DEEP_DESERT), (-50, 395)),
    ],
    ids=lambda value: f"{value.kind} at {value.location}" if isinstance(value, Change) else None,
)
def test_of_a_negative_quantity_any_change_is_allowed_that_ends_at_0_or_more(
    store: Books, change: Change, quantities: tuple[int, int]
) -> None:
    update(store, quantity_hagga=-50)
    apply(store, change)
    assert store.quantities() == quantities


@pytest.mark.parametrize(
    "change", [add(49), remove(1), to_hagga(49), to_deep_desert(1)], ids=lambda c: c.kind
)
def test_of_a_negative_quantity_no_change_is_allowed_that_ends_below_0(
    store: Books, change: Change
) -> None:
    update(store, quantity_hagga=-50)
    assert refused(store, change).shortage.there == -50


@pytest.mark.parametrize("change", [add(1, DEEP_DESERT), remove(1, DEEP_DESERT)])
def test_the_location_that_does_not_move_may_hold_anything(store: Books, change: Change) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    apply(store, change)
    assert store.quantities()[0] == MAX_QUANTITY + 5


def test_what_stays_above_the_maximum_is_refused(store: Books) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    assert refused(store, remove(4)).shortage.is_too_much
    apply(store, remove(5))
