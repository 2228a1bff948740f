"""How many HTTP requests each operation costs, counted by a proxy before the server."""

from __future__ import annotations

import pytest

from chaos.audit import quantities_after, quantities_before
from helpers.build import DEEP_DESERT, add, new_resource, remove, set_to, to_deep_desert
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.proxy import Proxy
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import Guarded
from helpers.token_permissions import whole_request_refused
from helpers.tracking import ask_history, may_write, undo
from tracker_tui.domain.change import Verdict
from tracker_tui.tracker.events import Refreshed
from tracker_tui.tracker.tracker import Tracker

TO_OPEN = {"founding": 1, "grown": 2}
"""Requests to open a ledger of each schema: one more for columns beyond the founding ones."""


@pytest.mark.parametrize("remote_guild", TO_OPEN, indirect=True)
def test_requests_of_edits(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    def requests_of(*argv: str, status: int = 0) -> int:
        proxy.seen.clear()
        assert run("edit", *argv).status == status
        return proxy.count

    # The first edit reads the columns too, and the names of the locations if there are any.
    assert requests_of("spice", "+5") == (3 if remote_guild.ledger.layout.has_settings else 2)
    assert remote_guild.quantities() == (1_005, 400)
    for change, after in (("-2", 1_003), ("=70", 70), (">30", 40), ("<10", 50)):
        assert requests_of("spice", change) == 1, change
        assert remote_guild.quantities()[0] == after
    assert requests_of("iron ore", "+5") == 2, "an edit by name"
    assert remote_guild.quantities("iron") == (12, 0)
    # Rejected
    assert requests_of("spice", "-5000", status=1) == 1
    assert requests_of("spice", "=1", "--if", "3", status=1) == 1


@pytest.mark.parametrize(("remote_guild", "to_open"), TO_OPEN.items(), indirect=["remote_guild"])
def test_requests_of_a_dashboard(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker, to_open: int
) -> None:
    # The second one knows the columns.
    for requests in (to_open, 1):
        proxy.seen.clear()
        tracker = make_remote_tracker(proxy.url)
        tracker.open().result(SECONDS)
        assert proxy.count == requests
        assert len(tracker.resources()) == 3
        assert tracker.connection.can_write
    listener = Listener(tracker)
    # A refresh
    remote_guild.ledger.apply(add(5))
    proxy.seen.clear()
    tracker.refresh()
    assert listener.next(Refreshed).changed == {"spice"}
    assert proxy.count == 1
    # One submission of five changes: each depends on the one before it.
    proxy.seen.clear()
    changes = [add(5), remove(1_010), add(8), to_deep_desert(8), set_to(3, DEEP_DESERT)]
    tracker.submit(changes)
    outcomes = listener.settled(5)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.APPLIED] * 5
    assert proxy.count == 1
    rows = remote_guild.rows("resource_history")[-5:]
    assert [row["id"] for row in rows] == [change.id for change in changes]
    after = [quantities_after(row) for row in rows]
    assert after == [(1_010, 400), (0, 400), (8, 400), (0, 408), (0, 3)]
    assert [quantities_before(row) for row in rows] == [(1_005, 400), *after[:-1]]
    assert remote_guild.quantities() == (0, 3)
    # One change, and its undo with that of another resource's change
    points = remote_guild.rows("leaderboard")
    proxy.seen.clear()
    tracker.submit([add(5), add(9, resource_id="water")])
    listener.settled(2)
    assert proxy.count == 1
    proxy.seen.clear()
    assert undo(tracker, listener) == (0, 0, 2)
    listener.settled(2)
    assert proxy.count == 1
    assert (remote_guild.quantities(), remote_guild.quantities("water")) == ((0, 3), (50, 0))
    assert remote_guild.rows("leaderboard") == points
    # The history of a resource
    proxy.seen.clear()
    assert len(ask_history(tracker, "spice").result(SECONDS)) == 9
    assert proxy.count == 1


@pytest.mark.parametrize(
    ("guarded_guild", "is_full", "at_most"),
    [("founding", True, 2), ("founding", False, 1), ("later", True, 2), ("grown", False, 2)],
    indirect=["guarded_guild"],
)
def test_a_token_costs_no_more_requests(
    guarded_guild: Guarded, make_remote_tracker: MakeTracker, is_full: bool, at_most: int
) -> None:
    proxy = guarded_guild.proxy
    token = guarded_guild.full if is_full else guarded_guild.read_only
    tracker = make_remote_tracker(proxy.url, token)
    tracker.open().result(SECONDS)
    assert proxy.count <= at_most
    assert len(tracker.resources()) == 3
    assert tracker.connection.can_write == is_full
    proxy.seen.clear()
    tracker.refresh().result(SECONDS)
    assert proxy.count == 1


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


def test_one_submission_for_twenty_resources_is_one_request(
    remote_guild: Books, proxy: Proxy, remote_tracker: Tracker
) -> None:
    twenty = [new_resource(f"resource-{number}") for number in range(20)]
    remote_guild.ledger.create(twenty, "founder")
    remote_tracker.refresh().result(SECONDS)
    listener = Listener(remote_tracker)
    proxy.seen.clear()
    remote_tracker.submit([add(3, resource_id=resource.id) for resource in twenty])
    assert {outcome.verdict for outcome in listener.settled(20)} == {Verdict.APPLIED}
    assert proxy.count == 1
    assert {remote_guild.quantities(resource.id) for resource in twenty} == {(3, 0)}
