"""Replies with values of the wrong types: told in words, never stored, and soon over."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.rows import entry_row, points_row
from helpers.books import Books
from helpers.build import PLAYER
from helpers.commands import Run
from helpers.listening import SECONDS, Listener
from helpers.proxy import Proxy, pass_on
from helpers.retyped import RETYPED, retyped
from helpers.tracking import shown
from remote.conftest import MakeTracker
from remote.guilds import NICKNAME
from remote.outboxes import replica_of, store_of, waiting
from tracker_tui.ledger.current_layout import CachedLayout
from tracker_tui.sync.replica import Reading, Replica
from tracker_tui.tracker.events import Failed, Refreshed

READING = [["list"], ["history", "spice"], ["leaderboard", "--period", "all"]]
UNUSABLE = "gave no usable answer"
each_fault = pytest.mark.parametrize("name", RETYPED)


@pytest.fixture
def busy(guild: Books) -> Books:
    """The guild once somebody has done something."""
    entry = entry_row("added", (1_000, 400), (1_500, 400), "spice", updated_by=PLAYER)
    guild.insert("resource_history", **entry)
    guild.insert("leaderboard", **points_row("added", 75.0, user_id=PLAYER, resource_id="spice"))
    return guild


@each_fault
def test_commands_show_what_was_read_before_and_are_right_again_afterwards(
    run: Run, busy: Books, proxy: Proxy, home: Path, name: str
) -> None:
    before = [run(*argv).out for argv in READING]
    assert NICKNAME in before[1]
    proxy.fate = retyped(name)
    for argv, out in zip(READING, before, strict=True):
        ran = run(*argv)
        assert (ran.status, ran.out) == (0, out)
        assert UNUSABLE in ran.err
        assert "Showing what was read just now." in ran.err
    proxy.fate = pass_on
    for argv, out in zip(READING, before, strict=True):
        ran = run(*argv)
        assert (ran.status, ran.out, ran.err) == (0, out, "")
    assert not list(store_of(home).glob("*.damaged-*"))


@each_fault
def test_commands_that_have_nothing_else_to_show_fail_in_words(
    run: Run, busy: Books, proxy: Proxy, name: str
) -> None:
    proxy.fate = retyped(name)
    for argv in READING:
        ran = run(*argv)
        assert (ran.status, ran.out) == (4, "")
        assert UNUSABLE in ran.error
    proxy.fate = pass_on
    assert "1,400" in run("list", "spice").out


@each_fault
def test_a_change_waits_and_is_applied_once(
    run: Run, guild: Books, proxy: Proxy, home: Path, name: str, no_second_try: None
) -> None:
    assert run("edit", "spice", "+5").status == 0
    proxy.fate = retyped(name)
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert UNUSABLE in ran.out
    proxy.fate = pass_on
    assert run("edit", "spice", "+5").status == 0
    assert waiting(home) == []
    assert guild.quantities() == (1_015, 400)


@each_fault
def test_the_doctor_says_so(run: Run, guild: Books, proxy: Proxy, name: str) -> None:
    proxy.fate = retyped(name)
    ran = run("doctor", "--json")
    assert (ran.status, ran.err) == (4, "")
    (wrong,) = (each for each in ran.document if each["state"] == "wrong")
    assert UNUSABLE in wrong["found"]


@each_fault
def test_a_dashboard_shows_what_it_had_and_goes_on(
    guild: Books, proxy: Proxy, make_tracker: MakeTracker, name: str
) -> None:
    tracker = make_tracker(proxy.url)
    tracker.open().result(SECONDS)
    listener = Listener(tracker)
    proxy.fate = retyped(name)
    tracker.refresh().result(SECONDS)
    assert UNUSABLE in str(listener.next(Failed).error)
    assert shown(tracker) == (1_000, 400)
    proxy.fate = pass_on
    tracker.refresh().result(SECONDS)
    assert listener.next(Refreshed).changed == frozenset()
    assert tracker.connection.trouble is None
    later = make_tracker(proxy.url)
    later.open().result(SECONDS)
    assert shown(later) == (1_000, 400)


def test_a_replica_that_an_older_version_filled_with_texts_is_set_aside(
    run: Run, guild: Books, home: Path
) -> None:
    assert run("list").status == 0
    fill_with_texts(replica_of(home), guild.ledger.refresh().cached_layout)
    ran = run("list", "spice")
    assert ran.status == 0
    assert "1,400" in ran.out
    assert "It is read again" in ran.err
    assert run("list", "spice").err == ""
    assert len(list(store_of(home).glob("replica.db.damaged-*"))) == 1


def fill_with_texts(path: Path, known: CachedLayout | None) -> None:
    """Let a replica hold what a server once sent, with the proof that goes with it."""
    replica = Replica(path)
    (spice, *_) = replica.load().rows  # type: ignore[union-attr]
    texts = spice._make([None if value is None else str(value) for value in spice])
    replica.write([texts], (), (), Reading(1, 1.0), cached_layout=known, is_whole=True)
    replica.close()
