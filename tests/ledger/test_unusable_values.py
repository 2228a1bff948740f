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

READING = [["list"], ["history", "spice"], ["leaderboard", "--period", "all"]]
UNUSABLE = "gave no usable answer"
each_fault = pytest.mark.parametrize("name", RETYPED)


@pytest.fixture
def busy(remote_guild: Books) -> Books:
    """The guild, with one change."""
    entry = entry_row("added", (1_000, 400), (1_500, 400), "spice", updated_by=PLAYER)
    remote_guild.insert("resource_history", **entry)
    remote_guild.insert(
        "leaderboard", **points_row("added", 75.0, user_id=PLAYER, resource_id="spice")
    )
    return remote_guild


@each_fault
def test_commands_show_the_cache_until_values_are_usable_again(
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
def test_commands_with_nothing_to_show_fail_with_a_message(
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
def test_a_change_stays_pending_and_is_applied_once(
    run: Run, remote_guild: Books, proxy: Proxy, home: Path, name: str, single_try: None
) -> None:
    assert run("edit", "spice", "+5").status == 0
    proxy.fate = retyped(name)
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert UNUSABLE in ran.out
    proxy.fate = pass_on
    assert run("edit", "spice", "+5").status == 0
    assert pending_ids(home) == []
    assert remote_guild.quantities() == (1_015, 400)


@each_fault
def test_the_doctor_reports_it(run: Run, remote_guild: Books, proxy: Proxy, name: str) -> None:
    proxy.fate = retyped(name)
    ran = run("doctor", "--json")
    assert (ran.status, ran.err) == (4, "")
    (wrong,) = (each for each in ran.document if each["state"] == "wrong")
    assert UNUSABLE in wrong["found"]


@each_fault
def test_a_dashboard_keeps_its_rows_and_continues(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker, name: str
) -> None:
    tracker = make_remote_tracker(proxy.url)
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
    later = make_remote_tracker(proxy.url)
    later.open().result(SECONDS)
    assert shown(later) == (1_000, 400)


def test_a_replica_that_an_older_version_filled_with_texts_is_set_aside(
    run: Run, remote_guild: Books, home: Path
) -> None:
    assert run("list").status == 0
    fill_with_texts(replica_of(home), remote_guild.ledger.refresh().cached_layout)
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


HOSTILE: dict[str, tuple[str, tuple[str, ...]]] = {
    "markup": ("'[bold]Spice[/bold] [link=file:///x]y'", ("name", "category", "last_updated_by")),
    "escape codes": (
        "char(27) || '[2J' || char(27) || ']0;owned' || char(7)",
        ("name", "category", "last_updated_by"),
    ),
    "emoji": ("char(128119) || char(8205) || char(128105)", ("name", "category", "id")),
    "right to left": ("char(8238) || 'ecips' || char(1633)", ("name", "category")),
    "a blob as text": ("x'1B5B324A'", ("name", "category", "icon", "status", "last_updated_by")),
    "text as a number": (
        "'many'",
        ("quantity_hagga", "target_quantity", "multiplier", "is_priority", "updated_at"),
    ),
    "a fraction": ("1.75", ("quantity_hagga", "target_quantity", "is_priority", "updated_at")),
    "infinity": ("1e999", ("multiplier", "quantity_hagga", "target_quantity", "updated_at")),
    "minus infinity": ("-1e999", ("multiplier", "quantity_deep_desert")),
    "the largest number": (
        "9223372036854775807",
        ("quantity_hagga", "quantity_deep_desert", "target_quantity", "updated_at", "tier"),
    ),
    "milliseconds": ("1700000000000", ("updated_at", "created_at")),
    "NULL": ("NULL", ("category", "target_quantity", "status", "subcategory", "tier", "icon")),
    "a very long text": ("replace(hex(zeroblob(50000)), '0', 'x')", ("name", "description")),
}
each_hostile_value = pytest.mark.parametrize("name", HOSTILE)
grown = pytest.mark.parametrize("remote_guild", ["grown"], indirect=True)


def spoil(books: Books, name: str) -> None:
    """Spoil one column each in some resources, and all columns in water."""
    value, columns = HOSTILE[name]
    for number, column in enumerate(columns):
        books.insert_resource(f"hostile-{number}", quantity_hagga=5)
        books.run(f"UPDATE resources SET {column} = {value} WHERE id = 'hostile-{number}'")
    for column in set(columns) - {"id"}:
        books.run(f"UPDATE resources SET {column} = {value} WHERE id = 'water'")


@grown
@each_hostile_value
def test_commands_read_past_hostile_rows_and_edit_others(
    run: Run, remote_guild: Books, name: str
) -> None:
    spoil(remote_guild, name)
    listed = run("list")
    assert (listed.status, listed.err) == (0, "")
    assert all(line.isprintable() for line in listed.out.splitlines())
    assert len(run("list", "--json").document) == 3 + len(HOSTILE[name][1])
    for resource in ("spice", "iron ore"):
        ran = run("edit", resource, "+5")
        assert (ran.status, ran.err) == (0, "")
    assert (remote_guild.quantities(), remote_guild.quantities("iron")) == ((1_005, 400), (12, 0))
    # An edit of the hostile resource has an outcome at least.
    assert run("edit", "water", "+5").status in (0, 1)


@grown
@each_hostile_value
def test_a_dashboard_reads_past_hostile_rows_and_edits_others(
    remote_guild: Books, proxy: Proxy, make_remote_tracker: MakeTracker, name: str
) -> None:
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    spoil(remote_guild, name)
    listener = Listener(tracker)
    tracker.refresh().result(SECONDS)
    assert tracker.connection.trouble is None
    assert len(tracker.resources()) == 3 + len(HOSTILE[name][1])
    tracker.submit([add(5)])
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.APPLIED
    assert shown(tracker) == remote_guild.quantities() == (1_005, 400)
    assert ask_history(tracker, "water").result(SECONDS)
