"""The pure parts of the resources screen: view, columns, formatting, preview, preferences."""

from __future__ import annotations

import json
from pathlib import Path

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


@pytest.mark.parametrize("key", SORT_KEYS)
def test_equal_rows_are_sorted_by_name_in_both_orders(key: str) -> None:
    rows = [resource("b"), resource("a"), resource("c")]
    assert names(rows, View(sort=key)) == ["a", "b", "c"]
    turned = names(rows, View(sort=key, is_reversed=True))
    assert turned == (["c", "b", "a"] if key == "name" else ["a", "b", "c"])


def test_choosing_the_same_column_again_reverses_the_order() -> None:
    view = View().sorted_by("total")
    assert (view.sort, view.is_reversed) == ("total", False)
    assert view.sorted_by("total").is_reversed
    assert view.sorted_by("total").sorted_by("name") == View()


def test_percent_sorts_the_worst_first_and_rows_without_target_last() -> None:
    rows = [resource("a"), resource("b", hagga=3, target=2), resource("c", hagga=1, target=3)]
    assert names(rows, View(sort="progress")) == ["c", "b", "a"]


def test_members_are_sorted_by_display_name() -> None:
    called = {"1": "Zantha", "2": "Alia"}
    rows = [resource("a", updated_by="1"), resource("b", updated_by="2")]
    assert [r.id for r in arrange(rows, View(sort="by"), NOW, called.__getitem__)] == ["b", "a"]


def test_a_summary_counts_every_status() -> None:
    rows = [resource(str(n), hagga=n, target=4) for n in range(8)] + [resource("x")]
    counts = summarize(rows, NOW).statuses
    assert counts == {
        Status.CRITICAL: 2,
        Status.BELOW_TARGET: 2,
        Status.AT_TARGET: 3,
        Status.ABOVE_TARGET: 2,
    }
    assert summarize(rows, NOW).total == 9


# resource_columns.py

ROWS = [
    resource("a", name="Plastanium Ingot", hagga=412, deep_desert=1_100, target=1_000),
    resource("b", name="x" * 80, hagga=999_999_999, deep_desert=999_999_999, target=1),
    resource("c", icon="S", tier=3, subcategory="Fine"),
]


@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS], ids=["none", "plain", "everything"])
def test_columns_fit_any_width_from_60_on(rows: list[Resource]) -> None:
    for width in range(60, 260):
        columns = lay_out(width, rows, context())
        assert sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width
        keys = [column.key for column in columns]
        assert {"name", "hagga", "deep_desert"} <= set(keys)
        assert all(cell_len(column.title) <= column.width for column in columns)


def test_quantities_are_never_cut_and_names_differ_from_60_on() -> None:
    for width in range(60, 260):
        for column in lay_out(width, ROWS, context()):
            if column.key in ("hagga", "deep_desert", "total", "target"):
                texts = [cell_text(column, row, context()) for row in ROWS]
                assert max(map(len, texts)) <= column.width, (width, column)
            if column.key == "name":
                assert column.width >= 16, width


@pytest.mark.parametrize("rows", [ROWS[:1], ROWS], ids=["plain", "everything"])
def test_the_most_important_columns_are_hidden_last(rows: list[Resource]) -> None:
    for width in range(40, 260):
        keys = {column.key for column in lay_out(width, rows, context())}
        assert {"name", "hagga", "deep_desert", "status"} <= keys, width
        if keys & {"category", "bar", "by", "icon", "tier", "subcategory"}:
            assert {"total", "progress", "updated", "target"} <= keys, width
        if keys & {"by", "icon", "tier", "subcategory"}:
            assert "category" in keys, width


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((-5, "now"), (59, "now"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h")),
        *((DAY - 1, "23 h"), (DAY, "1 d"), (364 * DAY, "364 d"), (365 * DAY, "1 y")),
    ],
)
def test_durations_are_short(seconds: int, text: str) -> None:
    assert ago(seconds) == text


@given(st.integers(0, 10**14) | st.none())
def test_a_percentage_fits_its_column(percent: int | None) -> None:
    assert len(percent_text(percent)) <= 7


# edit_preview.py


def shown(text: str, *rows: Resource, at: Location = Location.HAGGA) -> Preview:
    return preview(text, rows, at, PLACES)


def test_the_preview_of_one_row() -> None:
    spice = resource(hagga=1_200, target=1_400, multiplier=1.1)
    text = shown("+500", spice).text
    assert text == "Hagga 1,200 → 1,700 · 85 % → 121 % · = on target · +55 points"
    assert shown("+5", spice, at=Location.DEEP_DESERT).text.startswith("Deep Desert 0 → 5")
    assert shown(">200", spice).text == "Hagga 1,200 → 1,000  Deep Desert 0 → 200"
    assert shown("=1200", spice).text == "Hagga 1,200 → 1,200 · 85 % → 85 %"


def test_the_preview_of_a_mistake_says_where() -> None:
    seen = shown("+5x", resource())
    assert (seen.typed, seen.column) == (None, 2)
    assert "x" in seen.problem


def test_the_preview_of_a_deleted_row() -> None:
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


def test_a_file_is_replaced_whole_without_leftovers(tmp_path: Path) -> None:
    path = tmp_path / "state" / "view.json"
    for sort in ("name", "total"):
        save_preferences(path, Preferences(view=View(sort=sort)))
    assert load_preferences(path).view.sort == "total"
    assert list(path.parent.iterdir()) == [path]
