"""Many players at once, in real processes, on one resource: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise

import pytest

from helpers.many_players import assert_history_is_a_chain_of, history
from helpers.other_schemas import ask_at
from helpers.player import PLAY, changes_of
from helpers.processes import run_together


def play(where: str, players: list[str], changes_each: int) -> dict[str, list[str]]:
    """Run all players at once; return the verdicts for each change, by id."""
    printed = run_together(PLAY, [(where, player, changes_each) for player in players])
    verdicts = defaultdict(list)
    for out in printed:
        for change_id, verdict in json.loads(out.splitlines()[-1]).items():
            verdicts[change_id].append(verdict)
    return verdicts


@pytest.mark.parametrize(
    ("where", "players", "changes_each"),
    # Twins send the same changes.
    [("wal", "abctt", 50), ("remote", "abcd", 30), ("rollback", "abc", 30)],
    indirect=["where"],
)
def test_many_players_at_once_apply_each_change_once(
    where: str, players: str, changes_each: int
) -> None:
    verdicts = play(where, list(players), changes_each)
    changes = {c.id: c for player in players for c in changes_of(player, changes_each)}
    assert verdicts.keys() == changes.keys()
    in_history = [str(row[0]) for row in history(where)]
    for change_id, found in verdicts.items():
        applied = in_history.count(change_id)
        assert found.count("applied") == applied <= 1, change_id
        assert applied or set(found) == {"refused"}, change_id
    assert_history_is_a_chain_of(changes, where)
    # Otherwise they played one after the other, and the test proves nothing.
    turns = [changes[change_id].by for change_id in in_history]
    assert sum(before != after for before, after in pairwise(turns)) > len(players)
    if not where.endswith("wal.db"):
        both = "quantity_hagga - quantity_location_1, quantity_deep_desert - quantity_location_2"
        assert ask_at(where, f"SELECT {both} FROM resources") == [(0, 0)]
