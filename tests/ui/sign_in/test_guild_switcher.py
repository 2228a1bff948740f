"""Switching profiles, joining a guild and signing out, by the palette."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from helpers.build import add
from helpers.discord import FakeDiscord
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config
from tracker_tui.ui.join.join_screen import JoinScreen
from tracker_tui.ui.navigation import NavigationRequest
from tracker_tui.ui.preferences import preferences_path
from tracker_tui.ui.sign_in.sign_in_screen import SignInScreen
from ui.conftest import Guild
from ui.guild_on_server import RemoteGuild
from ui.sign_in.player import Visitor, add_pending, at_home, at_sign_in, background_work_ends

SWITCH = "Switch profile"
SIGN_OUT = "Sign out"
JOIN = "Join a guild"
LARGE = (120, 60)
"""With room for all that the palette offers."""


def write_config(home: Path, text: str) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def own(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> Guild:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{guild.path}")
    return guild


RAIDERS = '[profiles.raiders]\nTURSO_DATABASE_URL = "libsql://raiders.invalid"\n'
ALLIES = '[profiles.allies]\nTURSO_DATABASE_URL = "libsql://allies.invalid"\n'


async def offers(visitor: Visitor, *wanted: str) -> None:
    """Check which guild commands the palette offers, and close it."""
    await visitor.press("ctrl+p")
    await visitor.sees(*wanted, "Quit")
    await visitor.pilot.pause()
    lines = [line.strip() for line in visitor.lines()]
    assert {text for text in (JOIN, SWITCH, SIGN_OUT) if text in lines} == set(wanted)
    await visitor.press("escape")


async def test_other_profiles_can_be_picked_except_hostile_names(own: Guild, home: Path) -> None:
    async with at_home(LARGE) as visitor:
        await offers(visitor, JOIN)
        # Unusable settings are reported at the next start.
        for text in ("[profiles\n", "profiles = 7\n"):
            write_config(home, text)
            await offers(visitor, JOIN)
        write_config(home, RAIDERS)
        await offers(visitor, JOIN, SWITCH)
        await visitor.press("s", "s")
        await visitor.sees("Resource↑")
        await visitor.chooses(SWITCH, "Another guild")
        await visitor.sees("Switch to another profile")
        await visitor.press("escape")
        await visitor.sees_no("Switch to another profile")
        assert visitor.app.is_running
        assert "Steel Ingot" in visitor.text()
        write_config(home, RAIDERS + ALLIES + '[profiles."[bold]x"]\n[profiles."a\\u001bb"]\n')
        await visitor.chooses(SWITCH, "Another guild")
        await visitor.sees("Switch to another profile", "allies", "raiders")
        assert "[bold]x" not in visitor.text()
        assert "the settings above all profiles" not in visitor.text()
        visitor.burst("raid")
        await visitor.sees_no("allies")
        await visitor.press("enter")
        await visitor.ends()
        assert visitor.navigation_request == NavigationRequest("raiders")
    remembered = preferences_path(load_config(os.environ))
    assert json.loads(remembered.read_text("utf-8"))["is_reversed"] is True


async def test_signing_out_asks_first_and_needs_an_empty_outbox(inhabited: RemoteGuild) -> None:
    add_pending(load_config(os.environ), add(5, resource_id="gone-for-good"))
    async with at_home(LARGE) as visitor:
        # A rejected change stays in the outbox.
        await visitor.sees("▲ 1 rejected: o")
        await visitor.chooses(SIGN_OUT, "At Discord and on this machine")
        await visitor.sees("Changes would be lost")
        assert "Sign out?" not in visitor.text()
        assert visitor.app.is_running
        await visitor.press("o", "x")
        await visitor.sees_no(": o ")
        await offers(visitor, JOIN, SIGN_OUT)
        for key in ("enter", "escape"):
            await visitor.chooses(SIGN_OUT, "At Discord and on this machine")
            await visitor.sees("Sign out?", "everywhere, on other machines", "Personal files are")
            await visitor.press(key)
            await visitor.sees_no("Sign out?")
            assert visitor.app.is_running
        await visitor.chooses(SIGN_OUT, "At Discord and on this machine")
        await visitor.sees("Sign out?")
        await visitor.press("down", "enter")
        await visitor.ends()
        assert visitor.navigation_request == NavigationRequest(None, signs_out=True)


@pytest.mark.parametrize("may_enter", [True, False])
async def test_a_sign_in_keeps_a_half_filled_form(discord: FakeDiscord, *, may_enter: bool) -> None:
    if not may_enter:
        discord.membership = None
    session_store = SessionStore(load_config(os.environ))
    async with at_sign_in() as visitor:
        await visitor.sees("good for")
        await visitor.chooses(JOIN, "With an invitation")
        await visitor.sees("paste it here")
        discord.approve()
        await visitor.until(lambda: session_store.load() is not None, "the session")
        await background_work_ends()
        await visitor.pilot.pause()
        assert isinstance(visitor.app.screen, JoinScreen)
        await visitor.press("escape")
        if may_enter:
            await visitor.ends()
            assert visitor.navigation_request == NavigationRequest(None, has_entered=True)
        else:
            await visitor.sees("is not in this guild on Discord")
            assert not any(isinstance(screen, SignInScreen) for screen in visitor.app.screen_stack)
