"""The quick edit: a change is typed, and what it will do is shown before Enter."""

from __future__ import annotations

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

from tracker_tui.ui.resources.preview import Preview
from tracker_tui.ui.widgets.line_input import LineInput

_NOTIFICATIONS_ABOVE: Final = 4
"""Lines that are free below them in any case, as the style sheet says it."""
_LINES_AROUND: Final = 2


class ChangeInput(LineInput):
    """The input of the quick edit; its keys belong to the screen, which knows the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.apply_edit", "Apply", id="edit.apply"),
        Binding("escape", "screen.leave_edit", "Leave", id="edit.leave"),
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
