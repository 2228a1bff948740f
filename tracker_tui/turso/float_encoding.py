"""Floats as numerals that a server reads without an error in their last place.

It reads digits into a whole number, makes that a float, and divides by a power of ten: two
roundings where there should be one, which turns 1.4000000000000001 into 1.4. Other digits for the
same float survive that; those found here are right for a server that rounds once, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

_WIRED_FLOAT = re.compile(r'("type":"float","value":)([^}]+)')
_WHOLE_FROM: Final = 2.0**53
_MOST: Final = 2.0**63
_SMALLEST: Final = 1e-280
_LARGEST_EXPONENT: Final = 308
_TRIES: Final = 4


def with_exact_floats(json_text: str) -> str:
    """Return a request's JSON, without blanks between its parts, with such numerals in it.

    Within a text of JSON a quote has a backslash before it, so that no text is taken for a float.
    """
    return _WIRED_FLOAT.sub(lambda found: found[1] + float_literal(float(found[2])), json_text)


def float_literal(number: float) -> str:
    """Return the digits for a float; the usual ones where they do, or no others are found."""
    usual = repr(number)
    size = abs(number)
    # Up to 15 digits are read exactly; for the very small and the very large none are found.
    if not _SMALLEST < size < _WHOLE_FROM or float(f"{number:.15g}") == number:
        return usual
    first = max(0, math.ceil(math.log10(_WHOLE_FROM / size)))
    for exponent in range(first, min(first + _TRIES, _LARGEST_EXPONENT + 1)):
        power = float(f"1e{exponent}")
        for whole in _around(size * power):
            digits = f"{int(whole)}e-{exponent}"
            if _WHOLE_FROM <= whole < _MOST and whole / power == size == float(digits):
                return digits if number > 0 else f"-{digits}"
    return usual


def _around(number: float) -> Iterator[float]:
    """Yield a float and its nearest neighbours."""
    yield number
    lower = higher = number
    for _ in range(_TRIES):
        lower, higher = math.nextafter(lower, 0.0), math.nextafter(higher, math.inf)
        yield lower
        yield higher
