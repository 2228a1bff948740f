"""The dialog that chooses the history's filters: period, kind, location, member, resource."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tracker_tui.domain.history import EntryKind, HistoryEntry, HistoryFilter
from tracker_tui.domain.period import PERIODS, parse_period
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.text import one_line
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.history.history_table import KIND_LOOKS
from tracker_tui.ui.widgets.dialogs import CheckList, Choice, Dialog, PickDialog, TypeDialog

_OTHER = {
    "period": "from … to …",
    "who": "another member …",
    "resource": "a resource …",
}
"""Choices that ask for their value in a second dialog."""


class HistoryFiltersDialog(Dialog[HistoryFilter]):
    """All filters in one list; the member and resource of the highlighted `row` are offered too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "clear", "Clear all", id="filters.clear"),
    ]

    def __init__(
        self, tracker: Tracker, chosen_filters: HistoryFilter, row: HistoryEntry | None
    ) -> None:
        super().__init__()
        self._tracker = tracker
        self._chosen_filters = chosen_filters
        self._row = row

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        choices = list(dict.fromkeys(self._choices()))
        checked = {choice for choice in choices if self._is_on(choice)}
        with Vertical(classes="dialog"):
            yield Static("Show only", classes="dialog-title")
            yield CheckList(choices, checked)
            yield Static("space tick   enter apply   c clear   esc back", classes="dialog-keys")

    def _choices(self) -> Iterator[Choice]:
        tracker, chosen, row = self._tracker, self._chosen_filters, self._row
        names = {period.name: f"last {period.name}" for period in PERIODS} | {"all": "all of time"}
        if chosen.period is not None:
            names.setdefault(chosen.period.name, chosen.period.name)
        for value, name in names.items():
            yield Choice("period", value, name, is_single=True)
        yield self._other("period")
        for kind in EntryKind:
            yield Choice("kind", kind.value, " ".join(KIND_LOOKS[kind]))
        for location in Location:
            name = f"at {one_line(tracker.places[location], 24)}"
            yield Choice("location", location.value, name, is_single=True)
        yield Choice("who", tracker.member.id, "by me", is_single=True)
        for member in filter(None, (chosen.member_id, row and row.by)):
            if member != tracker.member.id:
                yield self._member(member)
        yield self._other("who")
        for resource in filter(None, (chosen.resource_id, row and row.resource_id)):
            yield self._resource(resource)
        yield self._other("resource")

    def _other(self, kind: str) -> Choice:
        return Choice(kind, "", _OTHER[kind], is_single=True, leads_on=True)

    def _member(self, member_id: str) -> Choice:
        name = one_line(self._tracker.name_of(member_id), 40)
        return Choice("who", member_id, f"by {name}", is_single=True)

    def _resource(self, resource_id: str) -> Choice:
        name = one_line(self._tracker.resource_name(resource_id), 40)
        return Choice("resource", resource_id, f"of {name}", is_single=True)

    def _is_on(self, choice: Choice) -> bool:
        chosen = self._chosen_filters
        match choice.kind:
            case "period":
                return chosen.period is not None and choice.value == chosen.period.name
            case "kind":
                return choice.value in chosen.kinds
            case "location":
                return choice.value == chosen.location
            case "who":
                return choice.value == chosen.member_id
            case _:
                return choice.value == chosen.resource_id

    # Choices with a second dialog

    @on(CheckList.Asked)
    def _ask_for_value(self, event: CheckList.Asked) -> None:
        if not self.is_active:
            return  # This dialog has ended, or a second dialog is open already.
        put_value = partial(self._put_value, event.choice)
        tracker = self._tracker
        match event.choice.kind:
            case "period":
                check = partial(parse_period, zone=tracker.query_cache.zone)
                example = "2026-01-01..2026-01-31, or 12h, 3w"
                self.app.push_screen(TypeDialog("Which period?", example, check), put_value)
            case "who":
                self.app.push_screen(PickDialog("Whose changes?", tracker.names), put_value)
            case _:
                names = {resource.id: resource.name for resource in tracker.resources()}
                self.app.push_screen(PickDialog("Which resource?", names), put_value)

    def _put_value(self, asked: Choice, value: str | None) -> None:
        if value is None:
            return
        match asked.kind:
            case "period":
                name = parse_period(value, self._tracker.query_cache.zone).name
                choice = Choice("period", name, name, is_single=True)
            case "who":
                choice = self._member(value)
            case _:
                choice = self._resource(value)
        self.query_one(CheckList).put(asked, choice)

    # Ending

    def action_apply(self) -> None:
        """End with the ticked filters; a kind without a tick filters nothing."""
        checked: dict[str, list[str]] = {}
        for choice in self.query_one(CheckList).checked:
            checked.setdefault(choice.kind, []).append(choice.value)
        one = {kind: values[0] for kind, values in checked.items()}
        zone = self._tracker.query_cache.zone
        self.dismiss(
            HistoryFilter(
                text=self._chosen_filters.text,
                resource_id=one.get("resource"),
                member_id=one.get("who"),
                kinds=frozenset(EntryKind(kind) for kind in checked.get("kind", ())),
                location=Location(one["location"]) if "location" in one else None,
                period=parse_period(one["period"], zone) if "period" in one else None,
            )
        )

    def action_clear(self) -> None:
        """End without filters; the search stays."""
        self.dismiss(HistoryFilter(text=self._chosen_filters.text))
