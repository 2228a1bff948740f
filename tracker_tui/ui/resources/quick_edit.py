"""The quick edit: a change is typed, and what it will do is shown before Enter.

A change while it is typed: the rows it goes to, and what of them was on screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Spacing
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from tracker_tui.domain.change import Outcome, describe
from tracker_tui.domain.quantities import Kind, Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.resources.edit_preview import Preview, preview
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.widgets.search_bar import LineInput

_NOTIFICATIONS_ABOVE: Final = 4
"""Lines that are free below them in any case, as the style sheet says it."""
_LINES_AROUND: Final = 2


class ChangeInput(LineInput):
    """The input of the quick edit; its keys belong to the screen, which knows the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.apply_edit", "Apply", id="edit.apply"),
        Binding("escape", "screen.leave_edit", "Back", id="edit.leave"),
    ]


class QuickEdit(Vertical):
    """A line to type in, and below it what it would do; hidden until it is opened."""

    shown_preview: reactive[Preview | None] = reactive(None)

    class Typed(Message):
        """The text is another one than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.display = False
        self.targets: tuple[str, ...] = ()
        self._input_offset = 0
        self._notifications_above = _NOTIFICATIONS_ABOVE
        self._label = Static(id="edit-target", markup=False)
        self._input = ChangeInput(id="edit-input", compact=True, select_on_focus=False)
        self._told = Static(id="edit-preview", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the two lines."""
        with Horizontal():
            yield self._label
            yield self._input
        yield self._told

    @property
    def is_open(self) -> bool:
        """Whether the player is in it."""
        return bool(self.display)

    @property
    def text(self) -> str:
        """What is typed so far."""
        return self._input.value

    def open(self, targets: tuple[str, ...], label: str, text: str) -> None:
        """Show it for these resources, with `text` typed already."""
        self.targets = targets
        self._label.update(label)
        self._input_offset = min(cell_len(label) + 2, self.screen.size.width // 2)
        self._input.value = text
        self._input.cursor_position = len(text)
        self.display = True
        # Not `Input.focus`, which waits its turn: the next key may be here already.
        self.screen.set_focus(self._input)

    def on_resize(self, event: events.Resize) -> None:
        """Keep notifications above what is typed, however many lines its preview takes."""
        self._lift_notifications(event.size.height)

    def _lift_notifications(self, lines: int) -> None:
        lines = max(_NOTIFICATIONS_ABOVE, lines + _LINES_AROUND)
        if lines != self._notifications_above:
            self._notifications_above = lines
            self.screen.query_one("ToastRack").styles.margin = Spacing(bottom=lines)

    def take_keys(self) -> None:
        """Have the keys go to the input again."""
        if not self._input.has_focus:
            self.screen.set_focus(self._input)

    def close(self) -> None:
        """Hide it and forget the text."""
        self.display = False
        self.targets = ()
        self._lift_notifications(0)
        self._input.value = ""
        self.shown_preview = None

    @on(Input.Changed, "#edit-input")
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Typed())

    def watch_shown_preview(self, shown: Preview | None) -> None:
        """Tell what would happen, or what is wrong and where."""
        self._told.update(Content("") if shown is None else self._sentence(shown))

    def _sentence(self, shown: Preview) -> Content:
        if shown.column is not None:
            # At the end of the text nothing is wrong yet: the player is still typing.
            unfinished = shown.column >= len(self.text.rstrip())
            style = "$text-muted" if unfinished else "$text-error"
            # Worked out, not measured: in a burst nothing is laid out yet.
            below = self._input_offset + cell_len(self.text[: shown.column])
            pointed_at = _pointed_at(shown.problem, below, self.screen.size.width)
            lines = [Content.styled(pointed_at, style)]
        else:
            lines = [
                Content.styled(shown.told, "$text-success" if not shown.problem else ""),
                Content.styled(f"✗ {shown.problem}" if shown.problem else "", "$text-error"),
            ]
        lines.append(Content.styled(shown.note, "$text-warning"))
        return Content("\n").join([line for line in lines if line])


def _pointed_at(problem: str, column: int, width: int) -> str:
    """Return the sentence with a mark under the column: behind it, before it, or below it."""
    if column + len(problem) + 4 <= width:
        return " " * column + "▲ " + problem
    if len(problem) < column:
        return f"{problem} ".rjust(column) + "▲"
    return " " * column + "▲\n" + problem


class EditRows:
    """Stands between the quick edit, the rows that are selected in the table, and the tracker."""

    def __init__(self, tracker: Tracker, table: ResourceTable, edit: QuickEdit) -> None:
        self._tracker = tracker
        self._table = table
        self._edit = edit
        self._seen: dict[str, Resource] = {}
        self._at_start: dict[str, Resource] = {}
        self._again: Outcome | None = None
        self._note = ""
        self._why_no_row = ""
        self.location = Location.HAGGA
        """Where the change goes, until it is applied or left."""

    def start(self, text: str, location: Location, why_no_row: str) -> None:
        """Open the quick edit with `text` typed already.

        It is for the selected rows that the list shows, or else for the highlighted row. Without
        either it opens all the same and says why: else the amount would go where the focus is.
        """
        selected = list(self._table.marked)
        targets = [resource_id for resource_id in selected if self._table.is_shown(resource_id)]
        note = _left_out(len(selected) - len(targets), "hidden")
        highlighted = self._table.highlighted
        if not targets and highlighted is not None:
            targets = [highlighted.id]
            note += ", the highlighted row changes instead" if note else ""
        self._why_no_row, self._note, self._again = why_no_row, note, None
        self._open(targets, text, location)

    def start_again(self, outcome: Outcome) -> None:
        """Open the quick edit with a change that the ledger did not take.

        It waits in the outbox until the new one is submitted.
        """
        change = outcome.change
        text = describe(change) + (f" # {change.reason}" if change.reason else "")
        self._note, self._again = "", outcome
        self._open([change.resource_id], text, change.location)

    def _open(self, targets: Sequence[str], text: str, location: Location) -> None:
        first = self._tracker.projected(targets[0]) if targets else None
        name = one_line(first.name, 32) if first else "no row"
        label = name if len(targets) <= 1 else f"{len(targets)} selected rows"
        self._at_start = {}
        self.location = location
        self._edit.open(tuple(targets), label, text)
        self.look()

    def switch_location(self) -> None:
        """Let this change, and no other, go to the other location."""
        self.location = self.location.other
        self.look()

    def look(self) -> None:
        """Show what the text would do to the rows as they are now; that is what was seen."""
        if self._edit.is_open:
            found = (self._tracker.projected(resource_id) for resource_id in self._edit.targets)
            self._seen = {row.id: row for row in found if row is not None}
            for row in self._seen.values():
                self._at_start.setdefault(row.id, row)
            self._edit.shown_preview = self._preview()

    def submit(self) -> Future[None] | None:
        """Submit the change for every row that allows it; returns when that is kept, or None.

        The others stay in the quick edit, with the text. What was on screen is what is guarded: a
        quantity that came in since is not what was seen.
        """
        shown = self._preview()
        self._edit.shown_preview = shown
        if shown.typed is None or not self._seen:
            return None
        accepted = [row for row in self._seen.values() if row.id not in shown.refused]
        kept = None
        if accepted:
            submission = [
                self._tracker.change(row.id, shown.typed, self.location, seen=row.at(self.location))
                for row in accepted
            ]
            again, self._again = self._again, None
            replaced = None if again is None else again.change
            kept = self._tracker.submit(submission, instead_of=replaced)
        self._table.deselect(row.id for row in accepted)
        if shown.refused:
            self._open(tuple(shown.refused), self._edit.text, self.location)
        else:
            self.stop()
        return kept

    def stop(self) -> None:
        """Close the quick edit and forget the text."""
        self._again = None
        self._edit.close()

    def _preview(self) -> Preview:
        targets = self._edit.targets
        if not targets:
            return Preview(None, problem=self._why_no_row, note=self._note)
        rows = list(self._seen.values())
        tracker, location = self._tracker, self.location
        shown = preview(self._edit.text, rows, location, tracker.places, is_stale=tracker.is_stale)
        deleted = _left_out(len(targets) - len(rows), "deleted") if rows else ""
        return shown._replace(
            told=self._moved_meanwhile(shown) + shown.told,
            note="\n".join(filter(None, (self._note, deleted))),
        )

    def _moved_meanwhile(self, shown: Preview) -> str:
        """Say that what is to be set is not any more what it was when the typing began."""
        location = self.location
        if shown.typed is None or shown.typed.kind is not Kind.SET:
            return ""
        moved = [
            self._at_start[row.id].at(location)
            for row in self._seen.values()
            if self._at_start[row.id].at(location) != row.at(location)
        ]
        if len(moved) == 1:
            return f"changed since you looked: was {grouped(moved[0])} · "
        return f"{len(moved)} changed since you looked · " if moved else ""


def _left_out(how_many: int, what: str) -> str:
    """Say how many of the selected rows take no part, and why."""
    if not how_many:
        return ""
    rows = "1 selected row is" if how_many == 1 else f"{how_many} selected rows are"
    return f"{rows} {what}: left out"
