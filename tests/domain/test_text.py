"""Untrusted text, made harmless for one line of a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.domain.messages import ago
from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import clean_reason, one_line, search_key, search_words

# Control, format, surrogate; and the line and paragraph separators.
DANGEROUS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Hypothesis doesn't generate surrogates by default, but Discord and SQLite may return them.
ANY_TEXT = st.text() | st.text(st.characters(codec=None, categories=None))
HOSTILE_TEXT = st.text(
    st.sampled_from(
        "aé [\x1b\n\r\t\x00\x9b\u200b\u200d\u202e\u2028\u0301\u0336\ufe0f\ud800🏜️日\u00a0"
    )
)
LIMITS = st.integers(1, 60)

ZALGO = "Z" + "\u0351\u036b\u0343\u036a\u0302" * 20 + "algo"


@given(ANY_TEXT | HOSTILE_TEXT, LIMITS)
@example("\x1b[31mred\x1b[0m", 40)
@example("abc\u202edef\u2066ghi\u200b", 40)
@example("\ud83d", 40)
@example("a\u2028b\u2029c\x85d", 40)
@example("\U000e0041\U000e007f", 40)
@example("abcde" + "\u200b" * 20, 5)
@example("a" * 10_000, 1)
@example("a" + "\u0301\u0301\u200d" * 3, 40)
@example("ab c" * 30, 4)
@example("\u200b" * 10_000, 48)
@example("x\n" * 5_000, 48)
@example("\u0301" * 10_000, 48)
@example("日" * 10_000, 48)
def test_a_line_is_plain_and_short_enough_and_stays_so(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert one_line(line, limit) == line
    assert not {unicodedata.category(char) for char in line} & DANGEROUS
    assert line.splitlines() in ([], [line])
    line.encode("utf-8")


def test_hostile_names_are_shown_plainly() -> None:
    shown = {
        "Spice Melange": "Spice Melange",
        "[red]alert[/red]": "[red]alert[/red]",
        "\x1b[2J\x1b[31mred": "[2J [31mred",
        "a\r\nb\tc": "a b c",
        "  a   b  ": "a b",
        "evil\u202egpj.exe": "evilgpj.exe",
        "zero\u200bwidth\ufeff": "zerowidth",
        "Müller 日本 ★": "Müller 日本 ★",
        "\u2028\u2029": "",
        "": "",
        # Values that are not text
        None: "None",
        12: "12",
    }
    assert {text: one_line(text) for text in shown} == shown
    # Terminals disagree on the width of joined emoji, so they are separated.
    assert one_line("👨\u200d👩\u200d👧 clan") == "👨👩👧 clan"


def test_marks_are_kept_two_in_a_row_and_a_cut_text_ends_with_an_ellipsis() -> None:
    assert longest_run_of_marks(one_line(ZALGO)) == 2
    # Invisible characters do not allow more.
    for between in ("\u200d", "\u200b", "\ufe0f", "\ud800", "\ue000"):
        hidden = "Z" + f"\u0351\u036b{between}" * 20
        assert longest_run_of_marks(one_line(hidden)) <= 2, between
    # A cut text ends with an ellipsis.
    assert one_line("x" * 49, 48) == "x" * 47 + "…"
    assert one_line("x" * 48, 48) == "x" * 48
    assert one_line("x" * 10_000, 48) == "x" * 47 + "…"


@given(ANY_TEXT | HOSTILE_TEXT)
def test_a_reason_holds_no_control_characters(text: str) -> None:
    reason = clean_reason(text)
    if reason is None:
        return
    assert not {unicodedata.category(char) for char in reason} & {"Cc", "Cs", "Zl", "Zp"}
    assert reason.strip() == reason != ""
    assert clean_reason(reason) == reason
    reason.encode("utf-8")


def test_ordinary_reasons_are_unchanged_and_an_empty_one_is_none() -> None:
    reasons = {
        " spice run ": "spice run",
        "two\nlines": "two lines",
        **{text: text for text in ("[red]x[/red]", "für Ünal", "100 % of 5'; DROP TABLE x")},
        **dict.fromkeys(("", " ", "\n\t", "\x00", "\x1b\x07", "\ud800")),
    }
    assert {text: clean_reason(text) for text in reasons} == reasons


@given(ANY_TEXT)
def test_every_search_word_is_folded_letters_and_digits(text: str) -> None:
    words = search_words(text)
    assert all(word.isalnum() for word in words)
    assert search_words(" ".join(words)) == words


def test_a_search_key_skips_missing_texts() -> None:
    assert search_key("Iron-Ore", None, "", "RAW") == "iron ore raw"


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest


def test_an_age_has_one_unit() -> None:
    expected = {0: "now", 59: "now", 60: "1 min", 3_599: "59 min", 3_600: "1 h", DAY - 1: "23 h"}
    expected |= {DAY: "1 d", 365 * DAY - 1: "364 d", 365 * DAY: "1 y", 1_000 * DAY: "2 y"}
    assert {seconds: ago(seconds) for seconds in expected} == expected
