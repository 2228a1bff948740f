"""The overlay: the last rows with pending changes on top, each change once."""

from __future__ import annotations

from functools import reduce
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from helpers.build import add, remove
from sync.snapshots import SPICE, WATER
from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Verdict, project
from tracker_tui.domain.points import NO_POINTS
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.sync.overlay import Overlay, Refreshed

IDS = ("spice", "water")
resource_ids = st.sampled_from(IDS)
quantities = st.integers(0, 60)
rows = st.builds(SPICE._replace, id=resource_ids, hagga=quantities, deep_desert=quantities)
dice = st.randoms(use_true_random=False)


def after(row: Resource, change: Change) -> Resource:
    moved = project(change, row)
    if not isinstance(moved, Moved):
        return row
    return row._replace(hagga=moved.hagga, deep_desert=moved.deep_desert, updated_by=change.by)


def overlay_of(*rows: Resource, pending: tuple[Change, ...] = ()) -> Overlay:
    overlay = Overlay()
    overlay.refresh(rows, (), is_whole=True)
    overlay.show(pending)
    return overlay


def hagga(overlay: Overlay, resource_id: str = "spice") -> int:
    resource = overlay.resource(resource_id)
    assert resource is not None
    return resource.hagga


class Overlays(RuleBasedStateMachine):
    """Any steps of an overlay, against lists in plain Python."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay()
        self.rows: dict[str, Resource] = {}
        self.registered: list[Change] = []
        self.saved: list[Change] = []
        self.applied_ids: set[str] = set()
        self.numbers = count()

    @rule(
        resource_id=resource_ids,
        kind=st.sampled_from(Kind),
        location=st.sampled_from(Location),
        amount=quantities,
    )
    def register(self, resource_id: str, kind: Kind, location: Location, amount: int) -> None:
        change = Change(f"c{next(self.numbers)}", resource_id, kind, location, amount, "me")
        self.registered.append(change)
        self.overlay.register([change])

    @precondition(lambda self: self.registered)
    @rule()
    def save(self) -> None:
        change = self.registered.pop(0)
        self.saved.append(change)
        self.overlay.show([change])

    @precondition(lambda self: self.registered or self.saved)
    @rule(dice=dice)
    def remove(self, dice: object) -> None:
        change = dice.choice(self.registered + self.saved)  # type: ignore[attr-defined]
        self._forget(change)
        self.overlay.remove([change])

    @precondition(lambda self: self.saved)
    @rule(dice=dice, row=st.none() | rows)
    def apply(self, dice: object, row: Resource | None) -> None:
        change = dice.choice(self.saved)  # type: ignore[attr-defined]
        self._forget(change)
        if row is None:
            self.rows.pop(change.resource_id, None)
            gone = Rejection.NO_RESOURCE
            self.overlay.apply([Outcome(change, Verdict.REJECTED, None, rejection=gone)])
        else:
            row = row._replace(id=change.resource_id)
            self.rows[row.id] = row
            self.overlay.apply([Outcome(change, Verdict.APPLIED, row)])

    @rule(
        read=st.lists(rows, unique_by=lambda row: row.id),
        is_whole=st.booleans(),
        dice=dice,
        unsure=st.sets(resource_ids, max_size=1),
    )
    def refresh(self, read: list[Resource], is_whole: bool, dice: object, unsure: set[str]) -> None:
        # A refresh reports applied changes only together with their row.
        in_rows = {row.id for row in read}
        applied_ids = {c.id for c in self.saved if c.resource_id in in_rows and dice.random() < 0.5}  # type: ignore[attr-defined]
        before = self._shown()
        staying = unsure if is_whole else set(IDS)
        by_id = {change.id: change.resource_id for change in self.saved}
        self.applied_ids = {c for c in self.applied_ids if by_id[c] in staying}
        self.applied_ids |= {c for c in applied_ids if by_id[c] not in unsure}
        old = {key: row for key, row in self.rows.items() if key in staying}
        self.rows = old | {row.id: row for row in read if row.id not in unsure}
        refreshed = self.overlay.refresh(read, applied_ids, is_whole=is_whole, unsure=unsure)
        shown = self._shown()
        assert refreshed.removed == before.keys() - shown.keys()
        assert refreshed.changed == {key for key in shown if shown[key] != before.get(key)}

    @invariant()
    def rows_and_saved_changes_are_shown(self) -> None:
        assert {row.id: row for row in self.overlay.resources()} == self._shown()
        assert {row.id: row for row in self.overlay.rows()} == self.rows
        assert self.overlay.applied_ids == self.applied_ids

    @invariant()
    def registered_changes_are_projected(self) -> None:
        for resource_id in IDS:
            expected = self._with_pending(resource_id, [*self.saved, *self.registered])
            assert self.overlay.projected(resource_id) == expected

    def _shown(self) -> dict[str, Resource]:
        return {key: row for key in IDS if (row := self._with_pending(key, self.saved)) is not None}

    def _with_pending(self, resource_id: str, changes: list[Change]) -> Resource | None:
        row = self.rows.get(resource_id)
        if row is None:
            return None
        laid = [c for c in changes if c.resource_id == resource_id and c.id not in self.applied_ids]
        return reduce(after, laid, row)

    def _forget(self, change: Change) -> None:
        self.applied_ids.discard(change.id)
        for pending in (self.registered, self.saved):
            if change in pending:
                pending.remove(change)


TestBoards = Overlays.TestCase
TestBoards.settings = settings(stateful_step_count=20)


def test_only_a_newer_row_from_another_process_is_shown() -> None:
    change = add(5)
    overlay = overlay_of(SPICE._replace(hagga=1105, updated_at=SPICE.updated_at + 9))
    old = SPICE._replace(hagga=1005, updated_at=SPICE.updated_at + 1)
    overlay.apply([Outcome(change, Verdict.APPLIED, old)], from_other_process=True)
    assert hagga(overlay) == 1105
    overlay = overlay_of(SPICE, pending=(change,))
    new = SPICE._replace(hagga=1305, updated_at=SPICE.updated_at + 9)
    overlay.apply([Outcome(change, Verdict.APPLIED, new)], from_other_process=True)
    assert hagga(overlay) == 1305
    # The rows contain the change already.
    overlay = overlay_of(SPICE, pending=(change,))
    overlay.refresh([SPICE._replace(hagga=1105)], [change.id], is_whole=False)
    outcome = Outcome(change, Verdict.APPLIED, SPICE._replace(hagga=1005))
    overlay.apply([outcome], from_other_process=True)
    assert (hagga(overlay), overlay.applied_ids) == (1105, frozenset())


def test_changes_take_effect_in_the_order_of_the_outbox() -> None:
    overlay, first, second = overlay_of(SPICE._replace(hagga=0)), add(5), remove(3)
    overlay.show([second], {second.id: 2})
    assert hagga(overlay) == 0
    overlay.show([first], {first.id: 1})
    assert hagga(overlay) == 2


def test_an_outcome_changes_only_the_row_that_it_has() -> None:
    here, there, without_row = add(5), add(7, resource_id="water"), add(1)
    overlay = overlay_of(SPICE, WATER, pending=(here, there, without_row))
    overlay.apply([Outcome(here, Verdict.APPLIED, SPICE._replace(hagga=1005))])
    assert (hagga(overlay), hagga(overlay, "water")) == (1006, 57)
    moved = Moved(1000, 400, 1001, 400, NO_POINTS)
    overlay.apply([Outcome(without_row, Verdict.APPLIED, None, moved)])
    assert (hagga(overlay), hagga(overlay, "water")) == (1005, 57)


def test_a_refresh_returns_moved_rows_but_no_renamed_ones() -> None:
    overlay = overlay_of(SPICE, WATER)
    moved, renamed = SPICE._replace(hagga=7), WATER._replace(name="Aqua")
    new = SPICE._replace(id="iron")
    assert overlay.refresh([moved, renamed, new], (), is_whole=True) == Refreshed(
        changed=frozenset(["spice", "water", "iron"]), moves=((SPICE, moved),)
    )


def test_many_changes_are_removed_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    pending = tuple(add(1) for _ in range(500))
    overlay = overlay_of(SPICE, pending=pending)
    projections: list[Change] = []

    def counting(change: Change, resource: Resource) -> object:
        projections.append(change)
        return project(change, resource)

    monkeypatch.setattr("tracker_tui.sync.overlay.project", counting)
    overlay.remove(pending[:50])
    assert hagga(overlay) == 1_450
    assert len(projections) == 450
