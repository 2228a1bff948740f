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
    critical, below, at, above = Status
    expected = {
        **dict.fromkeys(((-5, 1_000), (0, 1_000), (499, 1_000), (0, 1)), critical),
        **dict.fromkeys(((500, 1_000), (999, 1_000)), below),
        **dict.fromkeys(((1_000, 1_000), (1_499, 1_000), (1, 1)), at),
        **dict.fromkeys(((1_500, 1_000), (2 * MAX_QUANTITY, 1_000), (2, 1)), above),
    }
    # Without a target any total is at target.
    without = list(product((-5, 0, 1, MAX_QUANTITY), (None, 0)))
    expected |= dict.fromkeys(without, Status.AT_TARGET)
    assert {case: status_of(*case) for case in expected} == expected
    assert {percent(*case) for case in without} == {None}


@given(TOTALS, TARGETS)
def test_the_status_is_that_of_exact_percentages(total: int, target: int) -> None:
    share = Fraction(total * 100, target)
    passed = sum(share >= least for least in (50, 100, 150))
    assert status_of(total, target) is list(Status)[passed]
    shown = percent(total, target)
    assert shown is not None
    assert shown <= share < shown + 1, "rounded down"


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


def test_a_resource_counts_both_locations_and_names_its_tier() -> None:
    iron = Resource("r1", "Iron", 300, 200, None, "Raw", None, None, 1_000, 1.0, True, "me", 0)
    assert (iron.total, iron.status, iron.percent) == (500, Status.BELOW_TARGET, 50)
    assert iron.needs_update(DAY + 1)
    assert not iron._replace(priority=False).needs_update(DAY + 1)
    # A tier is shown in words.
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
