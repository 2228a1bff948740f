"""The Outbox: conflicts and rejected changes, which need the player, and pending changes.

Each line offers only the actions that make sense for its change. A conflict (`Spice =500`, but
somebody else made it 548 first) can be applied anyway, applied as a difference, edited again or
dropped; a pending change can only be dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

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
from tracker_tui.ui.background_work import TrackerMessage
from tracker_tui.ui.widgets.dialogs import Choices, Dialog

_LISTED_AT_MOST: Final = 200
"""Further changes move up as these go: Textual lays out every line whenever the list changes."""
_APPLY, _DIFFERENCE, _EDIT, _DROP = "apply_anyway", "apply_difference", "edit_again", "drop"


@dataclass(frozen=True, kw_only=True)
class OutboxLine:
    """A change in the list; `outcome` is the ledger's answer, None for a pending change."""

    change: Change
    outcome: Outcome | None = None
    cancel_requested: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that make sense for this change."""
        outcome = self.outcome
        if outcome is None or outcome.rejection is Rejection.NO_RESOURCE:
            return (_DROP,)
        if outcome.rejection is Rejection.ID_TAKEN:
            return (_EDIT, _DROP)
        # A change that may be stored already would be applied twice if it were typed again.
        can_edit = outcome.rejection is not Rejection.UNSURE and outcome.resource is not None
        difference = (_DIFFERENCE,) if as_difference(self.change) is not None else ()
        return (_APPLY, *difference, *((_EDIT,) if can_edit else ()), _DROP)

    @property
    def keys(self) -> str:
        """The keys of these actions, for the line at the bottom."""
        is_conflict = self.outcome is not None and self.outcome.verdict is Verdict.CONFLICT
        labels = {
            _APPLY: f"enter, a {'apply anyway' if is_conflict else 'send again'}",
            _DIFFERENCE: "d as a difference",
            _EDIT: "e edit again",
            _DROP: "delete drop",
        }
        return "   ".join([*(labels[action] for action in self.actions), "esc back"])


class OutboxScreen(Dialog[Outcome]):
    """The list of changes. Ends with an outcome whose change is to be edited again, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply_anyway", "Apply anyway", id="outbox.apply"),
        Binding("d", "apply_difference", "Apply as a difference", id="outbox.difference"),
        Binding("e", "edit_again", "Edit again", id="outbox.edit"),
        Binding("delete,x", "drop", "Drop", id="outbox.drop"),
    ]

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker
        self._title, self._lines = self._read()

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog wide"):
            yield Static(self._title, id="outbox-title", classes="dialog-title", markup=False)
            if self._lines:
                yield Choices(*(Option(self._text(line)) for line in self._lines), markup=False)
                yield Static(self._lines[0].keys, id="keys", classes="dialog-keys", markup=False)
            else:
                yield Static("The outbox is empty.", classes="dialog-text")
                yield Static("esc back", classes="dialog-keys")

    def _read(self) -> tuple[str, list[OutboxLine]]:
        """Return the title and the current lines; those that need the player come first."""
        tracker = self._tracker
        needing, pending = tracker.needing_player(), tracker.pending()
        total = len(needing) + len(pending)
        title = "Outbox"
        if total > _LISTED_AT_MOST:
            title = f"Outbox: the first {_LISTED_AT_MOST} of {grouped(total)}"
        lines = [
            OutboxLine(change=outcome.change, outcome=outcome)
            for outcome in needing[:_LISTED_AT_MOST]
        ]
        lines += [
            OutboxLine(change=change, cancel_requested=tracker.cancel_requested(change))
            for change in pending[: _LISTED_AT_MOST - len(lines)]
        ]
        return title, lines

    @on(TrackerMessage)
    def _update_list(self) -> None:
        """Follow what happens to the changes; the highlight stays on its change."""
        (title, lines), highlighted = self._read(), self._highlighted
        if lines == self._lines or not self._lines:
            return  # Without lines there is no list, or the dialog has ended already.
        self._title, self._lines = title, lines
        if not lines:
            self.dismiss(None)
            return
        options, position = self.query_one(OptionList), self.query_one(OptionList).highlighted
        self.query_one("#outbox-title", Static).update(self._title)
        options.clear_options()
        options.add_options(Option(self._text(line)) for line in lines)
        ids = [line.change.id for line in lines]
        if highlighted is not None and highlighted.change.id in ids:
            options.highlighted = ids.index(highlighted.change.id)
        else:
            options.highlighted = min(position or 0, len(lines) - 1)
        self._show_keys()

    def _text(self, line: OutboxLine) -> str:
        if line.outcome is not None:
            return "▲ " + outcome_sentence(line.outcome, self._tracker.places)
        change = line.change
        name = self._resource_name(change)
        place = one_line(self._tracker.places[change.location], 24)
        state = "being undone" if line.cancel_requested else "pending, will be sent"
        return f"↑ {name} {describe(change)} at {place}: {state}"

    @on(OptionList.OptionHighlighted)
    def _show_keys(self) -> None:
        line = self._highlighted
        if line is not None:
            self.query_one("#keys", Static).update(line.keys)

    @on(OptionList.OptionSelected)
    def action_apply_anyway(self) -> None:
        """Send the highlighted change again, whatever the quantity is now."""
        line = self._line_for(_APPLY)
        if line is not None:
            self._resolve(without_guard(line.change))

    def action_apply_difference(self) -> None:
        """Send the difference that a set meant, as an add or a remove."""
        line = self._line_for(_DIFFERENCE)
        difference = None if line is None else as_difference(line.change)
        if difference is not None:
            self._resolve(difference)

    def action_edit_again(self) -> None:
        """Close the outbox and open a quick edit with the highlighted change."""
        line = self._line_for(_EDIT)
        if line is not None and line.outcome is not None:
            self.dismiss(line.outcome)

    def action_drop(self) -> None:
        """Drop the highlighted change."""
        line = self._highlighted
        if line is not None:
            self._tracker.drop(line.change)
            self._remove_line()

    def _line_for(self, action: str) -> OutboxLine | None:
        """Return the highlighted line if it offers the action; if not, notify its keys."""
        line = self._highlighted
        if line is None or action in line.actions:
            return line
        outcome = line.outcome
        name = self._resource_name(line.change) if outcome is None else outcome_name(outcome)
        self.notify(f"{name} {describe(line.change)}: {line.keys}", markup=False)
        return None

    def _resource_name(self, change: Change) -> str:
        return one_line(self._tracker.resource_name(change.resource_id), 60)

    @property
    def _highlighted(self) -> OutboxLine | None:
        # On a busy machine a key may come before the list is mounted.
        options = self.query(OptionList)
        position = options.first().highlighted if self._lines and options else None
        return None if position is None else self._lines[position]

    def _resolve(self, change: Change) -> None:
        self._tracker.resolve(change)
        self._remove_line()

    def _remove_line(self) -> None:
        options = self.query_one(OptionList)
        position = options.highlighted
        if position is not None:
            del self._lines[position]
            options.remove_option_at_index(position)
        if not self._lines:
            self.dismiss(None)
        self._show_keys()
