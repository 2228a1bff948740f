"""The outbox: changes that wait for the player, and those that wait for the ledger."""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tracker_tui.domain.change import (
    Change,
    Outcome,
    Rejection,
    Verdict,
    as_difference,
    describe,
    without_guard,
)
from tracker_tui.domain.messages import outcome_name, outcome_sentence
from tracker_tui.domain.quantities import grouped
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background import TrackerMessage
from tracker_tui.ui.widgets.dialogs import Choices, Dialog

_LISTED_AT_MOST: Final = 200
"""The rest follows as these go: each line of a list is laid out anew at every change of it."""
_ANYWAY, _DIFFERENCE, _EDIT, _DROP = "apply_anyway", "apply_difference", "edit_again", "drop"


class _Line(NamedTuple):
    """A change in the list, with the ledger's answer if it has one."""

    change: Change
    outcome: Outcome | None
    is_taken_back: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """What makes sense for it, besides going back."""
        outcome = self.outcome
        if outcome is None or outcome.rejection is Rejection.NO_RESOURCE:
            return (_DROP,)
        if outcome.rejection is Rejection.ID_TAKEN:
            return (_EDIT, _DROP)
        # What may be stored already, or nobody knows the resource of, is not to be typed again.
        can_edit = outcome.rejection is not Rejection.UNSURE and outcome.resource is not None
        difference = (_DIFFERENCE,) if as_difference(self.change) is not None else ()
        return (_ANYWAY, *difference, *((_EDIT,) if can_edit else ()), _DROP)

    @property
    def keys(self) -> str:
        """Which keys do so."""
        is_conflict = self.outcome is not None and self.outcome.verdict is Verdict.CONFLICT
        anyway_told = "apply anyway" if is_conflict else "send again"
        told = {
            _ANYWAY: f"enter, a {anyway_told}",
            _DIFFERENCE: "d as a difference",
            _EDIT: "e edit again",
            _DROP: "delete drop",
        }
        return "   ".join([*(told[action] for action in self.actions), "esc back"])


class OutboxScreen(Dialog[Outcome]):
    """A list to go through; it ends with a change that is to be edited again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply_anyway", "Apply anyway", id="outbox.apply"),
        Binding("d", "apply_difference", "Apply as a difference", id="outbox.difference"),
        Binding("e", "edit_again", "Edit again", id="outbox.edit"),
        Binding("delete,x", "drop", "Drop", id="outbox.drop"),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker
        self._lines = self._look()

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog wide"):
            yield Static(self._title, id="outbox-title", classes="dialog-title", markup=False)
            if self._lines:
                yield Choices(*(Option(self._told(line)) for line in self._lines), markup=False)
                yield Static(self._lines[0].keys, id="keys", classes="dialog-keys", markup=False)
            else:
                yield Static("The outbox is empty.", classes="dialog-text")
                yield Static("esc back", classes="dialog-keys")

    def _look(self) -> list[_Line]:
        tracker = self._tracker
        needing, pending = tracker.needing_player(), tracker.pending()
        total = len(needing) + len(pending)
        self._title = "Outbox"
        if total > _LISTED_AT_MOST:
            self._title = f"Outbox: the first {_LISTED_AT_MOST} of {grouped(total)}"
        lines = [_Line(outcome.change, outcome) for outcome in needing[:_LISTED_AT_MOST]]
        return lines + [
            _Line(change, None, is_taken_back=tracker.cancel_requested(change))
            for change in pending[: _LISTED_AT_MOST - len(lines)]
        ]

    @on(TrackerMessage)
    def _follow(self) -> None:
        """Show what has become of the changes meanwhile; the highlight stays on its change."""
        lines, highlighted = self._look(), self._highlighted
        if lines == self._lines or not self._lines:
            return  # without a line it is left already, or there is no list to follow in
        if not lines:
            self._lines = lines
            self.dismiss(None)
            return
        options, position = self.query_one(OptionList), self.query_one(OptionList).highlighted
        self._lines = lines
        self.query_one("#outbox-title", Static).update(self._title)
        options.clear_options()
        options.add_options(Option(self._told(line)) for line in lines)
        ids = [line.change.id for line in lines]
        if highlighted is not None and highlighted.change.id in ids:
            options.highlighted = ids.index(highlighted.change.id)
        else:
            options.highlighted = min(position or 0, len(lines) - 1)
        self._tell_keys()

    def _told(self, line: _Line) -> str:
        if line.outcome is not None:
            return "▲ " + outcome_sentence(line.outcome, self._tracker.places)
        change = line.change
        name = self._called(change)
        place = one_line(self._tracker.places[change.location], 24)
        fate = "being undone" if line.is_taken_back else "pending, will be sent"
        return f"↑ {name} {describe(change)} at {place}: {fate}"

    @on(OptionList.OptionHighlighted)
    def _tell_keys(self) -> None:
        line = self._highlighted
        if line is not None:
            self.query_one("#keys", Static).update(line.keys)

    @on(OptionList.OptionSelected)
    def action_apply_anyway(self) -> None:
        """Send the highlighted change once more, whatever is there now."""
        line = self._line_for(_ANYWAY)
        if line is not None:
            self._resolve(without_guard(line.change))

    def action_apply_difference(self) -> None:
        """Send what a count meant to add or take away."""
        line = self._line_for(_DIFFERENCE)
        difference = None if line is None else as_difference(line.change)
        if difference is not None:
            self._resolve(difference)

    def action_edit_again(self) -> None:
        """Go back with the highlighted change, to type it anew."""
        line = self._line_for(_EDIT)
        if line is not None and line.outcome is not None:
            self.dismiss(line.outcome)

    def action_drop(self) -> None:
        """Forget the highlighted change, or take it back."""
        line = self._highlighted
        if line is not None:
            self._tracker.drop(line.change)
            self._take_out()

    def _line_for(self, action: str) -> _Line | None:
        """Return the highlighted line; None, and the keys that it has, where that is no such."""
        line = self._highlighted
        if line is None or action in line.actions:
            return line
        outcome = line.outcome
        name = self._called(line.change) if outcome is None else outcome_name(outcome)
        self.notify(f"{name} {describe(line.change)}: {line.keys}", markup=False)
        return None

    def _called(self, change: Change) -> str:
        return one_line(self._tracker.resource_name(change.resource_id), 60)

    @property
    def _highlighted(self) -> _Line | None:
        position = self.query_one(OptionList).highlighted if self._lines else None
        return None if position is None else self._lines[position]

    def _resolve(self, change: Change) -> None:
        self._tracker.resolve(change)
        self._take_out()

    def _take_out(self) -> None:
        options = self.query_one(OptionList)
        position = options.highlighted
        if position is not None:
            del self._lines[position]
            options.remove_option_at_index(position)
        if not self._lines:
            self.dismiss(None)
        self._tell_keys()
