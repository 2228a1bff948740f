"""Parts of a response that any server, or something in between, may send: errors and waits."""

from __future__ import annotations

import math
import re
import time
from typing import Final

MAX_RETRY_AFTER: Final = 3_600.0
"""The longest wait in seconds, whatever a server asks for."""
_MARKUP = re.compile(r"<[a-z!?/]", re.IGNORECASE)
_MAX_PAGE_BYTES: Final = 256 * 1024


def parse_retry_after(value: object, longest: float = MAX_RETRY_AFTER) -> float | None:
    """Return for how many seconds to wait; None if the value makes no sense.

    `value` is a number of seconds or an HTTP date (RFC 9110, 10.2.3). A date is compared with the
    clock of this machine.
    """
    seconds = _number(value)
    if seconds is None and isinstance(value, str):
        seconds = _seconds_until(value)
    return None if seconds is None else min(max(seconds, 0.0), longest)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime  # seldom needed, and slow to import

    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return None


def is_web_page(content: bytes) -> bool:
    """Whether a body is markup for a browser, such as the sign-in page of a network."""
    return _MARKUP.search(content[:_MAX_PAGE_BYTES].decode("utf-8", "replace")) is not None


def printable_line(text: str, limit: int) -> str:
    """Return untrusted text as one printable line of at most `limit` characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:limit]
