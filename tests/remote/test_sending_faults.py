"""Changes of which a server takes some and not others: each is settled once, or stays pending."""

from __future__ import annotations

import pytest

from helpers.books import Books
from helpers.build import add, new_resource
from helpers.commands import Run
from helpers.listening import SECONDS, Listener
from helpers.proxy import Fate, Proxy, answer, pass_on
from helpers.refusing import READ_ONLY, batch_failed, requests_with
from helpers.tracking import shown
from remote.rights import BOTH_WAYS
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.errors import DatabaseBusy, DatabaseUnreachable, LedgerError
from tracker_tui.tracker.events import Failed
from tracker_tui.tracker.tracker import Tracker

TROUBLE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_IOERR_WRITE")
FORBIDDEN = "a reason that somebody minds"


@pytest.fixture
def listener(tracker: Tracker) -> Listener:
    return Listener(tracker)


def test_a_change_behind_one_that_met_a_lock_is_settled_and_the_other_stays_pending(
    tracker: Tracker, listener: Listener, proxy: Proxy, guild: Books
) -> None:
    proxy.seen.clear()
    proxy.fate = batch_failed("SQLITE_BUSY", about='"spice"')
    busy, fine = add(5), add(7, resource_id="water")
    tracker.submit([busy, fine])
    (outcome,) = listener.settled(1)
    assert (outcome.change, outcome.verdict) == (fine, Verdict.APPLIED)
    assert type(listener.next(Failed).error) is DatabaseBusy
    assert proxy.count == 1
    assert tracker.pending() == [busy]
    assert shown(tracker, "water") == guild.quantities("water") == (57, 0)
    assert (shown(tracker), guild.quantities()) == ((1_005, 400), (1_000, 400))
    proxy.fate = pass_on
    tracker.refresh().result(SECONDS)
    (outcome,) = listener.settled(1)
    assert (outcome.change, outcome.verdict) == (busy, Verdict.APPLIED)
    assert shown(tracker) == guild.quantities() == (1_005, 400)
    assert shown(tracker, "water") == guild.quantities("water") == (57, 0)
    assert len(guild.rows("leaderboard")) == 2


@pytest.mark.parametrize("code", TROUBLE)
def test_a_server_in_trouble_refuses_nothing_and_the_change_goes_through_later(
    tracker: Tracker, listener: Listener, proxy: Proxy, guild: Books, code: str
) -> None:
    proxy.fate = batch_failed(code)
    change = add(5)
    tracker.submit([change])
    error = listener.next(Failed).error
    assert type(error) is LedgerError
    assert f"is in trouble: the server says {code}" in str(error)
    assert (tracker.pending(), tracker.needing_player()) == ([change], [])
    assert tracker.connection.trouble is error
    proxy.fate = pass_on
    tracker.refresh().result(SECONDS)
    (outcome,) = listener.settled(1)
    assert (outcome.change, outcome.verdict) == (change, Verdict.APPLIED)
    assert tracker.connection.trouble is None
    assert shown(tracker) == guild.quantities() == (1_005, 400)


def test_a_trigger_of_the_guilds_refuses_for_good_and_holds_up_nothing_else(
    tracker: Tracker, listener: Listener, guild: Books
) -> None:
    guild.run(
        "CREATE TRIGGER hands_off BEFORE UPDATE ON resources WHEN NEW.id = 'spice'"
        " BEGIN SELECT RAISE(ABORT, 'hands off the spice'); END"
    )
    tracker.submit([add(5), add(7, resource_id="water")])
    refused, fine = listener.settled(2)
    assert (refused.verdict, refused.refusal) == (Verdict.REFUSED, Rejection.BY_DATABASE)
    assert "hands off the spice" in refused.said
    assert fine.verdict is Verdict.APPLIED
    assert (tracker.pending(), tracker.needing_player()) == ([], [refused])
    assert shown(tracker) == guild.quantities() == (1_000, 400)


@pytest.mark.parametrize(("how_many", "position"), [(1, 0), (2, 1), (10, 0), (10, 6), (10, 9)])
def test_one_change_that_the_server_takes_in_no_request_keeps_no_other_from_it(
    tracker: Tracker,
    listener: Listener,
    proxy: Proxy,
    guild: Books,
    how_many: int,
    position: int,
) -> None:
    names = [f"resource-{number}" for number in range(how_many)]
    guild.ledger.create([new_resource(name) for name in names], "founder")
    tracker.refresh().result(SECONDS)
    proxy.fate = requests_with(FORBIDDEN, answer(400, b'{"error":"I will not take that"}'))
    changes = [add(5, resource_id=name) for name in names]
    changes[position] = changes[position]._replace(reason=FORBIDDEN)
    tracker.submit(changes)
    outcomes = listener.settled(how_many)
    assert [outcome.change for outcome in outcomes] == changes
    refused = outcomes.pop(position)
    assert (refused.verdict, refused.refusal) == (Verdict.REFUSED, Rejection.BY_DATABASE)
    assert "I will not take that" in refused.said
    assert {outcome.verdict for outcome in outcomes} <= {Verdict.APPLIED, Verdict.ALREADY_APPLIED}
    assert (tracker.pending(), tracker.needing_player()) == ([], [refused])
    for number, name in enumerate(names):
        kept = (0, 0) if number == position else (5, 0)
        assert shown(tracker, name) == guild.quantities(name) == kept


@pytest.mark.parametrize(
    "fate",
    [READ_ONLY, BOTH_WAYS[0]("resources:data_update")],
    ids=["to everything", "to what writes"],
)
def test_thirty_changes_that_are_not_permitted_cost_one_question_more(
    tracker: Tracker, listener: Listener, proxy: Proxy, guild: Books, fate: Fate
) -> None:
    proxy.seen.clear()
    proxy.fate = fate
    tracker.submit([add(1, resource_id=each) for each in ("spice", "water", "iron") * 10])
    outcomes = listener.settled(30)
    assert {outcome.refusal for outcome in outcomes} == {Rejection.NOT_PERMITTED}
    assert proxy.count == 2
    assert (tracker.pending(), len(tracker.needing_player())) == ([], 30)
    assert shown(tracker) == guild.quantities() == (1_000, 400)


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
"""What answers in place of a libSQL server: proxies, gateways, networks to sign in to."""


def test_what_answers_in_place_of_the_server_refuses_nothing_and_holds_up_nothing(
    tracker: Tracker, listener: Listener, proxy: Proxy, guild: Books
) -> None:
    changes = []
    for name, fate in STRANGERS.items():
        proxy.fate = fate
        changes.append(add(1, reason=name))
        tracker.submit([changes[-1]])
        error = listener.next(Failed).error
        assert isinstance(error, DatabaseUnreachable), name
        assert "hotel" not in str(error).lower(), name
        assert (tracker.pending(), tracker.needing_player()) == (changes, []), name
    proxy.fate = pass_on
    tracker.submit([add(1, resource_id="water")])
    outcomes = listener.settled(len(changes) + 1)
    assert {outcome.verdict for outcome in outcomes} <= {Verdict.APPLIED, Verdict.ALREADY_APPLIED}
    assert shown(tracker) == guild.quantities() == (1_000 + len(STRANGERS), 400)


def test_an_edit_that_something_else_answers_is_saved_and_applied_by_the_next_one(
    run: Run, guild: Books, proxy: Proxy, no_second_try: None
) -> None:
    assert run("edit", "spice", "=1000").status == 0
    for name, fate in STRANGERS.items():
        proxy.fate = fate
        ran = run("edit", "spice", "+1", "--reason", name, "--json")
        assert (name, ran.status, ran.document["outcome"]) == (name, 0, "queued")
        said = ran.document["message"]
        assert said.startswith("spice +1 saved here, will be sent"), name
        assert not [words for words in ("nothing was sent", "ry again") if words in said], name
    proxy.fate = pass_on
    assert run("edit", "spice", "+1").status == 0
    assert guild.quantities() == (1_001 + len(STRANGERS), 400)
