"""A list of options to tick, several of a kind or only one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from tracker_tui.ui.widgets.dialogs import Choices


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
