"""What the history tells of changes that were applied, and what can be asked of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tracker_tui.domain.period import ALL, Period
from tracker_tui.domain.quantities import Location


class EntryKind(StrEnum):
    """What a change did; the first two are the contract's 'relative', SET is its 'absolute'."""

    ADDED = "added"
    REMOVED = "removed"
    SET = "set"
    TRANSFER = "transfer"


class HistoryCursor(NamedTuple):
    """A place in the history: that of one row, by which the rows around it can be asked for."""

    at: int | float | str
    """`created_at` as it is stored, whatever that is."""
    rowid: int


class HistoryEntry(NamedTuple):
    """One row of `resource_history`; `at` in Unix seconds, quantities in units."""

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
    place: HistoryCursor

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
        """What the change did."""
        if self.change_type == "transfer":
            return EntryKind.TRANSFER
        if self.change_type == "absolute":
            return EntryKind.SET
        is_less = self.hagga_change + self.deep_desert_change < 0
        return EntryKind.REMOVED if is_less else EntryKind.ADDED


class HistoryFilter(NamedTuple):
    """What to show of the history; what is not given lets everything pass."""

    text: str = ""
    """Words; each of the first eight is in the member's name, the resource's, or the reason."""
    resource_id: str | None = None
    member_id: str | None = None
    """A Discord id, or what an old row holds instead."""
    kinds: frozenset[EntryKind] = frozenset()
    location: Location | None = None
    """Only what moved something there, or counted without saying where."""
    period: Period | None = None
    """None: none was chosen, and all of time is meant."""

    @property
    def is_indexed(self) -> bool:
        """Whether the database finds the rows without looking at others."""
        has_both = self.resource_id is not None and self.member_id is not None
        return not (self.text.strip() or self.kinds or self.location or has_both)

    @property
    def span(self) -> Period:
        """The period that is meant."""
        return self.period or ALL


class HistoryPage(NamedTuple):
    """Entries, newest first, and where the next page goes on."""

    entries: list[HistoryEntry]
    end: HistoryCursor | None
    """The oldest row that was looked at; None: where the page began."""
    is_last: bool
    """Whether there is nothing older in the period."""
    looked_back_to: int | None = None
    """When that row was written, in Unix seconds."""
