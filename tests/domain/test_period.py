"""Spans of time as they are typed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.days import day_of
from tracker_tui.domain.period import (
    ALL,
    LEADERBOARD_PERIODS,
    PERIODS,
    Period,
    parse_period,
)
from tracker_tui.errors import InvalidPeriod

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400


def midnight(*of_calendar: int, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime(*of_calendar, tzinfo=zone).timestamp())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", ALL),
        ("  ALL ", ALL),
        ("24h", Period("24h", DAY)),
        ("7d", Period("7d", 7 * DAY)),
        ("7D", Period("7d", 7 * DAY)),
        ("2w", Period("2w", 14 * DAY)),
        ("36h", Period("36h", 36 * 3_600)),
        ("1h", Period("1h", 3_600)),
        ("007d", Period("007d", 7 * DAY)),
        ("36500d", Period("36500d", 36_500 * DAY)),
    ],
)
def test_a_span_is_so_many_hours_days_or_weeks(text: str, expected: Period) -> None:
    assert parse_period(text, BERLIN) == expected


def test_dates_are_meant_whole_in_the_players_zone() -> None:
    # The clocks are set on the last of these days.
    found = parse_period("2025-03-01..2025-03-30", BERLIN)
    assert found == Period(
        "2025-03-01..2025-03-30", None, midnight(2025, 3, 1), midnight(2025, 3, 31)
    )
    assert parse_period("2025-03-30..2025-03-30", BERLIN)[2:] == (
        midnight(2025, 3, 30),
        midnight(2025, 3, 30) + 23 * 3_600,
    )
    kolkata = ZoneInfo("Asia/Kolkata")
    assert parse_period("2025-03-01..", kolkata)[2:] == (midnight(2025, 3, 1, zone=kolkata), None)


def test_either_date_may_be_missing() -> None:
    assert parse_period("2025-03-01..", BERLIN)[1:] == (None, midnight(2025, 3, 1), None)
    assert parse_period("..2025-03-01", BERLIN)[1:] == (None, None, midnight(2025, 3, 2))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "..", "week", "7", "d", "d7", "-7d", "+7d", "7.5d", "7 d", "1e3d", "0d", "0h"),
        *("36501d", "999999w", "1000000h", "7m", "7y", "٣d", "7d..", "7d all"),
        *("2025-02-30..", "2025-13-01..2025-12-01", "..2025-00-10", "0000-01-01.."),
        *("2025-03-02..2025-03-01", "2025-3-1..", "25-03-01..", "2025-03-01", "..2025-03-01.."),
        *("2025-03-01...2025-03-02", "2025-03-01 .. 2025-03-02", "2025-03-01T00..", "²d"),
        *("[red]", "\x1b[2J", "x" * 5_000, "\ud800"),
    ],
)
def test_what_is_no_period_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InvalidPeriod) as caught:
        parse_period(text, BERLIN)
    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 200


@pytest.mark.parametrize("text", ["1900-01-01..1950-01-01", "0001-01-01..", "..9999-12-31"])
def test_a_day_of_the_calendar_is_a_day_however_far_away(text: str) -> None:
    found = parse_period(text, BERLIN)
    assert found.name == text
    assert not found.is_all


def test_a_period_far_back_ends_before_what_came_later() -> None:
    found = parse_period("1950-01-01..1969-12-30", BERLIN)
    assert found.since is not None
    assert found.until is not None
    assert found.since < found.until <= 0


@pytest.mark.parametrize("period", PERIODS, ids=lambda p: p.name)
def test_what_is_offered_can_be_typed(period: Period) -> None:
    assert parse_period(period.name, BERLIN) == period


def test_the_leaderboards_periods_are_those_of_the_contract() -> None:
    assert [period.name for period in LEADERBOARD_PERIODS] == ["24h", "7d", "30d", "all"]
    assert [period.is_all for period in LEADERBOARD_PERIODS] == [False, False, False, True]


@given(st.dates(date(1975, 1, 1), date(2100, 1, 1)), st.integers(0, 800), st.booleans())
def test_what_was_asked_for_can_be_typed_again(first: date, length: int, is_open: bool) -> None:
    last = "" if is_open else date.fromordinal(first.toordinal() + length).isoformat()
    found = parse_period(f"{first.isoformat()}..{last}", BERLIN)
    assert parse_period(found.name, BERLIN) == found
    assert found.since is not None
    assert day_of(found.since, BERLIN) == (first - date(1970, 1, 1)).days
    if found.until is not None:
        assert day_of(found.until - 1, BERLIN) == day_of(found.since, BERLIN) + length


@given(st.integers(1, 36_500 * 24), st.sampled_from("hdw"))
def test_any_span_is_as_long_as_it_says(number: int, unit: str) -> None:
    seconds = number * {"h": 3_600, "d": DAY, "w": 7 * DAY}[unit]
    if seconds > 36_500 * DAY:
        with pytest.raises(InvalidPeriod):
            parse_period(f"{number}{unit}", UTC)
    else:
        assert parse_period(f"{number}{unit}", UTC) == Period(f"{number}{unit}", seconds)


typed = st.text(max_size=12) | st.from_regex(r"\A[0-9.hdw-]{1,24}\Z")


@given(typed)
def test_any_text_is_a_period_that_can_be_typed_again_or_is_none(text: str) -> None:
    with suppress(InvalidPeriod):
        found = parse_period(text, BERLIN)
        assert parse_period(found.name, BERLIN) == found
        assert found.is_all or found.span or found.since is not None or found.until is not None
