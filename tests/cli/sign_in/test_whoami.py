"""`tracker-tui whoami`: the member, their rights, and how long those stay valid."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    HOUR,
    ME,
    MEMBER,
    MEMBERS_MAY,
    NICKNAME,
    TOKEN,
    paths_asked,
    session,
    session_file,
)
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.membership import (
    ADMIN_ROLE,
    GUEST_ROLE,
    MEMBER_ROLE,
    OFFICER_ROLE,
    grow_old,
    settings,
    sign_in,
)
from tracker_tui.config.settings import load_config

pytestmark = pytest.mark.usefixtures("settings_of_guild")
WHO = f"{NICKNAME} (paul, 80351110224678912)"
MINUTE = 60.0
AND_MORE = "delete history, act on behalf of others"
ALL_RIGHTS = (
    f"{MEMBERS_MAY}; set targets, export and import CSV; create, edit and delete resources, "
    f"{AND_MORE}; see members and their last log-in; export another member's data"
)


def facts(ran: Ran) -> dict[str, str]:
    """Return each line by its label; the first line, which names the member, under ""."""
    who, *lines = ran.out.splitlines()
    found = {"": who}
    name = ""
    for line in lines:
        name = line[:10].strip() or f"{name}, too"
        found[name] = line[10:]
    return found


# Member and rights


def test_whoami_prints_roles_and_rights(run: Run, discord: FakeDiscord) -> None:
    for roles, named, may in (
        ([MEMBER_ROLE], "Fremen", MEMBERS_MAY),
        ([OFFICER_ROLE], "Naib", f"{MEMBERS_MAY}; set targets, export and import CSV"),
        (
            [ADMIN_ROLE, "4711", MEMBER_ROLE],
            "Fremen, Mahdi",
            f"{MEMBERS_MAY}; create, edit and delete resources, {AND_MORE}",
        ),
    ):
        discord.membership = Membership(roles=roles)
        sign_in(discord)
        ran = run("whoami")
        assert (ran.status, ran.err) == (0, "")
        found = facts(ran)
        assert list(found) == ["", "roles", "may", "read", "read, too"]
        assert (found[""], found["roles"], found["may"]) == (WHO, named, may)


def test_fresh_session_needs_no_request(run: Run, discord: FakeDiscord) -> None:
    sign_in(discord, age=3 * HOUR + 30)
    discord.seen.clear()
    found = facts(run("whoami"))
    assert found["read"] == "from Discord 3 h ago"
    assert found["read, too"] == "checked again in 59 min; without Discord valid a day longer"
    assert discord.seen == []


def test_names_from_outside_do_nothing_to_the_terminal(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "DISCORD_ROLES_CONFIG",
        '[{"id": "1001", "name": "Fre\\u001b[2Jmen\\nx", "canAccessResources": true}]',
    )
    discord.membership = Membership(nick="Mua\x1b]0;d\x07'\nDib", roles=[MEMBER_ROLE])
    sign_in(discord)
    ran = run("whoami")
    assert ran.status == 0
    assert not {"\x1b", "\x07"} & set(ran.out)
    assert len(ran.out.splitlines()) == 5


# Until when


def test_stale_session_is_checked(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.membership = Membership(nick="Usul", roles=[OFFICER_ROLE])
    discord.seen.clear()
    ran = run("whoami")
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(discord) == [ME, MEMBER]
    found = facts(ran)
    assert found[""].startswith("Usul (paul, ")
    assert found["roles"] == "Naib"
    assert found["read"] in (
        "from Discord just now",
        "from Discord 0 s ago",
        "from Discord 1 s ago",
    )
    assert session(home)["role_ids"] == [OFFICER_ROLE]


AWAY = {
    "hangs up": (ME, Fault.hang_up(), "cannot be reached"),
    "429": (MEMBER, Fault.too_many(30), "asks for a pause of 30 s"),
    "500": (ME, Fault.status(500), "in trouble (500)"),
    "garbage": (MEMBER, Fault.garbage(b"<"), "no usable answer"),
    "403": (MEMBER, Fault.status(403, {"message": "Missing Access"}), "403: Missing Access"),
}


def test_stale_session_admits_without_discord(run: Run, discord: FakeDiscord) -> None:
    for name, (path, fault, said) in AWAY.items():
        discord.heal()
        sign_in(discord, age=5 * HOUR)
        discord.fail_always(path, fault)
        ran = run("whoami")
        assert ran.status == 0, name
        (line,) = ran.err.splitlines()
        assert said in line, name
        found = facts(ran)
        assert (found[""], found["may"]) == (WHO, MEMBERS_MAY), name
        assert found["read"] == "from Discord 5 h ago", name
        assert found["read, too"] in (
            "Discord is unreachable: valid for 23 h more",
            "Discord is unreachable: valid for 22 h more",
        ), name


def test_expired_session_denies_without_discord(run: Run, discord: FakeDiscord) -> None:
    sign_in(discord, age=28 * HOUR + 1)
    discord.fail_always("*", Fault.hang_up())
    ran = run("whoami")
    assert ran.status == 3
    first, last = ran.err.splitlines()
    assert "cannot be reached" in first
    assert "last read from Discord 1 d ago. Nothing is shown" in last
    assert facts(ran)["read, too"] == "checked again at each start"
    discord.heal()
    assert run("whoami").status == 0


def test_clock_set_back_denies_no_access_for_a_day(run: Run, discord: FakeDiscord) -> None:
    for ahead in (10 * MINUTE, 23 * HOUR):
        sign_in(discord, age=-ahead)
        discord.seen.clear()
        ran = run("whoami")
        assert (ran.status, ran.err) == (0, "")
        assert paths_asked(discord) == [ME, MEMBER]
    sign_in(discord, age=-25 * HOUR)
    discord.fail_always("*", Fault.hang_up())
    assert run("whoami").status == 3


def test_tokens_that_expire_soon_are_refreshed_and_saved(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    discord.token_lifetime = 23 * 3_600
    sign_in(discord, age=5 * HOUR)
    before = session(home)["tokens"]
    discord.seen.clear()
    # Later requests fail, and the old tokens are void.
    discord.fail(ME, Fault.hang_up())
    assert run("whoami").status == 0
    (asked,) = discord.requests_to(TOKEN)
    assert asked.form["grant_type"] == "refresh_token"
    assert asked.form["refresh_token"] == before["refresh"]
    after = session(home)["tokens"]
    assert [after["access"], after["refresh"]] == discord.issued[-2:]
    discord.token_lifetime = 604_800
    assert run("whoami").err == ""


def test_rejected_tokens_are_refreshed(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.expire_access()
    discord.seen.clear()
    ran = run("whoami")
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(discord) == [ME, TOKEN, ME, MEMBER]
    assert session(home)["tokens"]["access"] == discord.issued[-2]


def test_revoked_sign_in_is_removed(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.revoke()
    ran = run("whoami")
    assert ran.status == 3
    assert "it was revoked, or is too old" in ran.error
    assert "tracker-tui login" in ran.err
    assert not session_file(home).exists()
    assert "You are not signed in" in run("whoami").error


def test_failed_refresh_does_not_sign_out(run: Run, home: Path, discord: FakeDiscord) -> None:
    for lifetime, fault in (
        (604_800, Fault.status(503)),
        (23 * 3_600, Fault.too_many(1.0)),
        (604_800, Fault.garbage(b"<")),
        (23 * 3_600, Fault.hang_up()),
    ):
        discord.token_lifetime = lifetime
        sign_in(discord, age=5 * HOUR)
        discord.expire_access()
        discord.fail(TOKEN, fault)
        ran = run("whoami")
        assert (ran.status, ran.out.partition("\n")[0]) == (0, WHO), ran.err
        assert ran.err
        assert session_file(home).exists()
        assert run("whoami").err == "", fault


def test_tokens_of_another_user_sign_out(run: Run, home: Path, discord: FakeDiscord) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.fail(ME, Fault.status(200, {"id": "4711", "username": "feyd"}))
    ran = run("whoami")
    assert ran.status == 3
    assert "feyd" not in ran.error
    assert not session_file(home).exists()


# Denied


def test_member_without_a_role_learns_which_roles_may(run: Run, discord: FakeDiscord) -> None:
    discord.membership = Membership(roles=[GUEST_ROLE])
    sign_in(discord)
    ran = run("whoami")
    assert ran.status == 3
    assert facts(ran) | {"read": ""} == {
        "": WHO,
        "roles": "Smuggler",
        "may": "do nothing",
        "read": "",
        "read, too": "checked again at each start",
    }
    (line,) = ran.err.splitlines()
    assert "Only Mahdi, Naib or Fremen may see this guild's resources. Ask one of them." in line
    # A denied session is checked at each start.
    discord.membership = Membership(roles=[MEMBER_ROLE])
    ran = run("whoami")
    assert ran.status == 0, ran.err
    assert facts(ran)["roles"] == "Fremen"


def test_member_who_left_the_guild_learns_so(run: Run, discord: FakeDiscord) -> None:
    discord.membership = None
    sign_in(discord)
    ran = run("whoami")
    assert ran.status == 3
    found = facts(ran)
    assert (found["roles"], found["may"]) == ("none of this guild", "do nothing")
    assert "Paul Atreides is not in this guild on Discord" in ran.err


def test_without_a_session_the_command_says_so(run: Run, discord: FakeDiscord) -> None:
    assert run("whoami").error == (
        "tracker-tui: You are not signed in. Sign in with tracker-tui login.\n"
    )
    assert run("whoami").status == 3
    assert discord.seen == []


def test_session_of_another_guild_is_ignored(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.seen.clear()
    with FakeDiscord() as other:
        for name, value in (
            ("DISCORD_GUILD_ID", "4711"),
            ("DISCORD_CLIENT_ID", "4711"),
            ("DISCORD_API_URL", other.url),
        ):
            monkeypatch.setenv(name, value)
            ran = run("whoami")
            assert ran.status == 3, name
            assert "The sign-in on this machine is for another guild." in ran.error, name
            assert NICKNAME not in ran.err, name
            assert (discord.seen, other.seen) == ([], []), name
            monkeypatch.setenv(name, settings(discord, "")[name])
    # The session is still valid for its own guild.
    assert facts(run("whoami"))[""] == WHO


# The owner of a database


def test_the_owner_of_a_database_may_do_everything(
    run: Run, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "stilgar")
    for name, value in (("TRACKER_AUTH", "none"), ("TURSO_DATABASE_URL", "file:guild.db")):
        with pytest.MonkeyPatch.context() as own:
            own.setenv(name, value)
            ran = run("whoami")
        assert (ran.status, ran.err) == (0, ""), name
        assert ran.out.splitlines() == [
            "stilgar, of this machine: a database of your own, without a guild",
            f"may       {ALL_RIGHTS}",
        ]
    assert discord.seen == []


def test_profile_has_its_own_member(run: Run, home: Path, discord: FakeDiscord) -> None:
    given = "\n".join(
        f"{name} = '{value}'" for name, value in settings(discord, "http://localhost:1").items()
    )
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(f"[profiles.atreides]\n{given}\n", "utf-8")
    discord.membership = Membership(nick="Usul", roles=[ADMIN_ROLE])
    sign_in(discord, load_config(os.environ, "atreides"))
    found = facts(run("whoami", "--profile", "atreides"))
    assert (found[""].split()[0], found["roles"]) == ("Usul", "Mahdi")
    assert run("whoami").status == 3
    grow_old(load_config(os.environ, "atreides"), 5 * HOUR)
    discord.membership = None
    assert run("--profile", "atreides", "whoami").status == 3
