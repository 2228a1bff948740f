"""The doctor's findings about Discord and the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cli.sign_in.member_guild import AUTHORIZE, HOUR, NICKNAME
from helpers.commands import Run
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.ledger_under_test import Books
from helpers.membership import sign_in

pytestmark = pytest.mark.usefixtures("guild")


def examined(run: Run, status: int) -> Mapping[str, Any]:
    """Return the last finding of each check."""
    ran = run("doctor", "--json")
    assert ran.status == status, ran
    return {each["check"]: each for each in ran.document}


def test_signed_in_member_has_no_findings(run: Run, discord: FakeDiscord) -> None:
    sign_in(discord)
    found = examined(run, status=0)
    assert (found["discord"]["state"], found["session"]["state"]) == ("ok", "ok")
    assert NICKNAME in found["session"]["found"]


def test_without_a_session_doctor_tests_the_application(run: Run, discord: FakeDiscord) -> None:
    found = examined(run, status=3)
    assert found["discord"]["state"] == "ok"
    assert "tracker-tui login" in found["session"]["found"]
    assert [seen.path for seen in discord.seen] == [AUTHORIZE]


def test_unknown_application_is_a_finding(run: Run, discord: FakeDiscord) -> None:
    discord.client_id = "1"
    found = examined(run, status=1)
    assert found["discord"]["state"] == "wrong"
    assert "public client" in found["discord"]["found"]


def test_unreachable_discord_is_a_note_while_the_session_admits(
    run: Run, discord: FakeDiscord
) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.fail_always("*", Fault.status(503))
    found = examined(run, status=0)
    assert found["discord"]["state"] == "note"
    assert found["session"]["state"] == "ok"


def test_denial_is_a_finding(run: Run, discord: FakeDiscord) -> None:
    discord.membership = Membership(roles=[])
    sign_in(discord)
    found = examined(run, status=3)
    assert found["session"]["state"] == "wrong"
    assert "no role that may enter" in found["session"]["found"]


def test_client_secret_is_warned_of_and_not_shown(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch, guild: Books
) -> None:
    monkeypatch.setenv("DISCORD_CLIENT_SECRET", "the-websites-secret")
    sign_in(discord)
    ran = run("doctor", "--json")
    notes = [each for each in ran.document if each["state"] == "note"]
    assert any("DISCORD_CLIENT_SECRET is set" in each["found"] for each in notes)
    assert "the-websites-secret" not in ran.out + ran.err
