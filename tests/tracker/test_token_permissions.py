"""The permissions of a token: all, reading only, none, or some tables and not others."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from helpers.build import add
from helpers.commands import Run
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.other_schemas import OURS
from helpers.proxy import Fate, Proxy
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import Guarded, configure
from helpers.servers import Server
from helpers.token_permissions import BOTH_WAYS
from helpers.tracking import ask_history, may_write, shown
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.domain.messages import outcome_sentence
from tracker_tui.tracker.events import Refreshed
from tracker_tui.tracker.tracker import Tracker

# A token that may only read


def test_a_read_only_token_lists_but_does_not_edit(run: Run, guarded_guild: Guarded) -> None:
    before = guarded_guild.books.everything()
    assert "Iron Ore" in run("list").out
    argvs = (["edit", "spice", "+5"], ["edit", "iron ore", "+5"], ["init"], ["init", "--starter"])
    for argv in argvs:
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "does not allow your TURSO_AUTH_TOKEN" in ran.error, argv
    assert run("init", "--plan").status == 0
    # A better token doesn't send the rejected edit later.
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TURSO_AUTH_TOKEN", guarded_guild.full)
        assert "Iron Ore" in run("list").out
    assert guarded_guild.books.everything() == before


@pytest.mark.parametrize("guarded_guild", OURS, indirect=True)
def test_a_dashboard_with_a_read_only_token_knows_it_and_reads_everything(
    guarded_guild: Guarded, make_remote_tracker: MakeTracker
) -> None:
    tracker = make_remote_tracker(guarded_guild.proxy.url, guarded_guild.read_only)
    listener = Listener(tracker)
    tracker.open().result(SECONDS)
    assert not tracker.connection.can_write
    assert listener.next(Refreshed).is_first
    (entry,) = ask_history(tracker, "spice").result(SECONDS)
    assert entry.reason == "Resource created"
    guarded_guild.books.ledger.apply(add(5))
    tracker.refresh()
    assert listener.next(Refreshed).changed == {"spice"}
    assert shown(tracker) == (1_005, 400)
    assert tracker.connection.trouble is None
    # A change that it still sends is rejected and no longer shown.
    tracker.submit([add(5), add(1, resource_id="water")])
    outcomes = listener.settled(2)
    assert [outcome.rejection for outcome in outcomes] == [Rejection.NOT_PERMITTED] * 2
    assert "does not allow your TURSO_AUTH_TOKEN" in outcome_sentence(outcomes[0], tracker.places)
    assert (tracker.pending(), shown(tracker)) == ([], (1_005, 400))
    tracker.refresh().result(SECONDS)
    assert not tracker.connection.can_write


# A token that the server does not accept

COMMANDS = (
    *(["list"], ["edit", "spice", "+5"], ["edit", "iron ore", "+5"], ["init"]),
    ["init", "--plan"],
)


def test_a_token_that_is_not_accepted_is_reported(
    run: Run, guarded_guild: Guarded, guarded_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = guarded_guild.books.everything()
    expired = guarded_server.token(exp=int(time.time()) - 3_600)
    of_another_server = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicncifQ." + "A" * 86
    for token in ("nonsense", None, expired, of_another_server):
        configure(monkeypatch, guarded_guild.proxy.url, token)
        said = "wants a token" if token is None else "refuses your TURSO_AUTH_TOKEN"
        for argv in COMMANDS:
            ran = run(*argv)
            assert ran.status == 4, (token, argv)
            assert said in ran.error, (token, argv)
    assert guarded_guild.books.everything() == before


# Some tables and not others, emulated


@pytest.mark.parametrize("lacking", BOTH_WAYS)
def test_without_deleting_points_only_undo_is_rejected(
    remote_tracker: Tracker, remote_guild: Books, proxy: Proxy, lacking: Callable[..., Fate]
) -> None:
    listener, fate = Listener(remote_tracker), lacking("leaderboard:data_delete")
    proxy.fate = fate
    spice, water = add(5), add(9, resource_id="water")
    remote_tracker.submit([spice])
    listener.settled(1)
    # During a slow refresh, both changes go into one request.
    with Gate(fate) as gate:
        proxy.fate = gate
        remote_tracker.refresh()
        remote_tracker.undo()
        remote_tracker.submit([water])
    outcomes = {outcome.change.undoes: outcome for outcome in listener.settled(2)}
    assert outcomes[None].change == water
    assert outcomes[None].verdict is Verdict.APPLIED
    rejected = outcomes[spice.id]
    assert rejected.rejection is Rejection.NOT_PERMITTED
    assert "does not allow your TURSO_AUTH_TOKEN" in outcome_sentence(
        rejected, remote_tracker.places
    )
    assert (remote_guild.quantities(), remote_guild.quantities("water")) == ((1_005, 400), (59, 0))
    assert [row["id"] for row in remote_guild.rows("leaderboard")] == [spice.id, water.id]
    assert remote_tracker.pending() == []
    # The token still allows changes.
    remote_tracker.refresh().result(SECONDS)
    assert may_write(remote_tracker)
    assert shown(remote_tracker) == (1_005, 400)


@pytest.mark.parametrize("remote_guild", ["founding", "grown"], indirect=True)
def test_without_updating_resources_or_adding_rows_it_is_read_only(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker, run: Run
) -> None:
    before = remote_guild.everything()
    for lacking in BOTH_WAYS:
        proxy.fate = lacking("resources:data_update")
        tracker = make_remote_tracker(proxy.url)
        tracker.open().result(SECONDS)
        assert not may_write(tracker)
        assert shown(tracker) == (1_000, 400)
        for lacked in (
            "resources:data_update",
            "resource_history:data_add",
            "leaderboard:data_add",
        ):
            proxy.fate = lacking(lacked)
            ran = run("edit", "spice", "+5")
            assert ran.status == 4, lacked
            assert "does not allow your TURSO_AUTH_TOKEN" in ran.error, lacked
    assert remote_guild.everything() == before


def test_the_doctor_names_missing_permissions(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    before = remote_guild.everything()
    for lacked in (
        ("leaderboard:data_delete",),
        ("leaderboard:data_add",),
        ("resource_history:data_add",),
        ("resources:data_update",),
        ("leaderboard:data_add", "leaderboard:data_delete"),
    ):
        for lacking in BOTH_WAYS:
            proxy.fate = lacking(*lacked)
            ran = run("doctor", "--json")
            assert ran.status == 0
            (token,) = (each for each in ran.document if each["check"] == "token")
            assert token["state"] == "note", lacked
            assert set(re.findall(r"\w+:\w+", token["found"])) == set(lacked)
            assert token["advice"]
    assert remote_guild.everything() == before


# Tokens that are not sent


def test_a_token_is_sent_in_the_clear_if_allowed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://guild.invalid", "ws://guild.invalid"):
        configure(monkeypatch, url, "some-token")
        for argv in COMMANDS:
            ran = run(*argv)
            assert ran.status == 2, (url, argv)
            assert "TRACKER_INSECURE=1" in ran.error
            assert "some-token" not in ran.error
    configure(monkeypatch, "http://guild.invalid", "some-token")
    monkeypatch.setenv("TRACKER_INSECURE", "1")
    ran = run("list")
    assert (ran.status, "cannot be found" in ran.error) == (4, True)
