"""What one member did in a period."""

from __future__ import annotations

from typing import NamedTuple

from tracker_tui.domain.days import streak


class ResourceActivity(NamedTuple):
    """What a member moved of one resource, in units: what they added, and what they removed."""

    resource_id: str
    changes: int
    added: int
    removed: int


class Activity(NamedTuple):
    """A member's changes and points of a period, and the days on which they did anything."""

    points: float
    actions: int
    """Changes that earned points."""
    resources: list[ResourceActivity]
    """Those that were changed most often first."""
    days: list[int]
    """Days with a change, whatever the period is, as far back as a streak is counted."""
    today: int

    @property
    def changes(self) -> int:
        """How many changes there are in the history."""
        return sum(each.changes for each in self.resources)

    @property
    def streak(self) -> int:
        """Days in a row with at least one change, up to today."""
        return streak(self.days, self.today)
