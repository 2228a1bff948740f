"""The resource list: the model behind the table of resources, without any widget.

`View` says which resources pass the filters and in which order; `ResourceList` keeps all resources,
those that pass in order, and searches them. For example, a search for "spice" under the filter
*critical* returns the critical resources with that name, the hidden ones with that name, and the
critical ones with "spice" in their description.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import SearchIndex, is_part_of_a_name
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line, search_words
from tracker_tui.tracker.tracker import Tracker

_STATUSES = list(Status)


class View(NamedTuple):
    """How resources are filtered and sorted; an empty set lets everything pass."""

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
        """Whether any filter is on."""
        return bool(self.categories or self.statuses or self.priority_only or self.stale_only)

    def passes(self, resource: Resource, now: int) -> bool:
        """Whether a resource passes the filters."""
        return (
            (not self.categories or resource.shown_category in self.categories)
            and (not self.statuses or resource.status in self.statuses)
            and (not self.priority_only or bool(resource.priority))
            and (not self.stale_only or resource.needs_update(now))
        )

    def without_filters(self) -> View:
        """Return the same view with all filters off."""
        return self._replace(
            categories=frozenset(), statuses=frozenset(), priority_only=False, stale_only=False
        )

    def sorted_by(self, key: str) -> View:
        """Return the view sorted by a column; the same column again reverses the order."""
        if key == self.sort:
            return self._replace(is_reversed=not self.is_reversed)
        return self._replace(sort=key, is_reversed=False)


def _name(resource: Resource) -> Any:
    return resource.name.casefold()


def _percent(resource: Resource) -> float:
    # Resources without a target come last.
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
    "by": lambda r: r.updated_by.casefold(),  # `arrange` sorts by display names
}
"""Sort keys by column; the usual order is most first, worst first, newest first."""


def arrange(
    resources: Iterable[Resource], view: View, now: int, name_of: Callable[[str], str]
) -> list[Resource]:
    """Return the resources that pass the filters, in order; equal ones are sorted by name."""
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
    """Counts of all resources."""

    statuses: Counter[Status]
    stale: int
    total: int


def summarize(resources: Iterable[Resource], now: int) -> Summary:
    """Count resources by status, and those that need a recount."""
    statuses: Counter[Status] = Counter()
    stale = total = 0
    for resource in resources:
        total += 1
        statuses[resource.status] += 1
        stale += resource.needs_update(now)
    return Summary(statuses, stale, total)


class SearchResult(NamedTuple):
    """The result of a search, best match first; without a text, all rows that pass the filters."""

    names: list[Resource]
    """Resources that pass the filters and have all words in their name."""
    outside: list[Resource]
    """Resources that have all words in their name but do not pass the filters."""
    others: list[Resource]
    """Resources that pass the filters and have the words in their category or description."""


class ResourceList:
    """All resources of a tracker, filtered, sorted, searched and counted."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._index = SearchIndex()
        self._ordered: list[Resource] = []
        self._positions: dict[str, int] = {}
        self._outside: list[Resource] = []
        """The resources that the filters hide, in the order of the view."""
        self._outside_positions: dict[str, int] = {}
        self.everything: list[Resource] = []
        self.summary = summarize((), 0)
        """Counts of all resources, hidden ones included."""
        self.is_disordered = False
        """Whether resources have changed in place since they were sorted."""

    def load(self, view: View) -> None:
        """Get all resources from the tracker and sort them."""
        self.everything = self._tracker.resources()
        self.count()
        self.order(view)

    def order(self, view: View) -> bool:
        """Filter and sort; returns whether the rows or their order have changed."""
        self.is_disordered = False
        before = list(self._positions)
        now, name_of = self._tracker.now(), self._tracker.name_of
        self._ordered = arrange(self.everything, view, now, name_of)
        self._positions = _positions_of(self._ordered)
        rest = [row for row in self.everything if row.id not in self._positions]
        self._outside = arrange(rest, view.without_filters(), now, name_of) if rest else []
        self._outside_positions = _positions_of(self._outside)
        return list(self._positions) != before

    def replace(self, resource_ids: Iterable[str]) -> list[Resource] | None:
        """Replace changed resources in place and return them; None if one was deleted."""
        self.is_disordered = True
        changed = []
        for resource_id in resource_ids:
            resource = self._tracker.resource(resource_id)
            if resource is None:
                return None
            changed.append(resource)
            if (position := self._positions.get(resource_id)) is not None:
                self._ordered[position] = resource
            elif (position := self._outside_positions.get(resource_id)) is not None:
                self._outside[position] = resource
        self.everything = self._tracker.resources()
        self.count()
        return changed

    def count(self) -> None:
        """Count again; resources come to need a recount as time passes."""
        self.summary = summarize(self.everything, self._tracker.now())

    def has_all(self, resource_ids: Iterable[str]) -> bool:
        """Whether all of these resources pass the filters."""
        return all(resource_id in self._positions for resource_id in resource_ids)

    def search(self, text: str) -> SearchResult:
        """Return the resources that a text finds."""
        names, others = self._index.search(self._ordered, text)
        is_search = bool(search_words(text))
        outside = self._index.search(self._outside, text).names if is_search else []
        return SearchResult(names, outside, others)

    def has_name_with(self, text: str, tail: str) -> bool:
        """Whether a name contains the text followed by a sign and what was typed after it."""
        return is_part_of_a_name(self.everything, text, tail)

    def no_row_text(self, text: str) -> str:
        """Say why no row is highlighted for a search text."""
        if not search_words(text):
            return "No row is highlighted"
        searched = one_line(text, 40)
        if self.search(text).outside:
            return f"“{searched}” is only outside the filters: press Esc, then ↓"
        return f"No resource is named “{searched}”"

    def prepare_search(self) -> None:
        """Build the search index; safe to call from another thread."""
        self._index.prepare(self.everything)


def _positions_of(rows: Iterable[Resource]) -> dict[str, int]:
    return {row.id: position for position, row in enumerate(rows)}
