"""Status, percentage and recount (data contract, "Status" and "Values")."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from peewee import Select, SqliteDatabase, Value

from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.domain.resource import Resource, shown_category
from tracker_tui.domain.status import DAY, Status, needs_update, percent, status_of, stored_status
from tracker_tui.ledger.expressions import seconds as seconds_of

TOTALS = st.integers(-MAX_QUANTITY, 2 * MAX_QUANTITY)
TARGETS = st.integers(1, MAX_QUANTITY)


def test_a_status_begins_at_its_share_of_the_target() -> None:
    expected = {
        (-5, 1_000): Status.CRITICAL,
        (0, 1_000): Status.CRITICAL,
        (499, 1_000): Status.CRITICAL,
        (500, 1_000): Status.BELOW_TARGET,
        (999, 1_000): Status.BELOW_TARGET,
        (1_000, 1_000): Status.AT_TARGET,
        (1_499, 1_000): Status.AT_TARGET,
        (1_500, 1_000): Status.ABOVE_TARGET,
        (2 * MAX_QUANTITY, 1_000): Status.ABOVE_TARGET,
        (0, 1): Status.CRITICAL,
        (1, 1): Status.AT_TARGET,
        (2, 1): Status.ABOVE_TARGET,
    }
    # Without a target any total is at target.
    without = list(product((-5, 0, 1, MAX_QUANTITY), (None, 0)))
    expected |= dict.fromkeys(without, Status.AT_TARGET)
    assert {case: status_of(*case) for case in expected} == expected
    assert {percent(*case) for case in without} == {None}


@given(TOTALS, TARGETS)
def test_the_status_is_that_of_exact_percentages(total: int, target: int) -> None:
    share = Fraction(total * 100, target)
    expected = Status.CRITICAL
    for least, status in (
        (50, Status.BELOW_TARGET),
        (100, Status.AT_TARGET),
        (150, Status.ABOVE_TARGET),
    ):
        if share >= least:
            expected = status
    assert status_of(total, target) is expected


@given(TARGETS, st.integers(0, 400))
def test_one_unit_decides_between_two_statuses(target: int, share: int) -> None:
    # The smallest total that reaches `share` percent, and the one below it.
    total = -(-target * share // 100)
    at_or_over = percent(total, target)
    below = percent(total - 1, target)
    assert at_or_over is not None
    assert below is not None
    assert below < share <= at_or_over


@given(TOTALS, TARGETS)
def test_percent_is_rounded_down(total: int, target: int) -> None:
    shown = percent(total, target)
    assert shown is not None
    assert shown <= Fraction(total * 100, target) < shown + 1


def test_the_column_has_no_word_for_above_target() -> None:
    assert stored_status(Status.ABOVE_TARGET) is Status.AT_TARGET
    for status in (Status.CRITICAL, Status.BELOW_TARGET, Status.AT_TARGET):
        assert stored_status(status) is status


def test_a_resource_needs_a_recount_after_its_interval() -> None:
    now = 1_700_000_000
    for is_priority, allowed in ((True, DAY), (False, 7 * DAY)):
        assert not needs_update(now - allowed, now, is_priority=is_priority)
        assert needs_update(now - allowed - 1, now, is_priority=is_priority)
        assert not needs_update(now, now, is_priority=is_priority)
        # Other machines' clocks may be ahead.
        assert not needs_update(now + DAY, now, is_priority=is_priority)


def test_a_time_in_milliseconds_is_recognized_by_its_size() -> None:
    seconds = {0: 0, 1_700_000_000: 1_700_000_000, 1_700_000_000_123: 1_700_000_000}
    seconds |= {100_000_000_000: 100_000_000_000, 100_000_000_001: 100_000_000}
    database = SqliteDatabase(":memory:")
    columns = [seconds_of(Value(stored)) for stored in seconds]
    (row,) = database.execute(Select(columns=columns)).fetchall()
    database.close()
    assert row == tuple(seconds.values())


def test_a_resource_counts_both_locations() -> None:
    iron = Resource(
        "r1", "Iron", 300, 200, None, "Raw", None, None, 1_000, 1.0, True, "me", 1_700_000_000
    )
    assert iron.total == 500
    assert iron.status is Status.BELOW_TARGET
    assert iron.percent == 50
    assert iron.needs_update(1_700_000_000 + DAY + 1)
    assert not iron._replace(priority=False).needs_update(1_700_000_000 + DAY + 1)


def test_a_tier_is_shown_in_words() -> None:
    iron = Resource("r", "R", 0, 0, None, None, None, None, None, 1.0, False, "", 0, None, None)
    expected = {None: "", 0: "Tier 0 (Scrap)", 1: "Tier 1 (Copper)", 6: "Tier 6 (Plastanium)"}
    expected |= {7: "Grade 1", 11: "Grade 5"}
    assert {tier: iron._replace(tier=tier).shown_tier for tier in expected} == expected
    for unknown in (-1, 12, 10**12):
        assert str(unknown) in iron._replace(tier=unknown).shown_tier


def test_an_old_category_is_shown_under_its_new_name() -> None:
    expected: dict[str | None, str] = dict.fromkeys((None, "", "  "), "Uncategorized")
    expected |= dict.fromkeys(("Blueprints", "Gear Blueprints"), "Gear Blueprints")
    expected |= {"Raw": "Raw", "of our own": "of our own"}
    assert {stored: shown_category(stored) for stored in expected} == expected
