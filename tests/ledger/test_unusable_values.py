"""Replies with values of wrong types, and malformed rows: they are never stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.build import PLAYER, add
from helpers.commands import Run
from helpers.guild import entry_row, points_row
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.outbox_files import pending_ids, replica_of, store_of
from helpers.proxy import Proxy, pass_on
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import NICKNAME
from helpers.retyped_replies import RETYPED, retyped
from helpers.tracking import ask_history, shown
from tracker_tui.domain.change import Verdict
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.sync.replica import Reading, Replica
from tracker_tui.tracker.events import Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker

READING = [["list"], ["history", "spice"], ["leaderboard", "--period", "all"]]
UNUSABLE = "gave no usable answer"


@pytest.fixture
def busy(remote_guild: Books) -> Books:
    entry = entry_row("added", (1_000, 400), (1_500, 400), "spice", updated_by=PLAYER)
    remote_guild.insert("resource_history", **entry)
    points = points_row("added", 75.0, user_id=PLAYER, resource_id="spice")
    remote_guild.insert("leaderboard", **points)
    return remote_guild


def test_commands_never_show_or_store_unusable_values(
    run: Run, busy: Books, proxy: Proxy, home: Path, single_try: None
) -> None:
    for name in RETYPED:
        proxy.fate = retyped(name)
        # With nothing cached, there is nothing to show.
        for argv in READING:
            ran = run(*argv)
            assert (ran.status, ran.out) == (4, ""), (name, argv)
            assert UNUSABLE in ran.error
        ran = run("doctor", "--json")
        assert (ran.status, ran.err) == (4, ""), name
        (wrong,) = (each for each in ran.document if each["state"] == "wrong")
        assert UNUSABLE in wrong["found"]
    proxy.fate = pass_on
    before = {tuple(argv): run(*argv).out for argv in READING}
    assert NICKNAME in before["history", "spice"]
    for name in RETYPED:
        # The cache is shown until values are usable again.
        for proxy.fate, is_usable in ((retyped(name), False), (pass_on, True)):
            for argv, out in before.items():
                ran = run(*argv)
                assert (ran.status, ran.out) == (0, out), (name, argv)
                assert (ran.err == "") is is_usable, (name, argv)
                assert is_usable or UNUSABLE in ran.err
                assert is_usable or "Showing what was read just now." in ran.err
    assert not list(store_of(home).glob("*.damaged-*"))


def test_a_change_stays_pending_and_is_applied_once(
    run: Run, remote_guild: Books, proxy: Proxy, home: Path, single_try: None
) -> None:
    assert run("edit", "spice", "+5").status == 0
    for number, name in enumerate(RETYPED, 1):
        proxy.fate = retyped(name)
        ran = run("edit", "spice", "+5")
        assert (ran.status, ran.err) == (0, ""), name
        assert UNUSABLE in ran.out
        proxy.fate = pass_on
        assert run("edit", "spice", "+5").status == 0
        assert pending_ids(home) == [], name
        assert remote_guild.quantities() == (1_005 + 10 * number, 400), name


def test_a_dashboard_keeps_its_rows_and_continues(
    proxy: Proxy, remote_tracker: Tracker, make_remote_tracker: MakeTracker
) -> None:
    tracker, listener = remote_tracker, Listener(remote_tracker)
    for name in RETYPED:
        proxy.fate = retyped(name)
        tracker.refresh().result(SECONDS)
        assert UNUSABLE in str(listener.next(Failed).error), name
        assert shown(tracker) == (1_000, 400), name
        proxy.fate = pass_on
        tracker.refresh().result(SECONDS)
        assert listener.next(Refreshed).changed == frozenset(), name
        assert tracker.connection.trouble is None, name
        later = make_remote_tracker(proxy.url)
        later.open().result(SECONDS)
        assert shown(later) == (1_000, 400), name


def test_a_replica_that_an_older_version_filled_with_texts_is_set_aside(
    run: Run, known_guild: Books, home: Path
) -> None:
    fill_with_texts(replica_of(home), known_guild.ledger.refresh().cached_layout)
    ran = run("list", "spice")
    assert ran.status == 0
    assert "1,400" in ran.out
    assert "It is read again" in ran.err
    assert run("list", "spice").err == ""
    assert len(list(store_of(home).glob("replica.db.damaged-*"))) == 1


def fill_with_texts(path: Path, known: CachedLayout | None) -> None:
    """Fill a replica with texts, as an older version did with such an answer."""
    replica = Replica(path)
    (spice, *_) = replica.load().rows  # type: ignore[union-attr]
    texts = spice._make([None if value is None else str(value) for value in spice])
    replica.write([texts], (), (), Reading(1, 1.0), cached_layout=known, is_whole=True)
    replica.close()


HOSTILE = {
    "char(27) || '[2J' || char(27) || ']0;owned' || char(7)": ("name", "category", "description"),
    "x'1B5B324A'": ("name", "category", "icon", "status", "last_updated_by"),
    "'many'": ("quantity_hagga", "target_quantity", "multiplier", "is_priority", "updated_at"),
    "1.75": ("quantity_hagga", "target_quantity", "is_priority", "updated_at"),
    "1e999": ("multiplier", "quantity_hagga", "target_quantity", "updated_at"),
    "9223372036854775807": ("quantity_hagga", "target_quantity", "updated_at", "tier"),
    "NULL": ("category", "target_quantity", "status", "subcategory", "tier", "icon"),
}
"""Columns of `resources` for each SQL expression; tests of files have more."""


@pytest.mark.parametrize("remote_guild", ["grown"], indirect=True)
def test_hostile_rows_are_read_past_and_others_edited(
    run: Run, remote_guild: Books, remote_tracker: Tracker
) -> None:
    spoilt = [(value, column) for value, columns in HOSTILE.items() for column in columns]
    for number, (value, column) in enumerate(spoilt):
        remote_guild.insert_resource(f"hostile-{number}", quantity_hagga=5)
        spoil = f"UPDATE resources SET {column} = {value} WHERE id = 'hostile-{number}'"
        remote_guild.run(spoil)
    # Commands
    listed = run("list")
    assert (listed.status, listed.err) == (0, "")
    assert all(line.isprintable() for line in listed.out.splitlines())
    assert len(run("list", "--json").document) == 3 + len(spoilt)
    for resource in ("spice", "iron ore"):
        ran = run("edit", resource, "+5")
        assert (ran.status, ran.err) == (0, "")
    assert remote_guild.quantities("iron") == (12, 0)
    # A dashboard
    listener = Listener(remote_tracker)
    remote_tracker.refresh().result(SECONDS)
    assert remote_tracker.connection.trouble is None
    assert len(remote_tracker.resources()) == 3 + len(spoilt)
    remote_tracker.submit([add(5)])
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.APPLIED
    assert shown(remote_tracker) == remote_guild.quantities() == (1_010, 400)
    # An edit of a hostile resource has an outcome at least.
    for number in range(0, len(spoilt), 4):
        hostile = f"hostile-{number}"
        assert run("edit", hostile, "+5").status in (0, 1), spoilt[number]
        ask_history(remote_tracker, hostile).result(SECONDS)
