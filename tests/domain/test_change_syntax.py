"""Parsing a CHANGE (interface.md, "A CHANGE, as typed"): accepted and rejected texts."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.domain.change_syntax import WORDS, ChangeSyntaxError, parse_change
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind
from tracker_tui.domain.text import MAX_REASON


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("+500", Kind.ADD, 500),
        ("-20", Kind.REMOVE, 20),
        ("=1200", Kind.SET, 1_200),
        (">300", Kind.TO_DEEP_DESERT, 300),
        ("<300", Kind.TO_HAGGA, 300),
        ("+2k", Kind.ADD, 2_000),
        ("+1.5k", Kind.ADD, 1_500),
        ("=1m", Kind.SET, 1_000_000),
        ("+3*500+20", Kind.ADD, 1_520),
    ],
)
def test_every_example_of_the_interface_is_understood(text: str, kind: Kind, amount: int) -> None:
    assert parse_change(text) == (kind, amount, None)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("+2K", 2_000),
        ("+1M", 1_000_000),
        ("+0.001m", 1_000),
        ("+0.5k", 500),
        ("+0.5+0.5", 1),
        ("+1.5*2", 3),
        ("+3*1k", 3_000),
        ("+2k*2k", 4_000_000),
        ("+2*3*4", 24),
        ("+20+3*500", 1_520),
        ("+0*5+1", 1),
        ("+007", 7),
        ("+3 * 500 + 20", 1_520),
        ("=999999999", MAX_QUANTITY),
        ("=999.999999m", 999_999_999),
    ],
)
def test_sums_products_and_suffixes_are_exact(text: str, amount: int) -> None:
    assert parse_change(text).amount == amount


@pytest.mark.parametrize("text", ["=0", "=0k", "=0*500", "=0.0"])
def test_setting_to_nothing_is_a_count(text: str) -> None:
    assert parse_change(text) == (Kind.SET, 0, None)


@pytest.mark.parametrize("text", ["+0", "-0", ">0", "<0", "+0k", "+0*500", "-0+0"])
def test_moving_nothing_is_rejected(text: str) -> None:
    assert column_of(text) == 1


@pytest.mark.parametrize("separator", [",", "_", " "])
def test_a_grouped_number_has_groups_of_three(separator: str) -> None:
    assert parse_change(f"+1{separator}200").amount == 1_200
    assert parse_change(f"=999{separator}999{separator}999").amount == MAX_QUANTITY
    assert parse_change(f"+1{separator}200k").amount == 1_200_000
    assert parse_change(f"+1{separator}200.5k").amount == 1_200_500


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("+1,5k", 2),
        ("+1,5", 2),
        ("+1,20", 2),
        ("+1,2000", 2),
        ("+1_20", 2),
        ("+1,200,30", 6),
        ("+12,34,567", 3),
        ("+1200,300", 5),
        ("+1,,200", 2),
        ("+1__200", 2),
        ("+,500", 1),
        ("+500,", 4),
        ("+1.5,000", 4),
        ("+1k,200", 3),
    ],
)
def test_a_grouped_number_needs_groups_of_three(text: str, column: int) -> None:
    assert column_of(text) == column


@pytest.mark.parametrize("text", ["+1 20", "+1 2000", "+1  200", "+1200 300", "+12 34"])
def test_a_blank_elsewhere_in_a_number_is_rejected(text: str) -> None:
    assert 2 <= column_of(text) < len(text)


@pytest.mark.parametrize("text", ["500", "1200", "1.5k", "3*500+20"])
def test_a_number_without_a_sign_is_rejected(text: str) -> None:
    assert column_of(text) == 0


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 0),
        ("spice", 0),
        ("# only a reason", 0),
        ("\t+5", 0),
        ("\N{MINUS SIGN}5", 0),
        ("+", 1),
        ("+#x", 1),
        ("++5", 1),
        ("+-5", 1),
        ("=-5", 1),
        ("+*5", 1),
        ("+(5)", 1),
        ("+.5k", 1),
        ("+k", 1),
        ("+five", 1),
        ("+5*", 3),
        ("+5+", 3),
        ("+5++5", 3),
        ("+5**2", 3),
        ("+5-3", 2),
        ("+5/2", 2),
        ("+5%", 2),
        ("+5.", 2),
        ("+5.k", 2),
        ("+1.2.3", 4),
        ("+1k5", 3),
        ("+1kk", 3),
        ("+1g", 2),
        ("+1e3", 2),
        ("+0x10", 2),
        ("+1'000", 2),
        ("+5\n", 2),
        ("+5\x00", 2),
        ("+5\x1b[31m", 2),
        ("+5 spice", 3),
        ("+1\N{NO-BREAK SPACE}000", 2),
        ("+__import__('os')", 1),
    ],
)
def test_anything_else_is_rejected_and_the_message_points_at_the_place(
    text: str, column: int
) -> None:
    assert column_of(text) == column


@pytest.mark.parametrize(
    "digits",
    ["\u0663\u0660\u0660", "\uff15\uff10\uff10", "\u0967", "\u00b2", "\u2460", "\U0001d7d3", "½"],
)
def test_digits_are_0_to_9_only(digits: str) -> None:
    assert column_of(f"+{digits}") == 1
    assert column_of(f"+5{digits}") == 2
    assert column_of(f"+5.{digits}k") == 2


@pytest.mark.parametrize(
    "text", ["+1.5", "+0.0005k", "+1,200.5", "+0.5*3", "+0.1+0.2", "=0.1k+0.1"]
)
def test_the_result_must_be_whole(text: str) -> None:
    with pytest.raises(ChangeSyntaxError, match="whole"):
        parse_change(text)


@pytest.mark.parametrize(
    "text", ["=1000000000", "=1000m", "+1,000,000,000", "+1m*1m*1m", "+999m+1m"]
)
def test_more_than_the_maximum_is_rejected(text: str) -> None:
    with pytest.raises(ChangeSyntaxError, match="999,999,999"):
        parse_change(text)


def test_the_column_counts_leading_blanks_too() -> None:
    assert column_of("   500") == 3
    assert column_of("   +5x") == 5
    assert column_of("   +0") == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+500 # spice run", "spice run"),
        ("+500#spice run", "spice run"),
        ("+500 # run # 2", "run # 2"),
        ("+500 #", None),
        ("+500 #   ", None),
        ("+500 # gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n 日本", "grün 日本"),
        ("=0 # all gone", "all gone"),
    ],
)
def test_the_text_after_the_hash_is_the_reason(text: str, reason: str | None) -> None:
    assert parse_change(text).reason == reason


def test_a_reason_loses_its_control_characters() -> None:
    reason = parse_change("+5 # red\x1b[31m\r\nalert\x00\x07\x9b").reason
    assert reason is not None
    assert reason.isprintable()
    assert reason.startswith("red")
    assert "alert" in reason


def test_a_reason_has_at_most_500_characters() -> None:
    assert parse_change("+5 #" + "x" * MAX_REASON).reason == "x" * MAX_REASON
    # Counted after control characters were removed (data contract, "A change").
    assert parse_change("+5 #" + "x" * MAX_REASON + "\x00" * 50).reason == "x" * MAX_REASON
    text = "+5 #" + "x" * (MAX_REASON + 1)
    assert 3 <= column_of(text) <= len(text)
    with pytest.raises(ChangeSyntaxError, match="500"):
        parse_change(text)


def test_every_word_of_the_command_line_stands_for_a_sign() -> None:
    assert {word: parse_change(f"{sign}5").kind for word, sign in WORDS.items()} == {
        "add": Kind.ADD,
        "remove": Kind.REMOVE,
        "set": Kind.SET,
        "to-deep-desert": Kind.TO_DEEP_DESERT,
        "to-hagga": Kind.TO_HAGGA,
    }


class Factor(NamedTuple):
    """A number as typed, and its value."""

    text: str
    value: Fraction


def _factor(whole: int, separator: str, decimals: str, suffix: str) -> Factor:
    text = f"{whole:,}".replace(",", separator)
    value = Fraction(whole)
    if decimals:
        text += f".{decimals}"
        value += Fraction(int(decimals), 10 ** len(decimals))
    return Factor(text + suffix, value * {"": 1, "k": 1_000, "m": 1_000_000}[suffix.lower()])


# Decimals are few, so that no product needs more than the nine that the program keeps.
FACTORS = st.builds(
    _factor,
    st.integers(0, 99) | st.integers(0, 999_999),
    st.sampled_from(["", ",", "_", " "]),
    st.just("") | st.text("0123456789", min_size=1, max_size=3) | st.sampled_from(["5", "25"]),
    st.sampled_from(["", "", "k", "K", "m", "M"]),
)
SUMS = st.lists(st.lists(FACTORS, min_size=1, max_size=2), min_size=1, max_size=3)
BLANKS = st.sampled_from(["", " "])


@given(SUMS, BLANKS)
def test_sums_of_products_match_exact_arithmetic(products: list[list[Factor]], blank: str) -> None:
    times, plus = f"{blank}*{blank}", f"{blank}+{blank}"
    text = "=" + plus.join(times.join(factor.text for factor in product) for product in products)
    expected = Fraction(0)
    for product in products:
        worth = Fraction(1)
        for factor in product:
            worth *= factor.value
        expected += worth
    if expected.denominator == 1 and expected <= MAX_QUANTITY:
        assert parse_change(text) == (Kind.SET, int(expected), None)
    else:
        assert 0 <= column_of(text) <= len(text)


LIKELY = st.text("+-=<>*.,_ kKmM0123456789#٣²\x00\n", max_size=40)


@given(st.one_of(st.text(), LIKELY, LIKELY.map(lambda text: "+" + text)))
@example("")
@example("+" + "9" * 10_000)
@example("+" + "1*" * 5_000)
@example("+" + "1,000" * 2_000)
@example("=" + " " * 10_000)
@example(" " * 10_000 + "+5")
@example("+0." + "0" * 9_997)
@example("+5 # " + "\x00" * 10_000)
@example("+5 # " + "x" * 10_000)
@example("\ud800")
@example("+\ud800")
@example("+5#\ud800\U000e0041")
def test_any_text_is_an_amount_within_bounds_or_a_fault_with_a_place(text: str) -> None:
    try:
        typed = parse_change(text)
    except ChangeSyntaxError as error:
        fault = error
    else:
        assert 0 <= typed.amount <= MAX_QUANTITY
        assert typed.amount > 0 or typed.kind is Kind.SET
        assert typed.reason is None or 0 < len(typed.reason) <= MAX_REASON
        return
    assert 0 <= fault.column <= len(text)
    assert fault.message.isprintable()


def column_of(text: str) -> int:
    with pytest.raises(ChangeSyntaxError) as caught:
        parse_change(text)
    return caught.value.column
