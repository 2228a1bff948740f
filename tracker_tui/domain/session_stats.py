"""What a run of the program has brought."""

from __future__ import annotations

from typing import NamedTuple


class SessionStats(NamedTuple):
    """Changes applied, units that came in less those that went out, and points."""

    changes: int = 0
    moved: int = 0
    points: float = 0.0
