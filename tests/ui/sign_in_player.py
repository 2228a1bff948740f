"""A player at the sign-in of a guild with a fake Discord."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import keyring.core
import pytest
from keyring.backends import fail
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widget import Widget

from helpers.discord import FakeDiscord, Fault, Membership, trust_discord
from helpers.membership import MEMBER_ROLE, configure, settings, sign_in
from tracker_tui.auth.discord import DeviceCode, Discord
from tracker_tui.auth.session import Tokens
from tracker_tui.auth.sign_in import wait_for_tokens
from tracker_tui.config.settings import Config, load_config
from tracker_tui.domain.change import Change
from tracker_tui.guild.database_factory import store_location, stores_of
from tracker_tui.guild.membership_factory import as_member, guild_membership_of
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.base_app import BaseApp
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.sign_in.sign_in_app import SignInApp
from ui.conftest import NARROW, SECONDS, Player, screen_strips
from ui.guild_on_server import RemoteGuild

AUTHORIZE = "/oauth2/device/authorize"
TOKEN = "/oauth2/token"
ME = "/users/@me"
HOUR = 3_600.0
HANGS = 120.0
"""Seconds; longer than any test may take."""
AT_ONCE = 5.0
"""Seconds; far more than quitting takes, far less than HANGS."""
DATABASE = "https://sietch-tabr.invalid"
"""A database that is never contacted."""
ENTERED = NavigationRequest(None, has_entered=True)
_PAUSE = 0.2
"""Seconds between polls; long enough for the pilot to see the app idle."""


class Browser:
    """A browser that opens links, or fails to."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.opens: Callable[[], bool] = lambda: True

    def open(self, link: str) -> bool:
        self.opened.append(link)
        return self.opens()


# Fixtures for other modules


@pytest.fixture(autouse=True)
def harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the real keyring and browser."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", lambda: None)


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll Discord several times a second."""

    def wait_quickly(
        discord: Discord, code: DeviceCode, wait: Callable[[float], bool], **given: Any
    ) -> Tokens:
        return wait_for_tokens(discord, code, lambda seconds: wait(min(seconds, _PAUSE)), **given)

    monkeypatch.setattr("tracker_tui.auth.sign_in.wait_for_tokens", wait_quickly)
    monkeypatch.setattr("tracker_tui.auth.sign_in._PAUSE", _PAUSE)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A fake browser, found by the sign-in."""
    found = Browser()
    monkeypatch.setattr("tracker_tui.ui.sign_in.sign_in_screen.find_browser", lambda: found)
    return found


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDiscord]:
    """A fake Discord with a plain member, and a guild configured for it."""
    trust_discord(monkeypatch)
    with FakeDiscord(membership=Membership(roles=[MEMBER_ROLE])) as discord:
        configure(monkeypatch, settings(discord, DATABASE))
        yield discord


@pytest.fixture
def inhabited(
    remote_url: str, tmp_path: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> RemoteGuild:
    """The guild of RESOURCES on a server, with a session and a replica on this machine."""
    monkeypatch.setenv("TURSO_DATABASE_URL", remote_url)
    guild = RemoteGuild(remote_url, tmp_path).found()
    sign_in(discord)
    tracker = Tracker(load_config(os.environ))
    tracker.open().result(SECONDS)
    tracker.close()
    discord.seen.clear()
    assert stored_files(load_config(os.environ)) == {"replica.db"}
    return guild


def store_of(config: Config) -> Path:
    """Return the folder with the signed-in member's files."""
    return store_location(as_member(config, guild_membership_of(config).member.id)).folder


def stored_files(config: Config) -> set[str]:
    """Return the names of the guild's files on this machine, for all members."""
    found = (path.name for path in stores_of(config).glob("*/*.db*"))
    return {name for name in found if name.startswith(("replica.db", "pages.db"))}


def add_pending(config: Config, *changes: Change, member: str | None = None) -> Path:
    """Put pending changes of a member (default: the one signed in) into their outbox.

    Return the outbox's file.
    """
    who = member or guild_membership_of(config).member.id
    site = store_location(as_member(config, who))
    path = site.folder / OUTBOX_NAME
    outbox = Outbox(path, site.member, site.place)
    outbox.put(changes, made_at=0.0)
    outbox.close()
    return path


# The player


class Visitor(Player):
    """A player in front of an app that does not show a guild yet."""

    app: BaseApp  # type: ignore[assignment]

    def __init__(self, app: BaseApp, pilot: Pilot[NavigationRequest]) -> None:
        super().__init__(app, pilot, None)  # type: ignore[arg-type]

    @property
    def navigation_request(self) -> NavigationRequest | None:
        """The navigation request that the app ended with."""
        return self.app.return_value

    @property
    def message(self) -> str:
        """The message on screen, as one line."""
        return self.within("#sign-in-message")

    def within(self, selector: str) -> str:
        """Return a widget's text on screen as one line; "" if the widget is missing."""
        found = self.app.screen.query(selector)
        return words_in(self.app, found.first()) if found else ""

    async def reads(self, selector: str, *parts: str) -> None:
        """Wait until a widget shows all of this; line breaks do not count."""
        for part in parts:
            wanted = "".join(part.split())
            await self.until(
                lambda wanted=wanted: wanted in "".join(self.within(selector).split()),
                f"“{part}” in {selector}",
            )

    def whole(self, selector: str) -> Widget:
        """Return a widget; fail unless all of it is on screen."""
        widget = self.app.screen.query_one(selector)
        assert widget.display
        assert widget.region.area > 0, f"{selector} has no room"
        visible = self.app.screen.find_widget(widget).visible_region
        assert visible == widget.region, f"{selector} is cut"
        return widget

    async def until(self, holds: Callable[[], bool], what: str = "it") -> None:
        """Wait until a condition holds; fail at once if the app ends first."""
        await super().until(lambda: holds() or not self.app.is_running, what)
        assert holds(), f"{what} never came: the app has ended"

    def paste(self, text: str) -> None:
        """Send what a terminal sends for a paste."""
        self.burst(f"\x1b[200~{text}\x1b[201~")

    async def chooses(self, text: str, wanted: str) -> None:
        """Type into the palette and run its first hit."""
        await self.press("ctrl+p")
        await self.until(lambda: isinstance(self.app.screen, CommandPalette), "the palette")
        self.burst(text)
        await self.sees(wanted)
        await self.press("enter")
        await self.until(lambda: not isinstance(self.app.screen, CommandPalette), "its end")

    async def ends(self) -> float:
        """Wait until the app has ended; return the seconds it took."""
        began = monotonic()
        await self.leaves()
        return monotonic() - began

    def assert_secret(self, *secrets: str) -> None:
        """Check that none of this is on screen or in a screenshot."""
        shown = "".join(self.text().split()) + self.app.export_screenshot()
        assert [secret for secret in secrets if secret in shown] == []


def words_in(app: BaseApp, widget: Widget) -> str:
    """Return a widget's text on screen as one line."""
    region = widget.region
    strips = screen_strips(app)[region.y : region.bottom]  # type: ignore[arg-type]
    text = " ".join(strip.crop(region.x, region.right).text for strip in strips)
    return " ".join(text.replace("▌", " ").replace("▐", " ").split())


def notification_texts(player: Player) -> str:
    """Return the notifications on screen, each as one line."""
    return "\n".join(words_in(player.app, each) for each in player.app.screen.query("Toast"))


@asynccontextmanager
async def at_sign_in(
    size: tuple[int, int] = NARROW, *, config: Config | None = None, **given: Any
) -> AsyncIterator[Visitor]:
    """Open the sign-in app of the configured guild."""
    chosen = config or load_config(os.environ)
    app = SignInApp(chosen, guild_membership_of(chosen), **given)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Visitor(app, pilot)


@asynccontextmanager
async def at_home(
    size: tuple[int, int] = NARROW, *, profile: str | None = None, answers: bool = True
) -> AsyncIterator[Visitor]:
    """Open the dashboard of the configured database; wait for rows if it `answers`."""
    tracker = Tracker(load_config(os.environ, profile))
    tracker.open()
    app = TrackerApp(tracker)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            visitor = Visitor(app, pilot)
            if answers:
                await visitor.until(lambda: tracker.last_refresh is not None, "the rows")
            else:
                await visitor.until(lambda: tracker.connection.trouble is not None, "no rows")
            yield visitor
    finally:
        tracker.close()


async def background_work_ends() -> None:
    """Wait until no worker thread runs and the app has handled its messages."""
    deadline = monotonic() + SECONDS
    while any(thread.name == "background" for thread in threading.enumerate()):
        assert monotonic() < deadline, "a thread is still at work"
        await asyncio.sleep(0)
    await asyncio.sleep(0)


# The sign-in screen

LINK = "https://discord.com/activate"


def user_code(discord: FakeDiscord) -> str:
    """Return the newest code."""
    return list(discord._codes.values())[-1].user_code


def device_codes(discord: FakeDiscord) -> list[str]:
    """Return the codes that were polled, in order."""
    return [seen.form["device_code"] for seen in discord.requests_to(TOKEN)]


async def sees_code(visitor: Visitor, discord: FakeDiscord) -> str:
    """Wait until the newest code is on screen, and return it."""
    await visitor.until(
        lambda: bool(discord._codes) and user_code(discord) in visitor.text(), "the code"
    )
    return user_code(discord)


async def reads_all(visitor: Visitor, code: str) -> None:
    """Wait until code, links and time are fully on screen."""
    await visitor.reads("#sign-in-how", f"open {LINK} and enter")
    await visitor.reads("#sign-in-code", code)
    await visitor.reads("#sign-in-left", "good for ")
    await visitor.reads("#sign-in-link", f"{LINK}?user_code={code}")


def answers_with(discord: FakeDiscord, **given: object) -> None:
    """Make Discord issue a different code once."""
    usual = {
        "device_code": "device-of-hostile-hands",
        "user_code": "ZAW6C586",
        "verification_uri": LINK,
        "verification_uri_complete": f"{LINK}?user_code=ZAW6C586",
        "expires_in": 300,
        "interval": 5,
    }
    discord.fail(AUTHORIZE, Fault.status(200, usual | given))
    discord.fail_always(TOKEN, Fault.status(400, {"error": "authorization_pending"}))
