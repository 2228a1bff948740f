"""One word for one thing on every screen: the glossary's words, not those they replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import OptionList

from tracker_tui.domain.messages import STATUS_LOOKS
from ui.conftest import Guild, Player, playing
from ui.history_rows import some_weeks
from ui.test_outbox import type_too_late

LARGE = (140, 60)
REPLACED = {
    r"filter as you type|\bFilter\b|/ filter": "search",
    r"\bgive\b|\bgave\b|\btook\b": "add, remove",
    r"\bcounted\b|\babsolute\b": "set",
    r"\btransfer": "move",
    r"change line": "quick edit",
    r"\bmarked\b": "selected",
    r"\bMine\b|only mine|[Yy]our activity": "My activity",
    r"unsent|not sent yet|\bchanges? waits?\b|waits? to be sent|waits? for you": "pending",
    r"\brefused\b|not taken|quicker": "conflict, rejected",
    r"▾ below\b|= at\b|▲ above\b(?! target)": "critical, low, on target, above target",
    r"to recount|\bstale\b": "needs recount",
    r"\bLeave\b|\bleave\b": "Back, Quit",
    r"[Tt]oast|[Hh]erald": "notification",
    r"[Tt]ally": "session stats",
    r"[Ss]parkline": "trend",
    r"\banew\b|\bmeanwhile\b|in force|are told|not told|all the same": "plain English",
}
"""Patterns that may not be on screen, and the words to use instead."""


def replaced_words(texts: set[str]) -> set[tuple[str, str]]:
    """Return each text that has a replaced word, with the right word."""
    return {
        (text.strip(), wanted)
        for text in texts
        for pattern, wanted in REPLACED.items()
        if re.search(pattern, text)
    }


def binding_texts(node: type[DOMNode] = DOMNode) -> Iterator[str]:
    """Yield descriptions and tooltips of all bindings in the package."""
    for each in node.__subclasses__():
        if each.__module__.startswith("tracker_tui."):
            for binding in each.BINDINGS:
                assert isinstance(binding, Binding)
                yield from (binding.description, binding.tooltip)
        yield from binding_texts(each)


class Reader:
    """Collects the text on the screens that a player visits."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.texts: set[str] = set()

    async def reads(self, *parts: str) -> None:
        """Wait for these parts; collect the screen with its lists, keys and notifications."""
        await self.player.sees(*parts)
        app = self.player.app
        self.texts |= set(self.player.lines())
        self.texts |= {str(toast.render()) for toast in app.screen.query("Toast")}
        for active in app.screen.active_bindings.values():
            self.texts |= {active.binding.description, active.binding.tooltip}
        for options in app.screen.query(OptionList):
            self.texts |= {str(option.prompt) for option in options.options}

    async def visits(self, key: str, *parts: str) -> None:
        """Open a screen with a key, read it, and go back."""
        depth = len(self.player.app.screen_stack)
        await self.player.press(key)
        await self.reads(*parts)
        await self.player.press("escape")
        await self.player.until(lambda: len(self.player.app.screen_stack) == depth, key)


async def test_no_screen_says_a_word_that_was_replaced(guild: Guild) -> None:
    some_weeks(guild)
    async with playing(guild, LARGE) as player:
        reader = Reader(player)
        # Resources, its dialogs and its notifications
        await reader.reads("/ search", "? Help", "4 My activity", "! needs recount")
        for look in STATUS_LOOKS.values():
            await reader.reads(str(look))
        await reader.visits("f", "Show only", "needs recount")
        await reader.visits("s", "Sort by")
        await player.go_to("Spice Melange")
        await reader.visits("enter", "Added by")
        await reader.visits("question_mark", "Typing a change")
        await reader.visits("ctrl+p", "Undo your last change")
        await reader.visits("o", "The outbox is empty.")
        for key, message in (
            ("i", "This session"),
            ("n", "Notifications of other people's changes are on"),
            ("u", "Nothing to undo"),
            ("y", "Copied"),
            ("l", "30 days"),
            ("tab", "▐Deep Desert▌"),
            ("space", "1 selected"),
        ):
            await player.press(key)
            await reader.reads(message)
        await player.press("tab", "escape")
        # A quick edit, its undo, and one stopped by a shortage
        for typed, preview in (
            ("5", "tart with +"),
            ("+", "a number is missing"),
            ("-99999", "only"),
            (">1", "→"),
        ):
            player.burst(f"+\x7f{typed}")
            await reader.reads(preview)
            await player.press("escape")
        player.burst("+5\r")
        await reader.reads("+5 →")
        await player.press("u")
        await reader.reads("Undid")
        player.burst("/nothing like it+5")
        await reader.reads("No resource is named")
        await player.press("escape", "escape")
        # Rejected changes and conflicts
        await type_too_late(player, "Plastone", "-4000", 50)
        await reader.visits("o", "rejected", "send again")
        await player.press("o", "x")
        await player.sees_no("1 rejected")
        await type_too_late(player, "Water", "=1200", 100)
        await reader.visits("o", "conflicts:", "apply anyway")
        # The other screens
        await player.press("2")
        await reader.reads("> moved", "- removed", "= set")
        await reader.visits("f", "by me")
        await reader.visits("enter", "Kind", "v resource")
        await reader.visits("question_mark", "Typing a change")
        await reader.visits("ctrl+p", "Export the entries shown")
        await player.press("3")
        await reader.reads("Contributions", "Stilgar")
        await reader.visits("enter", "How they are computed")
        await reader.visits("question_mark", "Typing a change")
        await player.press("4")
        await reader.reads("Days in a row")
        await reader.visits("question_mark", "Typing a change")
        await reader.visits("ctrl+p", "Join a guild")
        assert replaced_words(reader.texts | set(binding_texts())) == set()
