"""`edit` on a server that does not answer: queued, and sent in order with the next command."""

from __future__ import annotations

import os
import re
import time
from contextlib import closing
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import Listener
from helpers.other_schemas import ask
from helpers.outbox_files import (
    changed,
    let_time_pass,
    outbox_of,
    outcomes,
    pending_ids,
    queue,
    states,
)
from helpers.proxy import answer, pass_on
from helpers.rejected_writes import NO_DATABASE, READ_ONLY, TOKEN_REFUSED, batch_failed
from helpers.remote_guild import Line
from tracker_tui.config.settings import load_config
from tracker_tui.domain.change import Verdict
from tracker_tui.domain.change_syntax import parse_change
from tracker_tui.domain.quantities import Location
from tracker_tui.errors import LocalFileError
from tracker_tui.tracker.tracker import Tracker

pytestmark = pytest.mark.usefixtures("single_try")


# Being queued


def test_an_edit_on_a_server_that_cannot_be_reached_is_queued(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("spice +5 saved here, will be sent with the next command.")
    assert "cannot be reached" in ran.out
    document = run("edit", "iron ore", "+2", "--json").document
    assert document["outcome"] == "queued"
    assert (document["points"], document["resource"], document["previous"]) == (0.0, None, None)
    assert "saved here, will be sent" in document["message"]
    assert states(home) == ["pending", "pending"]
    assert pending_ids(home)[1] == document["change_id"]
    assert changed(known_guild) == []
    line.mend()
    with closing(Tracker(load_config(os.environ))) as tracker:
        listener = Listener(tracker)
        tracker.open()
        verdicts = [outcome.verdict for outcome in listener.settled(2)]
    assert verdicts == [Verdict.APPLIED] * 2
    assert [change[1:] for change in changed(known_guild)] == [("spice", 1_005), ("iron", 9)]


# Being sent


def test_the_next_edit_sends_pending_changes_in_its_own_request(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    queued = [queue(run, "spice", "=100"), queue(run, "Iron Ore", "+3"), queue(run, "spice", ">40")]
    line.mend()
    document = run("edit", "spice", "-10", "--json").document
    assert line.proxy.count == 1
    assert document["outcome"] == "applied"
    assert changed(known_guild) == [
        (queued[0], "spice", 100),
        (queued[1], "iron", 10),
        (queued[2], "spice", 60),
        (document["change_id"], "spice", 50),
    ]
    assert states(home) == ["applied"] * 4


def test_the_next_list_sends_pending_changes_in_one_request(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    queued = [queue(run, "spice", "=100"), queue(run, "spice", ">40")]
    line.mend()
    listed = run("list", "spice", "--json").document
    # Pending changes are included, whether they are sent before or after the query.
    assert (listed[0]["hagga"], listed[0]["deep_desert"]) == (60, 440)
    assert changed(known_guild) == [(queued[0], "spice", 100), (queued[1], "spice", 60)]
    assert len([each for each in line.proxy.seen if b"INSERT INTO" in each.body]) == 1
    assert pending_ids(home) == []


def test_the_next_edit_sends_pending_changes_first_without_a_replica(
    run: Run, remote_guild: Books, line: Line, home: Path
) -> None:
    """A player may only ever run `edit`, as with a macro pad."""
    expected = []
    for first, then in (("iron", "Iron Ore"), ("Iron Ore", "iron")):
        line.cut()
        queued = queue(run, first, "=100")
        line.mend()
        last = run("edit", then, "+5", "--json").document["change_id"]
        expected += [(queued, "iron", 100), (last, "iron", 105)]
        assert changed(remote_guild) == expected
        assert pending_ids(home) == []


def test_an_edit_is_sent_after_any_number_of_pending_changes(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    with closing(Tracker(load_config(os.environ))) as tracker:
        for _ in range(60):
            spice = parse_change("+1")
            tracker.submit([tracker.change("spice", spice, Location.HAGGA, seen=None)])
    assert len(pending_ids(home)) == 60
    line.mend()
    assert run("edit", "spice", "=7").status == 0
    assert run("list").status == 0
    assert pending_ids(home) == []
    assert known_guild.quantities() == (7, 400)


# Remarks about the time of a change


def test_a_change_sent_later_has_a_remark_with_both_times(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    clock = r"\d\d:\d\d"
    for seconds, reason, expected, sent_by in (
        (0, [], None, ["list"]),
        (61, ["--reason", "spice run"], "spice run ({})", ["edit", "water", "+1"]),
        (61 + 2 * 86_400, [], "{}", ["list"]),
    ):
        line.cut()
        change_id = queue(run, "spice", "+5", *reason)
        let_time_pass(home, seconds)
        rows = ask(outbox_of(home), "SELECT made_at FROM entries WHERE id = ?", change_id)
        made = time.localtime(rows[0][0])
        line.mend()
        assert run(*sent_by).status == 0
        said = known_guild.row("resource_history", change_id)["reason"]
        if expected is None:
            assert said is None
            continue
        remark = re.search(f"made (?:[0-9-]+ )?{clock}, sent (?:[0-9-]+ )?{clock}", said)
        assert remark is not None, said
        assert said == expected.format(remark[0])
        assert time.strftime("%H:%M", made) in remark[0].partition(",")[0]
        assert (time.strftime("%Y-%m-%d", made) in remark[0]) or seconds == 61, said


# Rejected by the database


def test_a_rejected_change_is_withdrawn_and_earlier_ones_stay(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    queued = [queue(run, "spice", "+5"), queue(run, "Iron Ore", "+3")]
    line.mend()
    for fate in (TOKEN_REFUSED, READ_ONLY, NO_DATABASE):
        line.proxy.fate = fate
        ran = run("edit", "water", "+1")
        assert ran.status == 4, fate
        assert ran.error
        assert pending_ids(home) == queued, fate
    line.proxy.fate = pass_on
    assert run("list").status == 0
    assert changed(known_guild) == [(queued[0], "spice", 1_005), (queued[1], "iron", 10)]
    # A statement that is not permitted at the first try was never stored.
    line.proxy.fate = batch_failed("SQLITE_AUTH")
    ran = run("edit", "water", "+1")
    assert ran.status == 4
    assert "An earlier try" not in ran.error
    assert pending_ids(home) == []


def test_a_rejected_change_that_cannot_be_withdrawn_is_reported_as_queued(
    run: Run, known_guild: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LocalFileError("the disk is full.")

    line.proxy.fate = READ_ONLY
    monkeypatch.setattr("tracker_tui.sync.outbox.Outbox.withdraw", fail)
    ran = run("edit", "water", "+1")
    assert ran.status == 4
    assert "the disk is full. The change stays queued" in ran.error
    assert len(pending_ids(home)) == 1


# Rejected by the ledger


def test_a_rejected_queued_change_needs_the_player_and_blocks_later_ones(
    run: Run, known_guild: Books, line: Line, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", 0.1)
    line.cut()
    too_many = queue(run, "spice", "-1000")
    line.mend()
    known_guild.run("UPDATE resources SET quantity_hagga = 999 WHERE id = 'spice'")
    # Other resources are not affected.
    assert run("edit", "water", "+1", "--json").document["outcome"] == "applied"
    assert states(home) == ["refused", "applied"]
    for name in ("spice", "Spice"):
        behind = run("edit", name, "+5", "--json")
        assert (behind.status, behind.document["outcome"]) == (0, "queued")
        assert "needs you: see the Outbox (o)" in behind.document["message"]
    assert states(home) == ["refused", "applied", "pending", "pending"]
    assert known_guild.quantities() == (999, 400)
    assert outcomes(home)[0]["refusal"] == "quantity"
    assert too_many not in pending_ids(home)


# Names of resources

AMBIGUOUS = "e"
"""Part of the names of all three resources."""
UNKNOWN = ("Copper", AMBIGUOUS)
KNOWN = ("iron", "Iron Ore", "iron ORE", "ore")


def is_named(home: Path) -> list[bool]:
    """Return for each change in the outbox whether its resource must still be looked up."""
    rows = ask(outbox_of(home), "SELECT is_named FROM entries ORDER BY number")
    return [bool(row[0]) for row in rows]


def test_without_a_replica_the_sender_looks_up_the_name(
    run: Run, remote_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    for resource in (*KNOWN, *UNKNOWN, "Gold"):
        queue(run, resource, "+5")
    # The rejected changes block no other, and stay for the player.
    queue(run, "water", "+1")
    assert is_named(home) == [True] * 8
    # A resource that exists by the time of sending is found.
    remote_guild.insert_resource("au", name="Gold")
    line.mend()
    assert run("list").status == 0
    assert states(home) == [*["applied"] * 4, *["refused"] * 2, *["applied"] * 2]
    for resource, outcome in zip(UNKNOWN, outcomes(home)[4:6], strict=True):
        assert outcome["refusal"] == "unknown name"
        assert f"“{resource}”" in outcome["said"]
    assert remote_guild.quantities("iron") == (27, 0)
    assert remote_guild.quantities("water") == (51, 0)
    assert remote_guild.quantities("au") == (5, 0)
    assert pending_ids(home) == []


def test_with_a_replica_a_name_is_looked_up_when_the_change_is_made(
    run: Run, known_guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    for resource in KNOWN:
        queue(run, resource, "+5")
    assert is_named(home) == [False] * 4
    # Later renames do not matter.
    known_guild.run("UPDATE resources SET name = 'Copper' WHERE id = 'iron'")
    known_guild.run("UPDATE resources SET name = 'Iron Ore' WHERE id = 'water'")
    line.mend()
    assert run("list").status == 0
    assert known_guild.quantities("iron") == (27, 0)
    assert known_guild.quantities("water") == (50, 0)


def test_an_unknown_name_is_an_error_at_once_if_the_server_or_a_replica_knows_all(
    run: Run, remote_guild: Books, line: Line, home: Path
) -> None:
    before = remote_guild.everything()
    # An impossible change and a conflict leave nothing behind, either.
    for argv in (["spice", "-5000"], ["spice", "=1", "--if", "3"]):
        assert run("edit", *argv).status == 1
    for fault in (lambda: None, lambda: line.proxy.meet([answer(503)] * 20), line.cut):
        fault()
        for resource in UNKNOWN:
            ran = run("edit", resource, "+5")
            assert ran.status == 1
            assert f"“{resource}”" in ran.error
            if resource == AMBIGUOUS:
                assert all(name in ran.error for name in ("Iron Ore", "Spice", "Water"))
        line.proxy.meet([])
        run("list")
    assert states(home) == []
    assert remote_guild.everything() == before
