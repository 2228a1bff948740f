"""The rules of the leaderboard: ranks, and the members that names belong to."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.domain.leaderboard import Leaderboard, Sum, finite, ranked
from tracker_tui.domain.members import Members, NamedMember

NOBODY = Members([])
NAMED = [("1", "paul", "Muad'Dib"), ("2", "chani", None), ("3", "stilgar", "Naib")]
NAMED += [("4", "jamis", "Naib"), ("5", "Usul", ""), ("6", "1", "Gurney"), ("7", "same", "same")]
MEMBERS = Members([NamedMember(*named) for named in NAMED])
users = st.sampled_from(["1", "2", "3", "paul", "chani", "Naib", "Gurney", "stranger", ""])
# In cents, as stored: the compared points are the shown points.
points = st.integers(0, 500).map(lambda cents: cents / 100)
counts = st.integers(0, 3)
sums = st.lists(st.builds(Sum, users, points, counts, points, counts), max_size=12)
wild_points = st.floats() | st.none()


def places(*earned: float) -> list[int]:
    board = ranked(
        (Sum(str(number), each, 1) for number, each in enumerate(earned)), NOBODY, has_before=False
    )
    return [ranking.rank for ranking in board.rankings]


def test_equal_points_share_a_rank_and_the_next_is_skipped() -> None:
    expected = {
        (): [],
        (5.0,): [1],
        (5.0, 3.0, 3.0, 1.0): [1, 2, 2, 4],
        (3.0, 3.0, 3.0): [1, 1, 1],
        (1.0, 1.0, 3.0, 3.0, 2.0): [1, 1, 3, 4, 4],
        (0.0, 0.0): [1, 1],
        # Equal to the cent, though the floats differ.
        (0.1 + 0.2, 0.3, 0.31): [1, 2, 2],
        (-5.0, 1.0): [1, 2],
    }
    assert {earned: places(*earned) for earned in expected} == expected


def test_members_of_equal_rank_are_sorted_by_name() -> None:
    board = ranked([Sum("2", 1.0, 1), Sum("1", 1.0, 1), Sum("x", 1.0, 1)], MEMBERS, has_before=True)
    assert [ranking.name for ranking in board.rankings] == ["chani", "Muad'Dib", "x"]
    # Ranks are compared with the previous period.
    before = [Sum("1", 9.0, 1, 1.0, 1), Sum("2", 5.0, 1, 3.0, 1), Sum("4", 0.0, 0, 7.0, 1)]
    board = ranked([*before, Sum("3", 5.0, 1)], MEMBERS, has_before=True)
    assert [(s.user_id, s.climbed) for s in board.rankings] == [("1", 2), ("2", 0), ("3", None)]


@given(sums, st.booleans())
def test_a_leaderboard_matches_any_sums(given_sums: list[Sum], has_before: bool) -> None:
    board = ranked(given_sums, MEMBERS, has_before=has_before)
    owned: dict[str, list[Sum]] = {}
    for each in given_sums:
        owned.setdefault(MEMBERS.owner_of(each.user_id), []).append(each)
    acting = {o: parts for o, parts in owned.items() if any(part.actions for part in parts)}
    assert {s.user_id for s in board.rankings} == acting.keys()
    assert len(board.rankings) == len(acting)
    for ranking in board.rankings:
        parts = acting[ranking.user_id]
        assert ranking.points == pytest.approx(sum(p.points for p in parts), abs=0.005)
        assert ranking.actions == sum(p.actions for p in parts)
        better = sum(other.points > ranking.points for other in board.rankings)
        assert ranking.rank == better + 1
        compares = has_before and any(p.actions_before for p in parts)
        assert (ranking.climbed is not None) == compares
    assert [s.rank for s in board.rankings] == sorted(s.rank for s in board.rankings)
    total = sum(s.share for s in board.rankings)
    has_points = any(s.points for s in board.rankings)
    assert total == pytest.approx(1.0 if has_points else 0.0)


@example([Sum("1", 1e308, 1), Sum("paul", 1e308, 1), Sum("2", 1.0, 1)])
@given(st.lists(st.builds(Sum, users, wild_points, counts, wild_points, counts), max_size=6))
def test_points_and_shares_are_finite_for_any_stored_numbers(given_sums: list[Sum]) -> None:
    board = ranked(given_sums, MEMBERS, has_before=True)
    for ranking in board.rankings:
        assert math.isfinite(ranking.points)
        assert 0.0 <= ranking.share <= 1.0


def test_points_that_are_not_finite_count_as_0_and_a_members_own_rank_is_found() -> None:
    assert [finite(n) for n in (None, math.inf, -math.inf, math.nan, -2.5)] == [0, 0, 0, 0, -2.5]
    board = ranked([Sum("1", 9.0, 1), Sum("2", 5.0, 1)], MEMBERS, has_before=False)
    assert board.of("2") == board.rankings[1]
    assert board.of("paul") is None
    assert Leaderboard([], has_before=True).of("1") is None


def test_a_text_is_an_id_or_a_unique_name() -> None:
    owners = dict.fromkeys(("1", "paul", "Muad'Dib"), "1")
    owners |= {"chani": "2", "stilgar": "3", "Usul": "5", "Gurney": "6", "same": "7"}
    # A shared name, another letter case, and unknown names
    owners |= {text: text for text in ("Naib", "Chani", "", "deleted-user-x")}
    assert {text: MEMBERS.owner_of(text) for text in owners} == owners


def test_member_names_fall_back_from_nickname_to_user_name_to_the_row() -> None:
    names = [MEMBERS.name_of(user_id) for user_id in ("1", "2", "5", "somebody else", "")]
    assert names == ["Muad'Dib", "chani", "Usul", "somebody else", ""]
    assert Members([NamedMember("9", "", None)]).name_of("9") == "9"


names = st.sampled_from(["a", "b", "c", "1", "2", ""])


@given(
    st.lists(
        st.builds(NamedMember, st.sampled_from("123"), names, names | st.none()),
        unique_by=lambda m: m.discord_id,
    ),
    names,
)
def test_an_ambiguous_name_belongs_to_no_member(known: list[NamedMember], text: str) -> None:
    owner = Members(known).owner_of(text)
    called = [m.discord_id for m in known if text and text in (m.username, m.nickname)]
    if any(m.discord_id == text for m in known) or len(called) != 1:
        assert owner == text
    else:
        assert owner == called[0]
