"""The doctor's findings about Discord and the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cli.sign_in.member_guild import AUTHORIZE, HOUR, NICKNAME
from helpers.commands import Run
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.membership import sign_in

pytestmark = pytest.mark.usefixtures("guild")


def examined(run: Run, status: int) -> Mapping[str, Any]:
    """Return the last finding of each check."""
    ran = run("doctor", "--json")
    assert ran.status == status, ran
    return {each["check"]: each for each in ran.document}


def test_application_session_denial_and_a_needless_secret_are_found(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(run, status=3)
    assert found["discord"]["state"] == "ok"
    assert "tracker-tui login" in found["session"]["found"]
    # Without a session, the application is tested.
    assert [seen.path for seen in discord.seen] == [AUTHORIZE]
    right, discord.client_id = discord.client_id, "1"
    found = examined(run, status=1)
    assert found["discord"]["state"] == "wrong"
    assert "public client" in found["discord"]["found"]
    discord.client_id = right
    sign_in(discord)
    found = examined(run, status=0)
    assert (found["discord"]["state"], found["session"]["state"]) == ("ok", "ok")
    assert NICKNAME in found["session"]["found"]
    with monkeypatch.context() as needless:
        needless.setenv("DISCORD_CLIENT_SECRET", "the-websites-secret")
        ran = run("doctor", "--json")
    notes = [each["found"] for each in ran.document if each["state"] == "note"]
    assert any("DISCORD_CLIENT_SECRET is set" in found for found in notes)
    assert "the-websites-secret" not in ran.out + ran.err
    # Discord may be unreachable while the session admits.
    sign_in(discord, age=5 * HOUR)
    discord.fail_always("*", Fault.status(503))
    found = examined(run, status=0)
    assert (found["discord"]["state"], found["session"]["state"]) == ("note", "ok")
    discord.heal()
    discord.membership = Membership(roles=[])
    sign_in(discord)
    found = examined(run, status=3)
    assert found["session"]["state"] == "wrong"
    assert "no role that may enter" in found["session"]["found"]
