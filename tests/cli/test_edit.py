"""`tracker-tui edit`: resource, change, location, reason and output, and what it rejects."""

from __future__ import annotations

from pathlib import Path

from helpers.commands import RESOURCE_TYPES, Run
from helpers.guild import ask, quantities
from helpers.other_schemas import SETTINGS


def test_edit_accepts_signs_and_words(run: Run, guild: Path) -> None:
    for change, hagga, deep_desert in (
        (["+500"], 1_500, 500),
        (["-20"], 980, 500),
        (["=1200"], 1_200, 500),
        ([">300"], 700, 800),
        (["<300"], 1_300, 200),
        (["+1.5k"], 2_500, 500),
        (["+1", "200"], 2_200, 500),
        (["add", "1.5k"], 2_500, 500),
        (["remove", "20"], 980, 500),
        (["set", "0"], 0, 500),
        (["to-deep-desert", "300"], 700, 800),
        (["to-hagga", "300"], 1_300, 200),
        (["+5", "--at", "deep-desert"], 1_000, 505),
        (["--at=deep-desert", "add", "5"], 1_000, 505),
    ):
        ask(guild, "UPDATE resources SET quantity_hagga = 1000, quantity_deep_desert = 500")
        ran = run("edit", "iron", *change)
        assert (ran.status, ran.err) == (0, ""), change
        assert len(ran.out.splitlines()) == 1, change
        assert "Iron Ore" in ran.out
        assert quantities(guild, "iron") == (hagga, deep_desert), change


def test_edit_accepts_options_anywhere_and_an_id_that_begins_with_a_dash(
    run: Run, guild: Path
) -> None:
    accepted = (
        ["-dash", "+5"],
        ["-dash", "add", "5", "--json"],
        ["--json", "-dash", "+5"],
        ["--reason", "-why-", "-dash", "+5"],
        ["--", "-dash", "+5"],
        ["--at", "hagga", "--", "-dash", "+5"],
    )
    for number, argv in enumerate(accepted, 1):
        ran = run("edit", *argv)
        assert (ran.status, ran.err) == (0, ""), argv
        assert quantities(guild, "-dash") == (5 * number, 0), argv


def test_edit_finds_the_resource_by_id_or_name(run: Run, guild: Path) -> None:
    for number, resource in enumerate(("iron", "Iron Ore", "iron ore", "ORE"), 1):
        assert run("edit", resource, "-20").status == 0, resource
        assert quantities(guild, "iron") == (1_000 - 20 * number, 500), resource


def test_edit_stores_the_reason(run: Run, guild: Path) -> None:
    table = (
        (["+5 # spice run"], "spice run"),
        (["+5", "#", "spice", "run"], "spice run"),
        (["add", "5", "#", "run"], "run"),
        (["+5", "--reason", "spice run"], "spice run"),
        (["+5", "--reason=spice # run"], "spice # run"),
        (["+5", "--reason", "--json"], "--json"),
        (["+5", "--reason", "two\nlines\x1b[31m"], "two lines [31m"),
        (["+5", "--reason", " "], None),
        (["+5"], None),
    )
    for argv, _ in table:
        assert run("edit", "iron", *argv).status == 0, argv
    stored = ask(guild, "SELECT reason FROM resource_history ORDER BY rowid")
    assert stored == [(reason,) for _, reason in table]


def test_edit_json_has_the_promised_keys_and_types(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "+500", "--json")
    document = ran.document
    assert ran.status == 0
    assert document["outcome"] == "applied"
    assert document["previous"] == {"hagga": 1_000, "deep_desert": 500}
    assert document["points"] == 50.0
    assert isinstance(document["points"], float)
    assert isinstance(document["message"], str)
    for key, types in RESOURCE_TYPES.items():
        assert type(document["resource"][key]) in types, key
    assert document["resource"]["total"] == 2_000
    ((by,),) = ask(guild, "SELECT updated_by FROM resource_history")
    assert by == document["resource"]["updated_by"] != ""
    # The change, its history row and its points have the same id.
    assert ask(guild, "SELECT id FROM resource_history") == [(document["change_id"],)]
    assert ask(guild, "SELECT id, final_points FROM leaderboard") == [(document["change_id"], 50.0)]


def test_the_reason_of_a_move_uses_the_guilds_names(run: Run, guild: Path) -> None:
    ask(guild, SETTINGS)
    insert = "INSERT INTO global_settings VALUES (?, ?, NULL, 1, 1)"
    ask(guild, insert, "inventory_location_1_name", "Arrakeen")
    ask(guild, insert, "inventory_location_2_name", "The Deep")
    assert run("edit", "iron", "to-deep-desert", "300").status == 0
    assert run("edit", "Iron Ore", "to-hagga", "100").status == 0
    assert ask(guild, "SELECT reason FROM resource_history ORDER BY rowid") == [
        ("Moved 300 from Arrakeen to The Deep",),
        ("Moved 100 from The Deep to Arrakeen",),
    ]


# Rejected


def test_edit_rejects_an_impossible_change(run: Run, guild: Path) -> None:
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
    assert ask(guild, "SELECT * FROM resource_history") == []
    document = run("edit", "iron", "-1001", "--json").document
    assert (document["outcome"], document["points"]) == ("refused", 0)
    assert "1,000" in document["message"]
    assert document["resource"]["hagga"] == 1_000
    assert {"change_id", "previous"} <= document.keys()


def test_edit_if_sets_only_an_expected_quantity(run: Run, guild: Path) -> None:
    ask(guild, "UPDATE resources SET quantity_hagga = -7 WHERE id = 'iron'")
    for argv, status, expected in (
        (["=1000", "--if", "-8"], 1, (-7, 500)),
        (["=1000", "--if", "-7"], 0, (1_000, 500)),
        # An amount may be written as in a change.
        (["=1200", "--if", "1k"], 0, (1_200, 500)),
        (["=1300", "--if", "1000"], 1, (1_200, 500)),
        (["=7", "--if", "500", "--at", "deep-desert"], 0, (1_200, 7)),
    ):
        ran = run("edit", "iron", *argv)
        assert ran.status == status, argv
        assert quantities(guild, "iron") == expected, argv
        assert status == 0 or f"{expected[0]:,}" in ran.error, argv
    conflict = run("edit", "iron", "--if=1000", "set", "1300", "--json")
    assert (conflict.status, conflict.document["outcome"]) == (1, "conflict")


def test_edit_if_accepts_only_a_quantity_and_only_with_set(run: Run, guild: Path) -> None:
    for change, expected in (
        *(("=1200", text) for text in ("", "x", "-", "+5", "1.5", "1,5", "=5")),
        *((change, "1000") for change in ("+5", "-5", ">5", "<5")),
    ):
        ran = run("edit", "iron", change, f"--if={expected}")
        assert ran.status == 2, (change, expected)
        assert "--if" in ran.error, (change, expected)


def test_edit_points_at_the_fault_of_a_change(run: Run, guild: Path) -> None:
    for change, said in (
        *(("500", "column 1"), ("+1,5k", "column 3"), ("+\x1b[31m", "column 2")),
        ("+" + "9" * 9_999, ""),
    ):
        ran = run("edit", "iron", change)
        assert ran.status == 2, change
        assert said in ran.error, change
        assert "\x1b" not in ran.error
        assert len(ran.error) < 300
    assert ask(guild, "SELECT * FROM resource_history") == []


def test_edit_accepts_one_reason_of_at_most_500_characters(run: Run, guild: Path) -> None:
    for argv in (
        ["+5", "--reason", "x" * 501],
        ["+5 # a", "--reason", "b"],
        ["+5 #" + "x" * 501],
    ):
        ran = run("edit", "iron", *argv)
        assert ran.status == 2
        assert "reason" in ran.error


def test_edit_of_an_unknown_resource_is_an_error(run: Run, guild: Path) -> None:
    for resource in ("Copper", "", " ", "\x1b[31m", "x" * 9_999, "-nothing"):
        ran = run("edit", resource, "+5")
        assert ran.status == 1, resource
        assert "\x1b" not in ran.error
        assert "list" in ran.error, resource


def test_edit_lists_the_candidates_of_an_ambiguous_name(run: Run, guild: Path) -> None:
    assert run("edit", "IRON O", "+5").status == 0
    ran = run("edit", "ir", "+5")
    assert ran.status == 1
    assert "Iron Ore" in ran.error
    assert "Iron Ingot" in ran.error
    hostile = "id = 'a' || char(10, 27) || '[2J', name = 'Iron' || char(13)"
    ask(guild, f"UPDATE resources SET {hostile} WHERE id = 'iron'")
    ran = run("edit", "iro", "+5")
    assert ran.status == 1
    assert ran.error[:-1].isprintable()
