"""A player at the questions of the Join screen, and what they answer."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, trust_discord
from helpers.membership import ROLES
from helpers.other_schemas import FOUNDING
from helpers.servers import Server
from tracker_tui.config.settings import Secret, load_config
from tracker_tui.guild.invitation import Invitation
from tracker_tui.guild.join import CLIENT, GUILD, TOKEN
from tracker_tui.guild.join import ROLES as ROLES_SETTING
from tracker_tui.ui.join.join_screen import AnswerInput, JoinScreen
from ui.conftest import NARROW
from ui.guild_on_server import RemoteGuild
from ui.sign_in.conftest import harmless
from ui.sign_in.player import Visitor, at_home

__all__ = ["harmless"]

PROFILE = "profile"
OPEN = json.dumps([{"id": "1001", "name": "Fremen", "canAccessResources": True}])


@pytest.fixture(autouse=True)
def discord(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDiscord]:
    """A fake Discord at DISCORD_API_URL; answers are validated without a delay."""
    monkeypatch.setattr("tracker_tui.ui.join.join_screen._TEST_DELAY", 0.0)
    trust_discord(monkeypatch)
    with FakeDiscord() as discord:
        monkeypatch.setenv("DISCORD_API_URL", discord.url)
        yield discord


@pytest.fixture(autouse=True)
def embedded(usual_guild: Path, home: Path) -> Path:
    """The embedded default database, with nothing configured."""
    config = load_config(os.environ)
    assert isinstance(config.database, Path)
    config.database.parent.mkdir(parents=True)
    shutil.copyfile(usual_guild, config.database)
    return config.database


@pytest.fixture
def token(guarded_server: Server) -> str:
    return guarded_server.token("rw")


@pytest.fixture
def url(guarded_server: Server, tmp_path: Path, token: str) -> str:
    """The URL of a guild's database on a server that checks tokens."""
    return RemoteGuild(guarded_server.new_database(), tmp_path, token=token).found(FOUNDING).url


def invitation(
    url: str, token: str | None, roles: list[dict[str, Any]] = ROLES, client_id: str = CLIENT_ID
) -> str:
    secret = None if token is None else Secret(token)
    return Invitation(
        database_url=url,
        client_id=client_id,
        guild_id=GUILD_ID,
        roles=json.dumps(roles),
        token=secret,
    ).text()


@pytest.fixture
def line(url: str, token: str) -> str:
    return invitation(url, token)


@pytest.fixture
def settled(home: Path, embedded: Path) -> str:
    """A config.toml of a guild, with a handwritten profile and comment."""
    text = (
        f'# mine\nTURSO_DATABASE_URL = "file:{embedded.as_posix()}"\n\n'
        '[profiles.raiders]\nTURSO_DATABASE_URL = "libsql://raiders.invalid"\n\n'
        '[keys]\n"app.help" = "f2"\n'
    )
    config_file(home).parent.mkdir(parents=True)
    config_file(home).write_text(text)
    return text


@asynccontextmanager
async def joining(size: tuple[int, int] = NARROW) -> AsyncIterator[Visitor]:
    async with at_home(size) as visitor:
        await asks_to_join(visitor)
        yield visitor


async def asks_to_join(visitor: Visitor) -> None:
    # Run the action as the palette does; typing into the palette is slow.
    visitor.app.action_join()  # type: ignore[attr-defined]
    await visitor.until(lambda: isinstance(visitor.app.screen, JoinScreen), "the questions")
    await visitor.sees("Join a guild", "Invitation")


async def answers(visitor: Visitor, **settings: str) -> None:
    fields = list(visitor.app.screen.query(AnswerInput))
    for setting, text in settings.items():
        wanted = visitor.app.screen.query_one(f"#answer-{setting} AnswerInput", AnswerInput)
        assert isinstance(visitor.app.focused, AnswerInput)
        steps = fields.index(wanted) - fields.index(visitor.app.focused)
        visitor.hit(*["tab" if steps > 0 else "shift+tab"] * abs(steps))
        await visitor.until(
            lambda wanted=wanted: visitor.app.focused is wanted, f"the cursor in {setting}"
        )
        visitor.paste(text)


async def sees_message(visitor: Visitor, setting: str, message: str) -> None:
    await visitor.reads(f"#answer-{setting} .verdict", message)


async def clears(visitor: Visitor, setting: str) -> None:
    visitor.hit("ctrl+u")
    await visitor.until(lambda: visitor.within(f"#answer-{setting} .verdict") == "", "an end")


async def is_understood(visitor: Visitor, *, database: str = "accepted") -> None:
    """Wait until every answer of an invitation has been tested."""
    await sees_message(visitor, "invitation", "✓ understood")
    await sees_message(visitor, TOKEN, database)
    await sees_message(visitor, CLIENT, "✓ Discord knows the application")
    await sees_message(visitor, GUILD, "▲ tested when you sign in")
    await sees_message(visitor, ROLES_SETTING, "✓ makes sense")


async def keeps(visitor: Visitor) -> None:
    """Choose to save, which is not the first choice."""
    await visitor.sees("Save these settings and sign in?")
    await visitor.press("down", "enter")
    await visitor.ends()


def config_file(home: Path) -> Path:
    return home / "config" / "config.toml"


def kept(home: Path) -> dict[str, Any]:
    return tomllib.loads(config_file(home).read_text("utf-8"))


def assert_safe(visitor: Visitor, token: str) -> None:
    visitor.assert_secret(token[:12], token[20:32], token[-12:])
    visitor.assert_laid_out()
