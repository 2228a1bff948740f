"""Points for the leaderboard (data contract, "Points")."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.points import (
    NO_POINTS,
    effective_multiplier,
    points_for_adding,
    points_for_setting,
)
from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.domain.status import Status, status_of

QUANTITIES = st.integers(1, 5_000) | st.integers(1, MAX_QUANTITY)
MULTIPLIERS = st.floats(0, 100, exclude_min=True) | st.integers(1, 10_000).map(lambda n: n / 100)
STATUSES = st.sampled_from(Status)


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


def test_every_worked_example_of_the_contract() -> None:
    for total, target, multiplier, added, base, bonus, final in (
        (0, 10_000, 2.0, 1_000, 100.0, 0.10, 220.00),
        (4_000, 10_000, 1.0, 1_000, 100.0, 0.05, 105.00),
        (9_000, 10_000, 1.0, 1_000, 100.0, 0.0, 100.00),
        (0, None, 0.67, 15, 1.5, 0.0, 1.01),
        (0, None, 0.04, 1, 0.1, 0.0, 0.0),
    ):
        points = points_for_adding(added, multiplier, status_of(total + added, target))
        assert points == (base, multiplier, bonus, final)


def test_an_unusable_multiplier_counts_as_one() -> None:
    for stored in (0.0, -0.0, -1.0, -1e300, math.nan, math.inf, -math.inf):
        assert effective_multiplier(stored) == 1.0, stored
        assert points_for_adding(1_000, stored, Status.AT_TARGET) == (100.0, 1.0, 0.0, 100.0)


def test_base_points_are_kept_unrounded_and_halves_are_rounded_up() -> None:
    assert points_for_adding(1, 1.0, Status.AT_TARGET).base == 0.1
    assert points_for_adding(12_345, 0.01, Status.AT_TARGET).base == 1_234.5
    finals = {(1, 0.05): 0.01, (1, 0.04): 0.0, (15, 1.0): 1.5, (125, 0.01): 0.13}
    found = {case: points_for_adding(*case, Status.AT_TARGET).final for case in finals}
    assert found == finals


@given(QUANTITIES, MULTIPLIERS, STATUSES)
def test_points_are_the_exact_product_rounded_as_sqlite_does(
    sqlite: sqlite3.Connection, quantity: int, multiplier: float, status: Status
) -> None:
    points = points_for_adding(quantity, multiplier, status)
    weighted = points.base * points.multiplier
    unrounded = weighted + weighted * points.bonus
    asked = "SELECT CAST(? * 100 + 0.5 AS INTEGER) / 100.0"
    assert sqlite.execute(asked, (unrounded,)).fetchone() == (points.final,)
    bonus = {Status.CRITICAL: Fraction(10, 100), Status.BELOW_TARGET: Fraction(5, 100)}
    exact = Fraction(quantity, 10) * Fraction(multiplier) * (1 + bonus.get(status, Fraction(0)))
    # Half a cent of rounding, and what sixteen digits of a float leave out.
    assert abs(Fraction(points.final) - exact) <= Fraction(1, 200) + exact / 10**14


@given(st.integers(-MAX_QUANTITY, MAX_QUANTITY))
def test_a_count_earns_one_point_where_it_changed_something(difference: int) -> None:
    points = points_for_setting(difference)
    assert points == ((1.0, 1.0, 0.0, 1.0) if difference else NO_POINTS)
    assert NO_POINTS.final == 0
