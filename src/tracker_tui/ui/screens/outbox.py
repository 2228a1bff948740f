"""Changes that the ledger refused, or that somebody else was quicker with."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.wording import outcome_sentence
from tracker_tui.tracker import Tracker
from tracker_tui.ui.screens.dialog import Choices, Dialog


class OutboxScreen(Dialog[Outcome]):
    """A list to go through: edit a change again with its text, or drop it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,d", "drop", "Drop", id="outbox.drop"),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker
        self._outcomes = list(tracker.needing_player())

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog wide"):
            yield Static("Refused changes", classes="dialog-title")
            if self._outcomes:
                sentences = (outcome_sentence(o, self._tracker.places) for o in self._outcomes)
                yield Choices(*(Option(sentence) for sentence in sentences), markup=False)
                yield Static("enter edit again   d drop   esc back", classes="dialog-keys")
            else:
                yield Static("Nothing waits for you.", classes="dialog-text")
                yield Static("esc back", classes="dialog-keys")

    @on(OptionList.OptionSelected)
    def _edit_again(self, event: OptionList.OptionSelected) -> None:
        outcome = self._outcomes[event.option_index]
        if outcome.resource is None:
            # What is gone from the ledger cannot be edited, only forgotten.
            self._tracker.drop(outcome.change.id)
            self.dismiss(None)
        else:
            self.dismiss(outcome)

    def action_drop(self) -> None:
        """Forget the highlighted change."""
        if not self._outcomes:
            return
        options = self.query_one(OptionList)
        position = options.highlighted
        if position is not None:
            self._tracker.drop(self._outcomes.pop(position).change.id)
            options.remove_option_at_index(position)
        if not self._outcomes:
            self.dismiss(None)
