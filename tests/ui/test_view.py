"""The pure parts of the resources screen: view, columns, preview, status bar, preferences."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracker_tui.domain.messages import ago
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.status import DAY, Status
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.ui.preferences import Preferences, load_preferences, save_preferences
from tracker_tui.ui.resources.edit_preview import Preview, preview
from tracker_tui.ui.resources.resource_columns import (
    GAP,
    Context,
    cell_text,
    lay_out,
    sortable_columns,
)
from tracker_tui.ui.resources.resource_list import SORT_KEYS, View, arrange, summarize
from tracker_tui.ui.status_bar import MAIN_SCREENS, StatusBarState, _title
from tracker_tui.ui.widgets.formatting import bar, percent_text

NOW = 1_760_000_000
PLACES = DEFAULT_PLACES


def resource(resource_id: str = "spice", **values: object) -> Resource:
    plain = Resource(
        resource_id, resource_id.title(), 0, 0, None, "Raw", None, None, None, 1.0, False, "me", NOW
    )
    return plain._replace(**values)


def names(resources: list[Resource], view: View) -> list[str]:
    return [r.id for r in arrange(resources, view, NOW, str)]


def context(location: Location = Location.HAGGA) -> Context:
    return Context(NOW, str, PLACES, location)


# resource_list.py


def test_every_filter_narrows_the_list_and_all_together_most() -> None:
    rows = [
        resource("a", category=None, priority=True),
        resource("b", category="Blueprints", target=10),
        resource("c", updated_at=NOW - 8 * DAY),
        resource("d", priority=True, updated_at=NOW - 2 * DAY, target=10),
    ]
    assert names(rows, View()) == ["a", "b", "c", "d"]
    assert names(rows, View(categories=frozenset({"Uncategorized"}))) == ["a"]
    assert names(rows, View(categories=frozenset({"Gear Blueprints"}))) == ["b"]
    assert names(rows, View(statuses=frozenset({Status.CRITICAL}))) == ["b", "d"]
    assert names(rows, View(priority_only=True)) == ["a", "d"]
    assert names(rows, View(stale_only=True)) == ["c", "d"]
    everything = View(
        categories=frozenset({"Raw"}),
        statuses=frozenset({Status.CRITICAL}),
        priority_only=True,
        stale_only=True,
    )
    assert names(rows, everything) == ["d"]
    assert names(rows, everything.without_filters()) == ["a", "b", "c", "d"]
    assert everything.is_filtered
    assert not everything.without_filters().is_filtered


def test_a_recount_is_due_after_a_full_day_or_week() -> None:
    rows = [
        resource("a", updated_at=NOW - 7 * DAY),
        resource("b", updated_at=NOW - 7 * DAY - 1),
        resource("c", updated_at=NOW - DAY, priority=True),
        resource("d", updated_at=NOW - DAY - 1, priority=True),
    ]
    assert names(rows, View(stale_only=True)) == ["b", "d"]
    assert summarize(rows, NOW).stale == 2


ORDERS = {"category": "cab", "subcategory": "bca", "tier": "acb", "hagga": "cba"}
ORDERS |= {"deep_desert": "abc", "total": "acb", "target": "abc", "progress": "abc"}
ORDERS |= {"status": "abc", "updated": "bca", "by": "cab"}
"""Most first, worst first, newest first."""


def test_rows_are_sorted_by_any_column_both_ways() -> None:
    a = {"category": "Gear", "subcategory": "z", "hagga": 1, "deep_desert": 30, "target": 40}
    b = {"hagga": 15, "deep_desert": 2, "target": 15, "tier": 3, "updated_at": NOW + 2}
    c = {"category": "Food", "subcategory": "b", "hagga": 20, "deep_desert": 1, "target": 10}
    rows = [
        resource("a", **a, updated_by="ib"),
        resource("b", **b, updated_by="ic", priority=True),
        resource("c", **c, updated_by="ia", tier=1, updated_at=NOW + 1),
    ]
    assert {key: "".join(names(rows, View(sort=key))) for key in ORDERS} == ORDERS
    turned = {key: "".join(names(rows, View(sort=key, is_reversed=True))) for key in ORDERS}
    assert turned == {key: order[::-1] for key, order in ORDERS.items()}
    assert names(rows, View(sort="priority")) == ["b", "a", "c"]


def test_equal_rows_are_sorted_by_name_in_both_orders() -> None:
    rows = [resource("b"), resource("a"), resource("c")]
    expected = {key: ["a", "b", "c"] for key in SORT_KEYS}
    assert {key: names(rows, View(sort=key)) for key in SORT_KEYS} == expected
    turned = {key: names(rows, View(sort=key, is_reversed=True)) for key in SORT_KEYS}
    assert turned == expected | {"name": ["c", "b", "a"]}


def test_choosing_the_same_column_again_reverses_the_order() -> None:
    view = View().sorted_by("total")
    assert (view.sort, view.is_reversed) == ("total", False)
    assert view.sorted_by("total").is_reversed
    assert view.sorted_by("total").sorted_by("name") == View()


# resource_columns.py

ROWS = [
    resource("a", name="Plastanium Ingot", hagga=412, deep_desert=1_100, target=1_000),
    resource("b", name="x" * 80, hagga=999_999_999, deep_desert=999_999_999, target=1),
    resource("c", icon="S", tier=3, subcategory="Fine"),
]


def test_columns_fit_any_width_and_the_most_important_are_hidden_last() -> None:
    for rows, width in product(([], ROWS[:1], ROWS), range(40, 260)):
        case = (len(rows), width)
        columns = lay_out(width, rows, context())
        keys = {column.key for column in columns}
        assert {"name", "hagga", "deep_desert"} <= keys, case
        if width >= 60:
            assert all(cell_len(column.title) <= column.width for column in columns), case
            assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width, case
        if rows:
            assert "status" in keys, case
        if rows and keys & {"category", "bar", "by", "icon", "tier", "subcategory"}:
            assert {"total", "progress", "updated", "target"} <= keys, case
        if rows and keys & {"by", "icon", "tier", "subcategory"}:
            assert "category" in keys, case


def test_quantities_are_never_cut_and_names_differ_from_60_on() -> None:
    for width in range(60, 260):
        for column in lay_out(width, ROWS, context()):
            if column.key in ("hagga", "deep_desert", "total", "target"):
                texts = [cell_text(column, row, context()) for row in ROWS]
                assert max(map(len, texts)) <= column.width, (width, column)
            if column.key == "name":
                assert column.width >= 16, width


def test_only_existing_columns_can_be_sorted_by() -> None:
    assert {"tier", "subcategory"}.isdisjoint(sortable_columns(ROWS[:2], PLACES))
    assert {"tier", "subcategory"} <= set(sortable_columns(ROWS, PLACES))
    places = {Location.HAGGA: "Sietch", Location.DEEP_DESERT: "Dig"}
    assert sortable_columns(ROWS, places)["hagga"] == "Sietch"


# formatting.py


@given(st.integers(-(10**12), 10**12) | st.none(), st.integers(-2, 60))
def test_a_bar_has_exactly_the_requested_width(percent: int | None, width: int) -> None:
    assert cell_len(bar(percent, width)) == max(0, width)


def test_a_bar_is_full_at_the_target_and_not_before() -> None:
    assert bar(100, 10) == bar(250, 10) == "━" * 10
    assert bar(99, 10) != "━" * 10
    assert bar(0, 4) == "┈" * 4
    assert bar(None, 4) == "    "


def test_durations_are_short() -> None:
    seconds = [-5, 59, 60, 3_599, 3_600, DAY - 1, DAY, 364 * DAY, 365 * DAY]
    texts = ["now", "now", "1 min", "59 min", "1 h", "23 h", "1 d", "364 d", "1 y"]
    assert [ago(each) for each in seconds] == texts


@given(st.integers(0, 10**14) | st.none())
def test_a_percentage_fits_its_column(percent: int | None) -> None:
    assert len(percent_text(percent)) <= 7


# edit_preview.py


def shown(text: str, *rows: Resource, at: Location = Location.HAGGA) -> Preview:
    return preview(text, rows, at, PLACES)


PREVIEWS = {
    "=1000": "Hagga 412 → 1,000 · 151 % → 210 % · +1 point",
    "=412": "Hagga 412 → 412 · 151 % → 151 %",
    "-412": "Hagga 412 → 0 · 151 % → 110 % · = on target",
    ">400": "Hagga 412 → 12  Deep Desert 1,100 → 1,500",
    "<1.1k": "Hagga 412 → 1,512  Deep Desert 1,100 → 0",
    "-413": "Hagga holds only 412: 1 short",
    "<1101": "Deep Desert holds only 1,100: 1 short",
    "+999,999,999": "Hagga holds 412; the most is 999,999,999",
    "+": "a number is missing here",
}


def test_the_preview_of_one_row() -> None:
    ingot = resource(hagga=412, deep_desert=1_100, target=1_000)
    previews = {text: shown(text, ingot) for text in PREVIEWS}
    assert {text: seen.text or seen.problem for text, seen in previews.items()} == PREVIEWS
    assert shown("+5", ingot, at=Location.DEEP_DESERT).text.startswith("Deep Desert 1,100 → 1,105")
    wrong = shown("+5x", resource())
    assert (wrong.typed, wrong.column) == (None, 2)
    assert "x" in wrong.problem
    assert shown("+5").problem == "this resource was deleted"


def test_the_preview_of_many_rows_lists_the_first_rejected_and_counts_the_others() -> None:
    rows = [resource(f"r{n}", hagga=n) for n in range(6)]
    seen = shown("-5", *rows)
    assert seen.text == "6 rows at Hagga, 1 would change · R5 5 → 0"
    assert set(seen.rejected) == {"r0", "r1", "r2", "r3", "r4"}
    first, *listed = seen.problem.splitlines()
    assert first == "5 rejected:"
    assert listed[0].strip() == "R0: Hagga holds only 0: 5 short"
    assert listed[-1].strip() == f"and {5 - len(listed[:-1])} more"


def test_the_preview_of_many_rows_names_five_and_sums_the_points() -> None:
    rows = [resource(f"r{n}", hagga=n, deep_desert=9) for n in range(12)]
    assert shown("+1000", *rows[:2]).text == (
        "2 rows at Hagga · R0 0 → 1,000 · R1 1 → 1,001 · +200 points"
    )
    assert shown("=7", *rows, at=Location.DEEP_DESERT).text == (
        "12 rows at Deep Desert · R0 9 → 7 · R1 9 → 7 · R2 9 → 7 · R3 9 → 7 · R4 9 → 7 and 7 more"
        " · +12 points"
    )
    assert shown("<9", *rows[:2]).text == (
        "2 rows · R0 Hagga 0 → 9  Deep Desert 9 → 0 · R1 Hagga 1 → 10  Deep Desert 9 → 0"
    )


@given(st.text(max_size=30), st.integers(-10, 10**9), st.integers(0, 3))
def test_any_text_has_a_preview(text: str, hagga: int, how_many: int) -> None:
    rows = [resource(f"r{n}", hagga=hagga, target=n) for n in range(how_many)]
    seen = shown(text, *rows)
    assert seen.typed is not None or seen.problem
    assert seen.text or seen.problem


# status_bar.py

STATE = StatusBarState(
    title="raiders",
    member="Chani",
    roles="",
    connection="online",
    is_in_trouble=False,
    pending=0,
    needing_player="",
    summary=summarize([], 0),
    places=("Hagga", "Deep Desert"),
    location=Location.HAGGA,
)


def test_the_open_screen_and_all_numbers_are_shown_at_any_width() -> None:
    for (number, (current, name)), room in product(
        enumerate(MAIN_SCREENS.items(), 1), range(25, 200)
    ):
        title = _title(STATE, current, room).plain
        assert f"{number} {name}" in title[:room], room
        assert all(str(each) in title[:room] for each in (1, 2, 3, 4)), room


def test_the_programs_name_is_hidden_first_and_the_words_last() -> None:
    def shown(room: int) -> list[bool]:
        title = _title(STATE, "resources", room).plain[:room]
        return [part in title for part in ("tracker", " · rai", "4 My activity")]

    # 80 columns without `● online   Chani`.
    assert shown(63) == [False, True, True]
    assert shown(120) == [True, True, True]
    assert shown(54) == [False, False, True]
    assert shown(40) == [False, True, False]


# preferences.py

VIEWS = st.builds(
    View,
    location=st.sampled_from(Location),
    sort=st.sampled_from(sorted(SORT_KEYS)),
    is_reversed=st.booleans(),
    categories=st.frozensets(st.text(max_size=8), max_size=3),
    statuses=st.frozensets(st.sampled_from(Status), max_size=4),
    priority_only=st.booleans(),
    stale_only=st.booleans(),
)


@given(view=VIEWS, theme=st.text(max_size=8) | st.none())
def test_preferences_hold_neither_filters_nor_location(
    tmp_path_factory: pytest.TempPathFactory, view: View, theme: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "state" / "view.json"
    save_preferences(path, Preferences(view=view, theme=theme))
    kept = view.without_filters()._replace(location=Location.HAGGA)
    assert load_preferences(path) == Preferences(view=kept, theme=theme)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
FIELDS = ["location", "sort", "is_reversed", "categories", "statuses", "priority_only", "theme"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON)
def test_any_file_can_be_loaded(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    recalled = load_preferences(path)
    assert recalled.view.sort in SORT_KEYS
    arrange([resource()], recalled.view, NOW, str)
