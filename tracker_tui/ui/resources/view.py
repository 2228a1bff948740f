"""What the resources screen shows of what there is: filters, sorting, the current location.

Pure: no Textual here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import Status

_STATUSES = list(Status)


class View(NamedTuple):
    """How resources are filtered and sorted; empty sets mean that everything passes."""

    location: Location = Location.HAGGA
    sort: str = "name"
    is_reversed: bool = False
    categories: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    priority_only: bool = False
    stale_only: bool = False
    has_sparklines: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether any filter beside the text is on."""
        return bool(self.categories or self.statuses or self.priority_only or self.stale_only)

    def passes(self, resource: Resource, now: int) -> bool:
        """Whether the filters let a resource through."""
        return (
            (not self.categories or resource.shown_category in self.categories)
            and (not self.statuses or resource.status in self.statuses)
            and (not self.priority_only or bool(resource.priority))
            and (not self.stale_only or resource.needs_update(now))
        )

    def without_filters(self) -> View:
        """Return the same view with every filter off."""
        return self._replace(
            categories=frozenset(), statuses=frozenset(), priority_only=False, stale_only=False
        )

    def sorted_by(self, key: str) -> View:
        """Return the view sorted by a column; by the same one again: the other way round."""
        if key == self.sort:
            return self._replace(is_reversed=not self.is_reversed)
        return self._replace(sort=key, is_reversed=False)


def _name(resource: Resource) -> Any:
    return resource.name.casefold()


def _percent(resource: Resource) -> float:
    # Exact enough to order by, and without a target behind everything that has one.
    return resource.total / resource.target if resource.target else float("inf")


SORT_KEYS: Final[dict[str, Callable[[Resource], Any]]] = {
    "name": _name,
    "priority": lambda r: not r.priority,
    "category": lambda r: r.shown_category.casefold(),
    "subcategory": lambda r: (r.subcategory or "").casefold(),
    "tier": lambda r: -1 if r.tier is None else r.tier,
    "hagga": lambda r: -r.hagga,
    "deep_desert": lambda r: -r.deep_desert,
    "total": lambda r: -r.total,
    "target": lambda r: -(r.target or 0),
    "progress": _percent,
    "status": lambda r: _STATUSES.index(r.status),
    "updated": lambda r: -r.updated_at,
    "by": lambda r: r.updated_by.casefold(),  # `arrange` sorts by what they are called
}
"""Sort keys by column; the first order is the one wanted most: most first, worst first, newest."""


def arrange(
    resources: Iterable[Resource], view: View, now: int, name_of: Callable[[str], str]
) -> list[Resource]:
    """Return the resources that pass the filters, in order; names decide between equals."""
    passed = [r for r in resources if view.passes(r, now)] if view.is_filtered else list(resources)
    passed.sort(key=_name)
    if view.sort == "by":
        passed.sort(key=lambda r: name_of(r.updated_by).casefold(), reverse=view.is_reversed)
    elif view.sort != "name":
        passed.sort(key=SORT_KEYS[view.sort], reverse=view.is_reversed)
    elif view.is_reversed:
        passed.reverse()
    return passed


class Summary(NamedTuple):
    """How many resources stand how."""

    statuses: Counter[Status]
    stale: int
    total: int


def summarize(resources: Iterable[Resource], now: int) -> Summary:
    """Count statuses and those that need an update."""
    statuses: Counter[Status] = Counter()
    stale = total = 0
    for resource in resources:
        total += 1
        statuses[resource.status] += 1
        stale += resource.needs_update(now)
    return Summary(statuses, stale, total)
