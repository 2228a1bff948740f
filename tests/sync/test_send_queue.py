"""The send queue: the changes of the next request, their order and their remarks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from helpers.build import add, remove
from tracker_tui.domain.change import Change
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry
from tracker_tui.sync.sender import as_sent, is_outdated, sendable

NOW = 1_700_000_000.0
DAY = 86_400.0


@pytest.fixture(autouse=True)
def arrakeen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the local time zone to two hours east of Greenwich."""
    monkeypatch.setenv("TZ", "Arrakeen-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def queued(*entries: tuple[Change, EntryState] | Change, **given: object) -> list[OutboxEntry]:
    """Return entries in this order, pending by default."""
    pairs = [entry if type(entry) is tuple else (entry, EntryState.PENDING) for entry in entries]
    return [
        OutboxEntry(number, change, state, NOW)._replace(**given)
        for number, (change, state) in enumerate(pairs, 1)
    ]


def sent(entries: list[OutboxEntry], now: float = NOW) -> list[Change]:
    return [entry.change for entry in sendable(entries, now)]


def test_open_entries_are_sent_in_order() -> None:
    a, b, c, d = add(1), add(2, resource_id="water"), add(3), add(4)
    assert sent(queued(a, (b, EntryState.SENDING), (c, EntryState.APPLIED), d)) == [a, b, d]


def test_a_change_that_needs_the_player_blocks_later_ones() -> None:
    before, stuck, behind, other = add(1), add(2), add(3), add(4, resource_id="water")
    for state in (EntryState.REJECTED, EntryState.CONFLICT):
        assert sent(queued(before, (stuck, state), behind, other)) == [before, other]
        assert sent(queued((stuck, state), (behind, EntryState.SENDING))) == []
    assert sent(queued((stuck, EntryState.REJECTED), behind, (before, EntryState.APPLIED))) == []


def test_an_undo_is_not_blocked() -> None:
    stuck, undo = add(2), remove(1, undoes="earlier", requires="earlier")
    assert sent(queued((stuck, EntryState.REJECTED), undo)) == [undo]


def test_an_unanswered_change_is_outdated_after_a_day() -> None:
    entries = queued((add(1), EntryState.SENDING), sent_at=NOW)
    behind = queued((add(1), EntryState.SENDING), sent_at=NOW) + queued(add(2))
    assert not is_outdated(entries[0], NOW + DAY)
    assert sent(entries, NOW + DAY) == [entries[0].change]
    assert is_outdated(entries[0], NOW + DAY + 1)
    assert sent(behind, NOW + DAY + 1) == []
    never_sent = queued(add(1))
    assert sent(never_sent, NOW + 400 * DAY) == [never_sent[0].change]


def test_each_change_requires_the_one_before_it_of_its_resource() -> None:
    a, b, c, d = add(1), add(2, resource_id="water"), add(3), add(4)
    changes = as_sent(queued(a, b, c, d), NOW)
    assert [change.requires for change in changes] == [None, None, a.id, c.id]
    assert [change._replace(requires=None) for change in changes] == [a, b, c, d]
    # An undo requires only its original change.
    undo = remove(1, undoes="earlier", requires="earlier")
    changes = as_sent(queued(a, undo, c), NOW)
    assert [change.requires for change in changes] == [None, "earlier", a.id]
    # A requirement of an earlier request is dropped.
    (change,) = as_sent(queued(add(1, requires="somebody's")), NOW)
    assert change.requires is None


def test_a_change_that_is_sent_late_says_so_in_local_time() -> None:
    remarks = {
        0.0: None,
        59.0: None,
        -3600.0: None,
        60.0: "made 00:13, sent 00:14",
        4080.0: "made 00:13, sent 01:21",
        DAY: "made 2023-11-15 00:13, sent 2023-11-16 00:13",
        400 * DAY: "made 2023-11-15 00:13, sent 2024-12-19 00:13",
    }
    entries = queued(add(1))
    assert {later: as_sent(entries, NOW + later)[0].remark for later in remarks} == remarks
    # 23:59 in local time, which is another day than in Greenwich.
    (change,) = as_sent(queued(add(1), made_at=NOW - 840), NOW)
    assert change.remark == "made 2023-11-14 23:59, sent 2023-11-15 00:13"
