"""The command palette: every action of the current screen, and every resource by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from textual import on
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.message import Message
from textual.types import IgnoreReturnCallbackType
from textual.widgets import Button, Input, OptionList

from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.main_screen import MainScreen
from tracker_tui.ui.widgets.dialogs import has_pages

_MOST_RESOURCES = 20
_MOVEMENTS = frozenset({"up", "down", "page-up", "page-down", "top", "bottom", "palette"})


class Palette(CommandPalette, EndingScreen[None]):
    """Textual's palette, but a command that is chosen twice runs once."""

    @on(Input.Changed)
    @on(Input.Submitted)
    @on(Button.Pressed)
    @on(OptionList.OptionSelected)
    def _choose_once(self, event: Message) -> None:
        if self.has_ended or not self.query(OptionList):
            event.prevent_default().stop()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """End, and stop the search for commands: its results have no list to go to."""
        ended = super().dismiss(result)
        if self.has_ended:
            self._cancel_gather_commands()
            self._stop_no_matches_countdown()
        return ended

    def _action_command_list(self, action: str) -> None:
        if not action.startswith("page_") or all(map(has_pages, self.query(OptionList))):
            super()._action_command_list(action)


class Command(NamedTuple):
    """One action of the screen under the palette."""

    title: str
    help: str
    run: IgnoreReturnCallbackType


class TrackerCommands(Provider):
    """Offers actions by their description in footer and help, and resources to go to."""

    async def discover(self) -> Hits:
        """Offer every action while nothing is typed."""
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Offer the actions and resources that match the text."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.title)
            if score > 0:
                title = matcher.highlight(command.title)
                yield Hit(score, title, command.run, help=command.help)
        screen = self.screen
        if isinstance(screen, MainScreen):
            found = ranked(screen.tracker.resources(), query)[:_MOST_RESOURCES]
            for rank, resource in enumerate(found):
                go = partial(screen.post_message, screen.ResourceRequested(resource.id))
                name = Content(one_line(resource.name, 60))
                score = 1.0 - rank / (_MOST_RESOURCES + 1)
                yield Hit(score, name, go, text=name.plain, help="Go to this resource")

    def _commands(self) -> Iterable[Command]:
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if active.enabled and is_offered(binding) and binding.action not in seen:
                seen.add(binding.action)
                run = partial(self.app.run_action, binding.action, active.node)
                yield Command(binding.description, binding.tooltip, run)


def is_offered(binding: Binding) -> bool:
    """Whether a binding is ours and does more than move the cursor."""
    name = (binding.id or "").partition(".")[2]
    return bool(name) and name not in _MOVEMENTS
