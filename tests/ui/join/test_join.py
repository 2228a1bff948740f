"""Joining a guild in the dashboard: answers are tested, shown, and saved once confirmed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tomllib
from pathlib import Path

from helpers.discord import CLIENT_ID, GUILD_ID, FakeDiscord, Fault
from helpers.membership import ROLES
from helpers.other_schemas import FOUNDING
from helpers.servers import free_port
from tracker_tui.config.settings import load_config
from tracker_tui.guild.join import CLIENT, GUILD, TOKEN, URL
from tracker_tui.guild.join import ROLES as ROLES_SETTING
from tracker_tui.ui.join.join_screen import AnswerInput, JoinScreen
from tracker_tui.ui.navigation import NavigationRequest
from ui.conftest import NARROW
from ui.guild_on_server import RemoteGuild
from ui.join.conftest import (
    OPEN,
    PROFILE,
    answers,
    asks_to_join,
    assert_safe,
    clears,
    config_file,
    invitation,
    is_understood,
    joining,
    keeps,
    kept,
    sees_message,
)
from ui.sign_in.player import AUTHORIZE, at_home


async def test_an_invitation_is_saved(line: str, url: str, token: str, home: Path) -> None:
    async with at_home((120, 40)) as visitor:
        await visitor.chooses("join a", "With an invitation, or setting by setting")
        await visitor.sees("paste it here, or answer below")
        visitor.paste(line)
        await visitor.sees("understood")
        assert_safe(visitor, token)
        await is_understood(visitor)
        assert_safe(visitor, token)
        visitor.assert_secret(line[:30], line[30:60])
        await visitor.reads(f"#answer-{URL}", url)
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.reads(f"#answer-{CLIENT}", CLIENT_ID)
        await visitor.reads(f"#answer-{GUILD}", GUILD_ID)
        await visitor.reads(f"#answer-{ROLES_SETTING}", '"Fremen"')
        assert "guild already" not in visitor.text()
        await visitor.press("enter")
        await visitor.sees(
            "Save these settings and sign in?", url, CLIENT_ID, GUILD_ID, "Mahdi: may "
        )
        await visitor.press("tab", "end")
        await visitor.sees("saved, too")
        assert_safe(visitor, token)
        assert not config_file(home).exists()
        await visitor.press("shift+tab")
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


DAMAGED = {
    "mistyped": (
        lambda line: line[:60] + ("A" if line[60] != "A" else "B") + line[61:],
        "This invitation is cut or mistyped",
    ),
    "markup": (lambda _: "[bold]x[/bold]\x1b[2J[", "This isn't an invitation"),
}
MANY = [
    {"id": str(223_344_556_677_889_900 + 7_919 * n * n), "name": f"Cell {n}", "level": n}
    for n in range(60)
]


async def test_an_invitation_is_read_wrapped_long_and_anew_and_rejected_if_damaged(
    line: str, url: str, token: str, remote_url: str, home: Path
) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    async with joining() as visitor:
        for damage, message in DAMAGED.values():
            visitor.paste(damage(line))
            await sees_message(visitor, "invitation", f"✗ {message}")
            for setting in (URL, TOKEN, CLIENT, GUILD, ROLES_SETTING):
                assert visitor.within(f"#answer-{setting} .verdict") == ""
            visitor.assert_laid_out()
            await clears(visitor, "invitation")
        # Without a token it asks for one.
        visitor.paste(invitation(url, None))
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.press("enter", "enter")
        visitor.paste(token)
        await is_understood(visitor)
        await answers(visitor, invitation="")
        await clears(visitor, "invitation")
        # As chats wrap it.
        for between in ("\n", "\r\n", "\u200b "):
            visitor.paste(between.join(line[at : at + 76] for at in range(0, len(line), 76)))
            await sees_message(visitor, "invitation", "✓ understood")
            await clears(visitor, "invitation")
        # A few dozen roles make an invitation longer than 1,000 characters.
        long = invitation(url, token, [*ROLES, *MANY])
        assert len(long) > 1_000
        visitor.paste(long)
        await is_understood(visitor)
        # A second invitation replaces the first.
        await visitor.press("ctrl+u")
        visitor.paste(invitation(remote_url, None, json.loads(OPEN)))
        await visitor.until(lambda: remote_url in visitor.within(f"#answer-{URL}"))
        await is_understood(visitor, database="✓ none is asked for")
        await visitor.press("ctrl+o")
        await keeps(visitor)
    # A token belongs to its URL.
    assert TOKEN not in kept(home)


async def test_each_answer_is_tested_as_it_is_typed(url: str, token: str, home: Path) -> None:
    async with joining((120, 40)) as visitor:
        # Skipping the token is not an answer yet.
        await visitor.press("enter", "enter", "enter", "shift+tab")
        assert visitor.within(f"#answer-{TOKEN} .verdict") == ""
        visitor.paste(token)
        await sees_message(visitor, TOKEN, "tested once there is a database")
        await answers(visitor, **{URL: url})
        await sees_message(visitor, TOKEN, "✓ accepted")
        assert_safe(visitor, token)
        # Another database clears the token.
        await clears(visitor, URL)
        visitor.paste("-of-others!")
        await sees_message(visitor, URL, "✗ ")
        assert "✓" not in visitor.within(f"#answer-{TOKEN} .verdict")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message.startswith("Not yet: Database, Its token, "))
        await answers(visitor, **{URL: ""})
        await clears(visitor, URL)
        visitor.burst(url)
        await sees_message(visitor, URL, "answers, and wants a token")
        await visitor.press("enter", "ctrl+u", "enter")
        visitor.burst(CLIENT_ID)
        await sees_message(visitor, CLIENT, "✓ Discord knows the application")
        # An empty token is also an answer.
        await sees_message(visitor, TOKEN, "✗ ")
        await visitor.press("enter")
        visitor.burst("x")
        await sees_message(visitor, GUILD, "✗ ")
        visitor.hit("backspace")
        visitor.burst(GUILD_ID)
        await sees_message(visitor, GUILD, "▲ tested when you sign in")
        await answers(visitor, **{ROLES_SETTING: OPEN})
        await sees_message(visitor, ROLES_SETTING, "✓ makes sense")
        await answers(visitor, **{TOKEN: token + "x"})
        await sees_message(visitor, TOKEN, "refuses")
        assert_safe(visitor, token)
        await visitor.press("backspace")
        await sees_message(visitor, TOKEN, "✓ accepted")
        await visitor.press("ctrl+o")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert kept(home)[ROLES_SETTING] == OPEN
    assert kept(home)[TOKEN] == token


NO_NAME = "✗ A profile's name has up to 40 letters, digits, - and _."
NAMES = {"raiders": "✗ this name is in use", "../[bold]": NO_NAME}


async def test_a_second_guild_is_saved_as_a_profile_with_a_usable_name(
    line: str, url: str, settled: str, home: Path
) -> None:
    async with joining() as visitor:
        await sees_message(visitor, PROFILE, "you have a guild already: give this one a name")
        # Every question can be reached and seen; the arrows move rather than scroll.
        for key, size in (("down", (80, 24)), ("tab", (40, 12)), ("enter", (40, 12))):
            await visitor.resize(*size)
            visitor.app.screen.query(AnswerInput).first().focus()
            for setting in (URL, TOKEN, CLIENT, GUILD, ROLES_SETTING, PROFILE):
                await visitor.press(key)
                field = visitor.app.screen.query_one(f"#answer-{setting} AnswerInput")
                assert visitor.app.focused is field, (key, size, setting)
                await visitor.pilot.pause()
                visitor.whole(f"#answer-{setting} AnswerInput")
                visitor.assert_laid_out()
        await visitor.resize(*NARROW)
        visitor.app.screen.query(AnswerInput).first().focus()
        visitor.paste(line)
        await is_understood(visitor)
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message == "Not yet: Profile.")
        for name, message in NAMES.items():
            await answers(visitor, **{PROFILE: name})
            await sees_message(visitor, PROFILE, message)
            await visitor.press("ctrl+o")
            await visitor.until(lambda: "Profile." in visitor.message)
            visitor.hit("ctrl+u")
            await sees_message(visitor, PROFILE, NO_NAME)
        assert config_file(home).read_text("utf-8") == settled
        await answers(visitor, **{PROFILE: "Tabr-2"})
        await sees_message(visitor, PROFILE, "✓ opened with --profile Tabr-2")
        await visitor.press("enter")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest("Tabr-2")
    document = kept(home)
    added = document["profiles"].pop("Tabr-2")
    assert set(added) == {URL, TOKEN, CLIENT, GUILD, ROLES_SETTING}
    assert added[URL] == url
    assert document == tomllib.loads(settled)
    assert config_file(home).read_text("utf-8").startswith("# mine\n")


async def test_a_wrong_token_database_or_application_is_rejected_an_unreachable_one_is_not(
    url: str, remote_url: str, discord: FakeDiscord, home: Path
) -> None:
    async with joining() as visitor:
        visitor.paste(invitation(url, "no.such.token"))
        await sees_message(visitor, TOKEN, "✗ ")
        await sees_message(visitor, TOKEN, "refuses your TURSO_AUTH_TOKEN")
        await sees_message(visitor, CLIENT, "✓ ")
        await visitor.press("ctrl+o")
        await visitor.until(lambda: visitor.message == "Not yet: Its token.")
        await answers(visitor, invitation="")
        await clears(visitor, "invitation")
        # A database of another program, and an application that Discord doesn't know.
        discord.client_id = "1"
        visitor.paste(invitation(remote_url, None, client_id="2"))
        await sees_message(visitor, URL, "✗ ")
        await sees_message(visitor, CLIENT, "✗ ")
        await sees_message(visitor, CLIENT, "Check DISCORD_CLIENT_ID")
        visitor.assert_laid_out()
        await visitor.press("ctrl+o")
        await visitor.until(lambda: "Not yet: Database" in visitor.message)
        assert not config_file(home).exists()
        await answers(visitor, invitation="")
        await clears(visitor, "invitation")
        away = f"http://localhost:{free_port()}"
        discord.fail_always(AUTHORIZE, Fault.hang_up())
        visitor.paste(invitation(away, "some-token"))
        await sees_message(visitor, URL, "▲ Not tested: ")
        await sees_message(visitor, TOKEN, "▲ Not tested: ")
        await sees_message(visitor, CLIENT, "▲ Not tested: Discord cannot be reached.")
        await visitor.press("ctrl+o")
        await keeps(visitor)
        assert visitor.navigation_request == NavigationRequest(None)
    assert kept(home)[URL] == away
    assert kept(home)[CLIENT] == CLIENT_ID


async def test_without_saving_nothing_changes(line: str, discord: FakeDiscord, home: Path) -> None:
    discord.fail_always(AUTHORIZE, Fault.hang(120))
    async with at_home() as visitor:
        # An invalid settings file is reported and not changed.
        config_file(home).parent.mkdir(parents=True)
        config_file(home).write_text("TURSO_AUTH_TOKEN = hunter2\n")
        await asks_to_join(visitor)
        await visitor.until(lambda: "isn't valid TOML" in visitor.message, "the reason")
        visitor.assert_secret("hunter2")
        await visitor.press("escape")
        await visitor.sees("Steel Ingot")
        assert config_file(home).read_text("utf-8") == "TURSO_AUTH_TOKEN = hunter2\n"
        shutil.rmtree(config_file(home).parent)
        await asks_to_join(visitor)
        visitor.paste(line)
        await sees_message(visitor, CLIENT, "asking …")
        await visitor.press("escape")
        await visitor.sees("Steel Ingot")
        assert visitor.app.is_running
        discord.heal()
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
        await visitor.sees("Save these settings and sign in?")
        config_file(home).parent.write_text("a file where the folder should be")
        await visitor.press("down", "enter")
        await visitor.until(lambda: "config" in visitor.message, "the reason")
        assert "Something in the program" not in visitor.text()
        config_file(home).parent.unlink()
        await visitor.press("ctrl+o")
        await keeps(visitor)
    assert config_file(home).exists()


EVIL = "[bold red]Evil[/]\x1b[2J\x1b]0;title\x07\n\u202eeno[@click=app.quit]x["


async def test_250_hostile_names_of_roles_are_plain_text(remote_url: str, home: Path) -> None:
    RemoteGuild(remote_url, home).found(FOUNDING)
    names = [EVIL, *(f"[red]{n} " + "x" * 90 for n in range(1, 250))]
    roles = [
        {"id": str(n), "name": name, "canAccessResources": True} for n, name in enumerate(names)
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
        await visitor.resize(120, 40)
        await visitor.press("home")
        await visitor.sees(
            "[bold red]Evil[/] [2J ]0;title eno[@click=app.quit]x[: may see everything"
        )
        visitor.assert_laid_out()
        await visitor.press("shift+tab")
        await keeps(visitor)
    assert load_config(os.environ).discord.roles == json.dumps(roles, separators=(",", ":"))
