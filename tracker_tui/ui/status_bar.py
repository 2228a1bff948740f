"""The status bar: two lines at the top of every main screen.

The first has the main screens, the connection and the member; the second has the counts by status
and the current location. `status_bar_state` gathers what they show from the tracker.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import localtime, monotonic, strftime
from typing import Final, NamedTuple

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tracker_tui.domain.messages import MINUTE, STATUS_LOOKS, ago, needing_text
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line
from tracker_tui.errors import (
    AnswerLost,
    DatabaseUnreachable,
    TokenRejected,
    TrackerError,
    WriteRejected,
)
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.resources.resource_list import Summary, View
from tracker_tui.ui.widgets.formatting import tab_parts

MAIN_SCREENS: Final = {
    "resources": "Resources",
    "history": "History",
    "leaderboard": "Leaderboard",
    "activity": "My activity",
}
"""Names of the main screens by their key in `app.show`; the number of each is its shortcut."""
_NAME: Final = "tracker "
_SHORTEST_TITLE: Final = len(" · guild")
"""Cells; with less room the database's name is left out."""
_TAB_EXTRA: Final = len("▐1 ▌")
_NUMBER_ONLY: Final = len(" 1 ")
_STYLES = {
    Status.CRITICAL: "$error",
    Status.BELOW_TARGET: "$warning",
    Status.AT_TARGET: "$success",
    Status.ABOVE_TARGET: "$above",
}


class StatusBar(Widget):
    """Tabs, connection and member above counts and locations; a click on a tab opens its screen."""

    state: reactive[StatusBarState | None] = reactive(None)

    def __init__(self, current: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        """Show the tab of the screen `current` as the open one."""
        super().__init__(id=id)
        self._current = current

    def on_click(self, event: events.Click) -> None:
        """Go to the screen whose name was clicked."""
        state = self.state
        if state is None or event.y != 0:
            return
        fit = _fit(self._current, self.size.width - _connection(state).cell_length - 1)
        left = len(_NAME) if fit.has_name else 0
        for key, width in _tab_widths(self._current, has_words=fit.has_words).items():
            left += width
            if event.x - self.styles.padding.left < left:
                self.app.run_worker(self.app.run_action(f"app.show('{key}')"))
                return

    def render(self) -> Content:
        """Draw both lines; where there is little room, their left parts are cut."""
        state = self.state
        if state is None:
            return Content("tracker")
        width, connection = self.size.width, _connection(state)
        title = _title(state, self._current, width - connection.cell_length - 1)
        return Content("\n").join(
            [
                _spread(title, connection, width),
                _spread(_counts_that_fit(state, width), _places(state), width),
            ]
        )


class _Fit(NamedTuple):
    """Which parts of the first line have room."""

    has_name: bool
    """The name of the program."""
    has_words: bool
    """The names of the screens that are not open, beside their numbers."""
    has_title: bool
    """The name of the database, possibly cut."""


_FITS: Final = (
    _Fit(has_name=True, has_words=True, has_title=True),
    _Fit(has_name=False, has_words=True, has_title=True),
    _Fit(has_name=False, has_words=True, has_title=False),
    _Fit(has_name=False, has_words=False, has_title=True),
    _Fit(has_name=False, has_words=False, has_title=False),
)
"""The best first; the last has to do if none fits."""


def _fit(current: str, room: int) -> _Fit:
    for fit in _FITS:
        needed = sum(_tab_widths(current, has_words=fit.has_words).values())
        needed += len(_NAME) * fit.has_name + _SHORTEST_TITLE * fit.has_title
        if needed <= room:
            break
    return fit


def _tab_widths(current: str, *, has_words: bool) -> dict[str, int]:
    return {
        key: len(name) + _TAB_EXTRA if has_words or key == current else _NUMBER_ONLY
        for key, name in MAIN_SCREENS.items()
    }


def _title(state: StatusBarState, current: str, room: int) -> Content:
    fit = _fit(current, room)
    parts: list[tuple[str, str]] = [(_NAME, "bold $primary")] if fit.has_name else []
    for number, (key, name) in enumerate(MAIN_SCREENS.items(), 1):
        if key == current:
            parts += tab_parts(f"{number} {name}")
        else:
            word = f" {name} " if fit.has_words else " "
            parts += [(f" {number}", "$accent"), (word, "$text-muted")]
    parts += [(f" · {state.title}", "$text-muted")] if fit.has_title else []
    return Content.assemble(*parts)


def _connection(state: StatusBarState) -> Content:
    parts: list[tuple[str, str]] = []
    if state.needing_player:
        parts.append((f"▲ {state.needing_player}: o   ", "bold $text-error"))
    if state.pending:
        parts.append((f"↑ {state.pending} pending   ", "$text-warning"))
    sign, style = ("○", "$text-error") if state.is_in_trouble else ("●", "$text-success")
    parts.append((f"{sign} {state.connection}", style))
    parts.append((f"   {state.member}", "bold"))
    if state.roles:
        parts.append((f" ▲ {state.roles}", "$text-warning"))
    return Content.assemble(*parts)


def _counts_that_fit(state: StatusBarState, width: int) -> Content:
    counts = _counts(state, has_words=True)
    has_room = counts.cell_length + 1 + _places(state).cell_length <= width
    return counts if has_room else _counts(state, has_words=False)


def _counts(state: StatusBarState, *, has_words: bool) -> Content:
    parts: list[tuple[str, str]] = []
    for status, look in STATUS_LOOKS.items():
        count = state.summary.statuses[status]
        text = f"{count} {look}" if has_words else f"{look.sign} {count}"
        parts.append((text, _STYLES[status] if count else "$text-muted"))
        parts.append(("   ", ""))
    stale = state.summary.stale
    parts.append((f"{stale} ! needs recount", "$text-accent" if stale else "$text-muted"))
    return Content.assemble(*parts)


def _places(state: StatusBarState) -> Content:
    parts: list[tuple[str, str]] = [("at  ", "$text-muted")]
    for location, place in zip(Location, state.places, strict=True):
        name = one_line(place, 16)
        here = location is state.location
        parts += tab_parts(name) if here else [(f" {name} ", "$text-muted")]
        parts.append((" ", ""))
    return Content.assemble(*parts[:-1])


def _spread(left: Content, right: Content, width: int) -> Content:
    room = width - right.cell_length - 1
    if room <= 0:
        return right.truncate(width, ellipsis=True)
    return (
        left.truncate(room, ellipsis=True).pad_right(max(0, room - left.cell_length)) + " " + right
    )


_FRESH_SECONDS = 5.0
_TROUBLE: Mapping[type[TrackerError], str] = {
    DatabaseUnreachable: "offline",
    AnswerLost: "offline",
    TokenRejected: "token rejected",
    WriteRejected: "not allowed",
}
_PATIENCE_SECONDS = 1.5


class StatusBarState(NamedTuple):
    """The contents of the status bar."""

    title: str
    member: str
    roles: str
    """When the member's roles were read, if that is long ago."""
    connection: str
    is_in_trouble: bool
    pending: int
    needing_player: str
    """How many changes conflict or were rejected; empty for none."""
    summary: Summary
    places: tuple[str, ...]
    location: Location


def status_bar_state(tracker: Tracker, summary: Summary, location: Location) -> StatusBarState:
    """Gather what the status bar shows now."""
    return StatusBarState(
        title=tracker.database_name,
        member=one_line(tracker.member.name, 24),
        roles=_roles(tracker),
        connection=_connection_text(tracker),
        is_in_trouble=(
            tracker.connection.trouble is not None
            or tracker.connection.busy_seconds > _PATIENCE_SECONDS
        ),
        pending=len(tracker.pending()),
        needing_player=needing_text(tracker.needing_player()),
        summary=summary,
        places=tuple(tracker.places[place] for place in Location),
        location=location,
    )


def _roles(tracker: Tracker) -> str:
    age = tracker.membership.unchecked_for
    return "" if age is None else f"roles read {ago(int(age))} ago"


def view_text(view: View, shown: int, total: int, selected: int) -> str:
    """Say which filters are on, how many rows are shown of how many, and how many are selected."""
    filters = [one_line(category, 24) for category in sorted(view.categories)]
    filters += [look.word for status, look in STATUS_LOOKS.items() if status in view.statuses]
    filters += ["★ priority"] if view.priority_only else []
    filters += ["! needs recount"] if view.stale_only else []
    count = grouped(total) if shown == total else f"{grouped(shown)} of {grouped(total)}"
    chosen = f"● {grouped(selected)} selected" if selected else ""
    return " · ".join(filter(None, (chosen, ", ".join(filters), count)))


def _connection_text(tracker: Tracker) -> str:
    """Say whether the ledger can be reached, and when it was read."""
    connection = tracker.connection
    trouble = connection.trouble and _TROUBLE.get(type(connection.trouble), "unavailable")
    if tracker.last_refresh is None:
        return trouble or "opening …"
    age = monotonic() - tracker.last_refresh
    if trouble:
        return f"{trouble}{_since(connection.trouble_since)}, {_age_text(age)}"
    if connection.busy_seconds > _PATIENCE_SECONDS:
        return "waiting for the server …" if connection.is_remote else "database busy, waiting …"
    if not connection.is_remote:
        return "local" if age < _FRESH_SECONDS else f"local, {_age_text(age)}"
    place = "online" if connection.can_write else "online, read only"
    if tracker.schedule.is_paused:
        return f"paused, {_age_text(age)}"
    is_fresh = age < tracker.schedule.interval + _FRESH_SECONDS
    return place if is_fresh else f"{place}, {_age_text(age)}"


def _since(moment: float | None) -> str:
    return "" if moment is None else f" since {strftime('%H:%M', localtime(moment))}"


def _age_text(seconds: float) -> str:
    """Say how long ago the ledger was read, in the first minute to the second."""
    return f"read {int(seconds)} s ago" if seconds < MINUTE else f"read {ago(int(seconds))} ago"
