"""`tracker-tui invite` prints the settings of a guild as one line."""

from __future__ import annotations

import json

import pytest

from cli.sign_in.member_guild import CLIENT, GUILD, Guarded, Type
from helpers.commands import Run
from helpers.discord import FakeDiscord
from helpers.membership import ROLES, sign_in
from helpers.proxy import cut_before, pass_on
from tracker_tui.guild.invitation import BEGIN, Invitation, read_invitation

# Inviting


@pytest.fixture
def officer(settings_of_guild: dict[str, str], discord: FakeDiscord) -> dict[str, str]:
    """Sign in a member; return the settings."""
    sign_in(discord)
    discord.seen.clear()
    return settings_of_guild


def test_invite_prints_one_line(
    run: Run, officer: dict[str, str], discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_AUTH_TOKEN", "own-token")
    monkeypatch.setenv("DISCORD_CLIENT_SECRET", "hush-hush")
    ran = run("invite")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(BEGIN)
    assert ran.out.splitlines() == [ran.out[:-1]]
    invitation = read_invitation(ran.out)
    assert invitation == Invitation(
        database_url=officer["TURSO_DATABASE_URL"],
        client_id=CLIENT,
        guild_id=GUILD,
        roles=invitation.roles,
    )
    # By default it holds no token.
    assert invitation.token is None
    assert json.loads(invitation.roles) == ROLES
    assert discord.seen == []
    # The owner of a database on a server may invite, too.
    monkeypatch.setenv("TRACKER_AUTH", "none")
    assert read_invitation(run("invite").out).guild_id == GUILD


def test_with_token_asks_for_a_token_and_tests_it(
    run: Run, guarded: Guarded, discord: FakeDiscord, type_in: Type
) -> None:
    sign_in(discord)
    given = guarded.server.token(sub="members")
    for fate, tested in ((pass_on, "✓ accepted"), (cut_before, "Not tested: localhost:")):
        guarded.proxy.fate = fate
        type_in(f"  {given} ")
        ran = run("invite", "--with-token")
        assert ran.status == 0
        (line,) = ran.out.splitlines()
        token = read_invitation(line).token
        assert token is not None
        assert token.reveal() == given
        asked, *_, message = ran.err.splitlines()
        assert asked.startswith("Database token for members (hidden): ")
        assert tested in ran.err
        said = "tracker-tui: This line contains the token: give it to one person, in private."
        assert message == said
        assert given not in ran.err


def test_own_secret_or_malformed_token_makes_no_invitation(
    run: Run,
    guarded: Guarded,
    discord: FakeDiscord,
    type_in: Type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discord.client_secret = "hush-hush"
    monkeypatch.setenv("DISCORD_CLIENT_SECRET", "hush-hush")
    sign_in(discord)
    for typed, status, said in (
        (f" {guarded.full}  ", 2, "That is your own secret"),
        ("hush-hush", 2, "That is your own secret"),
        ("", 2, "No token was given"),
        ("caf\xe9", 2, "characters that no token has"),
        ("nonsense", 4, "refuses your TURSO_AUTH_TOKEN"),
    ):
        type_in(typed)
        asked = guarded.proxy.count
        ran = run("invite", "--with-token")
        assert (ran.status, ran.out) == (status, ""), said
        assert said in ran.err
        assert not typed or typed.strip() not in ran.err, said
        assert (guarded.proxy.count == asked) is (status == 2), said


@pytest.mark.usefixtures("officer")
def test_unsafe_settings_make_no_invitation(run: Run) -> None:
    for name, value, status, said in (
        ("DISCORD_ROLES_CONFIG", '[{"id": "1001"}]', 3, "no role that may enter"),
        ("TURSO_DATABASE_URL", "http://localhost:1?authToken=own-token", 2, "no option except tls"),
        ("TURSO_DATABASE_URL", "file:guild.db", 2, "set TURSO_DATABASE_URL"),
    ):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv(name, value)
            ran = run("invite")
        assert (ran.status, ran.out) == (status, ""), value
        assert said in ran.error
        assert "own-token" not in ran.err
