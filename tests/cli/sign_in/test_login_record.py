"""The record of a sign-in, and databases that reject it."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    NICKNAME,
    WELCOME,
    Guarded,
    last_line,
    recorded,
    session,
    session_file,
)
from helpers.build import PLAYER
from helpers.commands import Run
from helpers.discord import FakeDiscord
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.membership import MEMBER_ROLE, sign_in
from helpers.proxy import Fate, Proxy, answer, cut_after
from helpers.rejected_writes import NO_DATABASE, requests_with
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.events import LocalWarning, Refreshed
from tracker_tui.tracker.tracker import Tracker

REFUSING = "CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END"
NOT_RECORDED = "Your sign-in is not in the database's list of members; all else works."


def test_rejected_record_is_reported_once_and_admits(
    run: Run, guild: Books, discord: FakeDiscord
) -> None:
    guild.run(REFUSING)
    before = recorded(guild)
    for argv in (["edit", "spice", "+5"], ["list"], ["history"], ["leaderboard"]):
        sign_in(discord)
        ran = run(*argv)
        assert (ran.status, ran.out != "") == (0, True), argv
        assert ran.err.startswith(f"tracker-tui: {NOT_RECORDED} The database rejected it"), argv
        assert ran.err.count("\n") == 1, argv
        again = run(*argv)
        assert (again.status, again.err) == (0, ""), argv
    assert guild.quantities() == (1_010, 400)
    assert run("logout").status == 0
    discord.approves_at_once = True
    ran = run("login")
    assert ran.status == 0
    assert NOT_RECORDED in ran.err
    assert run("list").err == ""
    assert recorded(guild) == before


def test_a_record_delays_no_dashboard_and_its_rejection_is_a_warning(
    guild: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    """Rows can be read while the sign-in is being recorded."""
    guild.run(REFUSING)
    sign_in(discord)
    with closing(Tracker(load_config(os.environ))) as tracker:
        listener = Listener(tracker)
        with Gate() as gate:
            proxy.fate = requests_with("user_sessions", gate)
            tracker.open().result(SECONDS)
            gate.await_request()
            assert listener.next(Refreshed).is_first
            assert len(tracker.resources()) == 3
        assert NOT_RECORDED in listener.next(LocalWarning).message
        assert tracker.connection.trouble is None


# The record


def test_sign_in_is_recorded_in_one_request(
    run: Run, home: Path, guild: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    assert proxy.count == 1
    found = recorded(guild)
    (user,) = (row for row in found["users"] if row["discord_id"] == discord.person.id)
    (row,) = found["user_sessions"]
    assert (user["username"], user["custom_nickname"]) == ("paul", NICKNAME)
    assert (row["id"], row["user_id"]) == (session(home)["row_id"], user["id"])
    assert json.loads(row["roles"]) == [MEMBER_ROLE]
    # Later commands record nothing more.
    assert run("list").status == 0
    assert recorded(guild) == found


AWAY: dict[str, Fate] = {
    "reply lost": cut_after,
    "token refused": answer(401, b"{}"),
    "no such database": NO_DATABASE,
}


def test_sign_in_without_the_database_is_recorded_at_the_next_start(
    run: Run, home: Path, guild: Books, proxy: Proxy, discord: FakeDiscord
) -> None:
    discord.approves_at_once = True
    for number, (name, fate) in enumerate(AWAY.items(), 1):
        before = recorded(guild)
        proxy.fate = fate
        ran = run("login")
        assert last_line(ran) == WELCOME, name
        said = "The sign-in is not in the database yet; the next start records it: localhost"
        assert said in ran.err, name
        assert len(ran.err.splitlines()) == 1, name
        assert (recorded(guild) == before) is (fate is not cut_after), name
        proxy.meet([])
        assert "Spice" in run("list").out, name
        # A record with a lost reply counts once, too.
        found = recorded(guild)
        assert [row["discord_id"] for row in found["users"]] == [PLAYER, discord.person.id], name
        assert len(found["user_sessions"]) == number, name
        session_file(home).unlink()


def test_hanging_database_does_not_delay_login(
    run: Run, guild: Books, proxy: Proxy, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.cli.login._TIMEOUT_SECONDS", 0.2)
    discord.approves_at_once = True
    with Gate() as proxy.fate:
        ran = run("login")
    assert last_line(ran) == WELCOME
    assert "The sign-in is not in the database yet" in ran.err


def test_read_only_token_admits(
    run: Run, guarded: Guarded, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_AUTH_TOKEN", guarded.read_only)
    discord.approves_at_once = True
    before = recorded(guarded.books)
    ran = run("login")
    assert (last_line(ran), ran.err) == (WELCOME, "")
    listed = run("list")
    assert (listed.status, listed.err) == (0, "")
    assert "Spice" in listed.out
    assert recorded(guarded.books) == before
