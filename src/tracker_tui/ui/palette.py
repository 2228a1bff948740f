"""What the command palette offers: every action that is in force, and every resource by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line
from tracker_tui.ui.screens.resources import ResourcesScreen

_RESOURCES_AT_MOST = 20


class Command(NamedTuple):
    """One action of the screen under the palette."""

    title: str
    help: str
    action: str
    namespace: object


class TrackerCommands(Provider):
    """Actions by what they are called in the footer and the help; resources to go to."""

    async def discover(self) -> Hits:
        """Offer every action while nothing is typed yet."""
        for command in self._commands():
            run = partial(self.app.run_action, command.action, self.screen)
            yield DiscoveryHit(command.title, run, help=command.help)

    async def search(self, query: str) -> Hits:
        """Offer the actions and resources that the text finds."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.title)
            if score > 0:
                run = partial(self.app.run_action, command.action, self.screen)
                yield Hit(score, matcher.highlight(command.title), run, help=command.help)
        screen = self.screen
        if isinstance(screen, ResourcesScreen):
            found = ranked(screen.tracker.resources(), query)[:_RESOURCES_AT_MOST]
            for place, resource in enumerate(found):
                go = partial(screen.go_to, resource.id)
                name = Content(one_line(resource.name, 60))
                score = 1.0 - place / (_RESOURCES_AT_MOST + 1)
                yield Hit(score, name, go, text=name.plain, help="Go to this resource")

    def _commands(self) -> Iterable[Command]:
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if active.enabled and binding.description and binding.action not in seen:
                seen.add(binding.action)
                prefix = "" if active.node is self.screen else _prefix(active.node)
                yield Command(
                    binding.description,
                    active.tooltip or binding.tooltip,
                    prefix + binding.action,
                    active.node,
                )


def _prefix(node: object) -> str:
    from textual.app import App

    return "app." if isinstance(node, App) else "focused."
