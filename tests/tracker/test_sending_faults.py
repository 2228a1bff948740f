"""Changes that a server applies in part, and lost replies: each change is applied once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import add, new_resource, remote_config
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.many_players import assert_history_is_a_chain_of, history
from helpers.player import changes_of, persistently
from helpers.proxy import (
    Fate,
    ProxiedRequest,
    Proxy,
    answer,
    cut_after,
    cut_before,
    cut_within,
    pass_on,
)
from helpers.rejected_writes import READ_ONLY, batch_failed, requests_with
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import SPICE
from helpers.token_permissions import BOTH_WAYS
from helpers.tracking import shown
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.change import Change, Outcome, Rejection, Verdict
from tracker_tui.errors import DatabaseBusy, DatabaseUnreachable, LedgerError
from tracker_tui.guild.database_factory import open_ledger
from tracker_tui.tracker.events import ChangesQueued, Failed
from tracker_tui.tracker.tracker import Tracker

TROUBLE = {
    "SQLITE_BUSY": DatabaseBusy,
    **dict.fromkeys(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_IOERR_WRITE"), LedgerError),
}
FORBIDDEN = "a reason that somebody minds"


@pytest.fixture
def listener(remote_tracker: Tracker) -> Listener:
    return Listener(remote_tracker)


def test_trouble_of_the_server_rejects_nothing_and_delays_no_other_change(
    remote_tracker: Tracker, listener: Listener, proxy: Proxy, remote_guild: Books
) -> None:
    for count, (code, kind) in enumerate(TROUBLE.items(), start=1):
        proxy.fate = batch_failed(code, about='"spice"')
        failing, fine = add(5), add(7, resource_id="water")
        proxy.seen.clear()
        remote_tracker.submit([failing, fine])
        (outcome,) = listener.settled(1)
        assert (outcome.change, outcome.verdict) == (fine, Verdict.APPLIED), code
        error = listener.next(Failed).error
        assert type(error) is kind
        assert kind is DatabaseBusy or f"is in trouble: the server says {code}" in str(error)
        assert proxy.count == 1
        assert (remote_tracker.pending(), remote_tracker.needing_player()) == ([failing], [])
        assert remote_tracker.connection.trouble is error
        before = remote_guild.quantities()
        assert (shown(remote_tracker), before) == ((before[0] + 5, 400), (995 + 5 * count, 400))
        proxy.fate = pass_on
        remote_tracker.refresh().result(SECONDS)
        (outcome,) = listener.settled(1)
        assert (outcome.change, outcome.verdict) == (failing, Verdict.APPLIED)
        assert remote_tracker.connection.trouble is None
        assert shown(remote_tracker) == remote_guild.quantities() == (1_000 + 5 * count, 400)
        water = (50 + 7 * count, 0)
        assert shown(remote_tracker, "water") == remote_guild.quantities("water") == water
    assert len(remote_guild.rows("leaderboard")) == 2 * len(TROUBLE)


def test_a_trigger_of_the_guild_rejects_one_change_and_delays_no_other(
    remote_tracker: Tracker, listener: Listener, remote_guild: Books
) -> None:
    remote_guild.run(
        "CREATE TRIGGER hands_off BEFORE UPDATE ON resources WHEN NEW.id = 'spice'"
        " BEGIN SELECT RAISE(ABORT, 'hands off the spice'); END"
    )
    remote_tracker.submit([add(5), add(7, resource_id="water")])
    rejected, fine = listener.settled(2)
    assert (rejected.verdict, rejected.rejection) == (Verdict.REJECTED, Rejection.BY_DATABASE)
    assert "hands off the spice" in rejected.detail
    assert fine.verdict is Verdict.APPLIED
    assert (remote_tracker.pending(), remote_tracker.needing_player()) == ([], [rejected])
    assert shown(remote_tracker) == remote_guild.quantities() == (1_000, 400)


def test_a_change_that_the_server_never_accepts_delays_no_other(
    remote_tracker: Tracker, listener: Listener, proxy: Proxy, remote_guild: Books
) -> None:
    names = [f"resource-{number}" for number in range(10)]
    remote_guild.ledger.create([new_resource(name) for name in names], "founder")
    remote_tracker.refresh().result(SECONDS)
    proxy.fate = requests_with(FORBIDDEN, answer(400, b'{"error":"I will not take that"}'))
    applied = dict.fromkeys(names, 0)
    for how_many, position in ((1, 0), (2, 1), (10, 0), (10, 6), (10, 9)):
        changes = [add(5, resource_id=name) for name in names[:how_many]]
        changes[position] = changes[position]._replace(reason=FORBIDDEN)
        remote_tracker.submit(changes)
        outcomes = listener.settled(how_many)
        assert [outcome.change for outcome in outcomes] == changes
        rejected = outcomes.pop(position)
        assert (rejected.verdict, rejected.rejection) == (Verdict.REJECTED, Rejection.BY_DATABASE)
        assert "I will not take that" in rejected.detail
        verdicts = {outcome.verdict for outcome in outcomes}
        assert verdicts <= {Verdict.APPLIED, Verdict.ALREADY_APPLIED}
        assert (remote_tracker.pending(), remote_tracker.needing_player()) == ([], [rejected])
        remote_tracker.drop(rejected.change)
        listener.until(lambda: not remote_tracker.needing_player())
        for outcome in outcomes:
            applied[outcome.change.resource_id] += 5
        for name, quantity in applied.items():
            assert shown(remote_tracker, name) == (quantity, 0)
            assert remote_guild.quantities(name) == (quantity, 0)


def test_a_half_of_a_request_keeps_its_answers_when_the_other_half_is_lost(
    remote_tracker: Tracker, listener: Listener, proxy: Proxy, remote_guild: Books
) -> None:
    fates = iter([answer(400, b'{"error":"I will not take both"}')])

    def first_rejected_then_cut(proxied: ProxiedRequest) -> None:
        next(fates, cut_before)(proxied)

    proxy.fate = requests_with(FORBIDDEN, first_rejected_then_cut)
    fine, lost = add(5), add(7, resource_id="water", reason=FORBIDDEN)
    remote_tracker.submit([fine, lost])
    (outcome,) = listener.settled(1)
    assert (outcome.change, outcome.verdict) == (fine, Verdict.APPLIED)
    assert remote_tracker.pending() == [lost]
    proxy.fate = pass_on
    remote_tracker.refresh().result(SECONDS)
    (outcome,) = listener.settled(1)
    assert (outcome.change, outcome.verdict) == (lost, Verdict.APPLIED)
    assert shown(remote_tracker) == remote_guild.quantities() == (1_005, 400)
    assert shown(remote_tracker, "water") == remote_guild.quantities("water") == (57, 0)


def test_thirty_changes_that_are_not_permitted_cost_one_question_more(
    remote_tracker: Tracker, listener: Listener, proxy: Proxy, remote_guild: Books
) -> None:
    for fate in (READ_ONLY, BOTH_WAYS[0]("resources:data_update")):
        proxy.seen.clear()
        proxy.fate = fate
        changes = [add(1, resource_id=each) for each in ("spice", "water", "iron") * 10]
        remote_tracker.submit(changes)
        outcomes = listener.settled(30)
        assert {outcome.rejection for outcome in outcomes} == {Rejection.NOT_PERMITTED}
        assert proxy.count == 2
        assert (remote_tracker.pending(), len(remote_tracker.needing_player())) == ([], 30)
        assert shown(remote_tracker) == remote_guild.quantities() == (1_000, 400)
        for change in changes:
            remote_tracker.drop(change)
        listener.until(lambda: not remote_tracker.needing_player())


PAGE = b"<!DOCTYPE html><html><body><h1>Sign in to Hotel Sietch</h1></body></html>"
STRANGERS = {
    "sign-in page": answer(200, PAGE),
    "redirect": answer(302, PAGE, Location="https://hotel.invalid/"),
    "400": answer(400, PAGE),
    "403": answer(403, PAGE),
    "403 of a gateway": answer(403, b'{"message":"Forbidden"}'),
    "403 in words": answer(403, b"error code: 1020"),
    "404": answer(404, b"default backend - 404"),
    "405": answer(405),
    "407": answer(407, b'{"error":"Proxy authentication required"}'),
    "413": answer(413, PAGE),
    "451": answer(451, PAGE),
    "502": answer(502, PAGE),
    "511": answer(511, PAGE),
}
"""Answers from proxies, gateways and captive portals in place of a libSQL server."""


def test_an_answer_from_in_between_rejects_nothing_and_delays_nothing(
    remote_tracker: Tracker, listener: Listener, proxy: Proxy, remote_guild: Books
) -> None:
    changes = []
    for name, fate in STRANGERS.items():
        proxy.fate = fate
        changes.append(add(1, reason=name))
        remote_tracker.submit([changes[-1]])
        error = listener.next(Failed).error
        assert isinstance(error, DatabaseUnreachable), name
        assert "hotel" not in str(error).lower(), name
        assert (remote_tracker.pending(), remote_tracker.needing_player()) == (changes, []), name
    proxy.fate = pass_on
    remote_tracker.submit([add(1, resource_id="water")])
    outcomes = listener.settled(len(changes) + 1)
    assert {outcome.verdict for outcome in outcomes} <= {Verdict.APPLIED, Verdict.ALREADY_APPLIED}
    assert shown(remote_tracker) == remote_guild.quantities() == (1_000 + len(STRANGERS), 400)


LOSSES: tuple[Fate, ...] = (cut_before, cut_after, cut_within)


@pytest.fixture
def spice(remote_url: str) -> None:
    """A guild of the later schema with spice as its only resource."""
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        Books(database, other_schemas.LATER).ledger.create([SPICE], "x")


class Dice:
    """A fate that passes fewer than half of all requests on, and loses the others."""

    def __init__(self) -> None:
        self._random = random.Random(10_191)
        self.lost = 0

    def __call__(self, proxied: ProxiedRequest) -> None:
        if self._random.random() < 0.45:
            pass_on(proxied)
        else:
            self.lost += 1
            self._random.choice(LOSSES)(proxied)


def assert_each_is_there_once(
    url: str, changes: Iterable[Change], outcomes: Iterable[Outcome]
) -> None:
    by_id = {change.id: change for change in changes}
    is_applied = {outcome.change.id: outcome.is_in_history for outcome in outcomes}
    assert is_applied.keys() == by_id.keys()
    in_history = [str(row[0]) for row in history(url)]
    assert sorted(in_history) == sorted(key for key, is_there in is_applied.items() if is_there)
    assert_history_is_a_chain_of(by_id, url)


@pytest.mark.usefixtures("spice")
def test_changes_sent_repeatedly_are_applied_once(
    remote_url: str, proxy: Proxy, home: Path
) -> None:
    changes, dice = changes_of("paul", 100), Dice()
    with closing(open_ledger(remote_config(proxy.url, home))) as ledger:
        ledger.refresh()
        proxy.fate = dice
        outcomes = [persistently(ledger, change, DatabaseUnreachable) for change in changes]
    assert dice.lost >= 100
    assert_each_is_there_once(remote_url, changes, outcomes)


@pytest.mark.usefixtures("spice")
def test_changes_on_a_dashboard_are_applied_once(
    remote_url: str, proxy: Proxy, make_remote_tracker: MakeTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_connection._LONGEST_PAUSE", 0.0)
    changes, dice = changes_of("paul", 60), Dice()
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    listener = Listener(tracker)
    proxy.fate = dice
    for start in range(0, len(changes), 5):
        tracker.submit(changes[start : start + 5])
        # The change is pending only after that.
        listener.next(ChangesQueued)
        await_answers(tracker, at_most=10)
    await_answers(tracker, at_most=0)
    assert dice.lost > 10
    assert_each_is_there_once(remote_url, changes, listener.settled(len(changes)))


def await_answers(tracker: Tracker, *, at_most: int) -> None:
    """Poll as the dashboard does until at most this many changes are pending."""
    while len(tracker.pending()) > at_most:
        tracker.poll()
        # In the same queue: when this one is done, all earlier work is done.
        tracker.refresh().result(SECONDS)
        for rejected in tracker.needing_player():
            tracker.drop(rejected.change)
