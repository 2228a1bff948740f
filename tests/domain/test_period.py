"""Days from midnight to midnight in a time zone, and parsing of periods."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.period import (
    ALL,
    LEADERBOARD_PERIODS,
    PERIODS,
    Period,
    Shift,
    date_of,
    day_of,
    in_period,
    local_time,
    offset_at,
    parse_period,
    shifts,
    start_of,
)
from tracker_tui.errors import InvalidPeriod

EPOCH = date(1970, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    *(None, UTC, timezone(timedelta(hours=-12)), timezone(timedelta(hours=14)), BERLIN),
    *map(ZoneInfo, ("America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu")),
    # By half an hour, at midnight, over midnight, for Ramadan, and over the date line
    *map(ZoneInfo, ("Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "America/Santiago")),
    *map(ZoneInfo, ("Africa/Casablanca", "Pacific/Apia", "Asia/Gaza")),
]
zones = st.sampled_from(ZONES)
# From 2000 to 2049; rows since 2020 are grouped by these days.
moments = st.integers(946_684_800, 2_524_608_000)
days = st.integers(10_958, 29_219)


def day(*of_calendar: int) -> int:
    return (date(*of_calendar) - EPOCH).days


def is_missing(number: int, zone: object) -> bool:
    """Whether a zone's calendar skips a day, as Samoa's skips 30 December 2011."""
    return str(zone) == "Pacific/Apia" and date_of(number) == date(2011, 12, 30)


@given(moments, zones)
def test_a_moment_belongs_to_its_local_day(at: int, zone: ZoneInfo | None) -> None:
    shown = datetime.fromtimestamp(at, UTC).astimezone(zone)
    assert local_time(at, zone) == shown
    number = day_of(at, zone)
    assert date_of(number) == shown.date()
    assert start_of(number, zone) <= at < start_of(number + 1, zone)


@given(days, zones)
def test_a_day_begins_with_its_first_second(number: int, zone: ZoneInfo | None) -> None:
    assert (date_of(number) - EPOCH).days == number
    begin = start_of(number, zone)
    assert day_of(begin - 1, zone) < number
    if not is_missing(number, zone):
        assert day_of(begin, zone) == number


def test_days_are_longer_and_shorter_where_clocks_are_set() -> None:
    expected: dict[str, dict[tuple[int, int], float]] = {
        "Europe/Berlin": {(3, 30): 23.0, (10, 26): 25.0},
        "America/St_Johns": {(3, 9): 23.0, (11, 2): 25.0},
        "Australia/Lord_Howe": {(4, 6): 24.5, (10, 5): 23.5},
        "America/Havana": {(3, 9): 23.0, (11, 2): 25.0},
        "Asia/Kolkata": {},
    }
    first = day(2025, 1, 1)
    for zone, switched in expected.items():
        begins = [start_of(first + number, ZoneInfo(zone)) for number in range(366)]
        found = {
            (date_of(first + number).month, date_of(first + number).day): (end - begin) / 3_600
            for number, (begin, end) in enumerate(pairwise(begins))
            if end - begin != 86_400
        }
        assert found == switched, zone
    # A day whose midnight is jumped over begins with the jump.
    havana = ZoneInfo("America/Havana")
    begin = start_of(day(2025, 3, 9), havana)
    assert local_time(begin, havana).hour == 1
    assert local_time(begin - 1, havana).date() == date(2025, 3, 8)


def test_any_time_has_a_day() -> None:
    times = (-(2**63), -1, 0, 253_402_300_800, 2**63, 1e300, -1e300, 0.5)
    for at, zone in product(times, ZONES):
        assert 1969 <= local_time(at, zone).year <= 9999, (at, zone)
        assert -1 <= day_of(int(at), zone) <= day(9999, 12, 31), (at, zone)


def test_shifts_are_the_moments_at_which_clocks_were_set() -> None:
    since, until = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2026))
    spring, autumn = (
        int(datetime(2025, *moment, 1, tzinfo=UTC).timestamp()) for moment in ((3, 30), (10, 26))
    )
    expected = [Shift(since, 3_600), Shift(spring, 7_200), Shift(autumn, 3_600)]
    assert shifts(since, until, BERLIN) == expected
    assert shifts(since, until, ZoneInfo("Asia/Kolkata")) == [Shift(since, 19_800)]
    # A shift is found in the last moment of the range, and not before it.
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


DAY = 86_400


def midnight(*of_calendar: int, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime(*of_calendar, tzinfo=zone).timestamp())  # type: ignore[arg-type]


def test_a_span_is_a_number_of_hours_days_or_weeks() -> None:
    hours = {"24h": 24, "36h": 36, "1h": 1, "7d": 168, "007d": 168, "36500d": 876_000, "2w": 336}
    expected = {text: Period(name=text, span=number * 3_600) for text, number in hours.items()}
    expected |= {"all": ALL, "  ALL ": ALL, "7D": expected["7d"]}
    # Those that are offered can be typed.
    expected |= {period.name: period for period in PERIODS}
    assert {text: parse_period(text, BERLIN) for text in expected} == expected
    # Those of the leaderboard are those of the contract.
    offered = [(period.name, period.is_all) for period in LEADERBOARD_PERIODS]
    assert offered == [("24h", False), ("7d", False), ("30d", False), ("all", True)]


def test_dates_are_whole_days_in_the_players_zone() -> None:
    # The clocks are set on 30 March.
    first, begin, end = midnight(2025, 3, 1), midnight(2025, 3, 30), midnight(2025, 3, 31)
    bounds = {
        "2025-03-01..2025-03-30": (first, end),
        "2025-03-30..2025-03-30": (begin, begin + 23 * 3_600),
        "2025-03-01..": (first, None),
        "..2025-03-01": (None, midnight(2025, 3, 2)),
    }
    found = {text: parse_period(text, BERLIN) for text in bounds}
    assert found == {
        text: Period(name=text, since=since, until=until) for text, (since, until) in bounds.items()
    }
    kolkata = ZoneInfo("Asia/Kolkata")
    assert parse_period("2025-03-01..", kolkata).since == midnight(2025, 3, 1, zone=kolkata)


def test_other_texts_are_rejected_as_periods() -> None:
    for text in (
        *("", " ", "..", "week", "7", "d", "d7", "-7d", "+7d", "7.5d", "7 d", "1e3d", "0d", "0h"),
        *("36501d", "999999w", "1000000h", "7m", "7y", "٣d", "7d..", "7d all"),
        *("2025-02-30..", "2025-13-01..2025-12-01", "..2025-00-10", "0000-01-01.."),
        *("2025-03-02..2025-03-01", "2025-3-1..", "25-03-01..", "2025-03-01", "..2025-03-01.."),
        *("2025-03-01...2025-03-02", "2025-03-01 .. 2025-03-02", "2025-03-01T00..", "²d"),
        *("[red]", "\x1b[2J", "x" * 5_000, "\ud800"),
    ):
        with pytest.raises(InvalidPeriod) as caught:
            parse_period(text, BERLIN)
        assert str(caught.value).isprintable(), text
        assert len(str(caught.value)) < 200, text
    # Distant dates are periods.
    for text in ("1900-01-01..1950-01-01", "0001-01-01..", "..9999-12-31"):
        found = parse_period(text, BERLIN)
        assert found.name == text
        assert not found.is_all
    found = parse_period("1950-01-01..1969-12-30", BERLIN)
    assert (found.since or 0) < (found.until or 1) <= 0


def test_a_period_is_named_in_a_sentence() -> None:
    expected = {
        "all": "of all time",
        "7d": "in the last 7d",
        "2025-03-01..2025-03-02": "in 2025-03-01..2025-03-02",
    }
    assert {text: in_period(parse_period(text, BERLIN)) for text in expected} == expected


@given(st.dates(date(1975, 1, 1), date(2100, 1, 1)), st.integers(0, 800), st.booleans())
def test_the_name_of_a_period_of_dates_can_be_typed_again(
    first: date, length: int, is_open: bool
) -> None:
    last = "" if is_open else date.fromordinal(first.toordinal() + length).isoformat()
    found = parse_period(f"{first.isoformat()}..{last}", BERLIN)
    assert parse_period(found.name, BERLIN) == found
    assert found.since is not None
    assert day_of(found.since, BERLIN) == (first - EPOCH).days
    if found.until is not None:
        assert day_of(found.until - 1, BERLIN) == day_of(found.since, BERLIN) + length


@given(st.integers(1, 36_500 * 24), st.sampled_from("hdw"))
def test_any_span_is_as_long_as_it_says(number: int, unit: str) -> None:
    seconds = number * {"h": 3_600, "d": DAY, "w": 7 * DAY}[unit]
    if seconds > 36_500 * DAY:
        with pytest.raises(InvalidPeriod):
            parse_period(f"{number}{unit}", UTC)
    else:
        assert parse_period(f"{number}{unit}", UTC) == Period(name=f"{number}{unit}", span=seconds)


typed = st.text(max_size=12) | st.from_regex(r"\A[0-9.hdw-]{1,24}\Z")


@given(typed)
def test_any_text_is_a_repeatable_period_or_rejected(text: str) -> None:
    with suppress(InvalidPeriod):
        found = parse_period(text, BERLIN)
        assert parse_period(found.name, BERLIN) == found
        assert found.is_all or found.span or found.since is not None or found.until is not None
