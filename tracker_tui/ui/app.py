"""The dashboard: it owns the main screens, passes on the tracker's events, and dispatches keys.

Keys arrive faster than Textual's widgets answer: a macro pad types `/spice`, `+500`, Enter in one
read. `on_event` lets each key finish before it looks at the next one, so that `+500` lands in the
quick edit of the first hit.
"""

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
from tracker_tui.ui.background_work import TrackerMessage
from tracker_tui.ui.base_app import BaseApp
from tracker_tui.ui.base_screen import BaseScreen, EndingScreen
from tracker_tui.ui.command_palette import TrackerCommands
from tracker_tui.ui.keys import GluedKey
from tracker_tui.ui.main_screen import MainScreen
from tracker_tui.ui.navigation import GuildSwitcher, NavigationRequest, make_main_screen
from tracker_tui.ui.preferences import (
    Preferences,
    load_preferences,
    preferences_path,
    save_preferences,
)
from tracker_tui.ui.resources.resource_screen import ResourcesScreen
from tracker_tui.ui.widgets.search_bar import LineInput

_WRITING_ACTIONS = frozenset({"undo", "delete", "apply_edit"})
"""Actions that change quantities or the history."""
_KEYS_WHILE_OPENING = frozenset({"ctrl+q", "q", "escape", "question_mark", "f1"})
_SWITCH_SECONDS = 0.001
_LEFT_OUT_COMMANDS = frozenset({"Keys", "Maximize", "Minimize"})


class TrackerApp(BaseApp):
    """The dashboard of one tracker; the caller opens and closes the tracker."""

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
        """`is_shown` is set as soon as the first screen is drawn."""
        super().__init__()
        self._is_shown = is_shown or Event()
        self.tracker = tracker
        # The demo has no preferences file, and writes none.
        is_demo = tracker.config.is_demo
        self._preferences_file = None if is_demo else preferences_path(tracker.config)
        preferences = load_preferences(self._preferences_file)
        self._early_keys: list[events.Key] = []
        self._is_escape_needed = True
        self._main_screens: dict[str, MainScreen] = {}
        self._guilds = GuildSwitcher(self, tracker.config, self._unsettled_count)
        self._rights = tracker.member.rights
        self.resources = ResourcesScreen(tracker, preferences.view)
        self.resources.notifications.reports_others = preferences.reports_others
        self.resources.hint.is_dismissed = preferences.is_hint_dismissed
        if tracker.config.is_default_database and tracker.config.profile is None:
            self.resources.hint.offer()
        self.choose_theme(preferences.theme)

    def get_default_screen(self) -> Screen[None]:
        """Return the screen to start on."""
        return self.resources

    def on_mount(self) -> None:
        """Subscribe to the tracker's events, and show what happened before."""
        self.tracker.listen(self._post_event)
        # Rights may have changed before anyone listened.
        self._apply_rights()
        self.leave_on_signals()
        self.warn_of_unknown_theme()
        self.set_keymap(dict(self.tracker.config.keys))
        if self.tracker.config.keys:
            self._warn_of_unknown_keys()
        for warning in self.tracker.config.warnings:
            self.notify(warning, severity="warning", timeout=15, markup=False)
        if self.tracker.connection.trouble is not None:
            self.resources.notifications.report_trouble(self.tracker.connection.trouble)

    def _warn_of_unknown_keys(self) -> None:
        from tracker_tui.ui.keys import known_binding_ids

        unknown = sorted(self.tracker.config.keys.keys() - known_binding_ids(type(self)))
        if unknown:
            text = f"[keys] in config.toml has unknown names: {one_line(', '.join(unknown))}"
            self.notify(text, severity="warning", markup=False)

    def on_ready(self) -> None:
        """Turn garbage collection on, but skip what the start has created."""
        self._is_shown.set()
        # Drawing and storing a change share Python's global lock: neither may hold it for long.
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.freeze()
        gc.enable()
        self._replay_early_keys()

    def pause_work(self) -> None:
        """Finish what is being sent or written before the process is stopped."""
        self.tracker.suspend()

    def resume_work(self) -> None:
        """Continue sending after the process was stopped."""
        self.tracker.resume()

    def watch_app_focus(self, app_focus: bool) -> None:
        """Refresh more often while the terminal has the focus, and at once when it gets it."""
        self.tracker.schedule.player_active(has_focus=app_focus)
        if app_focus:
            self.tracker.poll()

    def _post_event(self, event: TrackerEvent) -> None:
        self.post_message(TrackerMessage(event))

    @on(TrackerMessage)
    def _pass_on(self, message: TrackerMessage) -> None:
        if isinstance(message.event, RightsChanged):
            self._apply_rights()
        if self.resources.is_mounted:
            self.resources.receive(message.event)
            for screen in self.screen_stack[1:]:
                screen.post_message(TrackerMessage(message.event))
            self._replay_early_keys()

    def _apply_rights(self) -> None:
        """Offer what the member may do now; end the dashboard if they lost access."""
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

    def _unsettled_count(self) -> int:
        return len(self.tracker.pending()) + len(self.tracker.needing_player())

    def _replay_early_keys(self) -> None:
        """Dispatch the keys that arrived before the first rows."""
        if self.resources.is_ready:
            for key in self._early_keys:
                self.post_message(key)
            self._early_keys.clear()

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Finish each key before the next one is dispatched.

        Textual posts a key to the focused widget, and a key that the widget ignores travels up from
        queue to queue; by then the focus may have moved. Here printable keys go straight into our
        inputs, and bindings run at once, in the order typed.
        """
        if isinstance(event, events.Key | events.Click | events.Paste):
            self.tracker.schedule.player_active()
        if isinstance(event, events.Key | events.Paste) and not self.screen_stack:
            return  # the dashboard is ending
        if isinstance(event, events.Key) and not event.is_forwarded:
            if not self.resources.is_ready and event.key not in _KEYS_WHILE_OPENING:
                self._early_keys.append(event)
                return
            if self._may_be_alt(event) or await self._dispatch_key(event):
                return
        elif isinstance(event, events.Key) and isinstance(self.screen, BaseScreen):
            # No binding of the screen it was typed on; another screen may be open by now.
            return
        elif isinstance(event, events.Paste) and isinstance(self.focused, LineInput):
            self.focused.paste(event.text)
            return
        await super().on_event(event)

    def _may_be_alt(self, event: events.Key) -> bool:
        """Whether a writing key arrived glued to an Esc that had nothing to close."""
        screen = self.screen
        is_glued = isinstance(event, GluedKey) and not self._is_escape_needed
        if event.key == "escape":
            self._is_escape_needed = not isinstance(screen, MainScreen) or screen.can_step_back
        active = screen.active_bindings.get(event.key) if is_glued else None
        return active is not None and active.binding.action in _WRITING_ACTIONS

    async def _dispatch_key(self, event: events.Key) -> bool:
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
                focused.type_text(text)
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
            screen.explain_disabled(active.binding.action)
        return False

    # Actions

    async def action_show(self, name: str) -> None:
        """Go to another main screen; each stays as it was left."""
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
        """Return a main screen, created at the first call."""
        if name == "resources":
            return self.resources
        if name not in self._main_screens:
            screen = make_main_screen(name, self.tracker)
            self.install_screen(screen, name)
            self._main_screens[name] = screen
        return self._main_screens[name]

    @on(MainScreen.ResourceRequested)
    async def _go_to_resource(self, event: MainScreen.ResourceRequested) -> None:
        await self.action_show("resources")
        self.resources.go_to(event.resource_id)

    @on(MainScreen.HistoryRequested)
    async def _show_history_of(self, event: MainScreen.HistoryRequested) -> None:
        from tracker_tui.ui.history.history_screen import HistoryScreen

        screen = self.main_screen("history")
        if isinstance(screen, HistoryScreen):
            screen.show_only(event.resource_id)
        await self.action_show("history")

    def action_outbox(self) -> None:
        """Open the outbox."""
        from tracker_tui.ui.outbox.outbox_screen import OutboxScreen

        self.push_screen(OutboxScreen(self.tracker), self._edit_again)

    async def _edit_again(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            await self.action_show("resources")
            self.resources.edit_again(outcome)
        self.resources.show_status_bar()

    def action_toggle_others(self) -> None:
        """Switch notifications of other people's changes on or off."""
        notifications = self.resources.notifications
        notifications.reports_others = not notifications.reports_others
        is_on = "on" if notifications.reports_others else "off"
        text = f"Notifications of other people's changes are {is_on}."
        self.notify(text, markup=False, timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Return Textual's commands, except those that our help replaces, and ours."""
        for command in super().get_system_commands(screen):
            if command.title not in _LEFT_OUT_COMMANDS:
                yield command
        yield from self._guilds.commands()
        yield from self._guilds.sign_out_command()

    def action_join(self) -> None:
        """Ask for a guild's settings."""
        self._guilds.join()

    def action_help(self) -> None:
        """Show the keys of the screen."""
        from tracker_tui.ui.help_screen import HelpScreen, keys_of

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(keys_of(self)))

    def _save_preferences(self) -> None:
        if self._preferences_file is None:
            return
        preferences = Preferences(
            view=self.resources.view,
            theme=self.theme_to_remember,
            reports_others=self.resources.notifications.reports_others,
            is_hint_dismissed=self.resources.hint.is_dismissed,
        )
        try:
            save_preferences(self._preferences_file, preferences)
        except LocalFileError as error:
            self.log.warning(f"the preferences could not be saved: {error}")

    def leave_for(self, request: NavigationRequest) -> None:
        """Save the preferences and end the app with a request where to go next."""
        self._save_preferences()
        super().leave_for(request)

    async def action_quit(self) -> None:
        """Save the preferences and end the app."""
        self._save_preferences()
        self.exit()
