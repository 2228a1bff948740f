"""Choosing what the history is narrowed to: period, kind, location, member, resource."""

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
from tracker_tui.ui.history.columns import KIND_LOOKS
from tracker_tui.ui.widgets.check_list import CheckList, Choice
from tracker_tui.ui.widgets.dialogs import Dialog, PickDialog, TypeDialog

_ANOTHER = {
    "period": "from … to …",
    "who": "another member …",
    "resource": "a resource …",
}


class HistoryFiltersDialog(Dialog[HistoryFilter]):
    """One list of everything; what the highlighted row is about is offered first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "clear", "Clear all", id="filters.clear"),
    ]

    def __init__(self, tracker: Tracker, chosen: HistoryFilter, row: HistoryEntry | None) -> None:
        super().__init__()
        self._tracker = tracker
        self._chosen = chosen
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
        tracker, chosen, row = self._tracker, self._chosen, self._row
        names = {period.name: f"last {period.name}" for period in PERIODS} | {"all": "all of time"}
        if chosen.period is not None:
            names.setdefault(chosen.period.name, chosen.period.name)
        for value, name in names.items():
            yield Choice("period", value, name, is_single=True)
        yield self._another("period")
        for kind in EntryKind:
            yield Choice("kind", kind.value, " ".join(KIND_LOOKS[kind]))
        for location in Location:
            name = f"at {one_line(tracker.places[location], 24)}"
            yield Choice("location", location.value, name, is_single=True)
        yield Choice("who", tracker.member.id, "by me", is_single=True)
        for member in filter(None, (chosen.member_id, row and row.by)):
            if member != tracker.member.id:
                yield self._member(member)
        yield self._another("who")
        for resource in filter(None, (chosen.resource_id, row and row.resource_id)):
            yield self._resource(resource)
        yield self._another("resource")

    def _another(self, kind: str) -> Choice:
        return Choice(kind, "", _ANOTHER[kind], is_single=True, leads_on=True)

    def _member(self, member_id: str) -> Choice:
        name = one_line(self._tracker.name_of(member_id), 40)
        return Choice("who", member_id, f"by {name}", is_single=True)

    def _resource(self, resource_id: str) -> Choice:
        name = one_line(self._tracker.resource_name(resource_id), 40)
        return Choice("resource", resource_id, f"of {name}", is_single=True)

    def _is_on(self, choice: Choice) -> bool:
        chosen = self._chosen
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

    # What leads on

    @on(CheckList.Asked)
    def _ask(self, event: CheckList.Asked) -> None:
        if not self.is_active:
            return  # it has ended meanwhile, or asks already
        take = partial(self._take, event.choice)
        tracker = self._tracker
        match event.choice.kind:
            case "period":
                check = partial(parse_period, zone=tracker.query_cache.zone)
                example = "2026-01-01..2026-01-31, or 12h, 3w"
                self.app.push_screen(TypeDialog("Which period?", example, check), take)
            case "who":
                self.app.push_screen(PickDialog("Whose changes?", tracker.names), take)
            case _:
                names = {resource.id: resource.name for resource in tracker.resources()}
                self.app.push_screen(PickDialog("Which resource?", names), take)

    def _take(self, asked: Choice, value: str | None) -> None:
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

    # How it ends

    def action_apply(self) -> None:
        """Show what is ticked; of a kind of which nothing is ticked, everything."""
        checked: dict[str, list[str]] = {}
        for choice in self.query_one(CheckList).checked:
            checked.setdefault(choice.kind, []).append(choice.value)
        one = {kind: values[0] for kind, values in checked.items()}
        zone = self._tracker.query_cache.zone
        self.dismiss(
            HistoryFilter(
                self._chosen.text,
                one.get("resource"),
                one.get("who"),
                frozenset(EntryKind(kind) for kind in checked.get("kind", ())),
                Location(one["location"]) if "location" in one else None,
                parse_period(one["period"], zone) if "period" in one else None,
            )
        )

    def action_clear(self) -> None:
        """Show everything."""
        self.dismiss(HistoryFilter(self._chosen.text))
