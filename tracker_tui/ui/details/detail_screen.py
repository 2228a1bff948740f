"""The details of one resource: quantities, chart, forecast, description and latest changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.messages import STATUS_LOOKS, ago
from tracker_tui.domain.period import MONTH, PERIODS
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.quantity_series import QuantitySeries
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import age_text, answers
from tracker_tui.ui.widgets.chart import ChartView
from tracker_tui.ui.widgets.dialogs import QueryDialog, Scroller
from tracker_tui.ui.widgets.formatting import fit, labelled_lines, percent_text
from tracker_tui.ui.widgets.key_and_period_bars import PeriodBar
from tracker_tui.ui.widgets.series_charts import forecast_text, quantity_chart

_LINK = re.compile(r"https?://[^\s<>\"']+")
_LONGEST_DESCRIPTION = 4_000
_MEMBER_CELLS = 34


class DetailsScreen(QueryDialog[str]):
    """A resource as it is now; chart and history follow as soon as they are read.

    Ends with `history` if the player wants to see its whole history.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,f", "period(1)", "Period", id="details.period"),
        Binding("left", "period(-1)", "Previous period", id="details.period-before"),
        Binding("h,2", "history", "Whole history", id="details.history"),
        Binding("r", "refresh", "Refresh", id="details.refresh"),
    ]

    def __init__(self, tracker: Tracker, resource_id: str) -> None:
        super().__init__(tracker)
        self._resource_id = resource_id
        self._title = Static(classes="dialog-title")
        self._values = Static(id="details-values")
        self.periods = PeriodBar(PERIODS, MONTH, id="details-periods")
        self.chart = ChartView(has_legend=True, id="details-chart")
        self._members = Static(id="details-members", markup=False)
        self._history = Static("reading the history …", id="details-history", markup=False)
        self._read_at: float | None = None
        self._has_history = False

    def compose(self) -> ComposeResult:
        """Lay out values and chart side by side, and below them who changed what."""
        resource = self._tracker.resource(self._resource_id)
        with Vertical(classes="dialog wide whole"):
            if resource is None:
                yield Static("This resource was deleted.", classes="dialog-text")
            else:
                yield self._title
                with Scroller():
                    with Horizontal(id="details-top"):
                        yield self._values
                        with Vertical(id="details-chart-box"):
                            yield self.periods
                            yield self.chart
                    yield self._members
                    yield Static(_described(resource))
                    yield self._history
            yield Static(
                "← → period   ↑ ↓ scroll   h whole history   esc back", classes="dialog-keys"
            )

    def on_mount(self) -> None:
        """Show the resource and read its quantity series."""
        self.chart.show_message("reading …")
        self._show_resource()
        self.read()

    # Reading

    @work(group="quantity-series", exclusive=True)
    async def read(self) -> None:
        """Read the quantity series of the period; the shown one stays until then."""
        # Awaited in the event loop: Esc must not have to wait for a thread.
        query_cache = self._tracker.query_cache
        query = query_cache.quantity_series(self._resource_id, self.periods.period)
        try:
            async for answer in answers(query_cache, query, is_shown=self._read_at is not None):
                self._read_at = answer.at
                self._show(answer.value)
                self.periods.note = age_text(answer.at, None, is_reading=True)
        except TrackerError as error:
            self.periods.note = age_text(self._read_at, error, is_reading=False)
            if self._read_at is None:
                self.chart.show_message(str(error))
                if not self._has_history:
                    self._history.update(Text(str(error)))

    @on(PeriodBar.Chosen)
    def _show_period(self) -> None:
        self._read_at = None
        self.chart.show_message("reading …")
        self._members.update("")
        self.read()

    def action_period(self, by: int) -> None:
        """Show another period."""
        self.periods.step(by)

    def read_everything(self) -> None:
        """Show the resource as it is now, and read its quantity series again."""
        self._show_resource()
        self.read()

    def action_history(self) -> None:
        """Close the details and show the whole history of the resource."""
        self.dismiss("history")

    # Display

    def _show_resource(self) -> None:
        resource = self._tracker.resource(self._resource_id)
        if resource is not None:
            self._title.update(Text(one_line(resource.name)))
            self._values.update(self._values_text(resource))
        elif self._title.is_attached:
            self._title.update("This resource was deleted.")
            self.query_one(Scroller).display = False

    def _show(self, series: QuantitySeries) -> None:
        tracker, resource = self._tracker, self._tracker.resource(self._resource_id)
        if resource is None:
            return
        now = series.ending_with(tracker.now(), resource.hagga, resource.deep_desert)
        zone, places, target = tracker.query_cache.zone, tracker.places, resource.target
        self.chart.show(partial(quantity_chart, now, target, places, zone))
        self._members.update(self._members_text(now, resource))
        self._history.update(self._history_text(series.latest))
        self._has_history = True

    def _members_text(self, series: QuantitySeries, resource: Resource) -> Text:
        text = Text(forecast_text(series, resource.total, resource.target) + "\n")
        added = [(s.by, f"+{grouped(s.added)}") for s in series.most_added]
        removed = [(s.by, f"-{grouped(s.removed)}") for s in series.most_removed]
        if not added and not removed:
            return text
        text.append(f"{'Added by':<{_MEMBER_CELLS + 2}}{'Removed by'}\n", "bold")
        for one, other in zip_longest(added, removed):
            text.append(fit(self._member_text(one), _MEMBER_CELLS + 2))
            text.append(self._member_text(other) + "\n")
        return text

    def _member_text(self, share: tuple[str, str] | None) -> str:
        if share is None:
            return ""
        member, amount = share
        name = one_line(self._tracker.name_of(member), 40)
        return fit(name, _MEMBER_CELLS - 14) + amount.rjust(14)

    def _values_text(self, resource: Resource) -> Text:
        tracker = self._tracker
        look = STATUS_LOOKS[resource.status]
        places = [one_line(tracker.places[location], 24) for location in Location]
        named = [
            ("Category", " · ".join(filter(None, _categories(resource)))),
            (places[0], grouped(resource.hagga)),
            (places[1], grouped(resource.deep_desert)),
            ("Total", f"{grouped(resource.total)} · {look}"),
            ("Target", _target(resource)),
            ("Multiplier", f"{resource.multiplier:g}"),
            ("Priority", "★ yes" if resource.priority else "no"),
            ("Updated", self._updated(resource)),
            ("Image", resource.image_url or ""),
        ]
        return labelled_lines(
            [(name, linked(one_line(value, 300))) for name, value in named if value]
        )

    def _updated(self, resource: Resource) -> str:
        who = one_line(self._tracker.name_of(resource.updated_by), 40)
        now = self._tracker.now()
        stale = " · ! needs recount" if resource.needs_update(now) else ""
        age = ago(now - resource.updated_at)
        return f"{age if age == 'now' else age + ' ago'} by {who}{stale}"

    def _history_text(self, entries: Sequence[HistoryEntry]) -> Text:
        if not entries:
            return Text("\nNo changes yet.")
        now = self._tracker.now()
        text = Text("\nLatest changes\n", "bold")
        for entry in entries:
            moved = [
                f"{one_line(self._tracker.places[location], 16)} {signed(after - before)}"
                for location, before, after in (
                    (Location.HAGGA, entry.hagga_before, entry.hagga),
                    (Location.DEEP_DESERT, entry.deep_desert_before, entry.deep_desert),
                )
                if after != before
            ]
            who = one_line(self._tracker.name_of(entry.by), 16)
            text.append(f"{ago(now - entry.at):>7}  ", "dim")
            text.append(f"{who:<16}  {', '.join(moved) or 'set, ±0'}")
            if entry.reason:
                text.append(f"  {one_line(entry.reason, 120)}", "dim")
            text.append("\n")
        return text


def _described(resource: Resource) -> Text:
    text = Text()
    for line in (resource.description or "")[:_LONGEST_DESCRIPTION].splitlines():
        text.append_text(linked(one_line(line, _LONGEST_DESCRIPTION)))
        text.append("\n")
    return text


def linked(line: str) -> Text:
    """Return a text in which the terminal can open web addresses, and nothing else."""
    text = Text(line)
    for match in _LINK.finditer(line):
        # Punctuation at the end is not part of the address.
        address = match[0].rstrip(".,;:!?)]}")
        style = Style(link=address, underline=True)
        text.stylize(style, match.start(), match.start() + len(address))
    return text


def _categories(resource: Resource) -> tuple[str, str, str]:
    return resource.shown_category, resource.subcategory or "", resource.shown_tier


def _target(resource: Resource) -> str:
    if not resource.target:
        return "none"
    return f"{grouped(resource.target)} · {percent_text(resource.percent)}"
