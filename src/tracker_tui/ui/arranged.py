"""The resources as the screen has them: in order, searched, counted. No widget here."""

from __future__ import annotations

from collections.abc import Iterable

from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import SearchIndex
from tracker_tui.tracker import Tracker
from tracker_tui.ui.view import View, arrange, summarize


class ArrangedResources:
    """All resources of a tracker, and those that pass the filters in the order of a view."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._index = SearchIndex()
        self._ordered: list[Resource] = []
        self._positions: dict[str, int] = {}
        self.everything: list[Resource] = []
        self.summary = summarize((), 0)
        """How all of them stand, filtered out or not."""
        self.is_disordered = False
        """Whether rows were changed where they stand since they were put in order."""

    def load(self, view: View) -> None:
        """Take all of them anew."""
        self.everything = self._tracker.resources()
        self.count()
        self.order(view)

    def order(self, view: View) -> bool:
        """Filter and sort; returns whether other rows stand in another order than before."""
        self.is_disordered = False
        before = [row.id for row in self._ordered]
        tracker = self._tracker
        self._ordered = arrange(self.everything, view, tracker.now(), tracker.name_of)
        ids = [row.id for row in self._ordered]
        self._positions = {resource_id: position for position, resource_id in enumerate(ids)}
        return ids != before

    def replace(self, resource_ids: Iterable[str]) -> list[Resource] | None:
        """Take changed ones where they stand, and return them; None where one is gone."""
        self.is_disordered = True
        changed = []
        for resource_id in resource_ids:
            resource = self._tracker.resource(resource_id)
            if resource is None:
                return None
            changed.append(resource)
            position = self._positions.get(resource_id)
            if position is not None:
                self._ordered[position] = resource
        self.everything = self._tracker.resources()
        self.count()
        return changed

    def count(self) -> None:
        """Count anew; time alone makes resources stale."""
        self.summary = summarize(self.everything, self._tracker.now())

    def has_all(self, resource_ids: Iterable[str]) -> bool:
        """Whether all of these are among those that pass the filters."""
        return all(resource_id in self._positions for resource_id in resource_ids)

    def found(self, text: str) -> list[Resource]:
        """Return those that pass the filters and that a text finds."""
        return self._index.ranked(self._ordered, text)

    def fold_texts(self) -> None:
        """Prepare the search; may run in a thread of its own."""
        self._index.prepare(self.everything)
