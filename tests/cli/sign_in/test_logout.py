"""`tracker-tui logout`, at Discord and on this machine; no pending change is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    HOUR,
    MEMBER,
    NICKNAME,
    REVOKE,
    copies,
    session,
    session_file,
    stores,
)
from helpers.commands import Run
from helpers.discord import FakeDiscord, Fault, Person
from helpers.ledger_under_test import Books
from helpers.membership import grow_old, sign_in
from helpers.outbox_files import changed, outbox_of, pending_ids, queue, states
from helpers.proxy import Proxy, answer, cut_before
from tracker_tui.config.settings import load_config

GONE = f"{NICKNAME} is signed out, and personal files are removed from this machine."
EVERYWHERE = "Discord has signed this application out for you everywhere, on other machines too."
STILL_STANDS = "Discord still lists the sign-in: revoke it under User Settings, Authorized Apps."
WAITS = (
    "tracker-tui: {} on this machine and would be lost. The dashboard sends them, and shows "
    "rejected ones in the Outbox (o); logout --discard drops them."
)

pytestmark = pytest.mark.usefixtures("single_try")


@pytest.fixture
def member(guild: Books, discord: FakeDiscord, run: Run) -> Books:
    """The guild after a member has signed in and viewed resources and history."""
    sign_in(discord)
    for command in ("list", "history"):
        assert run(command).status == 0
    discord.seen.clear()
    return guild


# Nothing is left


def test_logout_leaves_nothing_personal(
    run: Run, home: Path, member: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    (store,) = stores(home)
    assert {"replica.db", "pages.db"} <= copies(home)
    refresh_token = session(home)["tokens"]["refresh"]
    asked = proxy.count
    # Even an old session is not checked again.
    grow_old(load_config(os.environ), 100 * HOUR)
    ran = run("logout")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [GONE, EVERYWHERE]
    assert [(seen.path, seen.form["token"]) for seen in discord.seen] == [(REVOKE, refresh_token)]
    assert not session_file(home).exists()
    assert not store.exists()
    assert proxy.count == asked
    assert run("whoami").error == (
        "tracker-tui: You are not signed in. Sign in with tracker-tui login.\n"
    )
    # A second logout does nothing.
    discord.seen.clear()
    assert run("logout") == (0, "You are not signed in.\n", "")
    assert discord.seen == []
    for path in home.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not any(word.encode() in text for word in (NICKNAME, "Spice", refresh_token))


@pytest.mark.usefixtures("settings_of_guild")
def test_logout_of_a_damaged_session_or_one_of_another_guild(
    run: Run, home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(discord)
    discord.seen.clear()
    file, kept = session_file(home), session_file(home).read_text("utf-8")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("DISCORD_GUILD_ID", "4711")
        for options in ([], ["--discard"]):
            ran = run("logout", *options)
            assert ran.status == 3
            assert "for another guild" in ran.error
            # Without it, valid tokens at Discord could not be revoked any more.
            assert file.read_text("utf-8") == kept
    assert discord.seen == []
    # Remove the token, as if the keyring had lost it.
    token = session(home)["tokens"]["access"]
    file.write_text(kept.replace(f'"{token}"', "null"), "utf-8")
    ran = run("logout")
    assert ran.status != 0
    assert "gone from this machine" in ran.err
    assert STILL_STANDS in ran.err
    assert not file.exists()
    for content in (b"{ nonsense", b'{"version": 2}'):
        file.write_bytes(content)
        ran = run("whoami")
        assert ran.status == 3
        assert ran.error == (
            "tracker-tui: The session that is kept on this machine is damaged. Sign in again: "
            "tracker-tui login.\n"
        )
        assert file.read_bytes() == content
        ran = run("logout")
        assert (ran.status, ran.out) == (0, "You are not signed in.\n")
        assert not file.exists()


# Discord cannot be reached

TROUBLE = {
    "hangs up": (Fault.hang_up(), "cannot be reached"),
    "another client": (Fault.status(401, {"error": "invalid_client"}), "public client"),
    "403": (Fault.status(403, {"message": "Forbidden"}), "did not revoke the sign-in (403"),
}


def test_logout_without_discord_removes_everything_and_says_what_to_do(
    run: Run, home: Path, guild: Books, discord: FakeDiscord
) -> None:
    for name, (fault, said) in TROUBLE.items():
        discord.heal()
        sign_in(discord)
        assert run("list").status == 0
        discord.fail_always(REVOKE, fault)
        ran = run("logout")
        assert ran.status == 1, name
        assert ran.out == f"{GONE}\n", name  # without EVERYWHERE
        (line,) = ran.err.splitlines()
        assert said in line, name
        assert line.endswith(STILL_STANDS), name
        assert not session_file(home).exists(), name
        assert stores(home) == [], name


# Pending changes


def test_pending_changes_prevent_logout_until_it_has_sent_them(
    run: Run, home: Path, member: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    proxy.fate = cut_before
    first, second = queue(run, "spice", "+5"), queue(run, "water", "+7")
    kept = session_file(home).read_bytes()
    for proxy.fate in (cut_before, answer(500), answer(401, b"{}")):
        ran = run("logout")
        assert (ran.status, ran.out) == (1, "")
        why, last = ran.err.splitlines()
        assert "The pending changes could not be sent: localhost" in why
        assert last == WAITS.format("2 changes are pending")
        assert session_file(home).read_bytes() == kept
    assert discord.requests_to(REVOKE) == []
    proxy.meet([])
    ran = run("logout")
    assert ran.status == 0
    assert ran.out.splitlines() == [GONE, EVERYWHERE]
    assert ran.err == "tracker-tui: sent 2 changes of earlier runs\n"
    assert changed(member) == [(first, "spice", 1_005), (second, "water", 57)]
    assert stores(home) == []
    # The changes are by the member who signed out.
    assert member.row("resource_history", first)["updated_by"] == discord.person.id


def test_conflicts_and_rejected_changes_prevent_logout_unless_discarded(
    run: Run, home: Path, member: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    proxy.fate = cut_before
    queue(run, "spice", "-1001")
    queue(run, "iron", "=5", "--if", "999")
    queue(run, "water", "+7")
    proxy.meet([])
    ran = run("logout")
    assert (ran.status, ran.out) == (1, "")
    # The other change was sent.
    assert member.quantities("water") == (57, 0)
    assert states(home) == ["refused", "conflict", "applied"]
    assert ran.err.splitlines()[-1] == WAITS.format("2 changes are pending")
    assert session_file(home).exists()
    assert discord.requests_to(REVOKE) == []
    before, asked = member.tables("resources", "resource_history"), proxy.count
    ran = run("logout", "--discard")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [GONE, EVERYWHERE]
    assert (stores(home), proxy.count) == ([], asked)
    sign_in(discord)
    assert run("list").status == 0
    assert member.tables(*before) == before


def test_denied_member_may_sign_out_but_not_with_pending_changes(
    run: Run, home: Path, member: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    proxy.fate = cut_before
    change_id = queue(run, "spice", "+5")
    proxy.meet([])
    discord.membership = None
    sign_in(discord)  # The program now knows the new roles.
    asked = proxy.count
    ran = run("logout")
    assert ran.status == 1
    why, last = ran.err.splitlines()
    assert why.startswith("tracker-tui: The pending changes could not be sent: ")
    assert last == WAITS.format("1 change is pending")
    assert (proxy.count, pending_ids(home)) == (asked, [change_id])
    assert run("logout", "--discard").status == 0
    assert (proxy.count, stores(home)) == (asked, [])
    sign_in(discord)
    ran = run("logout")
    assert (ran.status, ran.err) == (0, "")
    assert "Paul Atreides is signed out" in ran.out


def test_unreadable_outbox_prevents_logout_unless_discarded(
    run: Run, home: Path, member: Books, discord: FakeDiscord
) -> None:
    outbox_of(home).write_bytes(b"no database at all" * 100)
    ran = run("logout")
    assert ran.status == 1
    assert str(outbox_of(home)) in ran.error
    # Nor may one that was set aside be lost.
    assert run("list").status == 0
    (aside,) = outbox_of(home).parent.glob("outbox.db.damaged-*")
    ran = run("logout")
    assert ran.status == 1
    assert f"Changes were pending in {aside}, which is damaged" in ran.error
    assert aside.exists()
    assert session_file(home).exists()
    assert discord.requests_to(REVOKE) == []
    ran = run("logout", "--discard")
    assert ran.status == 0, ran.err
    assert stores(home) == []
    assert not session_file(home).exists()


def test_logout_leaves_other_members_and_pending_changes_of_another_guild(
    run: Run,
    home: Path,
    member: Books,
    proxy: Proxy,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (of_paul,) = stores(home)
    discord.person = Person(id="4711", username="chani")
    sign_in(discord)
    assert run("list").status == 0
    assert len(stores(home)) == 2
    assert run("logout").status == 0
    assert stores(home) == [of_paul]
    sign_in(discord)
    discord.seen.clear()
    proxy.fate = cut_before
    queue(run, "spice", "+5")
    kept = stores(home)
    monkeypatch.setenv("TURSO_DATABASE_URL", "http://localhost:1/another")
    assert run("logout").status == 0
    assert stores(home) == kept
    assert discord.requests_to(MEMBER) == []
