"""The header Retry-After: for how long a server asks to be left alone (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
import time
from typing import Final

LONGEST: Final = 3_600.0
"""Seconds for which a server is left alone at most, whatever it asks for."""


def seconds_of(told: object, longest: float = LONGEST) -> float | None:
    """Return for how many seconds; None where nothing sensible is told.

    `told` is a number of seconds or an HTTP date, which is compared with this machine's clock.
    """
    seconds = _number(told)
    if seconds is None and isinstance(told, str):
        seconds = _until(told)
    return None if seconds is None else min(max(seconds, 0.0), longest)


def _number(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        seconds = float(told)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


def _until(told: str) -> float | None:
    from email.utils import parsedate_to_datetime  # seldom needed, and `edit` hurries

    try:
        return parsedate_to_datetime(told).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return None
