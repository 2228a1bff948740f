"""The sign-in screen: a code and a link to enter it at, until Discord confirms or Esc quits."""

from __future__ import annotations

import threading
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tracker_tui.auth.discord_errors import CodeExpired, SignInCancelled
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.session import Session
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.ui.background_work import run_in_thread
from tracker_tui.ui.base_screen import EndingScreen
from tracker_tui.ui.clipboard_and_browser import copy, find_browser
from tracker_tui.ui.sign_in.large_code import LargeCode
from tracker_tui.ui.sign_in.qr_code import QrCode
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar

if TYPE_CHECKING:
    import webbrowser

    from tracker_tui.auth.discord import DeviceCode
    from tracker_tui.auth.sign_in import SignIn

_CODES: Final = 3
"""Codes that are fetched one after the other before the screen gives up."""
_TICK_SECONDS: Final = 0.5
_LINES_ABOUT: Final = 5
"""Lines around the code: title, link, two for messages, keys."""
_LEFT_FOR_TEXT: Final = 38
_GAVE_UP: Final = "The code was not entered in time. r fetches a new one."


class SignInScreen(EndingScreen[Session]):
    """Ends with a session, which may not give access yet, or with None to quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_browser", "Open the browser", id="sign-in.open"),
        Binding("y", "copy", "Copy the code", id="sign-in.copy"),
        Binding("r", "renew", "New code", id="sign-in.renew"),
        Binding("escape,q", "leave", "Quit", id="sign-in.leave"),
    ]

    def __init__(self, membership: GuildMembership, guild: str, reason: str = "") -> None:
        """`guild` is its display name; `reason` says why a sign-in is needed."""
        super().__init__()
        self._membership = membership
        self._guild = guild
        self._reason = reason
        self._code: DeviceCode | None = None
        self._stopped = threading.Event()
        self._browser: webbrowser.BaseBrowser | None = None

    def compose(self) -> ComposeResult:
        """Lay out the QR code, and beside it the link and the code to type."""
        title = f"Sign in with Discord · {one_line(self._guild, 40)}"
        yield Static(title, id="sign-in-title", markup=False)
        with Horizontal(id="sign-in"):
            yield QrCode(id="sign-in-qr")
            with Vertical(id="sign-in-text"):
                yield Static("asking Discord for a code …", id="sign-in-how", markup=False)
                yield LargeCode(id="sign-in-large")
                yield Static(id="sign-in-code", markup=False)
                yield Static(id="sign-in-left", markup=False)
        yield Static(id="sign-in-link", markup=False)
        yield Static(self._reason, id="sign-in-message", markup=False)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Fetch a code, and look for a browser."""
        self._look_for_browser()
        self._sign_in()
        self.set_interval(_TICK_SECONDS, self._show_time)

    def on_resize(self) -> None:
        """Show the QR code if all of it fits."""
        self._fit_codes()

    def on_unmount(self) -> None:
        """Stop polling Discord."""
        self._stopped.set()

    @work(exclusive=True, group="browser")
    async def _look_for_browser(self) -> None:
        try:
            self._browser = await run_in_thread(find_browser)
        except TrackerError:
            return  # Without a browser the link is still shown.
        self.refresh_bindings()

    @work(exclusive=True, group="sign-in")
    async def _sign_in(self) -> None:
        self._stopped.set()
        self._stopped = stopped = threading.Event()
        self._show_code(None)
        try:
            self.dismiss(await self._wait_for_session(stopped))
        except SignInCancelled:
            return
        except CodeExpired:
            self._show_message(_GAVE_UP)
        except TrackerError as error:
            self._show_message(f"{error} r tries again.")
        self._show_code(None)

    async def _wait_for_session(self, stopped: threading.Event) -> Session:
        """Return the session; replace a code that expires."""

        def make_sign_in() -> SignIn:
            # Imported in the thread, so that the first screen does not wait for it.
            from tracker_tui.auth.sign_in import SignIn

            return SignIn(self._membership)

        sign_in = await run_in_thread(make_sign_in)
        for number in range(1, _CODES + 1):
            code = await run_in_thread(sign_in.begin)
            self._show_code(code)
            try:
                return await run_in_thread(partial(sign_in.finish, code, stopped.wait))
            except CodeExpired:
                if number == _CODES:
                    raise
                self._show_message("The code expired; this is a new one.")
        raise AssertionError("unreachable")

    # Display

    def _show_code(self, code: DeviceCode | None) -> None:
        self._code = code
        self.set_class(code is not None, "has-code")
        if not self.is_mounted:
            return
        self.query_one(QrCode).text = code.link_with_code if code else ""
        self.query_one(LargeCode).text = code.user_code if code else ""
        self.query_one("#sign-in-code", Static).update(code.user_code if code else "")
        link = Text(code.link_with_code, Style(link=code.link_with_code)) if code else Text()
        self.query_one("#sign-in-link", Static).update(link)
        self._fit_codes()
        self._show_time()
        self.refresh_bindings()

    def _fit_codes(self) -> None:
        code, large = self.query_one(QrCode), self.query_one(LargeCode)
        width, height = self.size.width, self.size.height - _LINES_ABOUT
        has_room = code.needed.width + _LEFT_FOR_TEXT <= width and code.needed.height <= height
        code.display = has_room
        self._show_instructions(can_scan=has_room)
        room = width - (code.needed.width if has_room else 0)
        large.display = large.needed.width <= room and large.needed.height + 7 <= height

    def _show_instructions(self, *, can_scan: bool) -> None:
        begin = "scan this, or open" if can_scan else "open"
        code = self._code
        text = f"{begin}\n{code.link}\nand enter" if code else "asking Discord …"
        self.query_one("#sign-in-how", Static).update(text)

    def _show_time(self) -> None:
        left = max(0, round(self._code.expires_at - monotonic())) if self._code else 0
        text = f"good for {left // 60}:{left % 60:02}, waiting …" if self._code else ""
        self.query_one("#sign-in-left", Static).update(text)

    def _show_message(self, message: str) -> None:
        if self.is_mounted:
            self.query_one("#sign-in-message", Static).update(message)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to copy or open a link only once there is one."""
        del parameters
        if action == "open_browser":
            return self._browser is not None and self._code is not None
        return action != "copy" or self._code is not None

    def on_click(self, event: events.Click) -> None:
        """Open a clicked link, for terminals that do not."""
        if event.widget is self.query_one("#sign-in-link") and self._browser is not None:
            self.action_open_browser()

    def action_open_browser(self) -> None:
        """Open the link, which contains the code."""
        if self._code is not None and self._browser is not None:
            self._open(self._browser, self._code.link_with_code)

    @work(exclusive=True, group="browser")
    async def _open(self, browser: webbrowser.BaseBrowser, link: str) -> None:
        try:
            has_opened = await run_in_thread(lambda: browser.open(link))
        except TrackerError:
            has_opened = False
        if not has_opened:
            self._show_message("No browser opened. Open the link yourself, on any machine.")

    def action_copy(self) -> None:
        """Copy the code."""
        if self._code is not None:
            copy(self, self._code.user_code, "Copied the code.")

    def action_renew(self) -> None:
        """Fetch a new code."""
        self._show_message("")
        self._sign_in()

    def action_leave(self) -> None:
        """Quit without having signed in."""
        self._stopped.set()
        self.dismiss(None)
