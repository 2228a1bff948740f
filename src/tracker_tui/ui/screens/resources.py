"""The resources screen: the table, its filter, and the quick edit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer

from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import SearchIndex
from tracker_tui.domain.text import one_line
from tracker_tui.tracker import Event, Failed, Loaded, Settled, Tracker, Undone
from tracker_tui.ui.columns import Context, sortable_columns
from tracker_tui.ui.herald import Herald
from tracker_tui.ui.preview import Preview, preview
from tracker_tui.ui.shown import STATUS_LOOKS
from tracker_tui.ui.standing import standing_of
from tracker_tui.ui.view import View, arrange
from tracker_tui.ui.widgets.filter_bar import FilterBar
from tracker_tui.ui.widgets.quick_edit import QuickEdit
from tracker_tui.ui.widgets.resource_table import ResourceTable
from tracker_tui.ui.widgets.summary_strip import SummaryStrip

_POLL_SECONDS = 1.0
_CLOCK_SECONDS = 10.0
_NOT_IN_QUICK_EDIT = frozenset({"filter", "quick_edit", "undo", "copy", "clear"})


class ResourcesScreen(Screen[None]):
    """Where players spend the evening; everything that it needs to know the tracker tells it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="resources.filter", tooltip="Search as you type"),
        Binding(
            "plus,minus,equals_sign,greater_than_sign,less_than_sign",
            "quick_edit",
            "Edit",
            key_display="+ - = > <",
            id="resources.edit",
            tooltip="Change the highlighted row, or all marked ones",
        ),
        Binding(
            "tab",
            "other_location",
            "Location",
            id="resources.location",
            tooltip="The other location becomes the current one",
        ),
        Binding("u", "undo", "Undo", id="resources.undo", tooltip="Take back the last submission"),
        Binding("f", "choose_filters", "Filters", id="resources.filters", show=False),
        Binding("s", "choose_sorting", "Sort", id="resources.sort", show=False),
        Binding("y", "copy", "Copy", id="resources.copy", show=False),
        Binding("o", "outbox", "Refused changes", id="resources.outbox", show=False),
        Binding("r", "refresh", "Refresh", id="resources.refresh", show=False),
        Binding("escape", "clear", "Clear filter, marks", id="resources.clear", show=False),
        Binding("q", "app.quit", "Quit", id="resources.quit", show=False),
    ]

    def __init__(self, tracker: Tracker, view: View) -> None:
        super().__init__()
        self.tracker = tracker
        self.view = view
        self._index = SearchIndex()
        self._everything: list[Resource] = []
        self._text = ""
        self.herald = Herald(self, tracker)

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield SummaryStrip(id="strip")
        yield FilterBar(id="filter")
        yield ResourceTable(id="table")
        yield QuickEdit(id="edit")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Show what is known already, and look for more from time to time."""
        self.table = self.query_one(ResourceTable)
        self.filter = self.query_one(FilterBar)
        self.edit = self.query_one(QuickEdit)
        self.strip = self.query_one(SummaryStrip)
        self.set_focus(self.table)
        self.load()
        self.set_interval(_POLL_SECONDS, self.tracker.poll)
        self.set_interval(_CLOCK_SECONDS, self.show_rows)

    # What the tracker tells

    def receive(self, event: Event) -> None:
        """Take news from the tracker."""
        match event:
            case Loaded(changed=changed, is_first=is_first):
                self.herald.forget_trouble()
                self.load()
                if not is_first:
                    self.table.flash(changed)
            case Settled(outcomes=outcomes):
                self._show_changed({outcome.change.resource_id for outcome in outcomes})
                self.table.flash({o.change.resource_id for o in outcomes if o.is_in_history})
                self.herald.tell_of_outcomes(outcomes)
            case Undone():
                self.load()
                self.herald.tell_of_undo(event)
            case Failed(error=error):
                self.herald.tell_of_trouble(error)
        self.show_standing()

    def load(self) -> None:
        """Show all rows anew."""
        self._everything = self.tracker.resources()
        self.show_rows()

    def _show_changed(self, resource_ids: Iterable[str]) -> None:
        """Redraw rows where they stand; their order changes at the next refresh, not underhand."""
        now = self.tracker.now()
        for resource_id in resource_ids:
            resource = self.tracker.resource(resource_id)
            if resource is None:
                self.load()
                return
            self.table.update_row(resource, now)
        self._everything = self.tracker.resources()
        self._show_preview()

    # What is shown

    def show_rows(self, *, to_top: bool = False) -> None:
        """Filter and sort, and show the outcome."""
        now = self.tracker.now()
        rows = arrange(self._everything, self.view, self._text, self._index, now)
        view = self.view
        context = Context(now, self.tracker.name_of, self.tracker.places, view.location)
        sort = ("progress" if view.sort == "bar" else view.sort, view.is_reversed)
        self.table.show(rows, self._everything, context, sort=sort, to_top=to_top)
        self.filter.tell(self._facts(len(rows)))
        self._show_preview()
        self.show_standing()

    def show_standing(self) -> None:
        """Bring the strip up to date."""
        self.strip.standing = standing_of(self.tracker, self._everything, self.view.location)

    def _facts(self, count: int) -> str:
        view = self.view
        parts = [one_line(category, 24) for category in sorted(view.categories)]
        parts += [look.word for status, look in STATUS_LOOKS.items() if status in view.statuses]
        parts += ["★ priority"] if view.priority_only else []
        parts += ["! to recount"] if view.stale_only else []
        total = len(self._everything)
        shown = f"{grouped(count)} of {grouped(total)}" if count != total else grouped(total)
        marked = f"● {len(self.table.marked)} marked · " if self.table.marked else ""
        return f"{marked}{', '.join(parts)}{' · ' if parts else ''}{shown}"

    # The filter

    @on(FilterBar.Changed)
    def apply_filter(self) -> None:
        """Show what the text finds, the likeliest first and highlighted."""
        if self.filter.text != self._text:
            self._text = self.filter.text
            self.show_rows(to_top=True)

    def action_filter(self) -> None:
        """Type in the filter."""
        self.filter.enter()

    def action_leave_filter(self) -> None:
        """Leave the filter for the table; what it finds stays."""
        self.apply_filter()
        self.set_focus(self.table)

    def action_clear_filter(self) -> None:
        """Search for nothing and go back to the table."""
        self.filter.clear()
        self.apply_filter()
        self.set_focus(self.table)

    def action_move_cursor(self, rows: int) -> None:
        """Move the table's cursor from within the filter."""
        self.apply_filter()
        self.table.action_move(rows)

    def action_clear(self) -> None:
        """Take away the search text, then the marks."""
        if self.filter.text:
            self.action_clear_filter()
        else:
            self.table.set_marks(())

    def set_view(self, view: View) -> None:
        """Filter and sort another way."""
        self.view = view
        self.show_rows()

    def action_choose_filters(self) -> None:
        """Choose categories, statuses and the rest."""
        from tracker_tui.ui.screens.filters import FiltersScreen

        categories = {resource.shown_category for resource in self._everything}
        self.app.push_screen(FiltersScreen(self.view, categories), self._take_view)

    def action_choose_sorting(self) -> None:
        """Choose the column to sort by."""
        from tracker_tui.ui.screens.sorting import SortingScreen

        columns = sortable_columns(self._everything, self.tracker.places)
        self.app.push_screen(SortingScreen(self.view, columns), self._take_view)

    def _take_view(self, view: View | None) -> None:
        if view is not None:
            self.set_view(view)

    @on(ResourceTable.HeaderClicked)
    def _sort_by_clicked(self, event: ResourceTable.HeaderClicked) -> None:
        key = "progress" if event.key == "bar" else event.key
        if key != "icon":
            self.set_view(self.view.sorted_by(key))

    def action_other_location(self) -> None:
        """Let changes go to the other location."""
        self.set_view(self.view._replace(location=self.view.location.other))

    # The quick edit

    def action_quick_edit(self, text: str = "") -> None:
        """Open the quick edit; the sign that opened it is the first character typed."""
        self.apply_filter()
        targets = tuple(self.table.marked)
        if not targets and self.table.highlighted is not None:
            targets = (self.table.highlighted.id,)
        if targets:
            self.open_edit(targets, text)

    def open_edit(self, targets: tuple[str, ...], text: str) -> None:
        """Open the quick edit for these resources."""
        first = self.tracker.resource(targets[0])
        name = one_line(first.name, 32) if first else "?"
        label = name if len(targets) == 1 else f"{len(targets)} marked rows"
        self.edit.open(targets, label, text)
        self.refresh_bindings()
        self._show_preview()

    @on(QuickEdit.Typed)
    def _show_preview(self) -> None:
        if self.edit.is_open:
            self.edit.shown_preview = self._preview()

    def _preview(self) -> Preview:
        targets = self.edit.targets
        found = (self.tracker.resource(resource_id) for resource_id in targets)
        rows = [resource for resource in found if resource is not None]
        hidden = sum(not self.table.is_shown(resource_id) for resource_id in targets)
        return preview(self.edit.text, rows, self.view.location, self.tracker.places, hidden)

    def action_apply_edit(self) -> None:
        """Submit what is typed for every row that allows it; the others stay, with the text."""
        shown = self._preview()
        self.edit.shown_preview = shown
        if shown.typed is None or not self.edit.targets:
            return
        targets = [t for t in self.edit.targets if self.tracker.resource(t) is not None]
        accepted = [target for target in targets if target not in shown.refused]
        if accepted:
            self.tracker.submit(
                self.tracker.change(target, shown.typed, self.view.location, guarded=True)
                for target in accepted
            )
        if shown.refused:
            refused = tuple(shown.refused)
            if self.table.marked:
                self.table.set_marks(refused)
            self.open_edit(refused, self.edit.text)
        elif accepted:
            self.table.set_marks(())
            self.action_leave_edit()
        self._show_changed(accepted)
        self.show_standing()

    def action_leave_edit(self) -> None:
        """Close the quick edit and go back to the table."""
        self.edit.close()
        self.set_focus(self.table)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key of the table while its sign is typed into the quick edit."""
        del parameters
        return action not in _NOT_IN_QUICK_EDIT or not self.edit.is_open

    def action_undo(self) -> None:
        """Take back the last submission."""
        self.tracker.undo()

    # The rest

    @on(ResourceTable.Opened)
    def open_details(self) -> None:
        """Show everything about the highlighted resource."""
        from tracker_tui.ui.screens.details import DetailsScreen

        resource = self.table.highlighted
        if resource is not None:
            self.app.push_screen(DetailsScreen(self.tracker, resource.id))

    @on(ResourceTable.MarksChanged)
    def _tell_of_marks(self) -> None:
        self.filter.tell(self._facts(len(self.table.rows)))

    def action_outbox(self) -> None:
        """Show the changes that the ledger refused."""
        from tracker_tui.ui.screens.outbox import OutboxScreen

        self.app.push_screen(OutboxScreen(self.tracker), self._edit_again)

    def _edit_again(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            change = outcome.change
            self.set_view(self.view._replace(location=change.location))
            text = f"{change.kind.sign}{grouped(change.amount)}"
            text += f" # {change.reason}" if change.reason else ""
            self.open_edit((change.resource_id,), text)
        self.show_standing()

    def action_copy(self) -> None:
        """Copy the highlighted resource, as one line of text."""
        resource = self.table.highlighted
        if resource is None:
            return
        places = [one_line(self.tracker.places[location], 24) for location in Location]
        line = (
            f"{one_line(resource.name)}: {places[0]} {grouped(resource.hagga)}, "
            f"{places[1]} {grouped(resource.deep_desert)}, total {grouped(resource.total)}"
        )
        self.app.copy_to_clipboard(line)
        self.notify(f"Copied: {line}", markup=False, timeout=2)

    def action_refresh(self) -> None:
        """Read everything anew."""
        self.tracker.refresh()

    def go_to(self, resource_id: str) -> None:
        """Put the cursor on a resource, whatever hides it."""
        if not self.table.is_shown(resource_id):
            self.filter.clear()
            self._text = ""
            self.set_view(self.view.without_filters())
        self.table.go_to(resource_id)
        self.set_focus(self.table)
