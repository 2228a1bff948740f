"""A resource as everybody sees it: what the guild has, wants, and who last touched it."""

from __future__ import annotations

from typing import Final, NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.status import Status, needs_update, percent, status_of

UNCATEGORIZED: Final = "Uncategorized"
LEADERBOARD_UNCATEGORIZED: Final = "Other"
OLD_GEAR_BLUEPRINTS: Final = "Blueprints"
GEAR_BLUEPRINTS: Final = "Gear Blueprints"

TIERS: Final = {
    0: "Tier 0 (Scrap)",
    1: "Tier 1 (Copper)",
    2: "Tier 2 (Iron)",
    3: "Tier 3 (Steel)",
    4: "Tier 4 (Aluminum)",
    5: "Tier 5 (Duraluminum)",
    6: "Tier 6 (Plastanium)",
    **{grade + 6: f"Grade {grade}" for grade in range(1, 6)},
}


class Resource(NamedTuple):
    """One row of `resources`, its values already sane; times in Unix seconds.

    `tier` and `subcategory` are None where the database has no such column.
    """

    id: str
    name: str
    hagga: int
    deep_desert: int
    description: str | None
    category: str | None
    icon: str | None
    image_url: str | None
    target: int | None
    multiplier: float
    priority: bool
    updated_by: str
    updated_at: int
    subcategory: str | None = None
    tier: int | None = None

    @property
    def total(self) -> int:
        """Units at both locations together."""
        return self.hagga + self.deep_desert

    @property
    def status(self) -> Status:
        """How the total stands against the target, computed, never the stale column."""
        return status_of(self.hagga + self.deep_desert, self.target)

    @property
    def percent(self) -> int | None:
        """The total in percent of the target; None without a target."""
        return percent(self.hagga + self.deep_desert, self.target)

    @property
    def shown_category(self) -> str:
        """The category as it is shown."""
        return shown_category(self.category)

    @property
    def shown_tier(self) -> str:
        """The tier in words; empty where there is none."""
        return "" if self.tier is None else TIERS.get(self.tier, f"Tier {self.tier}")

    def at(self, location: Location) -> int:
        """Units at one location."""
        return self.hagga if location is Location.HAGGA else self.deep_desert

    def needs_update(self, now: int) -> bool:
        """Whether nobody counted it for too long, seen at `now` (Unix seconds)."""
        return needs_update(self.updated_at, now, is_priority=self.priority)


def shown_category(category: str | None) -> str:
    """Return a stored category as it is shown (data contract, "Values")."""
    if category is None or not category.strip():
        return UNCATEGORIZED
    return GEAR_BLUEPRINTS if category == OLD_GEAR_BLUEPRINTS else category
