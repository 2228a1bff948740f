"""Days from midnight to midnight in a zone, whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.days import (
    Shift,
    date_of,
    day_of,
    local_time,
    offset_at,
    shifts,
    start_of,
    streak,
)

EPOCH = date(1970, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    None,
    UTC,
    timezone(timedelta(hours=-12)),
    timezone(timedelta(hours=14)),
    BERLIN,
    *map(
        ZoneInfo,
        (
            "America/St_Johns",
            "Asia/Kolkata",
            "Asia/Kathmandu",
            # By half an hour, at midnight, over midnight, for Ramadan, and over the date line.
            "Australia/Lord_Howe",
            "America/Havana",
            "Asia/Beirut",
            "America/Santiago",
            "Africa/Casablanca",
            "Pacific/Apia",
            "Asia/Gaza",
        ),
    ),
]
zones = st.sampled_from(ZONES)
# From 2000 to 2049; of the past since 2020, rows are told apart by these days.
moments = st.integers(946_684_800, 2_524_608_000)
days = st.integers(10_958, 29_219)


def day(*of_calendar: int) -> int:
    return (date(*of_calendar) - EPOCH).days


def is_missing(number: int, zone: object) -> bool:
    """Whether a zone's calendar left a day out: 30 December 2011 in Samoa."""
    return str(zone) == "Pacific/Apia" and date_of(number) == date(2011, 12, 30)


@given(moments, zones)
def test_a_moment_is_of_the_day_that_its_clocks_show(at: int, zone: ZoneInfo | None) -> None:
    shown = datetime.fromtimestamp(at, UTC).astimezone(zone)
    assert local_time(at, zone) == shown
    assert date_of(day_of(at, zone)) == shown.date()


@given(days, zones)
def test_a_day_begins_with_the_first_second_that_is_of_it(
    number: int, zone: ZoneInfo | None
) -> None:
    begin = start_of(number, zone)
    assert day_of(begin - 1, zone) < number
    if not is_missing(number, zone):
        assert day_of(begin, zone) == number


@given(moments, zones)
def test_a_moment_lies_between_the_begin_of_its_day_and_that_of_the_next(
    at: int, zone: ZoneInfo | None
) -> None:
    number = day_of(at, zone)
    assert start_of(number, zone) <= at < start_of(number + 1, zone)


@given(days)
def test_a_day_is_a_date(number: int) -> None:
    assert (date_of(number) - EPOCH).days == number
    assert day_of(number * 86_400, UTC) == number


@pytest.mark.parametrize(
    ("zone", "switched"),
    [
        ("Europe/Berlin", {(3, 30): 23.0, (10, 26): 25.0}),
        ("America/St_Johns", {(3, 9): 23.0, (11, 2): 25.0}),
        ("Australia/Lord_Howe", {(4, 6): 24.5, (10, 5): 23.5}),
        ("America/Havana", {(3, 9): 23.0, (11, 2): 25.0}),
        ("Asia/Kolkata", {}),
    ],
)
def test_days_are_longer_and_shorter_where_clocks_are_set(
    zone: str, switched: dict[tuple[int, int], float]
) -> None:
    first = day(2025, 1, 1)
    begins = [start_of(first + number, ZoneInfo(zone)) for number in range(366)]
    found = {
        (date_of(first + number).month, date_of(first + number).day): (end - begin) / 3_600
        for number, (begin, end) in enumerate(pairwise(begins))
        if end - begin != 86_400
    }
    assert found == switched


def test_a_day_whose_midnight_is_jumped_over_begins_with_the_jump() -> None:
    havana = ZoneInfo("America/Havana")
    begin = start_of(day(2025, 3, 9), havana)
    assert local_time(begin, havana).hour == 1
    assert local_time(begin - 1, havana).date() == date(2025, 3, 8)


@pytest.mark.parametrize("at", [-(2**63), -1, 0, 253_402_300_800, 2**63, 1e300, -1e300, 0.5])
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_no_time_is_too_odd_for_a_day(at: float, zone: ZoneInfo | None) -> None:
    shown = local_time(at, zone)
    assert 1969 <= shown.year <= 9999
    assert -1 <= day_of(int(at), zone) <= day(9999, 12, 31)


# When clocks were set


def test_shifts_are_the_moments_at_which_clocks_were_set() -> None:
    since, until = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2026))
    spring, autumn = (
        int(datetime(2025, *moment, 1, tzinfo=UTC).timestamp()) for moment in ((3, 30), (10, 26))
    )
    expected = [Shift(since, 3_600), Shift(spring, 7_200), Shift(autumn, 3_600)]
    assert shifts(since, until, BERLIN) == expected
    assert shifts(since, until, ZoneInfo("Asia/Kolkata")) == [Shift(since, 19_800)]
    # A shift is found in the last moment that is looked at, and not before.
    assert shifts(since, spring, BERLIN) == expected[:2]
    assert shifts(since, spring - 1, BERLIN) == expected[:1]
    assert shifts(since, since, BERLIN) == expected[:1]


@given(st.integers(1_577_836_800, 1_800_000_000), st.integers(1_577_836_800, 1_800_000_000), zones)
def test_between_shifts_the_offset_stays(since: int, at: int, zone: ZoneInfo | None) -> None:
    if at < since:
        since, at = at, since
    known = shifts(since, at, zone)
    assert known[0].at == since
    assert all(earlier < later for earlier, later in pairwise(known))
    assert all(earlier.seconds != later.seconds for earlier, later in pairwise(known))
    assert known[-1].seconds == offset_at(at, zone)


# Days in a row


@pytest.mark.parametrize(
    ("active", "length"),
    [
        ([], 0),
        ([10], 1),
        ([9], 1),
        ([8], 0),
        ([11], 0),
        ([8, 9], 2),
        ([8, 9, 10], 3),
        ([10, 9, 8, 8, 10], 3),
        ([10, 8, 7], 1),
        ([9, 10, 11, 12], 2),
        (range(-5, 11), 16),
    ],
)
def test_days_in_a_row_count_up_to_today_or_yesterday(active: list[int], length: int) -> None:
    assert streak(active, 10) == length


@given(st.lists(st.integers(0, 30)), st.integers(0, 30))
def test_days_in_a_row_are_all_active_and_the_one_before_is_not(
    active: list[int], today: int
) -> None:
    length = streak(active, today)
    last = today if today in active else today - 1
    assert {last - back for back in range(length)} <= set(active)
    assert last - length not in active
