"""Names of resources in edits on a server that does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask
from helpers.outbox_files import (
    outbox_of,
    outcomes,
    pending_ids,
    queue,
    states,
)
from helpers.proxy import answer
from helpers.remote_guild import Line

pytestmark = pytest.mark.usefixtures("single_try")

AMBIGUOUS = "e"
"""Part of the names of all three resources."""
UNKNOWN = ("Copper", AMBIGUOUS)
KNOWN = ("iron", "Iron Ore", "iron ORE", "ore")


def is_named(home: Path) -> list[bool]:
    """Return for each change in the outbox whether its resource must still be looked up."""
    rows = ask(outbox_of(home), "SELECT is_named FROM entries ORDER BY number")
    return [bool(row[0]) for row in rows]


# Without a replica


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


# With a replica


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


def assert_is_unknown(run: Run, resource: str) -> None:
    ran = run("edit", resource, "+5")
    assert ran.status == 1
    assert f"“{resource}”" in ran.error
    if resource == AMBIGUOUS:
        assert all(name in ran.error for name in ("Iron Ore", "Spice", "Water"))


def test_an_unknown_name_is_an_error_at_once_if_the_server_or_a_replica_knows_all(
    run: Run, remote_guild: Books, line: Line, home: Path
) -> None:
    before = remote_guild.everything()
    for resource in UNKNOWN:
        assert_is_unknown(run, resource)
    assert run("list").status == 0
    for resource in UNKNOWN:
        line.proxy.fate = answer(503)
        assert_is_unknown(run, resource)
    line.cut()
    for resource in UNKNOWN:
        assert_is_unknown(run, resource)
    assert states(home) == []
    assert remote_guild.everything() == before
