"""The access check: ask Discord whether the member may enter, and say why not."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tracker_tui.auth.discord_errors import NotSignedIn
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import Config
from tracker_tui.domain.messages import changes_pending
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.guild.sign_out import pending_changes
from tracker_tui.ui.background_work import run_in_thread
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar


class AccessCheckScreen(EndingScreen[str]):
    """Ends with `entered`, with `sign-in` if a sign-in is needed, or with None to quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "check", "Ask again", id="threshold.ask"),
        Binding("s", "end_with('sign-in')", "Sign in as somebody else", id="threshold.sign-in"),
        Binding("escape,q", "leave", "Quit", id="threshold.leave"),
    ]

    def __init__(self, config: Config, membership: GuildMembership, guild: str) -> None:
        super().__init__()
        self._config = config
        self._membership = membership
        self._guild = guild
        self.reason = ""
        """Why a sign-in is needed; empty if none is."""

    def compose(self) -> ComposeResult:
        """Lay out the guild's name and a message."""
        session = self._membership.session
        name = "" if session is None else f" · {session.name}"
        yield Static(f"{one_line(self._guild, 40)}{name}", id="sign-in-title", markup=False)
        with VerticalScroll(id="access-check"):
            yield Static(id="access-check-message", markup=False)
            yield Static(id="access-check-pending", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Check at once."""
        self.action_check()

    @work(exclusive=True)
    async def action_check(self) -> None:
        """Ask Discord whether this member may enter."""
        self._show("Checking your access with Discord …", 0)
        try:
            await run_in_thread(self._membership.enter)
        except NotSignedIn as error:
            self.reason = str(error)
            self.dismiss("sign-in")
        except TrackerError as error:
            self._show(str(error), await self._pending_count())
        else:
            self.dismiss("entered")

    async def _pending_count(self) -> int:
        try:
            return await run_in_thread(lambda: pending_changes(self._config, self._membership))
        except TrackerError:
            return 0  # The reason above matters more than a damaged file.

    def _show(self, message: str, pending: int) -> None:
        self.query_one("#access-check-message", Static).update(message)
        hint = (
            f"{changes_pending(pending)} on this machine until you may enter again. To drop them: "
            "tracker-tui logout --discard"
        )
        self.query_one("#access-check-pending", Static).update(hint if pending else "")

    def action_end_with(self, choice: str) -> None:
        """End with a choice."""
        self.dismiss(choice)

    def action_leave(self) -> None:
        """Quit without having entered."""
        self.dismiss(None)
