"""The threshold: Discord is asked whether somebody may enter, or why they may not is said."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tracker_tui.auth.auth_errors import NotSignedIn
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Config
from tracker_tui.domain.messages import changes_pending
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.guild.sign_out import changes_waiting
from tracker_tui.ui.background import run_in_thread
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.widgets.bars import KeyBar


class AccessCheckScreen(EndingScreen[str]):
    """Ends with `entered`, with `sign-in` where somebody has to, or with None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "ask", "Ask again", id="threshold.ask"),
        Binding("s", "end_with('sign-in')", "Sign in as somebody else", id="threshold.sign-in"),
        Binding("escape,q", "leave", "Quit", id="threshold.leave"),
    ]

    def __init__(self, config: Config, membership: GuildMembership, guild: str) -> None:
        super().__init__()
        self._config = config
        self._membership = membership
        self._guild = guild
        self.told = ""
        """Why nobody is signed in any more, where that is so."""

    def compose(self) -> ComposeResult:
        """Lay out a message."""
        session = self._membership.session
        name = "" if session is None else f" · {session.name}"
        yield Static(f"{one_line(self._guild, 40)}{name}", id="door-title", markup=False)
        with VerticalScroll(id="threshold"):
            yield Static(id="threshold-told", markup=False)
            yield Static(id="threshold-waiting", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Ask at once."""
        self.action_ask()

    @work(exclusive=True)
    async def action_ask(self) -> None:
        """Ask Discord whether this member may enter."""
        self._show("Checking your access with Discord …", 0)
        try:
            await run_in_thread(self._membership.enter)
        except NotSignedIn as error:
            self.told = str(error)
            self.dismiss("sign-in")
        except TrackerError as error:
            self._show(str(error), await self._waiting())
        else:
            self.dismiss("entered")

    async def _waiting(self) -> int:
        try:
            return await run_in_thread(lambda: changes_waiting(self._config, self._membership))
        except TrackerError:
            return 0  # who may not enter is not to be troubled with files, too

    def _show(self, told: str, waiting: int) -> None:
        self.query_one("#threshold-told", Static).update(told)
        kept = (
            f"{changes_pending(waiting)} on this machine until you may enter again. To drop "
            "them: tracker-tui logout --discard"
        )
        self.query_one("#threshold-waiting", Static).update(kept if waiting else "")

    def action_end_with(self, what: str) -> None:
        """Leave for something else."""
        self.dismiss(what)

    def action_leave(self) -> None:
        """Leave without having entered."""
        self.dismiss(None)
