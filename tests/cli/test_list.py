"""`tracker-tui list`: all or some resources, as a table and as JSON."""

from __future__ import annotations

from pathlib import Path

from helpers.commands import RESOURCE_TYPES, Run
from helpers.guild import NOW, ask


def test_list_shows_every_resource_by_name(run: Run, guild: Path) -> None:
    ran = run("list")
    assert (ran.status, ran.err) == (0, "")
    names = ["Dashed", "Iron Ingot", "Iron Ore", "Spice Melange"]
    lines = ran.out.splitlines()
    shown = [next((n for n in names if n in line), None) for line in lines]
    assert [name for name in shown if name] == names
    ore = next(line for line in lines if "Iron Ore" in line)
    for cell in ("Raw", "1,000", "500", "1,500", "2,000", "75 %", "low"):
        assert cell in ore


def test_list_finds_by_words_in_any_order(run: Run, guild: Path) -> None:
    assert [r["name"] for r in run("list", "ore iron", "--json").document] == ["Iron Ore"]
    assert [r["name"] for r in run("list", "--json", "refined iron").document] == ["Iron Ingot"]
    assert run("list", "unobtainium", "--json").document == []
    assert run("list", "unobtainium").status == 0


def test_list_json_matches_the_database(run: Run, guild: Path) -> None:
    resources = {resource["id"]: resource for resource in run("list", "--json").document}
    assert len(resources) == 4
    for resource in resources.values():
        for key, types in RESOURCE_TYPES.items():
            assert type(resource[key]) in types, key
    assert (
        resources["iron"].items()
        >= {
            "name": "Iron Ore",
            "category": "Raw",
            "hagga": 1_000,
            "deep_desert": 500,
            "total": 1_500,
            "target": 2_000,
            "status": "below_target",
            "priority": False,
            "multiplier": 1.0,
            "updated_at": NOW,
            "updated_by": "Muad'Dib",
        }.items()
    )
    # The status is computed, not stored.
    assert resources["spice"]["status"] == "above_target"
    assert resources["spice"]["priority"] is True
    assert resources["spice"]["updated_by"] == "old nick"
    assert resources["ingot"]["target"] is None
    assert resources["-dash"]["category"] == "Uncategorized"
    ask(guild, "UPDATE resources SET quantity_hagga = -700 WHERE id = 'iron'")
    assert "-700" in run("list", "iron ore").out
    (iron,) = run("list", "iron ore", "--json").document
    assert (iron["hagga"], iron["total"], iron["status"]) == (-700, -200, "critical")


def test_list_survives_a_hostile_row(run: Run, guild: Path) -> None:
    ask(
        guild,
        "UPDATE resources SET name = ?, category = ?, multiplier = 9e999, updated_at = ?, "
        "last_updated_by = ? WHERE id = 'iron'",
        "\x1b[2J[red]Iron\nOre\u202e",
        "Raw\r\x07",
        NOW * 1_000,
        "\x1b]0;x\x07",
    )
    listed = run("list")
    assert listed.status == 0
    assert len(listed.out.splitlines()) == 5
    assert not set(listed.out) & {"\x1b", "\x07", "\r", "\u202e"}
    documents = run("list", "--json")
    assert documents.out.isascii()
    assert "\x1b" not in documents.out
    (iron,) = [r for r in documents.document if r["id"] == "iron"]
    assert iron["updated_at"] == NOW
