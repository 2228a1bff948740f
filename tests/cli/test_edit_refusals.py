"""`tracker-tui edit` that changes nothing: rejections, conflicts with `--if`, usage errors."""

from __future__ import annotations

from pathlib import Path

from helpers.commands import Run
from helpers.guild import ask, quantities


def test_edit_rejects_an_impossible_change_and_prints_the_quantity(run: Run, guild: Path) -> None:
    for argv, there in (
        (["-1001"], "1,000"),
        (["<501"], "500"),
        (["--at", "deep-desert", "-501"], "500"),
        (["+999999999"], "1,000"),
    ):
        ran = run("edit", "iron", *argv)
        assert ran.status == 1, argv
        assert there in ran.error, argv
    assert quantities(guild, "iron") == (1_000, 500)
    assert ask(guild, "SELECT * FROM resource_history") == []


def test_edit_json_includes_a_rejection(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "-1001", "--json")
    assert ran.status == 1
    assert ran.document["outcome"] == "refused"
    assert ran.document["points"] == 0
    assert "1,000" in ran.document["message"]
    assert ran.document["resource"]["hagga"] == 1_000
    assert {"change_id", "previous"} <= ran.document.keys()


def test_edit_if_sets_only_an_expected_quantity(run: Run, guild: Path) -> None:
    assert run("edit", "iron", "=1200", "--if", "1000").status == 0
    assert quantities(guild, "iron") == (1_200, 500)
    ran = run("edit", "iron", "=1300", "--if", "1000")
    assert ran.status == 1
    assert "1,200" in ran.error
    conflict = run("edit", "iron", "--if=1000", "set", "1300", "--json")
    assert (conflict.status, conflict.document["outcome"]) == (1, "conflict")
    assert quantities(guild, "iron") == (1_200, 500)


def test_edit_if_checks_the_given_location_and_accepts_an_amount_as_typed(
    run: Run, guild: Path
) -> None:
    assert run("edit", "iron", "=7", "--if", "500", "--at", "deep-desert").status == 0
    assert quantities(guild, "iron") == (1_000, 7)
    assert run("edit", "iron", "=1200", "--if", "1k").status == 0


def test_edit_if_accepts_only_a_quantity_and_only_with_set(run: Run, guild: Path) -> None:
    for change, expected in (
        *(("=1200", text) for text in ("", "x", "-", "+5", "1.5", "1,5", "=5")),
        *((change, "1000") for change in ("+5", "-5", ">5", "<5")),
    ):
        ran = run("edit", "iron", change, f"--if={expected}")
        assert ran.status == 2, (change, expected)
        assert "--if" in ran.error, (change, expected)


def test_edit_points_at_the_fault_of_a_change(run: Run, guild: Path) -> None:
    for change, column in (("500", 1), ("+1,5k", 3), ("+0", 2), ("+5;drop", 3), ("+\x1b[31m", 2)):
        ran = run("edit", "iron", change)
        assert ran.status == 2, change
        assert f"column {column}" in ran.error, change
        assert "\x1b" not in ran.error
    assert ask(guild, "SELECT * FROM resource_history") == []


def test_edit_shortens_a_long_change_in_its_error(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "+" + "9" * 9_999)
    assert ran.status == 2
    assert len(ran.error) < 300


def test_edit_accepts_one_reason_of_at_most_500_characters(run: Run, guild: Path) -> None:
    for argv in (
        ["+5", "--reason", "x" * 501],
        ["+5 # a", "--reason", "b"],
        ["+5 #" + "x" * 501],
    ):
        ran = run("edit", "iron", *argv)
        assert ran.status == 2
        assert "reason" in ran.error


def test_edit_lists_the_candidates_of_an_ambiguous_name(run: Run, guild: Path) -> None:
    ran = run("edit", "IRON O", "+5")
    assert ran.status == 0
    ran = run("edit", "ir", "+5")
    assert ran.status == 1
    assert "Iron Ore" in ran.error
    assert "Iron Ingot" in ran.error


def test_edit_of_an_unknown_resource_is_an_error(run: Run, guild: Path) -> None:
    for resource in ("Copper", "", " ", "\x1b[31m", "x" * 9_999, "-nothing"):
        ran = run("edit", resource, "+5")
        assert ran.status == 1, resource
        assert "\x1b" not in ran.error
        assert "list" in ran.error, resource


def test_edit_names_hostile_candidates_in_one_plain_line(run: Run, guild: Path) -> None:
    ask(
        guild,
        "UPDATE resources SET id = 'a' || char(10, 27) || '[2J', name = 'Iron' || char(13) "
        "WHERE id = 'iron'",
    )
    ask(
        guild,
        "INSERT INTO resources (id, name, last_updated_by, created_at, updated_at) "
        "VALUES ('b', 'Iron 2', 'me', 0, 0)",
    )
    ran = run("edit", "iro", "+5")
    assert ran.status == 1
    assert ran.error[:-1].isprintable()
