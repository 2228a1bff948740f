"""Joining a guild: an invitation, or its settings one by one, each tested as it is typed."""

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
from tracker_tui.ui.background import run_in_thread
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.widgets.bars import KeyBar
from tracker_tui.ui.widgets.dialogs import AskDialog
from tracker_tui.ui.widgets.search_bar import LineInput

_TYPING_SECONDS: Final = 0.4
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
    """An input that leads on to the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.next", "Next, save", id="join.next"),
        # Here, and not on the screen: what scrolls between them would take the arrows.
        Binding("down", "app.focus_next", "Next", id="join.down", show=False),
        Binding("up", "app.focus_previous", "Previous", id="join.up", show=False),
    ]
    LONGEST_PASTE = LONGEST


class TypedAnswer(Horizontal):
    """One question, what is typed for it, and below what came of testing that."""

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

    def tell(self, told: str) -> None:
        """Say something that settles nothing."""
        self._show(told, "")

    def accept(self, told: str, *, is_sure: bool = True) -> None:
        """Say that the answer will do; colour is not the only sign."""
        self._show(f"✓ {told}" if is_sure else f"▲ {told}", "good" if is_sure else "unsure")
        self.is_good = True

    def refuse(self, told: str) -> None:
        """Say what is wrong with the answer."""
        self._show(f"✗ {told}", "wrong")

    def _show(self, told: str, kind: str) -> None:
        self.is_good = False
        self._verdict.update(told)
        self._verdict.set_classes(f"verdict {kind}")


class JoinScreen(EndingScreen[NavigationRequest]):
    """Ends with where the guild was kept, or with None where nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "keep", "Save", id="join.keep"),
        Binding("escape", "leave", "Back", id="join.leave"),
    ]

    def __init__(self, config: Config) -> None:
        """Join on the machine, and with the folders, of `config`."""
        super().__init__()
        self._joining = JoinProcess(blank_config(config))
        self._invitation = TypedAnswer(_INVITATION)
        self._answers = {question.setting: TypedAnswer(question) for question in QUESTIONS}
        self._profile = TypedAnswer(_PROFILE)
        self._needs_profile = True

    def compose(self) -> ComposeResult:
        """Lay out the questions."""
        yield Static("Join a guild", id="door-title")
        with VerticalScroll(id="join", can_focus=False):
            yield self._invitation
            yield from self._answers.values()
            yield self._profile
        yield Static(id="door-told", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Begin with the invitation."""
        self.set_focus(self._invitation.input)
        self._profile.display = False
        self._look_for_settings()

    @work(exclusive=True, group="settings")
    async def _look_for_settings(self) -> None:
        """Ask for a profile's name where there is a guild already."""
        try:
            self._needs_profile = await run_in_thread(lambda: self._joining.is_taken(None))
        except TrackerError as error:
            self._tell(str(error))
        self._profile.display = self._needs_profile
        if self._needs_profile:
            self._profile.tell("you have a guild already: give this one a name")

    # What is typed

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        answer = next(a for a in self.query(TypedAnswer) if a.input is event.input)
        if answer is self._invitation:
            self._follow(event.value)
        elif answer is self._profile:
            self._profile.tell("…")
            self._check_profile(event.value.strip())
        else:
            self._forget(answer)
            self._test_soon(answer)

    def _forget(self, answer: TypedAnswer) -> None:
        """Test and keep nothing any more of what was typed before."""
        self.workers.cancel_group(self, answer.question.setting)
        self._joining.clear(answer.question.setting)
        answer.tell("…" if answer.input.value else "")
        if answer.question.setting == URL:
            # A token is one for a database: for another one it is another question.
            self._forget(self._answers[TOKEN])

    def _test_soon(self, answer: TypedAnswer) -> None:
        # Made when it begins: one that another takes the place of before that never does.
        test: Callable[[], Coroutine[None, None, None]] = partial(
            self._test, answer, answer.input.value
        )
        self._testing: Worker[None] = self.run_worker(
            test, group=answer.question.setting, exclusive=True
        )

    def _follow(self, text: str) -> None:
        if not text.strip():
            self._invitation.tell("")
            return
        try:
            invitation = read_invitation(text)
        except TrackerError as error:
            self._invitation.refuse(str(error))
            return
        self._invitation.accept("understood: check the settings below")
        joining = JoinProcess(self._joining.config)
        joining.use_invitation(invitation)
        for setting, answer in self._answers.items():
            answer.input.value = joining.settings.get(setting, "")

    @work(exclusive=True, group="profile")
    async def _check_profile(self, name: str) -> None:
        try:
            is_taken = await run_in_thread(lambda: self._joining.is_taken(name))
        except TrackerError as error:
            self._profile.refuse(str(error))
            return
        if is_taken:
            self._profile.refuse("this name is taken")
        else:
            self._profile.accept(f"opened with --profile {name}")

    async def _test(self, answer: TypedAnswer, text: str) -> None:
        """Say what is wrong with an answer, or what the database or Discord says of it."""
        setting = answer.question.setting
        # While somebody types nobody is asked about what they are about to type.
        await asyncio.sleep(_TYPING_SECONDS)
        is_early = setting == TOKEN and URL not in self._joining.settings
        if is_early or (not text.strip() and setting != TOKEN):
            answer.tell("tested once there is a database" if is_early and text else "")
            return
        try:
            await run_in_thread(lambda: self._joining.answer(setting, text))
            answer.tell("asking …")
            tested = await run_in_thread(lambda: self._joining.test(setting))
        except TrackerError as error:
            self._joining.clear(setting)
            answer.refuse(str(error))
        else:
            answer.accept(tested.message, is_sure=tested.is_sure)
            token = self._answers[TOKEN]
            if setting == URL and (token.input.value or not tested.wants_token):
                self._test_soon(token)

    # Keeping it

    def action_next(self) -> None:
        """Go on to the next question; behind the last one, keep it all."""
        shown = [answer for answer in self.query(TypedAnswer) if answer.display]
        at = next((n for n, answer in enumerate(shown) if answer.input.has_focus), -1)
        is_all_good = all(answer.is_good for answer in self._answers.values())
        if at == len(shown) - 1 or (shown[at] is self._invitation and is_all_good):
            self.action_keep()
            return
        if shown[at].question.setting == TOKEN and not shown[at].input.value:
            # That there is none is an answer, too.
            self._test_soon(shown[at])
        self.set_focus(shown[at + 1].input)

    def action_keep(self) -> None:
        """Show what was understood, and ask whether it is to be kept."""
        wrong = [a.question.label for a in self._answers.values() if not a.is_good]
        if self._needs_profile and not self._profile.is_good:
            wrong.append(_PROFILE.label)
        if wrong:
            self._tell(f"Not yet: {', '.join(wrong)}.")
            return
        facts = "\n".join(f"{name:<20} {value}" for name, value in self._joining.summary())
        screen = AskDialog("Save these settings and sign in?", facts, "Save", "Not yet")
        self.app.push_screen(screen, self._keep_if)

    def _keep_if(self, is_sure: bool | None) -> None:
        if is_sure:
            self._keep()

    @work(exclusive=True, group="keep")
    async def _keep(self) -> None:
        profile = self._profile.input.value.strip() if self._needs_profile else None
        try:
            await run_in_thread(lambda: self._joining.save(profile))
        except TrackerError as error:
            self._tell(str(error))
        else:
            self.dismiss(NavigationRequest(profile))

    def _tell(self, told: str) -> None:
        with suppress(LookupError):
            self.query_one("#door-told", Static).update(told)

    def action_leave(self) -> None:
        """Leave, and keep nothing."""
        self.dismiss(None)
