"""Commands with a fresh, a stale or an expired session, and after access returns."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.sign_in.member_guild import HOUR, ME, MEMBER, copies, paths_asked, session, session_file
from cli.sign_in.planted_guild import CACHE, Planted, guild_words_in
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault, Membership, Seen
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.membership import MEMBER_ROLE, OFFICER_ROLE, grow_old, sign_in
from helpers.outbox_files import changed, pending_ids, queue
from helpers.proxy import Proxy, cut_before
from helpers.timeouts import set_timeouts
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.config.settings import load_config

pytestmark = pytest.mark.usefixtures("patience", "single_try")

LEFT, NO_ROLE = None, Membership(roles=[])
FOR_EVER = 60.0
"""Seconds; longer than any edit takes, even on a busy machine."""


def test_fresh_session_asks_nothing_of_discord(run: Run, here: Planted) -> None:
    grow_old(load_config(os.environ), 3.9 * HOUR)
    # Any request to Discord would fail.
    here.discord.fail_always("*", Fault.hang_up())
    for argv in (["list"], ["history"], ["leaderboard", "--period", "all"], ["invite"], ["whoami"]):
        assert run(*argv).status == 0, argv
    here.proxy.fate = cut_before
    for argv in (["zanth", "+1"], ["zanth", "=5", "--if", "6"]):
        assert run("edit", *argv).status == 0, argv
    assert here.discord.seen == []


def test_stale_session_admits_and_its_check_is_recorded_without_log_in(
    run: Run, guild: Books, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    assert run("login").status == 0
    guild.run("UPDATE users SET last_login = 7 WHERE discord_id = ?", discord.person.id)
    commands = {"Usul": ["list"], "Lisan": ["edit", "spice", "+5"], "Muad": ["leaderboard"]}
    for nick, argv in commands.items():
        grow_old(load_config(os.environ), 5 * HOUR)
        discord.membership = Membership(nick=nick, roles=[OFFICER_ROLE])
        discord.seen.clear()
        ran = run(*argv)
        assert (ran.status, ran.err) == (0, ""), argv
        assert paths_asked(discord) == [ME, MEMBER], argv
        # The next command reports a check that finished too late for this one.
        assert run("list").status == 0
        (row,) = guild.rows("user_sessions")
        assert json.loads(row["roles"]) == [OFFICER_ROLE], argv
        (user,) = (row for row in guild.rows("users") if row["discord_id"] == discord.person.id)
        assert (user["custom_nickname"], user["last_login"]) == (nick, 7), argv
    assert guild.quantities() == (1_005, 400)


def test_stale_session_admits_without_discord(
    run: Run, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours, fault, command in (
        (27.9, Fault.hang_up(), "list"),
        (27.9, Fault.status(403, {"message": "Missing Access"}), "history"),
        (5.0, Fault.garbage(b"<html>"), "leaderboard"),
    ):
        here.move_in(home, monkeypatch)
        grow_old(load_config(os.environ), hours * HOUR)
        here.discord.fail_always("*", fault)
        before = session_file(home).read_bytes()
        for argv in ([command], ["invite"]):
            ran = run(*argv)
            assert (ran.status, ran.err) == (0, ""), (fault, argv)
        assert here.discord.seen, fault
        assert session_file(home).read_bytes() == before, fault
        assert {"replica.db", "pages.db"} <= copies(home), fault


def test_hanging_discord_delays_no_command(
    run: Run, here: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow_old(load_config(os.environ), 5 * HOUR)
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", 0.01)
    here.discord.fail(ME, Fault.hang(3_600))
    try:
        ran = run("list")
        assert (ran.status, ran.err) == (0, "")
        assert CACHE.name in ran.out
        assert paths_asked(here.discord) == [ME]
    finally:
        here.discord.heal()


def test_denial_during_a_command_shows_no_more_rows(
    run: Run, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for membership, command in ((LEFT, "list"), (NO_ROLE, "history")):
        here.move_in(home, monkeypatch)
        grow_old(load_config(os.environ), 5 * HOUR)
        here.discord.membership = membership
        # The check may finish before or after the command.
        assert run(command).status in (0, 3), command
        assert paths_asked(here.discord) == [ME, MEMBER], command
        assert copies(home) == set(), command
        here.forget_requests()
        ran = run(command)
        assert (ran.status, guild_words_in(ran.out + ran.err)) == (3, set()), command
        assert here.proxy.count == 0, command


def test_denial_before_the_database_is_asked_takes_effect(
    run: Run, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = GuildMembership.check_in_background

    def check_and_wait(asked: GuildMembership) -> None:
        check(asked)
        if asked._thread is not None:
            asked._thread.join(SECONDS)

    monkeypatch.setattr(GuildMembership, "check_in_background", check_and_wait)
    for membership, argv in (
        (LEFT, ["list"]),
        (NO_ROLE, ["leaderboard"]),
        (LEFT, ["edit", "zanth", "+1"]),
    ):
        here.move_in(home, monkeypatch, waits=True)
        grow_old(load_config(os.environ), 5 * HOUR)
        here.discord.membership = membership
        before = pending_ids(home)
        ran = run(*argv)
        assert (ran.status, ran.out, guild_words_in(ran.err)) == (3, "", set()), argv
        assert here.proxy.count == 0, argv
        # The earlier change stays pending. The new one was rejected and is never sent.
        assert (len(before), pending_ids(home)) == (1, before), argv


def test_exit_waits_briefly_for_a_running_check(
    run: Run, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow_old(load_config(os.environ), 5 * HOUR)
    here.discord.membership = Membership(nick="Usul", roles=[MEMBER_ROLE])
    leaving, close, answer = threading.Event(), GuildMembership.close, here.discord.answer

    def leave(left: GuildMembership, seconds: float) -> None:
        leaving.set()
        close(left, seconds)

    def answer_late(asked: Seen) -> Any:
        assert leaving.wait(SECONDS)
        return answer(asked)

    monkeypatch.setattr(GuildMembership, "close", leave)
    monkeypatch.setattr(here.discord, "answer", answer_late)
    try:
        ran = run("list")
        assert (ran.status, ran.err) == (0, "")
        assert session(home)["name"] == "Usul"
    finally:
        leaving.set()


# Access returns


@pytest.fixture
def pending_change(
    guild: Books, run: Run, proxy: Proxy, discord: FakeDiscord, single_try: None
) -> str:
    """Queue a change as a signed-in member; return its id."""
    sign_in(discord)
    assert run("list").status == 0
    return queue_without_server(run, proxy)


def queue_without_server(run: Run, proxy: Proxy) -> str:
    proxy.fate = cut_before
    change_id = queue(run, "spice", "+5")
    proxy.meet([])
    return change_id


def test_pending_changes_are_sent_after_access_returns(
    run: Run, home: Path, guild: Books, proxy: Proxy, pending_change: str, discord: FakeDiscord
) -> None:
    quantity = 1_000
    for membership, argv in (
        (LEFT, ["list"]),
        (NO_ROLE, ["edit", "water", "+1"]),
        (LEFT, ["init"]),
    ):
        change_id = pending_change if quantity == 1_000 else queue_without_server(run, proxy)
        grow_old(load_config(os.environ), 29 * HOUR)
        discord.membership = membership
        assert run("list").status == 3, argv
        assert guild.quantities() == (quantity, 400), argv
        discord.membership = Membership(roles=[MEMBER_ROLE])
        assert run(*argv).status == 0, argv
        quantity += 5
        assert (change_id, "spice", quantity) in changed(guild), argv
        assert guild.row("resource_history", change_id)["updated_by"] == discord.person.id
        assert pending_ids(home) == [], argv


def test_pending_changes_are_sent_after_a_new_sign_in_but_never_as_another_member(
    run: Run, home: Path, guild: Books, pending_change: str, discord: FakeDiscord
) -> None:
    discord.revoke()
    grow_old(load_config(os.environ), 5 * HOUR)
    assert run("whoami").status == 3
    assert copies(home) == set()
    paul, discord.approves_at_once = discord.person.id, True
    discord.person.id = "4711"
    assert run("login").status == 0
    assert run("edit", "water", "+1").status == 0
    assert [row[1] for row in changed(guild)] == ["water"]
    session_file(home).unlink()
    discord.person.id = paul
    assert run("login").status == 0
    assert run("list").status == 0
    assert guild.row("resource_history", pending_change)["updated_by"] == paul
    assert guild.quantities() == (1_005, 400)


# Edits, which have a deadline


@pytest.fixture
def silent(
    discord: FakeDiscord, guild: Books, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeDiscord]:
    """A Discord that may hang; no other timeout ends a request to it in time."""
    monkeypatch.setattr("tracker_tui.auth.discord.Discord.__init__.__defaults__", (FOR_EVER,))
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", FOR_EVER)
    set_timeouts(monkeypatch, edit=2.0)
    yield discord
    discord.heal()


def edit_in_time(run: Run) -> Ran:
    began = time.monotonic()
    ran = run("edit", "spice", "+5")
    assert time.monotonic() - began < FOR_EVER / 2
    return ran


def test_edit_while_discord_hangs_needs_roles_that_are_still_valid(
    run: Run, silent: FakeDiscord, guild: Books
) -> None:
    sign_in(silent, age=5 * HOUR)
    silent.seen.clear()
    silent.fail_always("*", Fault.hang(FOR_EVER))
    ran = edit_in_time(run)
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(silent) == [ME]
    grow_old(load_config(os.environ), 40 * HOUR)
    before = guild.everything()
    ran = edit_in_time(run)
    assert ran.status == 3
    assert "Discord does not answer in time" in ran.error
    assert guild.everything() == before


def test_edit_leaves_the_refresh_to_the_dashboard(
    run: Run, silent: FakeDiscord, home: Path
) -> None:
    """Tokens that arrive after the edit's deadline are lost, and the old ones are void by then."""
    sign_in(silent, age=5 * HOUR)
    kept = session_file(home)
    document = kept.read_text("utf-8")
    until = session(home)["tokens_until"]
    kept.write_text(document.replace(repr(until), repr(until - 168 * HOUR + HOUR)), "utf-8")
    silent.seen.clear()
    ran = edit_in_time(run)
    assert (ran.status, ran.err) == (0, "")
    assert silent.seen == []
    assert session(home)["is_recorded"]
