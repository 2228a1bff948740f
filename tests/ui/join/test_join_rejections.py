"""Answers on the Join screen that are rejected, hostile, or never saved."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from helpers.discord import CLIENT_ID, FakeDiscord, Fault
from helpers.other_schemas import FOUNDING
from helpers.servers import free_port
from tracker_tui.config.settings import load_config
from tracker_tui.guild.join import CLIENT, GUILD, TOKEN, URL
from tracker_tui.guild.join import ROLES as ROLES_SETTING
from tracker_tui.ui.join.join_screen import JoinScreen
from tracker_tui.ui.navigation import NavigationRequest
from ui.guild_on_server import RemoteGuild
from ui.join.conftest import (
    answers,
    asks_to_join,
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

# Answers that are rejected

NO_ID = "is a number of up to 20 digits"
NO_ENTRY = "No role has canAccessResources, so no member could enter."
WRONG = {
    URL: {
        "guild.turso.io": "",
        "https://me:hunter2@guild.invalid": "",
        "[bold]x[/bold]": "",
    },
    CLIENT: {"1" * 21: NO_ID, "[bold]1": NO_ID},
    GUILD: {"discord.gg/x": NO_ID},
    ROLES_SETTING: {
        "[bold]x[/bold]": "isn't JSON",
        '{"id": "1"}': "must be a JSON array",
        '[{"id": "1", "name": "x"}]': NO_ENTRY,
        '[{"id": 1}]': "needs an id in quotes",
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


# Verdicts of the database and of Discord


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


# Saving nothing


async def test_esc_not_yet_and_a_failed_save_change_nothing(
    line: str, discord: FakeDiscord, home: Path
) -> None:
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


# Hostile invitations

EVIL = "[bold red]Evil[/]\x1b[2J\x1b]0;title\x07\n\u202eeno[@click=app.quit]x["


async def test_250_hostile_names_of_roles_are_plain_text_and_leave_room_for_the_choices(
    remote_url: str, home: Path
) -> None:
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
