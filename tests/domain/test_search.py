"""Finding resources: by words, for a list; by id or name, for one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.resource import Resource, find_resource
from tracker_tui.domain.search import SearchIndex, is_part_of_a_name, ranked
from tracker_tui.errors import UnknownResource


def resource(
    name: str,
    category: str | None = "Raw",
    description: str | None = None,
    *,
    priority: bool = False,
) -> Resource:
    texts = description, category, None, None
    return Resource(f"id-{name}", name, 0, 0, *texts, None, 1.0, priority, "me", 0)


IRON = resource("Iron Ore", "Raw", "Smelted into Iron Ingots")
INGOT = resource("Iron Ingot", "Refined")
SPICE = resource("Spice-infused Iron Dust", "Components")
MELANGE = resource("Spice Melange", "Refined", "The most valuable stock of a guild")
PISTON = resource("Tri-Forged Hydraulic Piston", "Components")
SHELF = [IRON, INGOT, SPICE, MELANGE, PISTON]


def found(text: str, resources: list[Resource] = SHELF) -> list[str]:
    return [resource.name for resource in ranked(resources, text)]


def test_all_words_are_found_in_any_order() -> None:
    # No words find everything in the order given.
    for text in ("", "   ", "-", "!?.,"):
        assert ranked(SHELF, text) == SHELF, text
    words_of = {
        "Spice-infused Iron Dust": ("iron spice", "spice iron", "IRON  Spice", "dust spice iron"),
        # Punctuation counts as a blank on both sides, and part of a word is enough.
        "Tri-Forged Hydraulic Piston": (
            *("tri-forged", "tri forged", "TRI_FORGED", "tri.forged?", "forged; tri", "(piston)"),
            "hydr pist",
        ),
        # Category and description are searched, too.
        "Spice Melange": ("elang", "valuable", "guild refined melange"),
    }
    for name, texts in words_of.items():
        assert [found(text) for text in texts] == [[name]] * len(texts)
    assert found("refined") == ["Iron Ingot", "Spice Melange"]
    assert found("iron unobtainium") == []
    # The category is the shown one.
    shelf = [resource("A", None), resource("B", "Blueprints")]
    assert found("uncategorized", shelf) == ["A"]
    assert found("gear blueprints", shelf) == ["B"]


def test_matches_at_the_beginning_come_first() -> None:
    shelf = [resource("Cobalt Paste", "Raw", "made with ore"), resource("Explored Map")]
    shelf += [resource("Iron Ore"), resource("Ore Crusher")]
    # Begins the name; begins a word; within a word; only in the description.
    assert found("ore", shelf) == ["Ore Crusher", "Iron Ore", "Explored Map", "Cobalt Paste"]
    # Equal matches keep their order after priority.
    shelf = [resource("Ore A"), resource("Ore B"), resource("Ore C", priority=True)]
    for given_order in itertools.permutations(shelf):
        plain = [r.name for r in given_order if not r.priority]
        assert found("ore", list(given_order)) == ["Ore C", *plain]


def test_an_index_sees_that_a_resource_was_changed() -> None:
    index = SearchIndex()
    renamed = IRON._replace(name="Copper Ore", description=None)
    recategorized = renamed._replace(category="Scrap")
    described = recategorized._replace(description="shiny")
    changed = {"iron": IRON, "copper": renamed, "scrap": recategorized, "shiny": described}
    for text, each in changed.items():
        for _ in range(2):
            names, others = index.search([each], text)
            assert names + others == [each], text
    assert index.search([renamed], "iron") == ([], [])


NAMES = st.text("abAB -é1", max_size=8)


@given(st.lists(NAMES, max_size=8), st.text("abAB -é1", max_size=5))
def test_a_search_finds_exactly_the_resources_with_all_words(names: list[str], text: str) -> None:
    shelf = [resource(name)._replace(id=str(n)) for n, name in enumerate(names)]
    words = text.casefold().replace("-", " ").split()
    expected = {
        r.id
        for r in shelf
        if all(word in f"{r.name.casefold().replace('-', ' ')} raw" for word in words)
    }
    result = ranked(shelf, text)
    assert {r.id for r in result} == expected
    assert len(result) == len(expected)


def test_a_sign_that_a_name_has_at_this_place_is_part_of_the_search() -> None:
    parts = [("tri", "-forged"), ("Tri", "-f"), ("ore tri", "-for")]
    changes = [("tri", "-5"), ("tri", "-xorged"), ("tri", "+forged"), ("iron", "-forged")]
    piston = [PISTON, resource("Ore of Tri-Forging"), resource("Cutter Mk-6")]
    assert [typed for typed in parts if not is_part_of_a_name(piston, *typed)] == []
    assert [typed for typed in changes if is_part_of_a_name(piston, *typed)] == []
    # Three characters decide, and any digit stands for another.
    assert is_part_of_a_name(piston, "tri", "-forest")
    assert is_part_of_a_name(piston, "mk", "-7")
    assert not is_part_of_a_name(piston, "tri", "-foxes")


PAIRS = [("id1", "Iron Ore"), ("id2", "Iron Ingot"), ("id3", "Iron"), ("-4", "Spice [red]")]


def test_an_id_is_found_before_a_name_and_that_before_those_that_contain_it() -> None:
    assert find_resource("Iron", [("Iron", "Copper"), ("x", "Iron")]) == "Iron"
    wanted = {"-4": "-4", "ingot": "id2", "N ORE": "id1", "[RED]": "-4"}
    wanted |= dict.fromkeys(("Iron", "iron", "IRON", " iron "), "id3")
    assert {text: find_resource(text, PAIRS) for text in wanted} == wanted


def test_several_names_are_listed_with_their_ids() -> None:
    with pytest.raises(UnknownResource) as caught:
        find_resource("iron o", [*PAIRS, ("id5", "Old Iron Ore")])
    assert "Iron Ore [id1]" in str(caught.value)
    assert "Old Iron Ore [id5]" in str(caught.value)
    assert "Ingot" not in str(caught.value)
    # Those of one name are distinguished by id.
    with pytest.raises(UnknownResource, match=r"a1.*b2"):
        find_resource("iron", [("a1", "Iron"), ("b2", "Iron")])
    assert find_resource("b2", [("a1", "Iron"), ("b2", "Iron")]) == "b2"
    # A long list is cut short.
    with pytest.raises(UnknownResource, match="92 more"):
        find_resource("ore", [(f"id{n}", f"Ore {n}") for n in range(100)])


def test_an_unknown_name_is_rejected_in_one_line() -> None:
    for text in ("", " ", "copper", "x" * 10_000, "\x1b[31m", "%", "_", "*"):
        with pytest.raises(UnknownResource) as caught:
            find_resource(text, PAIRS)
        assert str(caught.value).isprintable(), text
        assert len(str(caught.value)) < 200, text
    # So are candidates with hostile names and ids.
    hostile = [("\x1b[2J1", "Iron\n\x1b[31m"), ("2\r\nX", "Iron\u202e"), ("3" * 10_000, "Iron 3")]
    with pytest.raises(UnknownResource) as caught:
        find_resource("iro", hostile)
    assert str(caught.value).isprintable()
