"""A one-line input that takes keys the moment they arrive (see `TrackerApp.on_event`).

The filter: text that is searched as it is typed, and beside it what else narrows the table.
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
    """An input of one line and no border; what is pasted goes in whole, as one line."""

    LONGEST_PASTE: ClassVar[int] = 1_000

    def paste(self, text: str) -> None:
        """Put in what was pasted."""
        self.take_text(one_line(text, self.LONGEST_PASTE))

    def _on_paste(self, event: events.Paste) -> None:
        # Textual's own takes the first line and leaves the others out.
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    def take_text(self, text: str) -> None:
        """Put text in at the cursor, over what is selected: a typed character, or a paste."""
        if self.selection.is_empty:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, *self.selection)


StartsEdit = Callable[[str, str], bool]
"""Takes the text that is searched for, and a sign with what follows; returns whether it starts."""


class SearchInput(LineInput):
    """The input of the search; where changes can be made, a sign may start one from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.leave_filter", "To the table", id="filter.leave"),
        Binding("escape", "screen.clear_filter", "Clear", id="filter.clear"),
        Binding("up", "screen.move_cursor(-1)", "Up", show=False, id="filter.up"),
        Binding("down", "screen.move_cursor(1)", "Down", show=False, id="filter.down"),
    ]

    def __init__(self, starts_edit: StartsEdit | None, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(placeholder="search", id=id, compact=True, select_on_focus=False)
        self._starts_edit = starts_edit
        self._last_sign: int | None = None

    @property
    def searched(self) -> str:
        """The text without a sign at its end of which it is open what it begins."""
        return self.value[: self._open_sign]

    @property
    def _open_sign(self) -> int | None:
        place = self._last_sign
        is_there = place is not None and self.value[place : place + 1] in SIGNS
        return place if is_there else None

    def take_text(self, text: str) -> None:
        """Put text in; a sign typed behind the search may start a change with what follows."""
        is_sign = self._starts_edit is not None and text in SIGNS
        if is_sign and not self.selection.is_empty:
            # The text found the row that the change is for: it is not typed over.
            self.cursor_position = len(self.value)
        elif self._open_sign is None or not self.selection.is_empty:
            self._last_sign = None
        is_at_end = self.cursor_position == len(self.value)
        super().take_text(text)
        self._decide()
        if is_sign and is_at_end and self._open_sign is None:
            self._last_sign = len(self.value) - 1

    def _decide(self) -> None:
        """See whether what follows the sign makes it the begin of a change."""
        place = self._open_sign
        begins = None if place is None else begins_change(self.value[place:])
        if begins is None:
            return
        typed = self.value
        self._last_sign = None
        if begins and self._starts_edit is not None:
            self.value = typed[:place]
            if not self._starts_edit(typed[:place], typed[place:]):
                self.value = typed
                self.cursor_position = len(typed)


class SearchBar(Horizontal):
    """One line: the search text, and the filters and sorting in force."""

    class Changed(Message):
        """Another text is searched for."""

    def __init__(
        self,
        *,
        starts_edit: StartsEdit | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        """Let signs be text, or ask `starts_edit` about those that may begin a change."""
        super().__init__(id=id)
        self._input = SearchInput(starts_edit, id="filter-input")
        self._facts = Static(id="filter-facts", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("/", id="filter-sign")
        yield self._input
        yield self._facts

    @property
    def text(self) -> str:
        """The text that is searched for."""
        return self._input.searched

    def enter(self) -> None:
        """Take the keys; what was typed before is selected, so that typing replaces it."""
        self.screen.set_focus(self._input)  # at once, unlike `Input.focus`
        self._input.select_all()

    def clear(self) -> None:
        """Search for nothing."""
        self._input.value = ""

    def tell(self, facts: str) -> None:
        """Show what narrows and orders the table."""
        self._facts.update(facts)

    @on(Input.Changed, "#filter-input")
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
