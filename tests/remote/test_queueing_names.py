"""Which resource a queued change goes to, by id and by name, known here or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.books import Books
from helpers.commands import Run
from helpers.proxy import answer
from helpers.wild import ask
from remote.line import Line
from remote.outboxes import outbox_of, outcomes, states, waiting

pytestmark = pytest.mark.usefixtures("no_second_try")

AMBIGUOUS = "e"
"""What the names of all three resources hold."""
by_id_or_name = pytest.mark.parametrize("resource", ["iron", "Iron Ore", "iron ORE", "ore"])


def is_named(home: Path) -> list[bool]:
    """Return of each change in the outbox whether its resource is still to be looked up."""
    rows = ask(outbox_of(home), "SELECT is_named FROM entries ORDER BY number")
    return [bool(row[0]) for row in rows]


# Where this machine has never read the database


@by_id_or_name
def test_without_a_replica_whoever_sends_it_looks_up_what_was_meant(
    run: Run, guild: Books, line: Line, home: Path, resource: str
) -> None:
    line.cut()
    assert run("edit", resource, "+5").status == 0
    assert is_named(home) == [True]
    line.mend()
    assert run("list").status == 0
    assert guild.quantities("iron") == (12, 0)
    assert states(home) == ["applied"]


@pytest.mark.parametrize("resource", ["Copper", AMBIGUOUS])
def test_without_a_replica_a_name_that_means_nothing_is_refused_once_that_is_known(
    run: Run, guild: Books, line: Line, home: Path, resource: str
) -> None:
    before = guild.everything()
    line.cut()
    assert run("edit", resource, "+5", "--json").document["outcome"] == "queued"
    assert run("edit", "water", "+1", "--json").document["outcome"] == "queued"
    line.mend()
    assert run("list").status == 0
    # It holds up nothing, and waits for the player.
    assert states(home) == ["refused", "applied"]
    refused, _ = outcomes(home)
    assert refused["refusal"] == "unknown name"
    assert f"“{resource}”" in refused["said"]
    assert guild.quantities("water") == (51, 0)
    assert guild.everything()["resources"] != before["resources"]


def test_a_name_that_came_to_mean_something_meanwhile_is_found(
    run: Run, guild: Books, line: Line, home: Path
) -> None:
    line.cut()
    assert run("edit", "Copper", "+5").status == 0
    guild.insert_resource("cu", name="Copper")
    line.mend()
    assert run("list").status == 0
    assert guild.quantities("cu") == (5, 0)
    assert waiting(home) == []


# Where it has


@by_id_or_name
def test_with_a_replica_a_queued_change_goes_to_what_is_meant_now(
    run: Run, known: Books, line: Line, home: Path, resource: str
) -> None:
    line.cut()
    assert run("edit", resource, "+5").status == 0
    assert is_named(home) == [False]
    # What it was called when it was typed is what counts.
    known.run("UPDATE resources SET name = 'Copper' WHERE id = 'iron'")
    known.run("UPDATE resources SET name = 'Iron Ore' WHERE id = 'water'")
    line.mend()
    assert run("list").status == 0
    assert known.quantities("iron") == (12, 0)
    assert known.quantities("water") == (50, 0)


@pytest.mark.parametrize("status", [None, 503], ids=["unreachable", "503"])
@pytest.mark.parametrize("resource", ["Copper", AMBIGUOUS])
def test_with_a_replica_a_name_that_means_nothing_is_told_at_once(
    run: Run, known: Books, line: Line, home: Path, resource: str, status: int | None
) -> None:
    before = known.everything()
    line.cut()
    if status is not None:
        line.mend()
        line.proxy.fate = answer(status)
    ran = run("edit", resource, "+5")
    assert ran.status == 1
    assert f"“{resource}”" in ran.error
    if resource == AMBIGUOUS:
        assert all(name in ran.error for name in ("Iron Ore", "Spice", "Water"))
    assert states(home) == []
    assert known.everything() == before


@pytest.mark.parametrize("resource", ["Copper", AMBIGUOUS])
def test_a_name_that_means_nothing_is_told_at_once_by_a_server_that_answers(
    run: Run, guild: Books, home: Path, resource: str
) -> None:
    before = guild.everything()
    ran = run("edit", resource, "+5")
    assert ran.status == 1
    assert f"“{resource}”" in ran.error
    assert states(home) == []
    assert guild.everything() == before
