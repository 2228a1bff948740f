"""`tracker-tui login` of denied or signed-in members, and with wrong settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    AUTHORIZE,
    MEMBERS_MAY,
    NICKNAME,
    WELCOME,
    last_line,
    session,
    session_file,
)
from helpers.commands import Run
from helpers.discord import FakeDiscord, Membership
from helpers.ledger_under_test import Books
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, configure, settings, sign_in
from helpers.proxy import Proxy

NOT_IN_GUILD = (
    "tracker-tui: Paul Atreides is not in this guild on Discord, so nothing is shown. Join it "
    "there, or log out and sign in as somebody else.\n"
)
# Only roles with access are named, highest first.
NO_ROLE = (
    f"tracker-tui: {NICKNAME} has no role that may enter. Only Mahdi, Naib or Fremen may see this "
    "guild's resources. Ask one of them.\n"
)


def test_denied_member_learns_why_and_is_not_recorded(
    run: Run, home: Path, guild: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    before = guild.everything()
    discord.approves_at_once = True
    for membership, said in (
        (None, NOT_IN_GUILD),
        (Membership(roles=[GUEST_ROLE, "4711"]), NO_ROLE),
    ):
        session_file(home).unlink(missing_ok=True)
        discord.membership = membership
        ran = run("login")
        assert (ran.status, ran.err) == (3, said)
        assert "Signed in" not in ran.out
    assert proxy.count == 0
    assert guild.everything() == before


def test_role_given_later_admits_without_a_new_code(
    run: Run, home: Path, guild: Books, discord: FakeDiscord
) -> None:
    discord.membership, discord.approves_at_once = None, True
    assert run("login").status == 3
    assert session_file(home).exists()
    assert run("list").status == 3
    discord.membership = Membership(roles=[])
    assert run("list").status == 3
    assert guild.rows("user_sessions") == []
    discord.membership = Membership(roles=[MEMBER_ROLE])
    assert "Spice" in run("list").out
    (row,) = guild.rows("user_sessions")
    assert (row["id"], json.loads(row["roles"])) == (session(home)["row_id"], [MEMBER_ROLE])
    assert len(discord.requests_to(AUTHORIZE)) == 1


@pytest.mark.usefixtures("settings_of_guild")
def test_denied_member_may_sign_in_as_another(run: Run, home: Path, discord: FakeDiscord) -> None:
    discord.membership = None
    assert not sign_in(discord).is_in_guild
    discord.person.id, discord.person.username = "4711", "chani"
    discord.membership = Membership(nick=None, roles=[MEMBER_ROLE])
    discord.person.global_name = None
    discord.approves_at_once = True
    assert last_line(run("login")) == f"Signed in as chani. You may {MEMBERS_MAY}."
    assert session(home)["member_id"] == "4711"


# Already signed in


@pytest.mark.usefixtures("settings_of_guild")
def test_a_session_is_replaced_only_if_it_is_damaged(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    sign_in(discord)
    before = session_file(home).read_bytes()
    discord.seen.clear()
    ran = run("login")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"You are signed in as {NICKNAME} already: tracker-tui logout first.\n"
    assert discord.seen == []
    assert session_file(home).read_bytes() == before
    session_file(home).write_bytes(b"{ nonsense")
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    assert session(home)["name"] == NICKNAME


# Wrong settings


def test_own_database_needs_no_sign_in(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in (
        {"TURSO_DATABASE_URL": ""},
        {"TURSO_DATABASE_URL": "file:guild.db"},
        {"TURSO_DATABASE_URL": "http://localhost:1", "TRACKER_AUTH": "none"},
    ):
        configure(monkeypatch, settings(discord, "") | given)
        for command in ("login", "logout"):
            ran = run(command)
            assert ran.status == 2, (given, command)
            assert "needs no sign-in" in ran.error, (given, command)
            assert "tracker-tui join" in ran.err, (given, command)
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
def test_missing_or_malformed_setting_is_named_without_a_request(
    run: Run, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    for command, name in (
        ("login", "DISCORD_CLIENT_ID"),
        ("whoami", "DISCORD_ROLES_CONFIG"),
        ("list", "DISCORD_GUILD_ID"),
    ):
        with pytest.MonkeyPatch.context() as without:
            without.delenv(name)
            ran = run(command)
        assert ran.status == 3, command
        assert f"{name} is not set" in ran.error, command
        assert "tracker-tui join" in ran.err, command
    for name, value in (
        ("DISCORD_GUILD_ID", "../../users"),
        ("DISCORD_ROLES_CONFIG", '[{"id": 4711}]'),
        ("DISCORD_API_URL", "ftp://discord.com"),
        ("DISCORD_API_URL", "https://paul:hush@discord.com"),
        ("DISCORD_API_URL", "http://discord.invalid/api"),
        ("TRACKER_AUTH", "discrod"),
    ):
        with pytest.MonkeyPatch.context() as malformed:
            malformed.setenv(name, value)
            ran = run("login")
        assert ran.status == 2, (name, value)
        assert name in ran.error, (name, value)
        assert "hush" not in ran.err
    assert discord.seen == []


@pytest.mark.usefixtures("settings_of_guild")
def test_sign_in_is_not_recorded_over_plain_http(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", "http://guild.invalid")
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "some-token")
    discord.approves_at_once = True
    ran = run("login")
    assert last_line(ran) == WELCOME
    assert "TRACKER_INSECURE=1" in ran.err
