"""A resource: its quantities, its target, its category and tier; and finding one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.status import Status, needs_update, percent, status_of
from tracker_tui.domain.text import one_line
from tracker_tui.errors import UnknownResource

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

_MOST_CANDIDATES: Final = 8


class Resource(NamedTuple):
    """One row of `resources`, with checked values; times in Unix seconds, quantities in units.

    `tier` and `subcategory` are None where the database has no such column. A named tuple, because
    tables of ten thousand rows are built straight from SQL rows in this order.
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
        """The status of the total, computed: the column in the database may be out of date."""
        return status_of(self.hagga + self.deep_desert, self.target)

    @property
    def percent(self) -> int | None:
        """The total in percent of the target; None without a target."""
        return percent(self.hagga + self.deep_desert, self.target)

    @property
    def shown_category(self) -> str:
        """The category's name on screen."""
        return shown_category(self.category)

    @property
    def shown_tier(self) -> str:
        """The tier's name on screen; empty if there is none."""
        return "" if self.tier is None else TIERS.get(self.tier, f"Tier {self.tier}")

    def at(self, location: Location) -> int:
        """Units at one location."""
        return self.hagga if location is Location.HAGGA else self.deep_desert

    def needs_update(self, now: int) -> bool:
        """Whether it needs a recount at `now` (Unix seconds)."""
        return needs_update(self.updated_at, now, is_priority=self.priority)


def shown_category(category: str | None) -> str:
    """Return a stored category as it is shown (data contract, "Values")."""
    if category is None or not category.strip():
        return UNCATEGORIZED
    return GEAR_BLUEPRINTS if category == OLD_GEAR_BLUEPRINTS else category


def find_resource(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Return the id of the resource that `text` refers to, from (id, name) pairs.

    The first match wins: an id, the exact name, the name in any letter case, or the only name that
    contains the text. Raises UnknownResource, which lists the candidates if there are several.
    """
    if any(resource_id == text for resource_id, _ in names):
        return text
    wanted = text.casefold().strip()
    folded = [(resource_id, name, name.casefold()) for resource_id, name in names]
    candidates = (
        [(key, name) for key, name in names if name == text]
        or [(key, name) for key, name, fold in folded if fold.strip() == wanted]
        or [(key, name) for key, name, fold in folded if wanted and wanted in fold]
    )
    if len(candidates) == 1:
        return candidates[0][0]
    asked = one_line(text, 60)
    if not candidates:
        message = f"No resource is called “{asked}”. `tracker-tui list` shows all names."
        raise UnknownResource(message)
    listed = ", ".join(
        f"{one_line(name, 60)} [{one_line(key, 40)}]" for key, name in candidates[:_MOST_CANDIDATES]
    )
    more = len(candidates) - _MOST_CANDIDATES
    rest = f" and {more} more" if more > 0 else ""
    message = f"“{asked}” matches {listed}{rest}. Type more of the name, or use the id in brackets."
    raise UnknownResource(message)
