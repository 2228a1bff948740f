"""The bounds that the data contract sets ("Values", "A change")."""

from __future__ import annotations

from typing import Final

MAX_QUANTITY: Final = 999_999_999
"""The largest quantity or target; the smallest is 0."""

MAX_MULTIPLIER: Final = 100.0
"""Multipliers are finite numbers over 0, up to this."""

MAX_REASON: Final = 500
"""Characters in a reason, after control characters were removed."""
