"""The search bar: text that is searched as it is typed, and beside it filters and counts.

On the resources screen a sign may start a quick edit from here: typing `/spice +500` searches for
"spice", and as soon as a digit follows the sign, `+500` moves to the quick edit of the first hit.
Until then the sign belongs to neither, and the list stays still.

`LineInput` is the one-line input of all screens; `TrackerApp.on_event` types into it directly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tracker_tui.domain.change_syntax import SIGNS, begins_change
from tracker_tui.domain.text import one_line


class LineInput(Input):
    """An input of one line without a border; pasted lines are joined."""

    LONGEST_PASTE: ClassVar[int] = 1_000

    def paste(self, text: str) -> None:
        """Insert pasted text."""
        self.type_text(one_line(text, self.LONGEST_PASTE))

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own keeps the first line only.
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    def type_text(self, text: str) -> None:
        """Insert text at the cursor, or replace the selection with it."""
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)


StartsEdit = Callable[[str, str], bool]
"""Gets the search text, and a sign with what follows it; returns whether an edit starts."""


class SearchInput(LineInput):
    """The input of the search bar; a sign may start a quick edit if `starts_edit` is given."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.leave_search", "To the table", id="filter.leave"),
        Binding("escape", "screen.clear_search", "Clear", id="filter.clear"),
        Binding("up", "screen.move_cursor(-1)", "Up", show=False, id="filter.up"),
        Binding("down", "screen.move_cursor(1)", "Down", show=False, id="filter.down"),
    ]

    def __init__(self, starts_edit: StartsEdit | None, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(placeholder="search", id=id, compact=True, select_on_focus=False)
        self._starts_edit = starts_edit
        self._last_sign: int | None = None

    @property
    def searched(self) -> str:
        """The text without a trailing sign that may start a quick edit."""
        return self.value[: self._open_sign]

    @property
    def _open_sign(self) -> int | None:
        position = self._last_sign
        is_there = position is not None and self.value[position : position + 1] in SIGNS
        return position if is_there else None

    def type_text(self, text: str) -> None:
        """Insert text; a sign typed at the end may start a quick edit with what follows."""
        is_sign = self._starts_edit is not None and text in SIGNS
        if is_sign and not self.selection.is_empty:
            # The selected text found the row to edit, so the sign does not replace it.
            self.cursor_position = len(self.value)
        elif self._open_sign is None or not self.selection.is_empty:
            self._last_sign = None
        is_at_end = self.cursor_position == len(self.value)
        super().type_text(text)
        self._start_edit_if_begun()
        if is_sign and is_at_end and self._open_sign is None:
            self._last_sign = len(self.value) - 1

    def _start_edit_if_begun(self) -> None:
        """Start a quick edit if what follows the sign is the beginning of a change."""
        position = self._open_sign
        begins = None if position is None else begins_change(self.value[position:])
        if begins is None:
            return
        typed = self.value
        self._last_sign = None
        if begins and self._starts_edit is not None:
            self.value = typed[:position]
            if not self._starts_edit(typed[:position], typed[position:]):
                self.value = typed
                self.cursor_position = len(typed)


class SearchBar(Horizontal):
    """One line: the search text, and what else narrows the table."""

    class Changed(Message):
        """The search text has changed."""

    def __init__(
        self,
        *,
        starts_edit: StartsEdit | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        """Without `starts_edit` signs are ordinary text."""
        super().__init__(id=id)
        self._input = SearchInput(starts_edit, id="search-input")
        self._details = Static(id="search-details", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("/", id="search-sign")
        yield self._input
        yield self._details

    @property
    def text(self) -> str:
        """The search text."""
        return self._input.searched

    def enter(self) -> None:
        """Focus the input and select its text, so that typing replaces it."""
        self.screen.set_focus(self._input)  # at once, unlike `Input.focus`
        self._input.select_all()

    def clear(self) -> None:
        """Clear the search text."""
        self._input.value = ""

    def show_details(self, text: str) -> None:
        """Show filters and counts beside the search text."""
        self._details.update(text)

    @on(Input.Changed, "#search-input")
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
