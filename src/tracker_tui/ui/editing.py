"""A change while it is typed: the rows it goes to, and what of them was on screen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Kind, Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.tracker import Tracker
from tracker_tui.ui.preview import Preview, preview
from tracker_tui.ui.widgets.quick_edit import QuickEdit
from tracker_tui.ui.widgets.resource_table import ResourceTable


class Editing:
    """Stands between the quick edit, the table's marks and the tracker."""

    def __init__(self, tracker: Tracker, table: ResourceTable, edit: QuickEdit) -> None:
        self._tracker = tracker
        self._table = table
        self._edit = edit
        self._seen: dict[str, Resource] = {}
        self._at_start: dict[str, Resource] = {}
        self._again: Outcome | None = None

    def start(
        self,
        targets: Sequence[str],
        text: str,
        location: Location,
        again: Outcome | None = None,
    ) -> None:
        """Open the quick edit for these resources, with `text` typed already.

        `again` is the refused change that is edited again; it waits until this one is submitted.
        Without a target it opens all the same: else the amount would go where the focus is.
        """
        first = self._tracker.foreseen(targets[0]) if targets else None
        name = one_line(first.name, 32) if first else "no row"
        label = name if len(targets) <= 1 else f"{len(targets)} marked rows"
        self._again = again
        self._at_start = {}
        self._edit.open(tuple(targets), label, text)
        self.look(location)

    def look(self, location: Location) -> None:
        """Show what the text would do to the rows as they are now; that is what was seen."""
        if self._edit.is_open:
            found = (self._tracker.foreseen(resource_id) for resource_id in self._edit.targets)
            self._seen = {row.id: row for row in found if row is not None}
            for row in self._seen.values():
                self._at_start.setdefault(row.id, row)
            self._edit.shown_preview = self._preview(location)

    def submit(self, location: Location) -> Future[None] | None:
        """Submit the change for every row that allows it; returns when that is kept, or None.

        The others stay in the quick edit, with the text. What was on screen is what is guarded: a
        quantity that came in since is not what was seen.
        """
        shown = self._preview(location)
        self._edit.shown_preview = shown
        if shown.typed is None or not self._seen:
            return None
        accepted = [row for row in self._seen.values() if row.id not in shown.refused]
        kept = None
        if accepted:
            submission = [
                self._tracker.change(row.id, shown.typed, location, seen=row.at(location))
                for row in accepted
            ]
            again, self._again = self._again, None
            replaced = None if again is None else again.change
            kept = self._tracker.submit(submission, instead_of=replaced)
        if self._table.marked:
            self._table.set_marks(shown.refused)
        if shown.refused:
            self.start(tuple(shown.refused), self._edit.text, location, self._again)
        else:
            self.stop()
        return kept

    def stop(self) -> None:
        """Close the quick edit and forget the text."""
        self._again = None
        self._edit.close()

    def _preview(self, location: Location) -> Preview:
        targets = self._edit.targets
        if not targets:
            return Preview(None, problem="no row is highlighted")
        hidden = sum(not self._table.is_shown(resource_id) for resource_id in targets)
        rows = list(self._seen.values())
        tracker = self._tracker
        shown = preview(
            self._edit.text, rows, location, tracker.places, hidden, is_stale=tracker.is_stale
        )
        return shown._replace(told=self._moved_meanwhile(shown, location) + shown.told)

    def _moved_meanwhile(self, shown: Preview, location: Location) -> str:
        """Say that what is to be set is not any more what it was when the typing began."""
        if shown.typed is None or shown.typed.kind is not Kind.SET:
            return ""
        moved = [
            self._at_start[row.id].at(location)
            for row in self._seen.values()
            if self._at_start[row.id].at(location) != row.at(location)
        ]
        if len(moved) == 1:
            return f"moved meanwhile, was {grouped(moved[0])}! · "
        return f"{len(moved)} moved meanwhile! · " if moved else ""
