"""`tracker-tui whoami`: the member, their rights, and how long those stay valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.sign_in.member_guild import HOUR, ME, MEMBER, MEMBERS_MAY, NICKNAME, paths_asked, session
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault, Membership
from helpers.membership import ADMIN_ROLE, GUEST_ROLE, MEMBER_ROLE, OFFICER_ROLE, sign_in

pytestmark = pytest.mark.usefixtures("settings_of_guild")
WHO = f"{NICKNAME} (paul, 80351110224678912)"
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


AWAY = {
    "hangs up": (ME, Fault.hang_up(), "cannot be reached"),
    "429": (MEMBER, Fault.too_many(30), "asks for a pause of 30 s"),
    "403": (MEMBER, Fault.status(403, {"message": "Missing Access"}), "403: Missing Access"),
}


def test_whoami_says_until_when_the_roles_are_valid(
    run: Run, home: Path, discord: FakeDiscord
) -> None:
    sign_in(discord, age=3 * HOUR + 30)
    discord.seen.clear()
    found = facts(run("whoami"))
    assert found["read"] == "from Discord 3 h ago"
    assert found["read, too"] == "checked again in 59 min; without Discord valid a day longer"
    assert discord.seen == []
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
        valid = [f"Discord is unreachable: valid for {hours} h more" for hours in (22, 23)]
        assert found["read, too"] in valid, name
    discord.heal()
    sign_in(discord, age=28 * HOUR + 1)
    discord.fail_always("*", Fault.hang_up())
    ran = run("whoami")
    assert ran.status == 3
    first, last = ran.err.splitlines()
    assert "cannot be reached" in first
    assert "last read from Discord 1 d ago. Nothing is shown" in last
    assert facts(ran)["read, too"] == "checked again at each start"
    discord.heal()
    discord.membership = Membership(nick="Usul", roles=[OFFICER_ROLE])
    discord.seen.clear()
    ran = run("whoami")
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(discord) == [ME, MEMBER]
    found = facts(ran)
    assert found[""].startswith("Usul (paul, ")
    assert found["roles"] == "Naib"
    assert session(home)["role_ids"] == [OFFICER_ROLE]


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
    # One who left the guild learns so.
    discord.membership = None
    sign_in(discord)
    ran = run("whoami")
    assert ran.status == 3
    found = facts(ran)
    assert (found["roles"], found["may"]) == ("none of this guild", "do nothing")
    assert "Paul Atreides is not in this guild on Discord" in ran.err


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
