"""The Join screen: an invitation, or a guild's settings one by one, each tested as you type.

A pasted invitation fills in the settings. Below each setting stands the verdict of its test: `✓`
good, `▲` untested but acceptable, `✗` wrong. Settings are saved when none is wrong and you have
confirmed them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static
from textual.worker import Worker

from tracker_tui.config.settings import Config
from tracker_tui.errors import TrackerError
from tracker_tui.guild.invitation import LONGEST, read_invitation
from tracker_tui.guild.join import QUESTIONS, TOKEN, URL, JoinProcess, SetupQuestion, blank_config
from tracker_tui.ui.background_work import run_in_thread
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.widgets.dialogs import AskDialog
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar
from tracker_tui.ui.widgets.search_bar import LineInput

_TEST_DELAY: Final = 0.4
"""Seconds without a key before an answer is tested."""
_INVITATION: Final = SetupQuestion(
    setting="invitation",
    label="Invitation",
    example="paste it here, or answer below",
    is_secret=True,
)
_PROFILE: Final = SetupQuestion(
    setting="profile", label="Profile", example="a name for this guild, such as raiders"
)


class AnswerInput(LineInput):
    """The input of one answer; Enter and the arrows move between inputs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.next", "Next, save", id="join.next"),
        # Bound here rather than on the screen, whose scroll container would take the arrows.
        Binding("down", "app.focus_next", "Next", id="join.down", show=False),
        Binding("up", "app.focus_previous", "Previous", id="join.up", show=False),
    ]
    LONGEST_PASTE = LONGEST


class TypedAnswer(Horizontal):
    """One question, its input, and below it the verdict of the test."""

    def __init__(self, question: SetupQuestion) -> None:
        super().__init__(id=f"answer-{question.setting}")
        self.question = question
        self.is_good = False
        self.input = AnswerInput(
            placeholder=question.example,
            password=question.is_secret,
            compact=True,
            max_length=LONGEST,
        )
        self._verdict = Static(classes="verdict", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out label, input and verdict."""
        yield Static(self.question.label, classes="label", markup=False)
        with Vertical():
            yield self.input
            yield self._verdict

    def show_hint(self, hint: str) -> None:
        """Show a hint that is no verdict."""
        self._show(hint, "")

    def accept(self, why: str, *, is_sure: bool = True) -> None:
        """Show that the answer is good, or acceptable if the test could not be sure."""
        self._show(f"✓ {why}" if is_sure else f"▲ {why}", "good" if is_sure else "unsure")
        self.is_good = True

    def reject(self, why: str) -> None:
        """Show what is wrong with the answer."""
        self._show(f"✗ {why}", "wrong")

    def _show(self, text: str, kind: str) -> None:
        self.is_good = False
        self._verdict.update(text)
        self._verdict.set_classes(f"verdict {kind}")


class JoinScreen(EndingScreen[NavigationRequest]):
    """Ends with a request to open the new guild, or with None if nothing was saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "save", "Save", id="join.keep"),
        Binding("escape", "leave", "Back", id="join.leave"),
    ]

    def __init__(self, config: Config) -> None:
        """Save into the folders of `config`."""
        super().__init__()
        self._join = JoinProcess(blank_config(config))
        self._invitation = TypedAnswer(_INVITATION)
        self._answers = {question.setting: TypedAnswer(question) for question in QUESTIONS}
        self._profile = TypedAnswer(_PROFILE)
        self._needs_profile = True

    def compose(self) -> ComposeResult:
        """Lay out the questions."""
        yield Static("Join a guild", id="sign-in-title")
        with VerticalScroll(id="join", can_focus=False):
            yield self._invitation
            yield from self._answers.values()
            yield self._profile
        yield Static(id="sign-in-message", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Start at the invitation."""
        self.set_focus(self._invitation.input)
        self._profile.display = False
        self._look_for_guild()

    @work(exclusive=True, group="settings")
    async def _look_for_guild(self) -> None:
        """Ask for a profile name if settings of a guild are saved already."""
        try:
            self._needs_profile = await run_in_thread(lambda: self._join.is_taken(None))
        except TrackerError as error:
            self._show_message(str(error))
        self._profile.display = self._needs_profile
        if self._needs_profile:
            self._profile.show_hint("you have a guild already: give this one a name")

    # Typing

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        answer = next(a for a in self.query(TypedAnswer) if a.input is event.input)
        if answer is self._invitation:
            self._read_invitation(event.value)
        elif answer is self._profile:
            self._profile.show_hint("…")
            self._check_profile(event.value.strip())
        else:
            self._forget(answer)
            self._test_soon(answer)

    def _forget(self, answer: TypedAnswer) -> None:
        """Drop the previous answer, and stop its test."""
        self.workers.cancel_group(self, answer.question.setting)
        self._join.clear(answer.question.setting)
        answer.show_hint("…" if answer.input.value else "")
        if answer.question.setting == URL:
            # A token belongs to one database.
            self._forget(self._answers[TOKEN])

    def _test_soon(self, answer: TypedAnswer) -> None:
        # A function, because a coroutine of a worker that never starts would never be awaited.
        test: Callable[[], Coroutine[None, None, None]] = partial(
            self._test, answer, answer.input.value
        )
        self._testing: Worker[None] = self.run_worker(
            test, group=answer.question.setting, exclusive=True
        )

    def _read_invitation(self, text: str) -> None:
        if not text.strip():
            self._invitation.show_hint("")
            return
        try:
            invitation = read_invitation(text)
        except TrackerError as error:
            self._invitation.reject(str(error))
            return
        self._invitation.accept("understood: check the settings below")
        join = JoinProcess(self._join.config)
        join.use_invitation(invitation)
        for setting, answer in self._answers.items():
            answer.input.value = join.settings.get(setting, "")

    @work(exclusive=True, group="profile")
    async def _check_profile(self, name: str) -> None:
        try:
            is_taken = await run_in_thread(lambda: self._join.is_taken(name))
        except TrackerError as error:
            self._profile.reject(str(error))
            return
        if is_taken:
            self._profile.reject("this name is in use")
        else:
            self._profile.accept(f"opened with --profile {name}")

    async def _test(self, answer: TypedAnswer, text: str) -> None:
        """Test an answer with the database or Discord, and show the verdict."""
        setting = answer.question.setting
        await asyncio.sleep(_TEST_DELAY)
        is_early = setting == TOKEN and URL not in self._join.settings
        if is_early or (not text.strip() and setting != TOKEN):
            answer.show_hint("tested once there is a database" if is_early and text else "")
            return
        try:
            await run_in_thread(lambda: self._join.answer(setting, text))
            answer.show_hint("asking …")
            tested = await run_in_thread(lambda: self._join.test(setting))
        except TrackerError as error:
            self._join.clear(setting)
            answer.reject(str(error))
        else:
            answer.accept(tested.message, is_sure=tested.is_sure)
            token = self._answers[TOKEN]
            if setting == URL and (token.input.value or not tested.wants_token):
                self._test_soon(token)

    # Saving

    def action_next(self) -> None:
        """Go to the next question; after the last one, save."""
        shown = [answer for answer in self.query(TypedAnswer) if answer.display]
        at = next((n for n, answer in enumerate(shown) if answer.input.has_focus), -1)
        is_all_good = all(answer.is_good for answer in self._answers.values())
        if at == len(shown) - 1 or (shown[at] is self._invitation and is_all_good):
            self.action_save()
            return
        if shown[at].question.setting == TOKEN and not shown[at].input.value:
            # An empty token is an answer, too.
            self._test_soon(shown[at])
        self.set_focus(shown[at + 1].input)

    def action_save(self) -> None:
        """Show the settings and ask for a confirmation, unless one of them is wrong."""
        wrong = [a.question.label for a in self._answers.values() if not a.is_good]
        if self._needs_profile and not self._profile.is_good:
            wrong.append(_PROFILE.label)
        if wrong:
            self._show_message(f"Not yet: {', '.join(wrong)}.")
            return
        summary = "\n".join(f"{name:<20} {value}" for name, value in self._join.summary())
        dialog = AskDialog("Save these settings and sign in?", summary, "Save", "Not yet")
        self.app.push_screen(dialog, self._save_if)

    def _save_if(self, is_sure: bool | None) -> None:
        if is_sure:
            self._save()

    @work(exclusive=True, group="save")
    async def _save(self) -> None:
        profile = self._profile.input.value.strip() if self._needs_profile else None
        try:
            await run_in_thread(lambda: self._join.save(profile))
        except TrackerError as error:
            self._show_message(str(error))
        else:
            self.dismiss(NavigationRequest(profile))

    def _show_message(self, message: str) -> None:
        with suppress(LookupError):
            self.query_one("#sign-in-message", Static).update(message)

    def action_leave(self) -> None:
        """Go back without saving."""
        self.dismiss(None)
