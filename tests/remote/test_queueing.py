"""`edit` on a server that does not answer: queued, and sent in order with the next command."""

from __future__ import annotations

import os
import re
import time
from contextlib import closing
from pathlib import Path

import pytest

from helpers.books import Books
from helpers.commands import Run
from helpers.listening import Listener
from helpers.proxy import Fate, Proxy, answer, cut_after, cut_before, pass_on
from helpers.refusing import batch_failed
from helpers.wild import ask
from remote.line import Line
from remote.outboxes import changed, let_time_pass, outbox_of, queue, states, waiting
from tracker_tui.config.settings import load_config
from tracker_tui.domain.change import Verdict
from tracker_tui.domain.change_syntax import parse_change
from tracker_tui.domain.quantities import Location
from tracker_tui.tracker.tracker import Tracker

pytestmark = pytest.mark.usefixtures("no_second_try")

TRANSIENT: dict[str, Fate] = {
    "429": answer(429),
    "500": answer(500),
    "503": answer(503),
    "cut before": cut_before,
    "busy": batch_failed("SQLITE_BUSY"),
}


# Being queued


def test_an_edit_on_a_server_that_cannot_be_reached_is_queued(
    run: Run, known: Books, line: Line, home: Path
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
    assert waiting(home)[1] == document["change_id"]
    assert changed(known) == []


@pytest.mark.parametrize("name", TRANSIENT)
def test_an_edit_that_meets_what_passes_is_queued_and_sent_by_the_next(
    run: Run, known: Books, proxy: Proxy, home: Path, name: str
) -> None:
    proxy.fate = TRANSIENT[name]
    first = queue(run, "spice", "+5")
    assert waiting(home) == [first]
    assert known.quantities() == (1_000, 400)
    proxy.fate = pass_on
    assert run("edit", "spice", "+7").status == 0
    assert next(row[0] for row in changed(known)) == first
    assert known.quantities() == (1_012, 400)
    assert waiting(home) == []


# Being sent


def test_the_next_edit_sends_what_waits_in_order_and_in_its_own_request(
    run: Run, known: Books, line: Line, home: Path
) -> None:
    line.cut()
    queued = [queue(run, "spice", "=100"), queue(run, "Iron Ore", "+3"), queue(run, "spice", ">40")]
    line.mend()
    document = run("edit", "spice", "-10", "--json").document
    assert line.proxy.count == 1
    assert document["outcome"] == "applied"
    assert changed(known) == [
        (queued[0], "spice", 100),
        (queued[1], "iron", 10),
        (queued[2], "spice", 60),
        (document["change_id"], "spice", 50),
    ]
    assert states(home) == ["applied"] * 4


def test_the_next_list_sends_what_waits_in_order_and_in_one_request(
    run: Run, known: Books, line: Line, home: Path
) -> None:
    line.cut()
    queued = [queue(run, "spice", "=100"), queue(run, "spice", ">40")]
    line.mend()
    listed = run("list", "spice", "--json").document
    # What waits is in what is shown, whether it is sent before or after.
    assert (listed[0]["hagga"], listed[0]["deep_desert"]) == (60, 440)
    assert changed(known) == [(queued[0], "spice", 100), (queued[1], "spice", 60)]
    writes = [each for each in line.proxy.seen if b"INSERT INTO" in each.body]
    assert len(writes) == 1
    assert waiting(home) == []


def test_the_next_dashboard_sends_what_waits(run: Run, known: Books, line: Line) -> None:
    line.cut()
    queued = queue(run, "spice", "+5")
    line.mend()
    with closing(Tracker(load_config(os.environ))) as tracker:
        listener = Listener(tracker)
        tracker.open()
        (outcome,) = listener.settled(1)
    assert (outcome.change.id, outcome.verdict) == (queued, Verdict.APPLIED)
    assert changed(known) == [(queued, "spice", 1_005)]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Iron Ore", "Iron Ore"),
        ("iron", "Iron Ore"),
        ("iron", "iron"),
        ("Iron Ore", "iron"),
    ],
)
def test_without_a_replica_too_the_next_edit_sends_what_waits_first(
    run: Run, guild: Books, line: Line, home: Path, first: str, then: str
) -> None:
    """A macro pad does nothing but edit: nothing else would ever send it, and not in order."""
    line.cut()
    queued = queue(run, first, "=100")
    line.mend()
    last = run("edit", then, "+5", "--json").document["change_id"]
    assert changed(guild) == [(queued, "iron", 100), (last, "iron", 105)]
    assert waiting(home) == []


def test_an_edit_is_behind_all_that_waits_however_much_it_is(
    run: Run, known: Books, line: Line, home: Path
) -> None:
    line.cut()
    with closing(Tracker(load_config(os.environ))) as tracker:
        for _ in range(120):
            spice = parse_change("+1")
            tracker.submit([tracker.change("spice", spice, Location.HAGGA, seen=None)])
    assert len(waiting(home)) == 120
    line.mend()
    assert run("edit", "spice", "=7").status == 0
    assert run("list").status == 0
    assert waiting(home) == []
    assert known.quantities() == (7, 400)


# When it was made


def test_a_change_sent_within_a_minute_says_nothing_of_it(
    run: Run, known: Books, line: Line
) -> None:
    line.cut()
    queue(run, "spice", "+5")
    line.mend()
    run("list")
    assert known.rows("resource_history")[-1]["reason"] is None


@pytest.mark.parametrize(
    ("reason", "expected"),
    [([], "{}"), (["--reason", "spice run"], "spice run ({})")],
    ids=["without a reason", "with one"],
)
@pytest.mark.parametrize("days", [0, 2], ids=["today", "another day"])
@pytest.mark.parametrize("sent_by", [["list"], ["edit", "water", "+1"]], ids=" ".join)
def test_a_change_sent_later_says_when_it_was_made_and_when_it_was_sent(
    run: Run,
    known: Books,
    line: Line,
    home: Path,
    reason: list[str],
    expected: str,
    days: int,
    sent_by: list[str],
) -> None:
    line.cut()
    change_id = queue(run, "spice", "+5", *reason)
    let_time_pass(home, 61 + days * 86_400)
    ((made_at,),) = ask(outbox_of(home), "SELECT made_at FROM entries")
    line.mend()
    assert run(*sent_by).status == 0
    said = known.row("resource_history", change_id)["reason"]
    clock = r"\d\d:\d\d"
    remark = re.search(f"made (?:[0-9-]+ )?{clock}, sent (?:[0-9-]+ )?{clock}", said)
    assert remark is not None
    assert said == expected.format(remark[0])
    made = time.localtime(made_at)
    assert time.strftime("%H:%M", made) in remark[0].partition(",")[0]
    assert (time.strftime("%Y-%m-%d", made) in remark[0]) or not days


# Whose reply got lost


def test_what_was_carried_out_and_not_answered_is_applied_once(
    run: Run, known: Books, proxy: Proxy, home: Path
) -> None:
    proxy.fate = cut_after
    queued = [queue(run, "spice", "+5"), queue(run, "Iron Ore", "+3"), queue(run, "spice", "-2")]
    assert states(home) == ["sending"] * 3
    expected = [(queued[0], "spice", 1_005), (queued[1], "iron", 10), (queued[2], "spice", 1_003)]
    assert changed(known) == expected
    proxy.fate = pass_on
    assert run("list").status == 0
    assert changed(known) == expected
    assert states(home) == ["applied"] * 3
    assert len(known.rows("leaderboard")) == 2
