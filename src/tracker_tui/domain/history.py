"""What the history tells of one change that was applied."""

from __future__ import annotations

from typing import NamedTuple


class HistoryEntry(NamedTuple):
    """One row of `resource_history`; `at` in Unix seconds, changes signed, in units."""

    id: str
    change_type: str
    hagga_before: int
    hagga: int
    deep_desert_before: int
    deep_desert: int
    by: str
    reason: str | None
    at: int
