"""A database that takes no record of who signed in: told once, and all else goes on."""

from __future__ import annotations

import os
from contextlib import closing

import pytest

from helpers.books import Books
from helpers.commands import Run
from helpers.discord import FakeDiscord
from helpers.gate import Gate
from helpers.listening import SECONDS, Listener
from helpers.membership import sign_in
from helpers.proxy import Proxy
from helpers.refusing import requests_with
from helpers.wild import SESSIONS
from signing_in.guilds import recorded
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.events import LocalWarning, Refreshed
from tracker_tui.tracker.tracker import Tracker

REFUSING = {
    "a trigger": ("CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END",),
    "a column that is always needed": (
        "DROP TABLE user_sessions",
        SESSIONS.replace("roles text NOT NULL,", "roles text NOT NULL, ip text NOT NULL,"),
    ),
}
TOLD = "Your sign-in is not in the database's list of members; all else works."
refusing = pytest.mark.parametrize("statements", REFUSING.values(), ids=REFUSING)


@refusing
def test_every_command_works_and_says_so_once(
    run: Run, guild: Books, discord: FakeDiscord, statements: tuple[str, ...]
) -> None:
    for statement in statements:
        guild.run(statement)
    before = recorded(guild)
    for argv in (["edit", "spice", "+5"], ["list"], ["history"], ["leaderboard"]):
        sign_in(discord)
        ran = run(*argv)
        assert (ran.status, ran.out != "") == (0, True), argv
        assert ran.err.startswith(f"tracker-tui: {TOLD} The database rejected it"), argv
        assert ran.err.count("\n") == 1, argv
        again = run(*argv)
        assert (again.status, again.err) == (0, ""), argv
    assert guild.quantities() == (1_010, 400)
    assert recorded(guild) == before


def test_login_says_so_and_lets_in(run: Run, guild: Books, discord: FakeDiscord) -> None:
    guild.run(*REFUSING["a trigger"])
    discord.approves_at_once = True
    ran = run("login")
    assert ran.status == 0
    assert TOLD in ran.err
    listed = run("list")
    assert (listed.status, listed.err) == (0, "")


def test_a_dashboard_shows_everything_and_says_so(guild: Books, discord: FakeDiscord) -> None:
    guild.run(*REFUSING["a trigger"])
    sign_in(discord)
    with closing(Tracker(load_config(os.environ))) as tracker:
        listener = Listener(tracker)
        tracker.open().result(SECONDS)
        assert listener.next(Refreshed).is_first
        assert TOLD in listener.next(LocalWarning).message
        assert tracker.connection.trouble is None
        assert len(tracker.resources()) == 3


def test_nobody_waits_for_it(guild: Books, proxy: Proxy, discord: FakeDiscord) -> None:
    """While it is being recorded, what was read is there."""
    sign_in(discord)
    with closing(Tracker(load_config(os.environ))) as tracker, Gate() as gate:
        proxy.fate = requests_with("user_sessions", gate)
        tracker.open().result(SECONDS)
        gate.await_request()
        assert len(tracker.resources()) == 3
    assert len(recorded(guild)["user_sessions"]) == 1
