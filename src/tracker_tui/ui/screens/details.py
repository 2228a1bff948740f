"""Everything about one resource: quantities, target, description, and its latest changes."""

from __future__ import annotations

import re
from asyncio import wrap_future
from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.domain.wording import STATUS_LOOKS, ago
from tracker_tui.errors import TrackerError
from tracker_tui.tracker import Tracker
from tracker_tui.ui.screens.dialog import Dialog, Scroller
from tracker_tui.ui.shown import percent_text

_LINK = re.compile(r"https?://[^\s<>\"']+")
_LONGEST_DESCRIPTION = 4_000


class DetailsScreen(Dialog[None]):
    """A resource as it is now; its history comes behind the screen."""

    def __init__(self, tracker: Tracker, resource_id: str) -> None:
        super().__init__()
        self._tracker = tracker
        self._resource_id = resource_id

    def compose(self) -> ComposeResult:
        """Lay out the facts, and room for the history."""
        resource = self._tracker.resource(self._resource_id)
        with Vertical(classes="dialog wide tall"):
            if resource is None:
                yield Static("This resource was deleted.", classes="dialog-text")
            else:
                yield Static(Text(one_line(resource.name)), classes="dialog-title")
                with Scroller():
                    yield Static(self._facts(resource))
                    yield Static("reading the history …", id="details-history", markup=False)
            yield Static("↑ ↓ scroll   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Ask for the history."""
        self._read_history()

    @work(group="history")
    async def _read_history(self) -> None:
        # No thread waits for the answer: whoever leaves meanwhile would have to wait for it too.
        try:
            entries = await wrap_future(self._tracker.recent_history(self._resource_id))
            history = self._history(entries)
        except TrackerError as error:
            history = Text(str(error))
        for shown in self.query("#details-history").results(Static):
            shown.update(history)

    def _facts(self, resource: Resource) -> Text:
        tracker = self._tracker
        look = STATUS_LOOKS[resource.status]
        places = [one_line(tracker.places[location], 24) for location in Location]
        facts = [
            ("Category", " · ".join(filter(None, _kinds(resource)))),
            (places[0], grouped(resource.hagga)),
            (places[1], grouped(resource.deep_desert)),
            ("Total", f"{grouped(resource.total)} · {look}"),
            ("Target", _target(resource)),
            ("Multiplier", f"{resource.multiplier:g}"),
            ("Priority", "★ yes" if resource.priority else "no"),
            ("Updated", self._updated(resource)),
            ("Image", resource.image_url or ""),
        ]
        width = max(len(name) for name, _ in facts) + 2
        text = Text()
        for name, value in facts:
            if value:
                text.append(name.ljust(width), "dim")
                text.append_text(linked(one_line(value, 300)))
                text.append("\n")
        if resource.description:
            lines = resource.description[:_LONGEST_DESCRIPTION].splitlines()
            text.append("\n")
            for line in lines:
                text.append_text(linked(one_line(line, _LONGEST_DESCRIPTION)))
                text.append("\n")
        return text

    def _updated(self, resource: Resource) -> str:
        who = one_line(self._tracker.name_of(resource.updated_by), 40)
        now = self._tracker.now()
        stale = " · ! to recount" if resource.needs_update(now) else ""
        age = ago(now - resource.updated_at)
        return f"{age if age == 'now' else age + ' ago'} by {who}{stale}"

    def _history(self, entries: Sequence[HistoryEntry]) -> Text:
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
            text.append(f"{who:<16}  {', '.join(moved) or 'counted, ±0'}")
            if entry.reason:
                text.append(f"  {one_line(entry.reason, 120)}", "dim")
            text.append("\n")
        return text


def linked(line: str) -> Text:
    """Return text in which web addresses, and nothing else, can be opened by the terminal."""
    text = Text(line)
    for match in _LINK.finditer(line):
        # What closes a sentence or a bracket is none of the address.
        address = match[0].rstrip(".,;:!?)]}")
        style = Style(link=address, underline=True)
        text.stylize(style, match.start(), match.start() + len(address))
    return text


def _kinds(resource: Resource) -> tuple[str, str, str]:
    return resource.shown_category, resource.subcategory or "", resource.shown_tier


def _target(resource: Resource) -> str:
    if not resource.target:
        return "none"
    return f"{grouped(resource.target)} · {percent_text(resource.percent)}"
