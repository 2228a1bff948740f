"""`tracker-tui history`: its table and its JSON."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from helpers.commands import Run
from helpers.guild import NOW, ask, entry_row, insert
from helpers.other_schemas import SETTINGS

DAY = 86_400
TABLE = """\
When              Who       Resource       ± Hagga  ± Deep Desert  Hagga  Deep Desert  Kind      Reason
2023-11-15 00:14  me        Spice Melange   -1,000             ±0  4,000            0  removed   crafting
2023-11-15 00:14  old nick  Iron Ore            ±0             ±0  1,000          500  set
2023-11-15 00:13  Muad'Dib  Iron Ore          -300           +300  1,000          500  transfer  to the base
2023-11-15 00:13  Muad'Dib  Iron Ore          +500             ±0  1,300          200  added     spice run
"""  # noqa: E501 - as it is printed


def add(path: Path, *args: Any, **given: Any) -> None:
    insert(path, "resource_history", entry_row(*args, **given))


@pytest.fixture
def entries(guild: Path) -> Path:
    """The guild with one entry of each kind; the last two have the same time."""
    add(guild, "a", (800, 200), (1_300, 200), reason="spice run")
    moved = {"change_type": "transfer", "reason": "to the base"}
    add(guild, "b", (1_300, 200), (1_000, 500), created_at=NOW + 30, **moved)
    same = (1_000, 500)
    counted = {"change_type": "absolute", "updated_by": "old nick"}
    add(guild, "d", same, same, created_at=NOW + 60, **counted)
    used = {"updated_by": "me", "reason": "crafting"}
    add(guild, "c", (5_000, 0), (4_000, 0), "spice", created_at=NOW + 60, **used)
    return guild


@pytest.fixture
def two_hours_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another time zone than the database."""
    if os.name == "nt":
        pytest.skip("Windows takes no zone from the environment")
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Arrakeen-2")
        time.tzset()
        yield
    time.tzset()


def ids(run: Run, *argv: str) -> list[str]:
    ran = run("history", *argv, "--json")
    assert (ran.status, ran.err) == (0, "")
    return [entry["id"] for entry in ran.document]


@pytest.mark.usefixtures("two_hours_ahead")
def test_history_shows_the_newest_first_by_the_clock_of_the_player(run: Run, entries: Path) -> None:
    assert run("history") == (0, TABLE, "")


def test_history_json_matches_the_database(run: Run, entries: Path) -> None:
    assert ids(run) == ["c", "d", "b", "a"]
    documents = run("history", "--json").document
    assert documents[2] == {
        "id": "b",
        "resource_id": "iron",
        "resource": "Iron Ore",
        "change_type": "transfer",
        "hagga": {"previous": 1_300, "new": 1_000, "change": -300},
        "deep_desert": {"previous": 200, "new": 500, "change": 300},
        "by": "Muad'Dib",
        "reason": "to the base",
        "at": NOW + 30,
    }
    assert documents[1]["reason"] is None


def test_history_uses_the_guilds_names_for_locations(run: Run, entries: Path) -> None:
    ask(entries, SETTINGS)
    insertion = "INSERT INTO global_settings VALUES (?, ?, NULL, 1, 1)"
    ask(entries, insertion, "inventory_location_1_name", "Arrakeen\x1b[2J")
    heads = run("history").out.splitlines()[0]
    for head in ("± Arrakeen [2J", "± Deep Desert", "  Arrakeen [2J", "  Deep Desert"):
        assert head in heads


# By resource


def test_history_accepts_an_id_or_a_name(run: Run, entries: Path) -> None:
    for resource in ("iron", "Iron Ore", "ORE"):
        assert ids(run, resource) == ["d", "b", "a"], resource


def test_an_id_that_begins_with_a_dash_is_not_an_option(run: Run, guild: Path) -> None:
    add(guild, "e", (0, 0), (5, 0), "-dash")
    add(guild, "f", (0, 0), (5, 0), "ingot")
    for argv in (["--", "-dash"], ["-dash"], ["-dash", "--limit", "3"], ["--since=all", "-dash"]):
        assert [e["id"] for e in run("history", "--json", *argv).document] == ["e"]
    assert run("list", "-iron o", "--json").document == run("list", "iron o", "--json").document


def test_an_unknown_or_ambiguous_name_is_an_error(run: Run, entries: Path) -> None:
    for resource in ("unobtainium", "", " "):
        ran = run("history", resource)
        assert ran.status == 1
        assert "No resource is called" in ran.error
    ran = run("history", "iro")
    assert ran.status == 1
    for candidate in ("Iron Ore [iron]", "Iron Ingot [ingot]"):
        assert candidate in ran.error


# --since and --limit


def test_history_since_accepts_a_span(run: Run, entries: Path) -> None:
    now = int(time.time())
    add(entries, "hour", (0, 0), (5, 0), created_at=now - 3_600)
    add(entries, "week", (0, 0), (5, 0), created_at=now - 7 * DAY)
    add(entries, "month", (0, 0), (5, 0), created_at=now - 30 * DAY)
    for since, expected in (
        ("2h", ["hour"]),
        ("8d", ["hour", "week"]),
        ("2w", ["hour", "week"]),
        ("40d", ["hour", "week", "month"]),
    ):
        assert ids(run, "--since", since) == expected
        assert ids(run, "iron", f"--since={since}") == expected
    assert len(ids(run, "--since", "all")) == len(ids(run)) == 7


def test_history_since_accepts_whole_days_and_only_a_period(run: Run, guild: Path) -> None:
    for day in (14, 15, 16):
        noon = datetime(2023, 11, day, 12)  # in the local time zone
        add(guild, f"{day}", (0, 0), (5, 0), created_at=int(noon.timestamp()))
    assert ids(run, "--since", "2023-11-15..2023-11-15") == ["15"]
    assert ids(run, "--since", "2023-11-15..") == ["16", "15"]
    assert ids(run, "--since", "..2023-11-15") == ["15", "14"]
    for since in ("7", "yesterday", "", "..", "2023-02-30..", "\x1b[2J"):
        ran = run("history", f"--since={since}")
        assert ran.status == 2, since
        assert "isn't a period" in ran.error or "a date that doesn't exist" in ran.error


def test_history_shows_twenty_entries_by_default_and_up_to_1000(run: Run, guild: Path) -> None:
    ran = run("history")
    assert ran.status == 0
    assert "No entry matches" in ran.error
    assert ids(run) == []
    for number in range(25):
        add(guild, f"{number}", (0, 0), (5, 0), created_at=NOW + number)
    newest = [f"{number}" for number in reversed(range(25))]
    assert ids(run) == newest[:20]
    for limit in (1, 24, 1_000):
        assert ids(run, "--limit", f"{limit}") == newest[:limit]
    assert len(run("history", "--limit", "3").out.splitlines()) == 4
    for limit in ("0", "1001", "-5", "", "1.5", "٣", "²", "9" * 5_000):
        ran = run("history", f"--limit={limit}")
        assert ran.status == 2, limit
        assert "--limit needs a number from 1 to 1,000" in ran.error, limit


# Hostile rows


def test_history_survives_hostile_rows_and_one_of_a_deleted_resource(run: Run, guild: Path) -> None:
    add(guild, "gone", (0, 0), (5, 0), "deleted")
    assert "deleted" in run("history").out
    (entry,) = run("history", "--json").document
    assert (entry["resource_id"], entry["resource"]) == ("deleted", "deleted")
    ask(guild, "DELETE FROM resource_history")
    hostile = "\x1b[2J[red]x\ny\u202e\r\x07"
    ask(guild, "UPDATE resources SET name = ?", hostile)
    ask(guild, "UPDATE users SET custom_nickname = ?", hostile)
    texts = {"reason": hostile * 99, "change_type": hostile}
    add(guild, hostile, (0, 0), (-5, 2**62), created_at=NOW * 1_000, **texts)
    add(guild, "e", (0, 0), (5, 0), hostile, updated_by=hostile, created_at=NOW)
    shown = run("history")
    assert (shown.status, shown.err) == (0, "")
    assert len(shown.out.splitlines()) == 3
    assert all(line.isprintable() for line in shown.out.splitlines())
    ran = run("history", "--json")
    assert ran.out.isascii()
    assert "\x1b" not in ran.out
    assert [entry["at"] for entry in ran.document] == [NOW, NOW]
