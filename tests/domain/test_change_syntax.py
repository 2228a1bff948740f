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


def test_every_example_of_the_interface_is_understood() -> None:
    expected = {
        "+500": (Kind.ADD, 500, None),
        "-20": (Kind.REMOVE, 20, None),
        "=1200": (Kind.SET, 1_200, None),
        ">300": (Kind.TO_DEEP_DESERT, 300, None),
        "<300": (Kind.TO_HAGGA, 300, None),
        "+2k": (Kind.ADD, 2_000, None),
        "+1.5k": (Kind.ADD, 1_500, None),
        "=1m": (Kind.SET, 1_000_000, None),
        "+3*500+20": (Kind.ADD, 1_520, None),
        # Only a count may be of nothing.
        **dict.fromkeys(("=0", "=0k", "=0*500", "=0.0"), (Kind.SET, 0, None)),
    }
    assert {text: parse_change(text) for text in expected} == expected


def test_sums_products_and_suffixes_are_exact() -> None:
    expected = {
        "+2K": 2_000,
        "+1M": 1_000_000,
        "+0.001m": 1_000,
        "+0.5k": 500,
        "+0.5+0.5": 1,
        "+1.5*2": 3,
        "+3*1k": 3_000,
        "+2k*2k": 4_000_000,
        "+2*3*4": 24,
        "+20+3*500": 1_520,
        "+0*5+1": 1,
        "+007": 7,
        "+3 * 500 + 20": 1_520,
        "=999999999": MAX_QUANTITY,
        "=999.999999m": 999_999_999,
    }
    assert {text: parse_change(text).amount for text in expected} == expected


def test_a_grouped_number_has_groups_of_three() -> None:
    for separator in (",", "_", " "):
        assert parse_change(f"+1{separator}200").amount == 1_200
        assert parse_change(f"=999{separator}999{separator}999").amount == MAX_QUANTITY
        assert parse_change(f"+1{separator}200k").amount == 1_200_000
        assert parse_change(f"+1{separator}200.5k").amount == 1_200_500
    for text in ("+1 20", "+1 2000", "+1  200", "+1200 300", "+12 34"):
        assert 2 <= column_of(text) < len(text), text


REJECTED = {
    0: [
        *("", "spice", "# only a reason", "\t+5", "\N{MINUS SIGN}5"),
        *("500", "1200", "1.5k", "3*500+20"),
    ],
    1: [
        # Moving nothing
        *("+0", "-0", ">0", "<0", "+0k", "+0*500", "-0+0"),
        *("+", "+#x", "++5", "+-5", "=-5", "+*5", "+(5)", "+.5k", "+k", "+five", "+,500"),
        "+__import__('os')",
    ],
    2: [
        # A grouped number needs groups of three.
        *("+1,5k", "+1,5", "+1,20", "+1,2000", "+1_20", "+1,,200", "+1__200"),
        *("+5-3", "+5/2", "+5%", "+5.", "+5.k", "+1g", "+1e3", "+0x10", "+1'000"),
        *("+5\n", "+5\x00", "+5\x1b[31m", "+1\N{NO-BREAK SPACE}000"),
    ],
    3: [
        *("+12,34,567", "+1k,200", "+5*", "+5+", "+5++5", "+5**2", "+1k5", "+1kk", "+5 spice"),
        # Leading blanks count.
        "   500",
    ],
    4: ["+500,", "+1.5,000", "+1.2.3", "   +0"],
    5: ["+1200,300", "   +5x"],
    6: ["+1,200,30"],
}
"""Texts by the place that the message points at."""


def test_anything_else_is_rejected_and_the_message_points_at_the_place() -> None:
    wanted = {text: column for column, texts in REJECTED.items() for text in texts}
    assert {text: column_of(text) for text in wanted} == wanted


def test_digits_are_0_to_9_only() -> None:
    other = "\u0663\u0660\u0660", "\uff15\uff10\uff10", "\u0967", "\u00b2", "\u2460", "\U0001d7d3"
    for digits in (*other, "½"):
        columns = [column_of(text) for text in (f"+{digits}", f"+5{digits}", f"+5.{digits}k")]
        assert columns == [1, 2, 2], digits


def test_the_result_must_be_whole_and_at_most_the_maximum() -> None:
    fractions = ["+1.5", "+0.0005k", "+1,200.5", "+0.5*3", "+0.1+0.2", "=0.1k+0.1"]
    too_much = ["=1000000000", "=1000m", "+1,000,000,000", "+1m*1m*1m", "+999m+1m"]
    for said, texts in (("whole", fractions), ("999,999,999", too_much)):
        for text in texts:
            with pytest.raises(ChangeSyntaxError, match=said):
                parse_change(text)


def test_the_text_after_the_hash_is_the_reason() -> None:
    reasons = {
        "+500 # spice run": "spice run",
        "+500#spice run": "spice run",
        "+500 # run # 2": "run # 2",
        "+500 #": None,
        "+500 #   ": None,
        "+500 # gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n 日本": "grün 日本",
        "=0 # all gone": "all gone",
    }
    assert {text: parse_change(text).reason for text in reasons} == reasons
    # It loses its control characters, and has at most 500.
    reason = parse_change("+5 # red\x1b[31m\r\nalert\x00\x07\x9b").reason
    assert reason.isprintable()
    assert reason.startswith("red")
    assert "alert" in reason
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
