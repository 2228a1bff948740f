"""Requests and replies that get lost at random, hundreds of times: each change is applied once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from helpers import wild
from helpers.books import Books
from helpers.build import remote_config
from helpers.listening import SECONDS, Listener
from helpers.player import changes_of, persistently
from helpers.proxy import Exchange, Fate, Proxy, cut_after, cut_before, cut_within, pass_on
from ledger.test_concurrency import (
    assert_every_applied_change_is_one_link_of_the_chain,
    assert_the_leaderboard_follows_the_rules,
)
from remote.conftest import MakeTracker
from remote.guilds import SPICE
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import DatabaseUnreachable
from tracker_tui.guild.database_factory import open_ledger
from tracker_tui.tracker.events import ChangesQueued
from tracker_tui.tracker.tracker import Tracker

LOSSES: tuple[Fate, ...] = (cut_before, cut_after, cut_within)


@pytest.fixture(autouse=True)
def spice(remote_url: str) -> None:
    """A later guild that has nothing but spice."""
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        Books(database, wild.LATER).ledger.create([SPICE], "x")


class Dice:
    """A fate that lets hardly half of all requests pass, and loses the others in some way."""

    def __init__(self) -> None:
        self._random = random.Random(10_191)
        self.lost = 0

    def __call__(self, exchange: Exchange) -> None:
        if self._random.random() < 0.45:
            pass_on(exchange)
        else:
            self.lost += 1
            self._random.choice(LOSSES)(exchange)


def assert_each_is_there_once(
    url: str, changes: Iterable[Change], outcomes: Iterable[Outcome]
) -> None:
    by_id = {change.id: change for change in changes}
    verdicts = {
        outcome.change.id: "applied" if outcome.is_in_history else "refused" for outcome in outcomes
    }
    assert verdicts.keys() == by_id.keys()
    assert_every_applied_change_is_one_link_of_the_chain(url, verdicts, by_id)
    assert_the_leaderboard_follows_the_rules(url, by_id)


def test_500_changes_sent_until_they_are_answered_are_applied_once(
    remote_url: str, proxy: Proxy, home: Path
) -> None:
    changes, dice = changes_of("paul", 500), Dice()
    with closing(open_ledger(remote_config(proxy.url, home))) as ledger:
        ledger.refresh()
        proxy.fate = dice
        outcomes = [persistently(ledger, change, DatabaseUnreachable) for change in changes]
    assert dice.lost >= 500
    assert_each_is_there_once(remote_url, changes, outcomes)


def test_changes_on_a_dashboard_are_applied_once(
    remote_url: str, proxy: Proxy, make_tracker: MakeTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_connection._LONGEST_PAUSE", 0.0)
    changes, dice = changes_of("paul", 200), Dice()
    tracker = make_tracker(proxy.url)
    tracker.open().result(SECONDS)
    listener = Listener(tracker)
    proxy.fate = dice
    for start in range(0, len(changes), 5):
        tracker.submit(changes[start : start + 5])
        # Only then is it pending.
        listener.next(ChangesQueued)
        await_answers(tracker, at_most=10)
    await_answers(tracker, at_most=0)
    assert dice.lost > 20
    assert_each_is_there_once(remote_url, changes, listener.settled(len(changes)))


def await_answers(tracker: Tracker, *, at_most: int) -> None:
    """Do as the dashboard does until no more than so many changes are pending."""
    while len(tracker.pending()) > at_most:
        tracker.poll()
        # In the same queue: once it is through, so is what was asked for before.
        tracker.refresh().result(SECONDS)
        for refused in tracker.needing_player():
            tracker.drop(refused.change)
