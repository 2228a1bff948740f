r"""Untrusted text, made safe for one line of a terminal, and folded for searching.

Names, reasons and nicknames come from the database, the keyboard and Discord. On screen they are
plain text on one line; nothing in them may move the cursor, colour, reorder or hide anything:

    one_line("Spice\x1b[2J\nmelange")    'Spice [2J melange'
"""

from __future__ import annotations

import unicodedata
from typing import Final

MAX_REASON: Final = 500
"""Characters in a reason, after control characters were removed (data contract, "A change")."""

_BLANK_CATEGORIES = frozenset({"Cc", "Zl", "Zp"})
# Format characters (bidi overrides, zero-width joiners, tags), surrogates, private use, unassigned.
_HIDDEN_CATEGORIES = frozenset({"Cf", "Cs", "Co", "Cn"})
_MARK_CATEGORIES = frozenset({"Mn", "Me"})
# Terminals disagree on how wide a character with a variation selector is.
_VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_MARKS_IN_A_ROW = 2
_READ_AT_MOST = 10_000
"""Characters; caps the work, because this text is untrusted."""


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8.

    Python turns other bytes in arguments, paths and the environment into lone surrogates.
    """
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def one_line(text: object, limit: int = 200) -> str:
    """Return `text` as one printable line of at most `limit` characters; a cut one ends with `…`.

    Control characters and line breaks become blanks, and runs of blanks become one. Invisible and
    direction-changing characters are dropped, as are combining marks after the second in a row.
    """
    line = str(text)[:_READ_AT_MOST]
    if not (line.isascii() and line.isprintable()):
        line = _without_traps(line)
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_reason(text: str) -> str | None:
    """Return a reason without control characters (data contract, "A change"); None if empty."""
    kept = "".join(
        " " if unicodedata.category(char) in _BLANK_CATEGORIES else char
        for char in text
        if unicodedata.category(char) != "Cs"
    )
    return " ".join(kept.split()) or None


def without_controls(text: str) -> str:
    """Return a text without its control characters, except tabs and line breaks."""
    if text.isprintable():
        return text
    return "".join(char for char in text if char in "\t\n\r" or unicodedata.category(char) != "Cc")


def search_words(text: str) -> list[str]:
    """Return the words of a search, case-folded; punctuation separates words."""
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()


def search_key(*parts: str | None) -> str:
    """Return texts folded like `search_words`, so that its words can be found in them."""
    return " ".join(" ".join(search_words(part)) for part in parts if part)


def _without_traps(line: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in line:
        category = unicodedata.category(char)
        if category in _HIDDEN_CATEGORIES or char in _VARIATION_SELECTORS:
            continue
        if category in _MARK_CATEGORIES:
            marks += 1
            if marks <= _MARKS_IN_A_ROW:
                kept.append(char)
            continue
        marks = 0
        kept.append(" " if category in _BLANK_CATEGORIES else char)
    return "".join(kept)
