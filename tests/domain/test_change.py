"""Changes: their effects, their undo and their texts (data contract, "A change")."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.change import (
    Change,
    Moved,
    Outcome,
    Rejection,
    Shortage,
    Verdict,
    counter_change,
    describe,
    differences,
    project,
    undo_id,
)
from tracker_tui.domain.messages import movement_text, outcome_sentence, points_text
from tracker_tui.domain.points import NO_POINTS, Points
from tracker_tui.domain.quantities import MAX_QUANTITY, Kind, Location, grouped, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import MAX_REASON

PLACES = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "Deep Desert"}
TRANSFERS = [Kind.TO_DEEP_DESERT, Kind.TO_HAGGA]
UNREWARDED = [Kind.REMOVE, *TRANSFERS]

# Older websites let quantities fall below 0, and nothing keeps a row below the maximum.
STORED = st.integers(-1_000, 1_000) | st.integers(-1_000, 2 * MAX_QUANTITY)
AMOUNTS = st.integers(1, 2_000) | st.integers(1, MAX_QUANTITY)


def spice(hagga: int = 1_000, deep_desert: int = 500, target: int | None = None) -> Resource:
    texts = (None, "Raw", None, None)
    return Resource("r1", "Spice", hagga, deep_desert, *texts, target, 1.0, False, "someone", 0)


def change(
    kind: Kind, amount: int, location: Location = Location.HAGGA, reason: str | None = None
) -> Change:
    return Change("c1", "r1", kind, location, amount, "me", reason)


RESOURCES = st.builds(spice, STORED, STORED, st.none() | st.integers(0, MAX_QUANTITY))
CHANGES = st.builds(change, st.sampled_from(Kind), AMOUNTS, st.sampled_from(Location))


def moved_by(asked: Change, resource: Resource) -> Moved:
    projected = project(asked, resource)
    assert isinstance(projected, Moved), projected
    return projected


def shortage_of(asked: Change, resource: Resource) -> Shortage:
    projected = project(asked, resource)
    assert isinstance(projected, Shortage), projected
    return projected


def test_each_kind_changes_its_quantities() -> None:
    expected = {
        (Kind.ADD, Location.HAGGA): (1_300, 500),
        (Kind.ADD, Location.DEEP_DESERT): (1_000, 800),
        (Kind.REMOVE, Location.HAGGA): (700, 500),
        (Kind.REMOVE, Location.DEEP_DESERT): (1_000, 200),
        (Kind.SET, Location.HAGGA): (300, 500),
        (Kind.SET, Location.DEEP_DESERT): (1_000, 300),
        (Kind.TO_DEEP_DESERT, Location.HAGGA): (700, 800),
        (Kind.TO_HAGGA, Location.HAGGA): (1_300, 200),
        # A transfer names both ends itself, wherever the player stands.
        (Kind.TO_DEEP_DESERT, Location.DEEP_DESERT): (700, 800),
        (Kind.TO_HAGGA, Location.DEEP_DESERT): (1_300, 200),
    }
    for (kind, location), (hagga, deep_desert) in expected.items():
        moved = moved_by(change(kind, 300, location), spice())
        assert moved[:4] == (1_000, 500, hagga, deep_desert), (kind, location)
        changed = moved.hagga_change, moved.deep_desert_change
        assert changed == (hagga - 1_000, deep_desert - 500), (kind, location)


@given(CHANGES, RESOURCES)
def test_changed_quantities_stay_in_bounds(asked: Change, resource: Resource) -> None:
    projected = project(asked, resource)
    by_hagga, by_deep_desert = differences(asked, resource)
    after = {
        Location.HAGGA: resource.hagga + by_hagga,
        Location.DEEP_DESERT: resource.deep_desert + by_deep_desert,
    }
    moving = list(Location) if asked.kind.is_transfer else [asked.location]
    out_of_bounds = [place for place in moving if not 0 <= after[place] <= MAX_QUANTITY]
    if isinstance(projected, Shortage):
        assert projected.location in out_of_bounds
        assert projected.there == resource.at(projected.location)
        assert projected.wanted == after[projected.location]
        assert projected.is_too_much == (projected.wanted > MAX_QUANTITY)
    else:
        assert not out_of_bounds
        assert projected[:4] == (resource.hagga, resource.deep_desert, *after.values())
        if asked.kind.is_transfer:
            assert sum(after.values()) == resource.total
        else:
            assert after[asked.location.other] == resource.at(asked.location.other)


def test_a_quantity_ends_between_0_and_the_maximum() -> None:
    assert moved_by(change(Kind.REMOVE, 1_000), spice()).hagga == 0
    assert shortage_of(change(Kind.REMOVE, 1_001), spice()) == (Location.HAGGA, 1_000, -1)
    assert moved_by(change(Kind.TO_HAGGA, 500), spice()).deep_desert == 0
    assert shortage_of(change(Kind.TO_HAGGA, 501), spice()) == (Location.DEEP_DESERT, 500, -1)
    full = spice(MAX_QUANTITY - 10, 500)
    assert moved_by(change(Kind.ADD, 10), full).hagga == MAX_QUANTITY
    assert shortage_of(change(Kind.ADD, 11), full).is_too_much
    assert shortage_of(change(Kind.TO_HAGGA, 11), full).location is Location.HAGGA
    # Wherever it began
    owed = spice(hagga=-5, deep_desert=10)
    for raised in (change(Kind.ADD, 5), change(Kind.SET, 0), change(Kind.TO_HAGGA, 5)):
        assert moved_by(raised, owed).hagga == 0
    for too_little in (change(Kind.ADD, 4), change(Kind.TO_HAGGA, 4)):
        assert isinstance(project(too_little, owed), Shortage)
    heap = spice(hagga=MAX_QUANTITY + 100)
    assert moved_by(change(Kind.REMOVE, 100), heap).hagga == MAX_QUANTITY
    assert isinstance(project(change(Kind.REMOVE, 99), heap), Shortage)
    # The location that does not move may hold anything.
    assert moved_by(change(Kind.REMOVE, 10, Location.DEEP_DESERT), owed).hagga == -5


def test_additions_earn_by_the_status_after_them_and_counts_one_point() -> None:
    for hagga, deep_desert, earned in ((0, 0, 110.0), (4_000, 0, 105.0), (5_000, 4_000, 100.0)):
        before = spice(hagga, deep_desert, 10_000)
        assert moved_by(change(Kind.ADD, 1_000), before).points.final == earned
    assert moved_by(change(Kind.SET, 999), spice()).points == (1.0, 1.0, 0.0, 1.0)
    undo = change(Kind.ADD, 300)._replace(undoes="c0")
    for asked in (change(Kind.SET, 1_000), undo, *(change(k, 300) for k in UNREWARDED)):
        assert moved_by(asked, spice()).points == NO_POINTS, asked


@given(CHANGES, RESOURCES)
def test_undoing_brings_both_quantities_back(asked: Change, resource: Resource) -> None:
    projected = project(asked, resource)
    if isinstance(projected, Shortage):
        return
    counter = counter_change(asked, projected, "me")
    if counter is None:
        assert (projected.hagga_change, projected.deep_desert_change) == (0, 0)
        return
    by_hagga, by_deep_desert = differences(counter, resource)
    assert by_hagga == -projected.hagga_change
    assert by_deep_desert == -projected.deep_desert_change
    assert counter.kind is not Kind.SET
    assert counter.amount > 0


def test_an_undo_is_relative_and_keeps_later_changes() -> None:
    expected = {
        (Kind.ADD, 300): (Kind.REMOVE, 300),
        (Kind.REMOVE, 300): (Kind.ADD, 300),
        (Kind.SET, 1_200): (Kind.REMOVE, 200),
        (Kind.SET, 900): (Kind.ADD, 100),
        (Kind.TO_DEEP_DESERT, 300): (Kind.TO_HAGGA, 300),
        (Kind.TO_HAGGA, 300): (Kind.TO_DEEP_DESERT, 300),
    }
    for (kind, amount), wanted in expected.items():
        asked = change(kind, amount, reason="spice run")
        counter = counter_change(asked, moved_by(asked, spice()), "me")
        assert (counter.kind, counter.amount) == wanted, kind
        assert (counter.id, counter.resource_id, counter.by) == (undo_id("c1"), "r1", "me")
        assert counter.requires == counter.undoes == "c1"
        assert counter.expected is None
    # A count that moved nothing needs no undo.
    asked = change(Kind.SET, 1_000)
    assert counter_change(asked, moved_by(asked, spice()), "me") is None


def test_the_id_of_an_undo_is_the_same_in_every_version() -> None:
    # Written down: another version of the program must come to the same id.
    assert undo_id("Vq3pJ0x-Zr5tYw8_Kd2mA") == "sk6mzGShCyEIk_Lk5VxX5"
    undone = ["c1"]
    for _ in range(3):
        undone.append(undo_id(undone[-1]))
    assert len(set(undone)) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{21}", change_id) for change_id in undone[1:])
    assert undo_id("\udcfc"), "what a broken file may hold"


def test_the_reason_of_an_undo_says_so_and_is_short_enough() -> None:
    for reason in ("spice run", None, "x" * MAX_REASON):
        asked = change(Kind.ADD, 1_500, reason=reason)
        counter = counter_change(asked, moved_by(asked, spice()), "me")
        assert counter.reason.startswith("Undo: ")
        assert (reason or "+1,500")[:20] in counter.reason
        assert len(counter.reason) <= MAX_REASON


def test_changes_quantities_and_points_in_words() -> None:
    # A change is described as it would be typed.
    described = [describe(change(kind, 1_500)) for kind in Kind]
    assert described == ["+1,500", "-1,500", "=1,500", ">1,500", "<1,500"]
    numbers = {0: "0", 999: "999", 1_000: "1,000", -5: "-5", MAX_QUANTITY: "999,999,999"}
    assert {number: grouped(number) for number in numbers} == numbers
    assert [signed(n) for n in (0, 1_234, -5)] == ["±0", "+1,234", "-5"]
    # A movement names the places that move.
    added, moved = change(Kind.ADD, 300), change(Kind.TO_DEEP_DESERT, 300)
    assert movement_text(moved_by(added, spice()), added, PLACES) == "Hagga 1,000 → 1,300"
    text = movement_text(moved_by(moved, spice()), moved, PLACES)
    assert text == "Hagga 1,000 → 700  Deep Desert 500 → 800"
    # Points have no trailing zeros.
    expected = {0.0: "", 1.0: "+1 point", 110_000_000.0: "+110,000,000 points"}
    expected |= {n: f"+{n:g} points" for n in (0.01, 1.01, 52.5, 100.0)}
    assert {points: points_text(points) for points in expected} == expected


def applied(asked: Change, before: Resource, verdict: Verdict = Verdict.APPLIED) -> Outcome:
    moved = moved_by(asked, before)
    after = before._replace(hagga=moved.hagga, deep_desert=moved.deep_desert)
    return Outcome(asked, verdict, after, moved)


def test_the_sentence_of_an_applied_change_has_quantities_total_target_and_points() -> None:
    sentence = outcome_sentence(applied(change(Kind.ADD, 500), spice(target=4_000)), PLACES)
    assert sentence == "Spice +500 → 1,500 at Hagga · total 2,000, 50 % of target · +52.5 points"
    # Without a target there is no percentage.
    for target in (None, 0):
        sentence = outcome_sentence(applied(change(Kind.ADD, 5), spice(target=target)), PLACES)
        assert "target" not in sentence, target
    # Points are those of the outcome, not of a guess.
    outcome = applied(change(Kind.ADD, 500), spice(), Verdict.ALREADY_APPLIED)
    earned = outcome.moved._replace(points=Points(50.0, 3.0, 0.0, 150.0))
    sentence = outcome_sentence(outcome._replace(moved=earned), PLACES)
    assert "already applied" in sentence
    assert "+150 points" in sentence


def test_a_rejection_says_how_much_is_there() -> None:
    full = "Hagga holds 999,999,989; the most is 999,999,999"
    for asked, resource, there in (
        (change(Kind.REMOVE, 1_200), spice(), "only 1,000 at Hagga"),
        (change(Kind.TO_HAGGA, 501), spice(), "only 500 at Deep Desert"),
        (change(Kind.ADD, 11), spice(MAX_QUANTITY - 10), full),
    ):
        shortage = shortage_of(asked, resource)
        outcome = Outcome(
            asked, Verdict.REJECTED, resource, rejection=Rejection.QUANTITY, shortage=shortage
        )
        sentence = outcome_sentence(outcome, PLACES)
        assert there in sentence
        assert "rejected" in sentence


def test_conflicts_and_rejections_have_sentences() -> None:
    asked = change(Kind.SET, 1_200)._replace(expected=900)
    sentence = outcome_sentence(Outcome(asked, Verdict.CONFLICT, spice()), PLACES)
    assert "1,000" in sentence
    assert "900" in sentence
    for rejection in (Rejection.NO_RESOURCE, Rejection.NOT_IN_HISTORY, Rejection.ID_TAKEN):
        resource = None if rejection is Rejection.NO_RESOURCE else spice()
        outcome = Outcome(change(Kind.ADD, 5), Verdict.REJECTED, resource, rejection=rejection)
        sentence = outcome_sentence(outcome, PLACES)
        assert sentence.isprintable()
        assert "holds" not in sentence, rejection


HOSTILE = st.text(
    st.sampled_from("a[]{}%\x1b\n\r\u202e\u200b\u0301\ud800日★ ") | st.characters(codec=None)
)


@given(CHANGES, RESOURCES, HOSTILE, HOSTILE, st.sampled_from(Verdict))
def test_an_outcome_with_hostile_text_is_one_plain_line(
    asked: Change, resource: Resource, name: str, place: str, verdict: Verdict
) -> None:
    places = {Location.HAGGA: place, Location.DEEP_DESERT: place}
    resource = resource._replace(name=name)
    projected = project(asked, resource)
    outcome = (
        Outcome(asked, verdict, resource, projected)
        if isinstance(projected, Moved)
        else Outcome(asked, verdict, resource, rejection=Rejection.QUANTITY, shortage=projected)
    )
    sentence = outcome_sentence(outcome, places)
    assert sentence.splitlines() == [sentence]
    assert not any(char in sentence for char in "\x1b\u202e\u200b\ud800")
