"""A player at the sign-in of a guild with a fake Discord."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widget import Widget

from helpers.discord import FakeDiscord, Fault, Membership
from helpers.membership import ADMIN_ROLE, MEMBER_ROLE, OFFICER_ROLE, grow_old, sign_in
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
from ui.conftest import NARROW, SECONDS, WIDE, Player, in_front_of, screen_strips
from ui.guild_on_server import RemoteGuild, never_poll
from ui.history_rows import record

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


class Browser:
    def __init__(self) -> None:
        self.opened: list[str] = []
        self.opens: Callable[[], bool] = lambda: True

    def open(self, link: str) -> bool:
        self.opened.append(link)
        return self.opens()


def store_of(config: Config) -> Path:
    return store_location(as_member(config, guild_membership_of(config).member.id)).folder


def stored_files(config: Config) -> set[str]:
    """Return the names of the guild's files on this machine, for all members."""
    found = (path.name for path in stores_of(config).glob("*/*.db*"))
    return {name for name in found if name.startswith(("replica.db", "pages.db"))}


def add_pending(config: Config, *changes: Change) -> Path:
    """Put pending changes of the signed-in member into their outbox; return its file."""
    site = store_location(as_member(config, guild_membership_of(config).member.id))
    path = site.folder / OUTBOX_NAME
    outbox = Outbox(path, site.member, site.place)
    outbox.put(changes, made_at=0.0)
    outbox.close()
    return path


class Visitor(Player):
    """A player in front of an app that does not show a guild yet."""

    app: BaseApp  # type: ignore[assignment]

    def __init__(self, app: BaseApp, pilot: Pilot[NavigationRequest]) -> None:
        super().__init__(app, pilot, None)  # type: ignore[arg-type]

    @property
    def navigation_request(self) -> NavigationRequest | None:
        return self.app.return_value

    @property
    def message(self) -> str:
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
        assert self.app.is_running or holds(), f"{what} never came: the app has ended"

    def paste(self, text: str) -> None:
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
    region = widget.region
    strips = screen_strips(app)[region.y : region.bottom]  # type: ignore[arg-type]
    text = " ".join(strip.crop(region.x, region.right).text for strip in strips)
    return " ".join(text.replace("▌", " ").replace("▐", " ").split())


def notification_texts(player: Player) -> str:
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
async def at_home(size: tuple[int, int] = NARROW) -> AsyncIterator[Visitor]:
    """Open the dashboard of the configured database, and wait for its rows."""
    tracker = Tracker(load_config(os.environ))
    tracker.open()
    app = TrackerApp(tracker)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            visitor = Visitor(app, pilot)
            await visitor.until(lambda: tracker.last_refresh is not None, "the rows")
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
    return list(discord._codes.values())[-1].user_code


def device_codes(discord: FakeDiscord) -> list[str]:
    return [seen.form["device_code"] for seen in discord.requests_to(TOKEN)]


async def sees_code(visitor: Visitor, discord: FakeDiscord) -> str:
    await visitor.until(
        lambda: bool(discord._codes) and user_code(discord) in visitor.text(), "the code"
    )
    return user_code(discord)


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


# A member whose roles on Discord change

WHO = {
    "member": [MEMBER_ROLE],
    "officer": [OFFICER_ROLE],
    "admin": [ADMIN_ROLE],
    "officer and admin": [OFFICER_ROLE, ADMIN_ROLE],
}


@pytest.fixture
def guild(inhabited: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """A guild with a history; the dashboard polls only when a test calls it."""
    never_poll(monkeypatch)
    monkeypatch.setattr("tracker_tui.auth.guild_membership._FIRST_PAUSE", 0.05)
    inhabited.sql("DELETE FROM resource_history")
    now = int(time.time())
    for number in range(3):
        record(inhabited, f"run{number}", 70_001 + number, created_at=now - 60 * number - 5)
    return inhabited


def set_roles(discord: FakeDiscord, roles: list[str] | None, player: Player | None = None) -> None:
    """Set the member's roles (None: no longer in the guild), and poll."""
    discord.membership = None if roles is None else Membership(roles=roles)
    grow_old(load_config(os.environ), 5 * HOUR)
    if player is not None:
        player.app.tracker.poll()


async def polls_until(player: Player, holds: Callable[[], bool], what: str) -> None:

    def looked() -> bool:
        player.app.tracker.poll()
        return holds()

    await player.until(looked, what)


def signs_in(discord: FakeDiscord, roles: list[str]) -> None:
    discord.membership = Membership(roles=roles)
    sign_in(discord)
    discord.seen.clear()


@asynccontextmanager
async def inside(
    guild: RemoteGuild, size: tuple[int, int] = WIDE, *, tracker: Tracker | None = None
) -> AsyncIterator[Player]:
    tracker = tracker or Tracker(load_config(os.environ))
    tracker.open()
    async with in_front_of(tracker, guild, size) as player:
        await player.sees("Steel Ingot", "● online")
        yield player


async def sees_message(player: Player, message: str) -> None:
    await player.until(lambda: message in notification_texts(player), message)


async def ends(player: Player) -> NavigationRequest:
    """Wait until the dashboard has ended by itself; return its navigation request."""
    player.app.tracker.poll()
    await player.leaves()
    navigation_request = player.app.return_value
    assert isinstance(navigation_request, NavigationRequest)
    return navigation_request
