"""How many HTTP requests each operation costs, counted by a proxy before the server."""

from __future__ import annotations

import pytest

from helpers.build import DEEP_DESERT, add, new_resource, remove, set_to, to_deep_desert
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.other_schemas import OURS
from helpers.proxy import Proxy
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import Guarded, every_schema
from helpers.token_permissions import whole_request_refused
from helpers.tracking import ask_history, may_write, undo
from tracker_tui.domain.change import Verdict
from tracker_tui.tracker.events import Refreshed
from tracker_tui.tracker.tracker import Tracker

TWENTY = [new_resource(f"resource-{number}") for number in range(20)]


@every_schema
def test_the_first_edit_reads_the_columns_too(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    assert run("edit", "spice", "+5").status == 0
    # And the names of the locations, if the schema has them.
    assert proxy.count == (3 if remote_guild.ledger.layout.has_settings else 2)
    assert remote_guild.quantities() == (1_005, 400)


@every_schema
def test_an_edit_by_id_is_one_request_once_the_columns_are_known(
    run: Run, remote_guild: Books, proxy: Proxy
) -> None:
    run("edit", "spice", "+5")
    for change, after in (("-2", 1_003), ("=70", 70), (">30", 40), ("<10", 50)):
        proxy.seen.clear()
        assert run("edit", "spice", change).status == 0
        assert proxy.count == 1
        assert remote_guild.quantities()[0] == after


@every_schema
def test_an_edit_by_name_is_two_requests(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    run("edit", "spice", "+5")
    proxy.seen.clear()
    assert run("edit", "iron ore", "+5").status == 0
    assert proxy.count == 2
    assert remote_guild.quantities("iron") == (12, 0)


def test_a_rejected_edit_is_one_request(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    run("edit", "spice", "+5")
    proxy.seen.clear()
    assert run("edit", "spice", "-5000").status == 1
    assert run("edit", "spice", "=1", "--if", "3").status == 1
    assert proxy.count == 2


@pytest.mark.parametrize(
    ("remote_guild", "requests"),
    [("founding", 1), ("middle", 2), ("later", 2), ("grown", 2)],
    indirect=["remote_guild"],
)
def test_opening_is_one_request_and_one_more_for_columns_beyond_the_founding_ones(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker, requests: int
) -> None:
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    assert proxy.count == requests
    assert len(tracker.resources()) == 3
    assert tracker.connection.can_write


@every_schema
def test_opening_is_one_request_once_the_columns_are_known(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker
) -> None:
    make_remote_tracker(proxy.url).open().result(SECONDS)
    proxy.seen.clear()
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    assert proxy.count == 1
    assert len(tracker.resources()) == 3


@pytest.mark.parametrize("guarded_guild", OURS, indirect=True)
def test_opening_with_a_full_token_is_at_most_two_requests(
    guarded_guild: Guarded, make_remote_tracker: MakeTracker
) -> None:
    tracker = make_remote_tracker(guarded_guild.proxy.url, guarded_guild.full)
    tracker.open().result(SECONDS)
    assert guarded_guild.proxy.count <= 2
    assert tracker.connection.can_write


@pytest.mark.parametrize(
    ("guarded_guild", "requests"),
    [("founding", 1), ("middle", 2), ("later", 2), ("grown", 2)],
    indirect=["guarded_guild"],
)
def test_opening_with_a_token_that_is_read_only_costs_no_more(
    guarded_guild: Guarded, make_remote_tracker: MakeTracker, requests: int
) -> None:
    tracker = make_remote_tracker(guarded_guild.proxy.url, guarded_guild.read_only)
    tracker.open().result(SECONDS)
    assert guarded_guild.proxy.count == requests
    assert len(tracker.resources()) == 3
    assert not tracker.connection.can_write


def test_the_rights_probe_comes_after_everything_else(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker
) -> None:
    """The probe waits for writers, so no reading command sends it."""
    proxy.fate = whole_request_refused("resources:data_update")
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    assert proxy.count == 1
    assert len(tracker.resources()) == 3
    assert not may_write(tracker)
    assert b"UPDATE" in proxy.seen[-1].body


def test_a_refresh_with_a_read_only_token_is_one_request(
    guarded_guild: Guarded, make_remote_tracker: MakeTracker
) -> None:
    tracker = make_remote_tracker(guarded_guild.proxy.url, guarded_guild.read_only)
    tracker.open().result(SECONDS)
    guarded_guild.proxy.seen.clear()
    tracker.refresh().result(SECONDS)
    assert guarded_guild.proxy.count == 1


@every_schema
def test_a_refresh_is_one_request(
    remote_tracker: Tracker, remote_guild: Books, proxy: Proxy
) -> None:
    listener = Listener(remote_tracker)
    remote_guild.ledger.apply(add(5))
    proxy.seen.clear()
    remote_tracker.refresh()
    assert listener.next(Refreshed).changed == {"spice"}
    assert proxy.count == 1


@every_schema
def test_a_change_on_the_dashboard_is_one_request(
    remote_tracker: Tracker, remote_guild: Books, proxy: Proxy
) -> None:
    listener = Listener(remote_tracker)
    proxy.seen.clear()
    remote_tracker.submit([add(5)])
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.APPLIED
    assert proxy.count == 1
    assert remote_guild.quantities() == (1_005, 400)


def test_one_submission_for_twenty_resources_is_one_request(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker
) -> None:
    remote_guild.ledger.create(TWENTY, "founder")
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    listener = Listener(tracker)
    proxy.seen.clear()
    tracker.submit([add(3, resource_id=resource.id) for resource in TWENTY])
    outcomes = listener.settled(20)
    assert {outcome.verdict for outcome in outcomes} == {Verdict.APPLIED}
    assert proxy.count == 1
    assert {remote_guild.quantities(resource.id) for resource in TWENTY} == {(3, 0)}


@every_schema
def test_one_submission_of_five_changes_of_a_resource_is_one_request(
    remote_tracker: Tracker, remote_guild: Books, proxy: Proxy
) -> None:
    """Each change depends on the one before it; another order would end elsewhere."""
    listener = Listener(remote_tracker)
    proxy.seen.clear()
    changes = [add(5), remove(1_005), add(8), to_deep_desert(8), set_to(3, DEEP_DESERT)]
    remote_tracker.submit(changes)
    outcomes = listener.settled(5)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.APPLIED] * 5
    assert proxy.count == 1
    rows = [row for row in remote_guild.rows("resource_history") if row["resource_id"] == "spice"][
        1:
    ]
    assert [row["id"] for row in rows] == [change.id for change in changes]
    before, after = (
        [(row[f"{side}_quantity_hagga"], row[f"{side}_quantity_deep_desert"]) for row in rows]
        for side in ("previous", "new")
    )
    assert after == [(1_005, 400), (0, 400), (8, 400), (0, 408), (0, 3)]
    assert before == [(1_000, 400), *after[:-1]]
    assert remote_guild.quantities() == (0, 3)


@every_schema
def test_an_undo_is_one_request(remote_tracker: Tracker, remote_guild: Books, proxy: Proxy) -> None:
    listener = Listener(remote_tracker)
    remote_tracker.submit([add(5), add(9, resource_id="water")])
    listener.settled(2)
    proxy.seen.clear()
    assert undo(remote_tracker, listener) == (0, 0, 2)
    listener.settled(2)
    assert proxy.count == 1
    assert (remote_guild.quantities(), remote_guild.quantities("water")) == ((1_000, 400), (50, 0))
    assert remote_guild.rows("leaderboard") == []


def test_the_history_of_a_resource_is_one_request(
    remote_tracker: Tracker, remote_guild: Books, proxy: Proxy
) -> None:
    proxy.seen.clear()
    (entry,) = ask_history(remote_tracker, "spice").result(SECONDS)
    assert entry.reason == "Resource created"
    assert proxy.count == 1
