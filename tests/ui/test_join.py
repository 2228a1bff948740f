"""Joining a guild in the dashboard: answers are tested, shown, and saved after a confirmation."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault, trust_discord
from helpers.membership import ROLES
from helpers.other_schemas import FOUNDING
from helpers.servers import Server, free_port
from tracker_tui.config.settings import Secret, load_config
from tracker_tui.guild.invitation import BEGIN, Invitation
from tracker_tui.guild.join import CLIENT, GUILD, TOKEN, URL
from tracker_tui.guild.join import ROLES as ROLES_SETTING
from tracker_tui.ui.join.join_screen import AnswerInput, JoinScreen
from tracker_tui.ui.navigation import NavigationRequest
from ui.conftest import NARROW
from ui.guild_on_server import RemoteGuild
from ui.sign_in_player import AUTHORIZE, Visitor, at_home, harmless

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
    """A token that the guild's server accepts."""
    return guarded_server.token("rw")


@pytest.fixture
def url(guarded_server: Server, tmp_path: Path, token: str) -> str:
    """The URL of a guild's database on a server that checks tokens."""
    return RemoteGuild(guarded_server.new_database(), tmp_path, token=token).found(FOUNDING).url


def invitation(url: str, token: str | None, roles: list[dict[str, Any]] = ROLES) -> str:
    secret = None if token is None else Secret(token)
    return Invitation(
        database_url=url,
        client_id=CLIENT_ID,
        guild_id=GUILD_ID,
        roles=json.dumps(roles),
        token=secret,
    ).text()


@pytest.fixture
def line(url: str, token: str) -> str:
    """An invitation with a token in it."""
    return invitation(url, token)


# Helpers


@asynccontextmanager
async def joining(size: tuple[int, int] = NARROW) -> AsyncIterator[Visitor]:
    """Open the Join screen."""
    async with at_home(size) as visitor:
        await asks_to_join(visitor)
        yield visitor


async def asks_to_join(visitor: Visitor) -> None:
    # Run the action as the palette does; typing into the palette is slow.
    visitor.app.action_join()  # type: ignore[attr-defined]
    await visitor.until(lambda: isinstance(visitor.app.screen, JoinScreen), "the questions")
    await visitor.sees("Join a guild", "Invitation")


async def answers(visitor: Visitor, **settings: str) -> None:
    """Type answers into their inputs."""
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
    """Wait for the verdict of an answer."""
    await visitor.reads(f"#answer-{setting} .verdict", message)


async def clears(visitor: Visitor, setting: str) -> None:
    """Delete the answer under the cursor."""
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
    """Check that no part of the token is on screen."""
    visitor.assert_secret(token[:12], token[20:32], token[-12:])
    visitor.assert_laid_out()


# With an invitation


async def test_an_invitation_is_read_tested_shown_and_saved(
    line: str, url: str, token: str, home: Path
) -> None:
    async with at_home() as visitor:
        await visitor.chooses("join a", "With an invitation, or setting by setting")
        await visitor.sees("paste it here, or answer below")
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.reads(f"#answer-{URL}", url)
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.reads(f"#answer-{CLIENT}", CLIENT_ID)
        await visitor.reads(f"#answer-{GUILD}", GUILD_ID)
        await visitor.reads(f"#answer-{ROLES_SETTING}", '"Fremen"')
        assert "guild already" not in visitor.text()
        assert not config_file(home).exists()
        await visitor.press("enter")
        await visitor.sees(
            "Save these settings and sign in?", url, CLIENT_ID, GUILD_ID, "Mahdi: may "
        )
        assert not config_file(home).exists()
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert kept(home) == {
        URL: url,
        TOKEN: token,
        CLIENT: CLIENT_ID,
        GUILD: GUILD_ID,
        ROLES_SETTING: json.dumps(ROLES, separators=(",", ":")),
    }
    assert load_config(os.environ).discord.client_id == CLIENT_ID
    if os.name == "posix":
        assert stat.S_IMODE(config_file(home).stat().st_mode) == 0o600


async def test_the_token_is_never_seen(line: str, token: str) -> None:
    async with joining((120, 40)) as visitor:
        assert_safe(visitor, token)
        visitor.paste(line)
        await visitor.sees("understood")
        assert_safe(visitor, token)
        await is_understood(visitor)
        assert_safe(visitor, token)
        visitor.assert_secret(line[:30], line[30:60])
        await visitor.press("enter")
        await visitor.sees("Save these settings and sign in?")
        await visitor.press("tab", "end")
        await visitor.sees("saved, too")
        assert_safe(visitor, token)


async def test_a_typed_token_is_never_seen(url: str, token: str) -> None:
    async with joining((120, 40)) as visitor:
        await answers(visitor, **{URL: url, TOKEN: token})
        await sees_message(visitor, TOKEN, "✓ accepted")
        assert_safe(visitor, token)
        await answers(visitor, **{TOKEN: "x"})
        await sees_message(visitor, TOKEN, "refuses")
        assert_safe(visitor, token)


async def test_an_invitation_without_a_token_asks_for_it(url: str, token: str, home: Path) -> None:
    async with joining() as visitor:
        visitor.paste(invitation(url, None))
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.press("enter", "enter")
        visitor.paste(token)
        await is_understood(visitor)
        await visitor.press("ctrl+o")
        await keeps(visitor)
    assert kept(home)[TOKEN] == token


async def test_a_database_without_a_token_needs_none(remote_url: str, home: Path) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    async with joining() as visitor:
        visitor.paste(invitation(remote_url, None))
        await is_understood(visitor, database="✓ none is asked for")
        await visitor.press("enter")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert TOKEN not in kept(home)


MANY = [
    {"id": str(223_344_556_677_889_900 + 7_919 * n * n), "name": f"Cell {n}", "level": n}
    for n in range(60)
]


# A few dozen roles make an invitation longer than 1,000 characters.
async def test_a_long_invitation_is_pasted_whole(url: str, token: str) -> None:
    long = invitation(url, token, [*ROLES, *MANY])
    assert len(long) > 1_000
    async with joining() as visitor:
        visitor.paste(long)
        await is_understood(visitor)


async def test_an_invitation_wrapped_by_a_chat_is_read(line: str) -> None:
    async with joining() as visitor:
        for between in ("\n", "\r\n", " ", "\u200b"):
            visitor.paste(between.join(line[at : at + 76] for at in range(0, len(line), 76)))
            await sees_message(visitor, "invitation", "✓ understood")
            await clears(visitor, "invitation")


DAMAGED = {
    "cut": (lambda line: line[:-20], "This invitation is cut or mistyped"),
    "mistyped": (
        lambda line: line[:60] + ("A" if line[60] != "A" else "B") + line[61:],
        "This invitation is cut or mistyped",
    ),
    "another text": (
        lambda _: "see you at Arrakeen",
        f"This isn't an invitation: those start with {BEGIN}",
    ),
    "newer": (
        lambda line: line.replace(":1:", ":2:"),
        "This invitation comes from a newer tracker-tui",
    ),
    "markup": (lambda _: "[bold]x[/bold]\x1b[2J[", "This isn't an invitation"),
}


async def test_a_damaged_invitation_says_so(line: str) -> None:
    async with joining() as visitor:
        for damage, message in DAMAGED.values():
            visitor.paste(damage(line))
            await sees_message(visitor, "invitation", f"✗ {message}")
            for setting in (URL, TOKEN, CLIENT, GUILD, ROLES_SETTING):
                assert visitor.within(f"#answer-{setting} .verdict") == ""
            visitor.assert_laid_out()
            await clears(visitor, "invitation")


async def test_a_second_invitation_replaces_the_first(
    line: str, token: str, remote_url: str, home: Path
) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    async with joining() as visitor:
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.press("ctrl+u")
        visitor.paste(invitation(remote_url, None, json.loads(OPEN)))
        await sees_message(visitor, URL, "localhost")
        await visitor.until(lambda: remote_url in visitor.within(f"#answer-{URL}"))
        await is_understood(visitor, database="✓")
        await visitor.press("ctrl+o")
        await keeps(visitor)
    # A token belongs to its URL.
    assert kept(home).get(TOKEN) != token


# With typed answers


async def test_each_answer_is_tested_as_it_is_typed(url: str, token: str, home: Path) -> None:
    async with joining() as visitor:
        await answers(visitor, **{URL: url})
        await sees_message(visitor, URL, "✓ ")
        await answers(visitor, **{TOKEN: token})
        await sees_message(visitor, TOKEN, "✓ accepted")
        await answers(visitor, **{CLIENT: CLIENT_ID})
        await sees_message(visitor, CLIENT, "✓ Discord knows the application")
        await answers(visitor, **{GUILD: GUILD_ID})
        await sees_message(visitor, GUILD, "▲ tested when you sign in")
        await answers(visitor, **{ROLES_SETTING: OPEN})
        await sees_message(visitor, ROLES_SETTING, "✓ makes sense")
        await visitor.press("enter")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert kept(home)[ROLES_SETTING] == OPEN


async def test_enter_goes_to_the_next_question(url: str) -> None:
    async with joining() as visitor:
        await visitor.press("enter")
        visitor.burst(url)
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.press("enter", "enter")
        visitor.burst(CLIENT_ID)
        await sees_message(visitor, CLIENT, "✓ ")
        # An empty token is also an answer.
        await sees_message(visitor, TOKEN, "✗ ")
        await visitor.press("enter")
        visitor.burst("x")
        await sees_message(visitor, GUILD, "✗ ")


NO_ID = "is a number of up to 20 digits"
WRONG = {
    URL: {
        "guild.turso.io": "",
        "ftp://guild.turso.io": "",
        "file:/etc/passwd": "",
        "https://me:hunter2@guild.invalid": "",
        "http://guild.invalid": "",
        "[bold]x[/bold]": "",
    },
    CLIENT: {"tracker": NO_ID, "1" * 21: NO_ID, "12 34": NO_ID, "[bold]1": NO_ID},
    GUILD: {"discord.gg/x": NO_ID, "-1": NO_ID},
    ROLES_SETTING: {
        "Fremen": "isn't JSON",
        '{"id": "1"}': "must be a JSON array",
        "[]": "No role has canAccessResources, so no member could enter.",
        '[{"id": "1", "name": "x"}]': "No role has canAccessResources, so no member could enter.",
        '[{"id": 1}]': "needs an id in quotes",
        "[bold]x[/bold]": "isn't JSON",
    },
}


async def test_a_wrong_answer_is_rejected_at_once_until_it_is_corrected(home: Path) -> None:
    async with joining() as visitor:
        await answers(visitor, **{CLIENT: CLIENT_ID + "x"})
        await sees_message(visitor, CLIENT, "✗ ")
        await visitor.press("backspace")
        await sees_message(visitor, CLIENT, "✓ Discord knows the application")
        await clears(visitor, CLIENT)
        for setting, answered in WRONG.items():
            for text, message in answered.items():
                await answers(visitor, **{setting: text})
                await sees_message(visitor, setting, "✗ ")
                await sees_message(visitor, setting, message)
                assert "Something in the program" not in visitor.text()
                assert "hunter2" not in visitor.within(f"#answer-{setting} .verdict")
                visitor.assert_laid_out()
                await clears(visitor, setting)
            visitor.paste("[")
            await sees_message(visitor, setting, "✗ ")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message.startswith("Not yet: "), "what is missing")
    assert not config_file(home).exists()


async def test_a_token_is_tested_once_there_is_a_database(url: str, token: str) -> None:
    async with joining() as visitor:
        # Skipping the token is not an answer yet.
        await visitor.press("enter", "enter", "enter", "shift+tab")
        assert visitor.within(f"#answer-{TOKEN} .verdict") == ""
        visitor.paste(token)
        await sees_message(visitor, TOKEN, "tested once there is a database")
        await answers(visitor, **{URL: url})
        await sees_message(visitor, TOKEN, "✓ accepted")
        assert "Something in the program" not in visitor.text()


async def test_another_database_clears_the_token(url: str, token: str) -> None:
    async with joining() as visitor:
        await answers(visitor, **{URL: url, TOKEN: token})
        await sees_message(visitor, TOKEN, "✓ accepted")
        await answers(visitor, **{URL: "-of-others!"})
        await sees_message(visitor, URL, "✗ ")
        assert "✓" not in visitor.within(f"#answer-{TOKEN} .verdict")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message.startswith("Not yet: Database, Its token, "))


# Verdicts of the database and of Discord


async def test_a_wrong_token_is_rejected(url: str, home: Path) -> None:
    async with joining() as visitor:
        visitor.paste(invitation(url, "no.such.token"))
        await sees_message(visitor, TOKEN, "✗ ")
        await sees_message(visitor, TOKEN, "refuses your TURSO_AUTH_TOKEN")
        await sees_message(visitor, CLIENT, "✓ ")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message == "Not yet: Its token.")
    assert not config_file(home).exists()


async def test_an_unreachable_database_is_acceptable(discord: FakeDiscord, home: Path) -> None:
    away = f"http://localhost:{free_port()}"
    discord.fail_always(AUTHORIZE, Fault.hang_up())
    async with joining() as visitor:
        visitor.paste(invitation(away, "some-token"))
        await sees_message(visitor, URL, "▲ Not tested: ")
        await sees_message(visitor, TOKEN, "▲ Not tested: ")
        await sees_message(visitor, CLIENT, "▲ Not tested: Discord cannot be reached.")
        await visitor.press("ctrl+o")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert kept(home)[URL] == away


async def test_a_database_of_another_program_is_rejected(remote_url: str) -> None:
    async with joining() as visitor:
        visitor.paste(invitation(remote_url, None))
        await sees_message(visitor, URL, "✗ ")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: "Not yet: Database" in visitor.message)


async def test_an_application_unknown_to_discord_is_rejected(
    line: str, discord: FakeDiscord
) -> None:
    discord.client_id = "1"
    async with joining() as visitor:
        visitor.paste(line)
        await sees_message(visitor, CLIENT, "✗ ")
        await sees_message(visitor, CLIENT, "Check DISCORD_CLIENT_ID")
        visitor.assert_laid_out()


async def test_an_application_is_acceptable_while_discord_is_unreachable(
    line: str, discord: FakeDiscord, home: Path
) -> None:
    discord.fail_always(AUTHORIZE, Fault.hang_up())
    async with joining() as visitor:
        visitor.paste(line)
        await sees_message(visitor, CLIENT, "▲ Not tested: Discord cannot be reached.")
        await sees_message(visitor, TOKEN, "✓ accepted")
        await visitor.press("ctrl+o")
        await keeps(visitor)
    assert kept(home)[CLIENT] == CLIENT_ID


async def test_esc_goes_back_while_discord_hangs(
    line: str, discord: FakeDiscord, home: Path
) -> None:
    discord.fail_always(AUTHORIZE, Fault.hang(120))
    async with joining() as visitor:
        visitor.paste(line)
        await sees_message(visitor, CLIENT, "asking …")
        await visitor.press("escape")
        await visitor.sees("Steel Ingot")
        await visitor.press("q")
        await visitor.ends()
    assert not config_file(home).exists()


# Saving nothing


async def test_esc_and_not_yet_save_nothing(line: str, home: Path) -> None:
    async with joining() as visitor:
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.press("escape")
        await visitor.sees("Steel Ingot")
        assert visitor.app.is_running
        assert not config_file(home).exists()
        await asks_to_join(visitor)
        visitor.paste(line)
        await is_understood(visitor)
        for key in ("enter", "escape", "q"):
            await visitor.press("ctrl+o")
            await visitor.sees("Save these settings and sign in?")
            await visitor.press(key)
            await visitor.sees_no("Save these settings and sign in?")
            assert isinstance(visitor.app.screen, JoinScreen)
        assert not config_file(home).exists()
        # The answers are still there.
        await visitor.press("ctrl+o")
        await keeps(visitor)
    assert config_file(home).exists()


async def test_a_failed_save_is_shown(line: str, home: Path) -> None:
    async with joining() as visitor:
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.press("ctrl+o")
        await visitor.sees("Save these settings and sign in?")
        config_file(home).parent.write_text("a file where the folder should be")
        await visitor.press("down", "enter")
        await visitor.until(lambda: "config" in visitor.message, "the reason")
        assert "Something in the program" not in visitor.text()
        assert visitor.app.is_running


# A second guild


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


async def test_a_second_guild_is_saved_as_a_profile(
    line: str, url: str, settled: str, home: Path
) -> None:
    async with joining() as visitor:
        await sees_message(visitor, PROFILE, "you have a guild already: give this one a name")
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message == "Not yet: Profile.")
        await answers(visitor, **{PROFILE: "Tabr-2"})
        await sees_message(visitor, PROFILE, "✓ opened with --profile Tabr-2")
        await visitor.press("enter")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest("Tabr-2")
    document = kept(home)
    assert document["profiles"]["Tabr-2"][URL] == url
    added = document["profiles"].pop("Tabr-2")
    assert set(added) == {URL, TOKEN, CLIENT, GUILD, ROLES_SETTING}
    assert document == tomllib.loads(settled)
    assert config_file(home).read_text("utf-8").startswith("# mine\n")


NO_NAME = "✗ A profile's name has up to 40 letters, digits, - and _."
NAMES = {
    "raiders": "✗ this name is in use",
    "two words": NO_NAME,
    "x" * 41: NO_NAME,
    "../[bold]": NO_NAME,
}


async def test_an_unusable_profile_name_is_rejected(settled: str, home: Path) -> None:
    async with joining() as visitor:
        await sees_message(visitor, PROFILE, "you have a guild already")
        for name, message in NAMES.items():
            await answers(visitor, **{PROFILE: name})
            await sees_message(visitor, PROFILE, message)
            await visitor.press("ctrl+o")
            await visitor.until(lambda: "Profile." in visitor.message)
            visitor.hit("ctrl+u")
            await sees_message(visitor, PROFILE, NO_NAME)
    assert config_file(home).read_text("utf-8") == settled


async def test_an_invalid_settings_file_is_reported_and_not_changed(line: str, home: Path) -> None:
    async with at_home() as visitor:
        config_file(home).parent.mkdir(parents=True)
        config_file(home).write_text("TURSO_AUTH_TOKEN = hunter2\n")
        await asks_to_join(visitor)
        await visitor.until(lambda: "isn't valid TOML" in visitor.message, "the reason")
        visitor.assert_secret("hunter2")
    assert config_file(home).read_text("utf-8") == "TURSO_AUTH_TOKEN = hunter2\n"


# Hostile invitations

EVIL = "[bold red]Evil[/]\x1b[2J\x1b]0;title\x07\n\u202eeno[@click=app.quit]x["


async def test_hostile_names_of_roles_are_plain_text(remote_url: str, home: Path) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    roles = [{"id": "1", "name": EVIL, "canAccessResources": True}]
    async with joining((120, 40)) as visitor:
        visitor.paste(invitation(remote_url, None, roles))
        await is_understood(visitor, database="✓")
        visitor.assert_laid_out()
        await visitor.press("enter")
        await visitor.sees(
            "[bold red]Evil[/] [2J ]0;title eno[@click=app.quit]x[: may see everything"
        )
        visitor.assert_laid_out()
        await keeps(visitor)
    assert load_config(os.environ).discord.roles == json.dumps(roles, separators=(",", ":"))


async def test_the_choices_stay_on_screen_with_250_roles(
    remote_url: str, home: Path, embedded: Path
) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    roles = [
        {"id": str(n), "name": f"[red]{n} " + "x" * 90, "canAccessResources": True}
        for n in range(250)
    ]
    text = invitation(remote_url, None, roles)
    async with joining((80, 24)) as visitor:
        visitor.app.screen.query("AnswerInput").first().value = text  # type: ignore[attr-defined]
        await is_understood(visitor, database="✓")
        visitor.assert_laid_out()
        await visitor.press("ctrl+o")
        await visitor.sees("Save these settings and sign in?", remote_url, "Not yet", "Save")
        visitor.assert_laid_out()
        await visitor.press("tab", "end")
        await visitor.sees("none", "Not yet", "Save")
        await visitor.press("shift+tab")
        await keeps(visitor)
    assert len(json.loads(load_config(os.environ).discord.roles)) == 250


# On a small screen the arrows move between inputs rather than scroll.
@pytest.mark.parametrize(
    ("key", "size"),
    [("down", (80, 24)), ("down", (40, 12)), ("tab", (40, 12)), ("enter", (40, 12))],
)
async def test_every_question_can_be_reached_and_seen(
    settled: str, key: str, size: tuple[int, int]
) -> None:
    async with joining(size) as visitor:
        await visitor.until(
            lambda: visitor.app.screen.query_one(f"#answer-{PROFILE}").display, "the last question"
        )
        for setting in (URL, TOKEN, CLIENT, GUILD, ROLES_SETTING, PROFILE):
            await visitor.press(key)
            field = visitor.app.screen.query_one(f"#answer-{setting} AnswerInput")
            assert visitor.app.focused is field
            await visitor.pilot.pause()
            visitor.whole(f"#answer-{setting} AnswerInput")
            visitor.assert_laid_out()
