"""Dialogs: the base classes, a question with two answers, a list to pick from, a text to type.

Every dialog lies above a screen, Esc goes back, and it ends once (see `EndingScreen`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.domain.text import one_line, search_key, search_words
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.events import Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import TrackerMessage
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.widgets.search_bar import LineInput

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], EndingScreen[Answer], Generic[Answer]):
    """A dialog that ends with an answer, or with None after Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back", id="dialog.leave"),
    ]

    def action_leave(self) -> None:
        """Close the dialog without an answer."""
        self.dismiss(None)


class QueryDialog(Dialog[Answer]):
    """A dialog that shows answers of the query cache, read again after every full refresh."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker
        self._has_asked = False
        """Whether a refresh that the player asked for is not finished."""

    @abstractmethod
    def read_everything(self) -> None:
        """Read everything that is shown again: names may have been removed."""

    def action_refresh(self) -> None:
        """Read everything again: first the resources, then what is shown here."""
        self._has_asked = True
        self._tracker.refresh()

    @on(TrackerMessage)
    def _on_tracker_message(self, message: TrackerMessage) -> None:
        event = message.event
        is_full = isinstance(event, Refreshed) and event.history_may_differ
        if is_full or (self._has_asked and isinstance(event, Failed)):
            self._has_asked = False
            self.read_everything()


class Scroller(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Text that can be scrolled with the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="scroller.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="scroller.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="scroller.page-up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="scroller.page-down"),
        Binding("g,home", "scroll_home", "To the top", show=False, id="scroller.top"),
        Binding("G,end", "scroll_end", "To the bottom", show=False, id="scroller.bottom"),
    ]


class Choices(OptionList):
    """A list of options, with the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="choices.down"),
        Binding("k", "cursor_up", "Up", show=False, id="choices.up"),
        Binding("g", "first", "To the top", show=False, id="choices.top"),
        Binding("G", "last", "To the bottom", show=False, id="choices.bottom"),
    ]

    def action_page_up(self) -> None:
        """Move up by a page."""
        if has_pages(self):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """Move down by a page."""
        if has_pages(self):
            super().action_page_down()  # type: ignore[no-untyped-call]


def has_pages(choices: OptionList) -> bool:
    """Whether the list has room for a line; without room, Textual's page keys crash."""
    return bool(choices.scrollable_content_region)


class AskDialog(Dialog[bool]):
    """A question with two answers, the harmless one first; ends with True for the other one."""

    def __init__(self, question: str, text: str, do: str, leave: str, about: str = "") -> None:
        """`do` and `leave` are the answers; all texts are plain, without markup."""
        super().__init__()
        self._about = about
        self._question, self._text, self._do, self._leave = question, text, do, leave

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(classes="dialog wide"):
            yield Static(self._question, classes="dialog-title", markup=False)
            if self._about:
                yield Static(self._about, markup=False)
            with Scroller(classes="question"):
                yield Static(self._text, classes="dialog-text", markup=False)
            yield Choices(Option(self._leave), Option(self._do, id="do"), markup=False)
            yield Static("enter choose   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Focus the harmless answer."""
        self.set_focus(self.query_one(Choices))

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id == "do")


_MOST_SHOWN = 200


class PickDialog(Dialog[str]):
    """A list to search by typing; ends with the key of what was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="picking.leave"),
        Binding("down", "move(1)", "Down", show=False, id="picking.down"),
        Binding("up", "move(-1)", "Up", show=False, id="picking.up"),
    ]

    def __init__(self, title: str, names: Mapping[str, str]) -> None:
        """`names` has the names on screen by key."""
        super().__init__()
        self._title = title
        shown = {key: one_line(name, 60) for key, name in names.items()}
        self._names = dict(sorted(shown.items(), key=lambda item: item[1].casefold()))
        self._found: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out the input and the list."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title")
            yield LineInput(placeholder="type a part of the name", compact=True)
            yield Choices(markup=False)
            yield Static("↑ ↓ choose   enter choose   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Show all names."""
        self.set_focus(self.query_one(LineInput))
        self._search("")

    @on(Input.Changed)
    def _type(self, event: Input.Changed) -> None:
        self._search(event.value)

    def _search(self, text: str) -> None:
        words = search_words(text)
        found = [
            key
            for key, name in self._names.items()
            if all(word in search_key(name) for word in words)
        ]
        self._found = found[:_MOST_SHOWN]
        choices = self.query_one(Choices)
        choices.clear_options()
        choices.add_options(Option(self._names[key]) for key in self._found)
        choices.highlighted = 0 if self._found else None

    def action_move(self, rows: int) -> None:
        """Move the highlight while the input has the focus."""
        choices = self.query_one(Choices)
        if self._found:
            choices.highlighted = ((choices.highlighted or 0) + rows) % len(self._found)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _take(self) -> None:
        highlighted = self.query_one(Choices).highlighted
        if highlighted is not None and self._found:
            self.dismiss(self._found[highlighted])


class TypeDialog(Dialog[str]):
    """A text to type; it is checked before the dialog ends with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="typing.leave"),
    ]

    def __init__(self, title: str, example: str, check: Callable[[str], object]) -> None:
        """`check` raises TrackerError if a text is not valid."""
        super().__init__()
        self._title, self._example, self._check = title, example, check

    def compose(self) -> ComposeResult:
        """Lay out the input, and a line for what is wrong."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title")
            yield LineInput(placeholder=self._example, compact=True, max_length=60)
            yield Static(id="typing-problem", markup=False)
            yield Static("enter choose   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Focus the input."""
        self.set_focus(self.query_one(LineInput))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        try:
            self._check(event.value)
        except TrackerError as error:
            self.query_one("#typing-problem", Static).update(str(error))
        else:
            self.dismiss(event.value)


class Choice(NamedTuple):
    """An option: what it filters by, the value, and its name on screen."""

    kind: str
    value: str
    name: str
    is_single: bool = False
    """Whether ticking it unticks all others of its kind."""
    leads_on: bool = False
    """Whether a question has to be answered before it can be ticked."""


class CheckList(Choices):
    """Options with `[✓]` or `(•)` in front of those that are ticked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Tick", id="filters.tick"),
        Binding("enter", "screen.apply", "Apply", id="filters.apply"),
    ]

    class Asked(Message):
        """The player chose an option that leads to a question."""

        def __init__(self, choice: Choice) -> None:
            self.choice = choice
            super().__init__()

    def __init__(self, choices: Iterable[Choice], checked: set[Choice]) -> None:
        self.choices = list(choices)
        self.checked = checked
        super().__init__(*map(self._line, self.choices), markup=False)

    def action_select(self) -> None:
        """Tick or untick the option at once: the next key may be Enter."""
        if self.highlighted is None:
            return
        choice = self.choices[self.highlighted]
        if choice.leads_on and choice not in self.checked:
            self.post_message(self.Asked(choice))
        else:
            self.tick(choice)

    def tick(self, choice: Choice) -> None:
        """Tick an option, or untick it if it is ticked."""
        others = {c for c in self.checked if c.kind == choice.kind and c != choice}
        if choice.is_single:
            self.checked -= others
        self.checked ^= {choice}
        for index, each in enumerate(self.choices):
            self.replace_option_prompt_at_index(index, self._line(each))

    def put(self, instead_of: Choice, choice: Choice) -> None:
        """Replace an option by another one and tick that."""
        self.choices[self.choices.index(instead_of)] = choice
        self.checked.discard(instead_of)
        self.tick(choice)

    def _line(self, choice: Choice) -> str:
        left, right = "()" if choice.is_single else "[]"
        sign = "•" if choice.is_single else "✓"
        return f"{left}{sign if choice in self.checked else ' '}{right} {choice.name}"
