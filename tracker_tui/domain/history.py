"""The history of applied changes: its entries, the filters over it, and an entry in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tracker_tui.domain.messages import Places
from tracker_tui.domain.pages import Page, PageCursor
from tracker_tui.domain.period import ALL, Period, Zone, local_time
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.text import one_line


class EntryKind(StrEnum):
    """The kind of an entry; the first two are the contract's 'relative', SET is 'absolute'."""

    ADDED = "added"
    REMOVED = "removed"
    SET = "set"
    TRANSFER = "transfer"


class HistoryEntry(NamedTuple):
    """One row of `resource_history`; `at` in Unix seconds, quantities in units.

    Kept on disk as an array, so its fields keep their order.
    """

    id: str
    change_type: str
    hagga_before: int
    hagga: int
    deep_desert_before: int
    deep_desert: int
    by: str
    reason: str | None
    at: int
    resource_id: str
    place: PageCursor

    @property
    def hagga_change(self) -> int:
        """Difference at Hagga, signed."""
        return self.hagga - self.hagga_before

    @property
    def deep_desert_change(self) -> int:
        """Difference in the Deep Desert, signed."""
        return self.deep_desert - self.deep_desert_before

    @property
    def kind(self) -> EntryKind:
        """The kind of the change, told by its type and its sign."""
        if self.change_type == "transfer":
            return EntryKind.TRANSFER
        if self.change_type == "absolute":
            return EntryKind.SET
        is_less = self.hagga_change + self.deep_desert_change < 0
        return EntryKind.REMOVED if is_less else EntryKind.ADDED


HistoryPage = Page[HistoryEntry]


@dataclass(frozen=True, kw_only=True)
class HistoryFilter:
    """Which entries to show; a filter that isn't set lets every entry pass."""

    text: str = ""
    """Search words; each of the first eight must be in the member's or the resource's name, or in
    the reason."""
    resource_id: str | None = None
    member_id: str | None = None
    """A Discord id, or the nickname that an old row holds instead."""
    kinds: frozenset[EntryKind] = frozenset()
    location: Location | None = None
    """Only entries that changed a quantity there, or sets that changed nothing."""
    period: Period | None = None
    """None: the player chose no period, so all time is meant."""

    @property
    def is_indexed(self) -> bool:
        """Whether an index of the database finds exactly these rows."""
        has_both = self.resource_id is not None and self.member_id is not None
        return not (self.text.strip() or self.kinds or self.location or has_both)

    @property
    def span(self) -> Period:
        """The period, or all time."""
        return self.period or ALL


def entry_sentence(
    entry: HistoryEntry, who: str, what: str, places: Places, zone: Zone = None
) -> str:
    """Return an entry as one line to paste into a chat.

    `2026-01-31 20:15 Paul: Spice Hagga +500 → 1,700 (spice run)`
    """
    sides = (
        (Location.HAGGA, entry.hagga_before, entry.hagga),
        (Location.DEEP_DESERT, entry.deep_desert_before, entry.deep_desert),
    )
    moved = ", ".join(
        f"{one_line(places[location], 24)} {signed(after - before)} → {grouped(after)}"
        for location, before, after in sides
        if after != before
    )
    reason = f" ({one_line(entry.reason, 200)})" if entry.reason else ""
    when = f"{local_time(entry.at, zone):%Y-%m-%d %H:%M}"
    return f"{when} {who}: {what} {moved or 'set, ±0'}{reason}"
