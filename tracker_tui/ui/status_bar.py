"""The strip at the top: the main screens, how the guild stands, and how well it is connected."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.status import Status
from tracker_tui.domain.text import one_line
from tracker_tui.ui.status_bar_state import StatusBarState
from tracker_tui.ui.widgets.cells import marked

MAIN_SCREENS: Final = {
    "resources": "Resources",
    "history": "History",
    "leaderboard": "Leaderboard",
    "activity": "Mine",
}
"""What the main screens are called; the number of each is its key."""
_NAME: Final = "tracker "
_TAB_AIR: Final = len("▐1 ▌")
_STYLES = {
    Status.CRITICAL: "$error",
    Status.BELOW_TARGET: "$warning",
    Status.AT_TARGET: "$success",
    Status.ABOVE_TARGET: "$above",
}


class StatusBar(Widget):
    """Two lines: screens, title, connection and member; counts and the current location."""

    state: reactive[StatusBarState | None] = reactive(None)

    def __init__(self, current: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        """Mark the screen `current` as the one that is shown."""
        super().__init__(id=id)
        self._current = current

    def on_click(self, event: events.Click) -> None:
        """Go to the screen whose name is under the pointer."""
        left = len(_NAME)
        for key, name in MAIN_SCREENS.items():
            left += len(name) + _TAB_AIR
            if event.y == 0 and event.x - self.styles.padding.left < left:
                self.app.run_worker(self.app.run_action(f"app.show('{key}')"))
                return

    def render(self) -> Content:
        """Draw both lines, each with a left and a right part; the left gives way."""
        state = self.state
        if state is None:
            return Content("tracker")
        width = self.size.width
        return Content("\n").join(
            [
                _spread(_title(state, self._current), _connection(state), width),
                _spread(_counts(state, width), _places(state), width),
            ]
        )


def _title(state: StatusBarState, current: str) -> Content:
    parts: list[tuple[str, str]] = [(_NAME, "bold $primary")]
    for number, (key, name) in enumerate(MAIN_SCREENS.items(), 1):
        if key == current:
            parts += marked(f"{number} {name}")
        else:
            parts += [(f" {number}", "$accent"), (f" {name} ", "$text-muted")]
    return Content.assemble(*parts, (f" · {state.title}", "$text-muted"))


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


def _counts(state: StatusBarState, width: int) -> Content:
    parts: list[tuple[str, str]] = []
    words = width >= 90  # noqa: PLR2004 - where the words begin to fit
    for status, look in STATUS_LOOKS.items():
        count = state.summary.statuses[status]
        text = f"{count} {look}" if words else f"{look.sign} {count}"
        parts.append((text, _STYLES[status] if count else "$text-muted"))
        parts.append(("   ", ""))
    stale = state.summary.stale
    parts.append((f"{stale} ! to recount", "$text-accent" if stale else "$text-muted"))
    return Content.assemble(*parts)


def _places(state: StatusBarState) -> Content:
    parts: list[tuple[str, str]] = [("at  ", "$text-muted")]
    for location, place in zip(Location, state.places, strict=True):
        name = one_line(place, 16)
        here = location is state.location
        parts += marked(name) if here else [(f" {name} ", "$text-muted")]
        parts.append((" ", ""))
    return Content.assemble(*parts[:-1])


def _spread(left: Content, right: Content, width: int) -> Content:
    room = width - right.cell_length - 1
    if room <= 0:
        return right.truncate(width, ellipsis=True)
    return (
        left.truncate(room, ellipsis=True).pad_right(max(0, room - left.cell_length)) + " " + right
    )
