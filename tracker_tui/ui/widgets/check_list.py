"""Lists of things to tick: several of a kind, or one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from tracker_tui.ui.widgets.dialogs import Choices


class Choice(NamedTuple):
    """One thing that can be ticked: what it narrows, to what, and how it is called."""

    kind: str
    value: str
    name: str
    is_single: bool = False
    """Whether it takes the tick away from all others of its kind."""
    leads_on: bool = False
    """Whether something has to be asked before it can be ticked."""


class CheckList(Choices):
    """Options with a tick in front, which is there or not: colour tells nothing here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Tick", id="filters.tick"),
        Binding("enter", "screen.apply", "Apply", id="filters.apply"),
    ]

    class Asked(Message):
        """A choice was made that leads on to a question."""

        def __init__(self, choice: Choice) -> None:
            self.choice = choice
            super().__init__()

    def __init__(self, choices: Iterable[Choice], checked: set[Choice]) -> None:
        self.choices = list(choices)
        self.checked = checked
        super().__init__(*map(self._line, self.choices), markup=False)

    def action_select(self) -> None:
        """Tick or untick, at once: the next key may be the one that applies it."""
        if self.highlighted is None:
            return
        choice = self.choices[self.highlighted]
        if choice.leads_on and choice not in self.checked:
            self.post_message(self.Asked(choice))
        else:
            self.tick(choice)

    def tick(self, choice: Choice) -> None:
        """Tick a choice, or take its tick away."""
        others = {c for c in self.checked if c.kind == choice.kind and c != choice}
        if choice.is_single:
            self.checked -= others
        self.checked ^= {choice}
        for index, each in enumerate(self.choices):
            self.replace_option_prompt_at_index(index, self._line(each))

    def put(self, instead_of: Choice, choice: Choice) -> None:
        """Put another choice in the place of one, and tick it."""
        self.choices[self.choices.index(instead_of)] = choice
        self.checked.discard(instead_of)
        self.tick(choice)

    def _line(self, choice: Choice) -> str:
        left, right = "()" if choice.is_single else "[]"
        sign = "•" if choice.is_single else "✓"
        return f"{left}{sign if choice in self.checked else ' '}{right} {choice.name}"
