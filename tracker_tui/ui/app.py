"""The dashboard: themes, the palette, and keys that arrive faster than widgets answer."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from threading import Event
from typing import ClassVar

from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from tracker_tui.domain.change import Outcome
from tracker_tui.domain.change_syntax import SIGNS
from tracker_tui.domain.roles import allowed
from tracker_tui.domain.text import one_line
from tracker_tui.errors import LocalFileError, NotPermitted
from tracker_tui.tracker.events import Event as TrackerEvent
from tracker_tui.tracker.events import RightsChanged
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background import TrackerMessage
from tracker_tui.ui.base_app import BaseApp
from tracker_tui.ui.base_screen import BaseScreen, EndingScreen
from tracker_tui.ui.keys import GluedKey
from tracker_tui.ui.main_screen import MainScreen
from tracker_tui.ui.navigation import GuildSwitcher, NavigationRequest, make_main_screen
from tracker_tui.ui.palette import TrackerCommands, is_offered
from tracker_tui.ui.preferences import (
    Preferences,
    load_preferences,
    preferences_path,
    save_preferences,
)
from tracker_tui.ui.resources.resource_list import View
from tracker_tui.ui.resources.resource_screen import ResourcesScreen
from tracker_tui.ui.widgets.search_bar import LineInput

_WRITING = frozenset({"undo", "delete", "apply_edit"})
"""Actions that change something, by name."""
_KEYS_WHILE_OPENING = frozenset({"ctrl+q", "q", "escape", "question_mark", "f1"})
_SWITCH_SECONDS = 0.001
_LEFT_OUT_COMMANDS = frozenset({"Keys", "Maximize", "Minimize"})


class TrackerApp(BaseApp):
    """The dashboard over one tracker, which is open or opening, and which it does not close."""

    COMMANDS = App.COMMANDS | {TrackerCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", id="app.help"),
        Binding("ctrl+p", "command_palette", "Palette", id="app.palette", show=False),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend; fg in the shell resumes it",
            id="app.suspend",
            show=False,
            priority=True,
        ),
    ]

    def __init__(self, tracker: Tracker, is_shown: Event | None = None) -> None:
        """`is_shown` is set once the first screen is there."""
        super().__init__()
        self._is_shown = is_shown or Event()
        self.tracker = tracker
        self._memory = preferences_path(tracker.config)
        # A demo leaves nothing behind, least of all the location that real changes go to.
        self._remembers = not tracker.config.is_demo
        remembered = load_preferences(self._memory) if self._remembers else Preferences(View())
        self._early_keys: list[events.Key] = []
        self._is_escape_needed = True
        self._main_screens: dict[str, MainScreen] = {}
        self._guilds = GuildSwitcher(self, tracker.config, self._waiting)
        self._rights = tracker.member.rights
        self.resources = ResourcesScreen(tracker, remembered.view)
        self.resources.notifications.tells_of_others = remembered.tells_of_others
        self.resources.hint.is_dismissed = remembered.is_hint_dismissed
        if tracker.config.is_default_database and tracker.config.profile is None:
            self.resources.hint.offer()
        self.choose_theme(remembered.theme)

    def get_default_screen(self) -> Screen[None]:
        """Start on the resources."""
        return self.resources

    def on_mount(self) -> None:
        """Listen to the tracker, and catch up with what it told before."""
        self.tracker.listen(self._hear)
        # Of rights nobody heard before.
        self._update_rights()
        self.leave_on_signals()
        self.tell_of_unknown_theme()
        self.set_keymap(dict(self.tracker.config.keys))
        if self.tracker.config.keys:
            self._tell_of_unknown_keys()
        for warning in self.tracker.config.warnings:
            self.notify(warning, severity="warning", timeout=15, markup=False)
        if self.tracker.connection.trouble is not None:
            self.resources.notifications.tell_of_trouble(self.tracker.connection.trouble)

    def _tell_of_unknown_keys(self) -> None:
        from tracker_tui.ui.keys import known_binding_ids

        unknown = sorted(self.tracker.config.keys.keys() - known_binding_ids(type(self)))
        if unknown:
            told = f"[keys] in config.toml has unknown names: {one_line(', '.join(unknown))}"
            self.notify(told, severity="warning", markup=False)

    def on_ready(self) -> None:
        """Let garbage be collected from here on, but for what the start has made."""
        self._is_shown.set()
        # What keeps a change on disk must not wait long for what draws the screen, nor the other
        # way round: they share one lock, Python's own.
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.freeze()
        gc.enable()
        self._type_early_keys()

    def rest(self) -> None:
        """Let nothing be half sent or half written while the process is stopped."""
        self.tracker.suspend()

    def wake(self) -> None:
        """Go on sending."""
        self.tracker.resume()

    def watch_app_focus(self, app_focus: bool) -> None:
        """Look at the ledger more often while the player looks on, and at once when they return."""
        self.tracker.schedule.player_active(has_focus=app_focus)
        if app_focus:
            self.tracker.poll()

    def _hear(self, event: TrackerEvent) -> None:
        self.post_message(TrackerMessage(event))

    @on(TrackerMessage)
    def _pass_on(self, news: TrackerMessage) -> None:
        if isinstance(news.event, RightsChanged):
            self._update_rights()
        if self.resources.is_mounted:
            self.resources.receive(news.event)
            for screen in self.screen_stack[1:]:
                screen.post_message(TrackerMessage(news.event))
            self._type_early_keys()

    def _update_rights(self) -> None:
        """Offer what the member may do now; where they may not enter any more, show nothing."""
        tracker = self.tracker
        try:
            tracker.membership.require()
        except NotPermitted as error:
            self.leave_for(NavigationRequest(tracker.config.profile, reason=str(error)))
            return
        if tracker.member.rights != self._rights:
            self._rights = tracker.member.rights
            self.notify(f"Your roles changed: you may {allowed(self._rights)}.", markup=False)
        for screen in self.screen_stack:
            screen.refresh_bindings()

    def _waiting(self) -> int:
        return len(self.tracker.pending()) + len(self.tracker.needing_player())

    def _type_early_keys(self) -> None:
        """Let keys that came before there was anything to work on do their work now."""
        if self.resources.is_ready:
            for key in self._early_keys:
                self.post_message(key)
            self._early_keys.clear()

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Let keys do their work before the next one is looked at.

        Textual posts a key to the focused widget, and what the widget leaves alone travels up from
        queue to queue. A macro pad types `/spice`, `+500`, Enter faster than that: its later keys
        would go to where the focus was. So printable keys go straight into our inputs, and
        bindings run at once, in the order typed.
        """
        if isinstance(event, events.Key | events.Click | events.Paste):
            self.tracker.schedule.player_active()
        if isinstance(event, events.Key | events.Paste) and not self.screen_stack:
            return  # typed while the dashboard ends
        if isinstance(event, events.Key) and not event.is_forwarded:
            if not self.resources.is_ready and event.key not in _KEYS_WHILE_OPENING:
                self._early_keys.append(event)
                return
            if self._may_be_alt(event) or await self._take_key(event):
                return
        elif isinstance(event, events.Key) and isinstance(self.screen, BaseScreen):
            # Nothing wanted it where it was typed, and by now another screen may be there.
            return
        elif isinstance(event, events.Paste) and isinstance(self.focused, LineInput):
            self.focused.paste(event.text)
            return
        await super().on_event(event)

    def _may_be_alt(self, event: events.Key) -> bool:
        """Whether a key would write that came right behind an Esc which had nothing to close."""
        screen = self.screen
        is_glued = isinstance(event, GluedKey) and not self._is_escape_needed
        if event.key == "escape":
            self._is_escape_needed = not isinstance(screen, MainScreen) or screen.can_step_back
        active = screen.active_bindings.get(event.key) if is_glued else None
        return active is not None and active.binding.action in _WRITING

    async def _take_key(self, event: events.Key) -> bool:
        screen = self.screen
        if not isinstance(screen, BaseScreen):
            return False
        await screen.laid_out()
        focused = self.focused
        if await self._check_bindings(event.key, priority=True):
            return True
        if isinstance(focused, Input) and focused.check_consume_key(event.key, event.character):
            text = event.character or ""
            if isinstance(focused, LineInput):
                focused.take_text(text)
            else:
                focused.insert_text_at_cursor(text)
            return True
        self.resources.typed_sign = event.character if event.character in SIGNS else ""
        if await self._check_bindings(event.key):
            is_typing = isinstance(focused, Input) and isinstance(screen, MainScreen)
            if not is_typing and (event.key == "enter" or isinstance(screen, EndingScreen)):
                await screen.settled()
            return True
        active = screen.active_bindings.get(event.key)
        if active is not None and not active.enabled and isinstance(screen, MainScreen):
            screen.tell_why_not(active.binding.action)
        return False

    # Actions

    async def action_show(self, name: str) -> None:
        """Go to another of the main screens; each stays as it was left."""
        screen = self.main_screen(name)
        if self.screen is screen or not isinstance(self.screen, MainScreen):
            return
        if screen is self.resources:
            await self.pop_screen()
        elif self.screen is self.resources:
            await self.push_screen(screen)
        else:
            await self.switch_screen(screen)

    def main_screen(self, name: str) -> MainScreen:
        """Return a main screen; it is made when it is first wanted."""
        if name == "resources":
            return self.resources
        if name not in self._main_screens:
            screen = make_main_screen(name, self.tracker)
            self.install_screen(screen, name)
            self._main_screens[name] = screen
        return self._main_screens[name]

    @on(MainScreen.ResourceWanted)
    async def _go_to_resource(self, event: MainScreen.ResourceWanted) -> None:
        await self.action_show("resources")
        self.resources.go_to(event.resource_id)

    @on(MainScreen.HistoryWanted)
    async def _show_history_of(self, event: MainScreen.HistoryWanted) -> None:
        from tracker_tui.ui.history.screen import HistoryScreen

        screen = self.main_screen("history")
        if isinstance(screen, HistoryScreen):
            screen.show_only(event.resource_id)
        await self.action_show("history")

    def action_outbox(self) -> None:
        """Show what waits for the player, and what waits to be sent."""
        from tracker_tui.ui.outbox.screen import OutboxScreen

        self.push_screen(OutboxScreen(self.tracker), self._edit_again)

    async def _edit_again(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            await self.action_show("resources")
            self.resources.edit_again(outcome)
        self.resources.show_status_bar()

    def action_tell_of_others(self) -> None:
        """Tell from now on what others change, or tell it no more."""
        notifications = self.resources.notifications
        notifications.tells_of_others = not notifications.tells_of_others
        is_on = "on" if notifications.tells_of_others else "off"
        self.notify(
            f"Notifications of other people's changes are {is_on}.", markup=False, timeout=2
        )

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what Textual has, but for what our own help and dialogs do better."""
        for command in super().get_system_commands(screen):
            if command.title not in _LEFT_OUT_COMMANDS:
                yield command
        yield from self._guilds.commands()
        yield from self._guilds.sign_out_command()

    def action_join(self) -> None:
        """Ask for a guild's settings."""
        self._guilds.join()

    def action_help(self) -> None:
        """Show the keys that are in force."""
        from tracker_tui.ui.help_screen import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self._keys_in_force()))

    def _keys_in_force(self) -> Iterable[tuple[str, str]]:
        keys: dict[str, list[str]] = {}
        bindings: dict[str, Binding] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if active.enabled and binding.id and binding.description:
                shown = self.get_key_display(binding)
                if shown not in keys.setdefault(binding.id, []):
                    keys[binding.id].append(shown)
                bindings[binding.id] = binding
        # How to move about comes last: whoever asks for help knows the arrows.
        for binding in sorted(bindings.values(), key=lambda binding: not is_offered(binding)):
            yield " ".join(keys[str(binding.id)]), binding.tooltip or binding.description

    def _remembered(self) -> Preferences:
        resources = self.resources
        return Preferences(
            resources.view,
            self.theme_to_remember,
            resources.notifications.tells_of_others,
            resources.hint.is_dismissed,
        )

    def _remember(self) -> None:
        try:
            if self._remembers:
                save_preferences(self._memory, self._remembered())
        except LocalFileError as error:
            self.log.warning(f"the view could not be remembered: {error}")

    def leave_for(self, navigation_request: NavigationRequest) -> None:
        """Remember the view, and go elsewhere."""
        self._remember()
        super().leave_for(navigation_request)

    async def action_quit(self) -> None:
        """Remember the view and leave."""
        self._remember()
        self.exit()
