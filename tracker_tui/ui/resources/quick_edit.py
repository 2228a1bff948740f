"""The quick edit: the line in which a change is typed, with a preview of what it will do.

The screen opens it for the selected rows, or for the highlighted row. With every key it projects
the typed change on these rows and shows the result: after `+500`, `1,200 → 1,700`. Enter submits
one change for each row that allows it; rejected rows stay in the quick edit, with the text.

A `=` change carries the quantity that the preview showed. If someone else has changed the row since
then, the ledger reports a conflict instead of overwriting it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Spacing
from textual.widgets import Input, Static

from tracker_tui.domain.change import Outcome, describe
from tracker_tui.domain.quantities import Kind, Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.resources.edit_preview import Preview, preview
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.widgets.search_bar import LineInput

_NOTIFICATION_MARGIN: Final = 4
"""Lines below the notifications, as in the stylesheet."""
_LINES_AROUND: Final = 2


class ChangeInput(LineInput):
    """The input of the quick edit; its actions belong to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.apply_edit", "Apply", id="edit.apply"),
        Binding("escape", "screen.leave_edit", "Back", id="edit.leave"),
    ]


class QuickEdit(Vertical):
    """A line to type a change in, and below it the preview; hidden until it is opened."""

    def __init__(
        self,
        tracker: Tracker,
        table: ResourceTable,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.display = False
        self._tracker = tracker
        self._table = table
        self.targets: tuple[str, ...] = ()
        """Ids of the rows that the change goes to."""
        self.location = Location.HAGGA
        """Where the change goes; `tab` in the quick edit switches it for this change only."""
        self._previewed: dict[str, Resource] = {}
        """The rows of the last preview, by id; their quantities guard a `=` change."""
        self._at_start: dict[str, Resource] = {}
        """The rows as they were when the quick edit was opened."""
        self._replaced: Outcome | None = None
        """The conflict or rejected change of the outbox that this change replaces."""
        self._note = ""
        self._no_row_text = ""
        self._shown: tuple[Preview, str] | None = None
        self._input_offset = 0
        self._notification_margin = _NOTIFICATION_MARGIN
        self._label = Static(id="edit-target", markup=False)
        self._input = ChangeInput(id="edit-input", compact=True, select_on_focus=False)
        self._preview_text = Static(id="edit-preview", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line and the preview."""
        with Horizontal():
            yield self._label
            yield self._input
        yield self._preview_text

    @property
    def is_open(self) -> bool:
        """Whether the player is typing a change."""
        return bool(self.display)

    # Opening and closing

    def open(self, text: str, location: Location, no_row_text: str) -> None:
        """Open with `text` typed, for the selected rows in the list, or else the highlighted row.

        Without any row it opens too and shows `no_row_text`: the typed amount must not go to
        whatever has the focus.
        """
        selected = list(self._table.selected)
        targets = [resource_id for resource_id in selected if self._table.is_shown(resource_id)]
        note = _left_out(len(selected) - len(targets), "hidden")
        highlighted = self._table.highlighted
        if not targets and highlighted is not None:
            targets = [highlighted.id]
            note += ", the highlighted row changes instead" if note else ""
        self._no_row_text, self._note, self._replaced = no_row_text, note, None
        self._open_for(targets, text, location)

    def open_again(self, outcome: Outcome) -> None:
        """Open with a conflict or rejected change; the outbox keeps it until Enter."""
        change = outcome.change
        text = describe(change) + (f" # {change.reason}" if change.reason else "")
        self._note, self._replaced = "", outcome
        self._open_for([change.resource_id], text, change.location)

    def _open_for(self, targets: Sequence[str], text: str, location: Location) -> None:
        first = self._tracker.projected(targets[0]) if targets else None
        name = one_line(first.name, 32) if first else "no row"
        label = name if len(targets) <= 1 else f"{len(targets)} selected rows"
        self._at_start = {}
        self.targets, self.location = tuple(targets), location
        self._label.update(label)
        self._input_offset = min(cell_len(label) + 2, self.screen.size.width // 2)
        self._input.value = text
        self._input.cursor_position = len(text)
        self.display = True
        # Not `Input.focus`, which comes later: the next key may have arrived already.
        self.screen.set_focus(self._input)
        self.update_preview()

    def close(self) -> None:
        """Hide the quick edit and clear the text."""
        self.display = False
        self.targets, self._replaced = (), None
        self._set_notification_margin(0)
        self._input.value = ""
        self._preview_text.update("")
        self._shown = None

    def take_focus(self) -> None:
        """Focus the input, if another widget has the focus."""
        if not self._input.has_focus:
            self.screen.set_focus(self._input)

    def switch_location(self) -> None:
        """Switch this change, and only this one, to the other location."""
        self.location = self.location.other
        self.update_preview()

    # The preview

    @on(Input.Changed, "#edit-input")
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.update_preview()

    def update_preview(self) -> None:
        """Show what the text would do to the rows as they are now."""
        if self.is_open:
            found = (self._tracker.projected(resource_id) for resource_id in self.targets)
            self._previewed = {row.id: row for row in found if row is not None}
            for row in self._previewed.values():
                self._at_start.setdefault(row.id, row)
            self._show(self._preview())

    def _preview(self) -> Preview:
        if not self.targets:
            return Preview(typed=None, problem=self._no_row_text, note=self._note)
        rows = list(self._previewed.values())
        tracker = self._tracker
        shown = preview(
            self._input.value, rows, self.location, tracker.places, is_stale=tracker.is_stale
        )
        deleted = _left_out(len(self.targets) - len(rows), "deleted") if rows else ""
        return replace(
            shown,
            text=self._changed_since_start(shown) + shown.text,
            note="\n".join(filter(None, (self._note, deleted))),
        )

    def _changed_since_start(self, shown: Preview) -> str:
        """Say that a quantity to be set is not what it was when the quick edit was opened."""
        location = self.location
        if shown.typed is None or shown.typed.kind is not Kind.SET:
            return ""
        before = [
            self._at_start[row.id].at(location)
            for row in self._previewed.values()
            if self._at_start[row.id].at(location) != row.at(location)
        ]
        if len(before) == 1:
            return f"changed since you looked: was {grouped(before[0])} · "
        return f"{len(before)} changed since you looked · " if before else ""

    def _show(self, shown: Preview) -> None:
        if self._shown == (shown, self._input.value):
            return
        self._shown = (shown, self._input.value)
        if shown.column is None:
            lines = [
                Content.styled(shown.text, "$text-success" if not shown.problem else ""),
                Content.styled(f"✗ {shown.problem}" if shown.problem else "", "$text-error"),
            ]
        else:
            # An error at the end of the text may only mean that the player is still typing.
            is_unfinished = shown.column >= len(self._input.value.rstrip())
            style = "$text-muted" if is_unfinished else "$text-error"
            # Computed, not measured: in a burst of keys nothing is laid out yet.
            below = self._input_offset + cell_len(self._input.value[: shown.column])
            pointer = _pointing_at(below, shown.problem, self.screen.size.width)
            lines = [Content.styled(pointer, style)]
        lines.append(Content.styled(shown.note, "$text-warning"))
        self._preview_text.update(Content("\n").join([line for line in lines if line]))

    def on_resize(self, event: events.Resize) -> None:
        """Keep notifications above the quick edit, however many lines its preview has."""
        self._set_notification_margin(event.size.height)

    def _set_notification_margin(self, lines: int) -> None:
        lines = max(_NOTIFICATION_MARGIN, lines + _LINES_AROUND)
        if lines != self._notification_margin:
            self._notification_margin = lines
            self.screen.query_one("ToastRack").styles.margin = Spacing(bottom=lines)

    # Submitting

    def submit(self) -> Future[None] | None:
        """Submit one change for each row that allows it; rejected rows stay, with the text.

        Returns a future that is done when the outbox has stored the changes, or None if there are
        none. The rows of the last preview are submitted: the player has not seen anything newer.
        """
        shown = self._preview()
        self._show(shown)
        if shown.typed is None or not self._previewed:
            return None
        accepted = [row for row in self._previewed.values() if row.id not in shown.rejected]
        stored = None
        if accepted:
            changes = [
                self._tracker.change(row.id, shown.typed, self.location, seen=row.at(self.location))
                for row in accepted
            ]
            replaced, self._replaced = self._replaced, None
            stored = self._tracker.submit(
                changes, instead_of=None if replaced is None else replaced.change
            )
        self._table.deselect(row.id for row in accepted)
        if shown.rejected:
            self._open_for(tuple(shown.rejected), self._input.value, self.location)
        else:
            self.close()
        return stored


def _left_out(how_many: int, why: str) -> str:
    """Say how many of the selected rows do not change, and why."""
    if not how_many:
        return ""
    rows = "1 selected row is" if how_many == 1 else f"{how_many} selected rows are"
    return f"{rows} {why}: left out"


def _pointing_at(column: int, problem: str, width: int) -> str:
    """Return a sentence with `▲` under the column; the sentence is behind, before or below it."""
    if column + len(problem) + 4 <= width:
        return " " * column + "▲ " + problem
    if len(problem) < column:
        return f"{problem} ".rjust(column) + "▲"
    return " " * column + "▲\n" + problem
