"""The history table: numbers are never cut, other columns shrink in a fixed order."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import UTC
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracker_tui.domain.history import HistoryEntry, entry_sentence
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.ui.history.history_table import (
    GAP,
    HistoryLayout,
    Widths,
    change_text,
    kind_text,
    lay_out,
    titles,
)
from tracker_tui.ui.widgets.formatting import fit

MOST = 999_999_999
PLACES = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "Deep Desert"}
LAYOUT = HistoryLayout(time=5, kind=10, member=8, name=15, change=6, quantity=7, reason=24)

quantities = st.integers(0, MOST) | st.integers(0, 999)
known_widths = st.builds(
    Widths,
    member=st.integers(8, 40),
    name=st.integers(15, 60),
    change=st.integers(4, len(signed(-MOST))),
    quantity=st.integers(4, len(grouped(-MOST))),
)


def entry(
    change_type: str = "relative",
    hagga: tuple[int, int] = (10, 15),
    deep_desert: tuple[int, int] = (0, 0),
    reason: str | None = None,
) -> HistoryEntry:
    moved, at = (*hagga, *deep_desert), 1_760_000_000
    return HistoryEntry("h", change_type, *moved, "1", reason, at, "spice", PageCursor(at, 1))


def used(layout: HistoryLayout) -> int:
    """Return the width of all columns, with the gaps between them."""
    columns = [layout.time, layout.kind, layout.member, layout.name, layout.moved, layout.moved]
    shown = [cells for cells in [*columns, layout.reason] if cells]
    return sum(shown) + GAP * (len(shown) - 1)


def shown(layout: HistoryLayout) -> int:
    return sum(1 for cells in astuple(layout) if cells)


@given(st.integers(40, 220), known_widths)
@example(62, Widths(change=6, quantity=6))
@example(40, Widths(member=40, name=60, change=12, quantity=12))
def test_numbers_are_never_cut(width: int, widths: Widths) -> None:
    layout = lay_out(width, widths)
    assert (layout.change, layout.quantity, layout.time) == (widths.change, widths.quantity, 5)
    assert layout.moved == widths.change + widths.quantity + 3
    assert layout.kind in (1, 10)
    assert min(astuple(layout)) >= 0
    # The columns fit if there is room for time, sign, eight characters of the member, and numbers.
    if width >= 5 + 1 + 8 + 2 * layout.moved + 6 * GAP:
        assert used(layout) <= width
        assert layout.member >= 8


@given(known_widths)
def test_a_wider_table_shows_no_fewer_columns_and_none_wider_than_needed(widths: Widths) -> None:
    layouts = [lay_out(width, widths) for width in range(40, 221)]
    assert all(shown(wider) >= shown(layout) for layout, wider in pairwise(layouts))
    assert all(wider.kind >= layout.kind for layout, wider in pairwise(layouts))
    # Where the word of the kind appears, the other columns shrink by its width.
    assert all(used(wider) >= used(layout) for layout, wider in pairwise(layouts))
    layout = layouts[-1]
    assert (layout.member, layout.name) == (min(widths.member, 20), min(widths.name, 40))
    assert used(layout) == 220
    assert layout.reason >= 24


def test_columns_shrink_in_a_fixed_order() -> None:
    """The order: the word of the kind, the reason's spare cells, the member, the name."""
    wanted = {
        140: (10, 20, 30, 37),
        126: (10, 19, 30, 24),
        125: (1, 20, 30, 31),
        110: (1, 12, 30, 24),
        100: (1, 8, 24, 24),
        90: (1, 8, 15, 23),
        75: (1, 8, 15, 8),
        60: (1, 8, 8, 0),
        53: (1, 8, 1, 0),
    }
    widths = Widths(member=20, name=30, change=6, quantity=7)
    layouts = {width: lay_out(width, widths) for width in wanted}
    assert wanted == {
        width: (layout.kind, layout.member, layout.name, layout.reason)
        for width, layout in layouts.items()
    }


@given(st.lists(st.tuples(quantities, quantities, quantities, quantities), max_size=6))
def test_the_longest_number_of_all_rows_has_room(rows: list[tuple[int, int, int, int]]) -> None:
    entries = [entry("absolute", (a, b), (c, d)) for a, b, c, d in rows]
    widths = Widths().with_rows(entries, {"1": "x" * 9}, {"spice": "y" * 70})
    layout = lay_out(120, widths)
    for each in entries:
        for change, quantity in (
            (each.hagga_change, each.hagga),
            (each.deep_desert_change, each.deep_desert),
        ):
            text = change_text(change, quantity, layout, shows_zero=True)
            assert len(text) == layout.moved
    assert widths.member == (9 if rows else 8)
    assert widths.name == (70 if rows else 15)
    # Rows loaded earlier still fit.
    assert widths.with_rows([entry()], {"1": "x"}, {"spice": "y"}) == widths


def test_the_titles_have_the_widths_of_their_columns() -> None:
    places = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "A very long name of a location"}
    found = titles(LAYOUT, places)
    assert [width for _, width in found] == [5, 10, 8, 15, 16, 16, 24]
    assert [title for title, _ in found] == [
        *("Time", "", "Who", "Resource", "Hagga".rjust(16), "A very long nam…", "Reason")
    ]
    assert "Resource" not in [title for title, _ in titles(replace(LAYOUT, name=0), places)]


def test_the_kind_of_an_entry() -> None:
    wanted = {
        entry(): "+ added",
        entry(hagga=(15, 10)): "- removed",
        entry(hagga=(5, 5)): "+ added",
        entry(hagga=(10, 5), deep_desert=(0, 7)): "+ added",
        entry("absolute"): "= set",
        entry("absolute", (15, 10)): "= set",
        entry("transfer", (15, 10), (0, 5)): "> moved",
        entry("transfer", (10, 15), (5, 0)): "< moved",
        entry("transfer", (10, 10)): "> moved",
        entry("of the future", (15, 10)): "- removed",
    }
    assert {of: kind_text(of, 1) for of in wanted} == {of: text[0] for of, text in wanted.items()}
    assert {of: kind_text(of, 10) for of in wanted} == {
        of: text.ljust(10) for of, text in wanted.items()
    }


def test_the_text_of_a_change() -> None:
    wanted = {
        (1_500, 2_700, False): "+1,500 →   2,700",
        (-5, 0, False): "    -5 →       0",
        (0, 2_700, True): "    ±0 →   2,700",
        (0, 2_700, False): " " * 16,
        (0, 0, False): " " * 16,
        (-5, -12, False): "    -5 →     -12",
    }
    assert wanted == {case: change_text(*case[:2], LAYOUT, shows_zero=case[2]) for case in wanted}


@given(st.text(max_size=12) | st.text("ab香料🏜️é ", max_size=12), st.integers(0, 20), st.booleans())
def test_a_cell_is_exactly_as_wide_as_it_should_be(text: str, width: int, is_right: bool) -> None:
    shown = fit(text, width, is_right=is_right)
    assert cell_len(shown) == width
    if cell_len(text) <= width:
        assert shown == (" " * (width - cell_len(text)) + text if is_right else shown)
        assert shown.strip(" ") == text.strip(" ")
    elif width:
        assert "…" in shown


def test_an_entry_is_one_sentence() -> None:
    wanted = {
        entry(): "Hagga +5 → 15",
        entry(hagga=(1_500, 0), reason="raid"): "Hagga -1,500 → 0 (raid)",
        entry("transfer", (10, 4), (0, 6)): "Hagga -6 → 4, Deep Desert +6 → 6",
        entry("absolute", (7, 7)): "set, ±0",
        entry("absolute", (7, 7), reason="a\nb\x1b[2J"): "set, ±0 (a b [2J)",
        entry(deep_desert=(-5, 0), hagga=(3, 3)): "Deep Desert +5 → 0",
    }
    for zone, time in ((UTC, "08:53"), (ZoneInfo("America/St_Johns"), "06:23")):
        assert {of: entry_sentence(of, "Chani", "Spice", PLACES, zone) for of in wanted} == {
            of: f"2025-10-09 {time} Chani: Spice {text}" for of, text in wanted.items()
        }
    # It is one line for any location names.
    places = dict.fromkeys(Location, "a\nb\x1b]52;c;evil\x07")
    sentence = entry_sentence(entry(reason="x" * 5_000), "Chani", "Spice", places, UTC)
    assert sentence.isprintable()
    assert len(sentence) < 300
