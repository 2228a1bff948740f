"""Points for the leaderboard (data contract, "Points").

The ledger computes them in SQL from the updated row; this is the same arithmetic, in the same
order of operations, for the preview while typing and for the tests that compare the two.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from tracker_tui.domain.status import Status

BONUS: Final = {Status.CRITICAL: 0.10, Status.BELOW_TARGET: 0.05}
PER_THOUSAND: Final = 100
FOR_A_COUNT: Final = 1.0
_LARGEST_FLOAT: Final = float(2**63 - 1024)


class Points(NamedTuple):
    """How points came about: final = base x multiplier x (1 + bonus), rounded half up."""

    base: float
    multiplier: float
    bonus: float
    final: float


NO_POINTS: Final = Points(0.0, 1.0, 0.0, 0.0)


def effective_multiplier(stored: float) -> float:
    """Return the multiplier that counts: a stored one of 0 or less counts as 1."""
    return stored if stored > 0 and math.isfinite(stored) else 1.0


def points_for_adding(quantity: int, multiplier: float, status_after: Status) -> Points:
    """Return the points for adding `quantity` units; `final` 0.0 means that no row is written."""
    base = quantity / 1000.0 * PER_THOUSAND
    factor = effective_multiplier(multiplier)
    bonus = BONUS.get(status_after, 0.0)
    return Points(base, factor, bonus, _round_half_up(base * factor + base * factor * bonus))


def points_for_setting(difference: int) -> Points:
    """Return the points for a count: one where it changed the quantity, else none."""
    return Points(FOR_A_COUNT, 1.0, 0.0, FOR_A_COUNT) if difference else NO_POINTS


def _round_half_up(points: float) -> float:
    # SQLite's cast stops at the largest integer; a hostile multiplier gets that far.
    return int(min(points * 100 + 0.5, _LARGEST_FLOAT)) / 100.0
