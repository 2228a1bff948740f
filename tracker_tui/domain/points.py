"""Points for the leaderboard (data contract, "Points").

    adding q units:   base = q / 1000 * 100
                      final = base * multiplier * (1 + bonus), rounded half up to two decimals
    setting:          1 point if the quantity changed
    anything else:    none

The bonus is for adding what is missing: 10 % if the resource is still critical after the change,
5 % if it is low. The ledger computes points in SQL from the updated row; this module does the same
arithmetic in the same order, for the preview while typing and for tests that compare the two.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from tracker_tui.domain.status import Status

BONUS: Final = {Status.CRITICAL: 0.10, Status.BELOW_TARGET: 0.05}
PER_THOUSAND: Final = 100
FOR_A_SET: Final = 1.0
MAX_MULTIPLIER: Final = 100.0
"""Multipliers are finite numbers above 0, up to this (data contract, "Values")."""
_LARGEST_FLOAT: Final = float(2**63 - 1024)


class Points(NamedTuple):
    """The parts of a leaderboard row's points; `final` is what counts."""

    base: float
    multiplier: float
    bonus: float
    final: float


NO_POINTS: Final = Points(base=0.0, multiplier=1.0, bonus=0.0, final=0.0)


def effective_multiplier(stored: float) -> float:
    """Return the multiplier that counts: 1 where the stored one is 0 or less, or not finite."""
    return stored if stored > 0 and math.isfinite(stored) else 1.0


def points_for_adding(quantity: int, multiplier: float, status_after: Status) -> Points:
    """Return the points for adding `quantity` units; a `final` of 0.0 makes no leaderboard row."""
    base = quantity / 1000.0 * PER_THOUSAND
    factor = effective_multiplier(multiplier)
    bonus = BONUS.get(status_after, 0.0)
    final = _round_half_up(base * factor + base * factor * bonus)
    return Points(base=base, multiplier=factor, bonus=bonus, final=final)


def points_for_setting(difference: int) -> Points:
    """Return the points for setting a quantity that changed by `difference` units."""
    if not difference:
        return NO_POINTS
    return Points(base=FOR_A_SET, multiplier=1.0, bonus=0.0, final=FOR_A_SET)


def _round_half_up(points: float) -> float:
    # SQLite's CAST saturates at the largest integer, and a hostile multiplier reaches it.
    return int(min(points * 100 + 0.5, _LARGEST_FLOAT)) / 100.0
