"""The history as a CSV file: its cells, and that the file is complete or absent."""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from helpers.build import config_for, new_resource
from helpers.disk import fill_up
from helpers.guild import insert
from helpers.other_schemas import ask
from helpers.records import Known, history_row, moved, user_rows
from helpers.sqlite_files import files_in
from helpers.tracking import quick
from tracker_tui.db.sqlite import create_sqlite
from tracker_tui.domain.history import EntryKind, HistoryFilter
from tracker_tui.domain.period import Period
from tracker_tui.errors import LedgerError, LocalFileError
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.csv_export import COLUMNS, export_history, safe_cell
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.history import export_in_background as exporting

AT = 1_760_000_000
EVERYTHING = HistoryFilter()
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
RESOURCES = [
    new_resource("spice"),
    new_resource("water"),
    *(new_resource(f"r{number}", name=f"{text}r") for number, text in enumerate(FORMULAS)),
]


class Chronicle:
    """A local ledger with a hand-written history, and a folder for exports."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tracker.db"
        self.folder = folder / "exports"
        create_sqlite(self.path, lambda db, layout: Ledger(db, layout).create(RESOURCES, "x"))
        ask(self.path, "DELETE FROM resource_history")
        self.tracker: Tracker | None = None

    def opened(self) -> Tracker:
        if self.tracker is None:
            self.tracker = Tracker(config_for(self.path), opener=quick)
            self.tracker.query_cache.zone = ZoneInfo("Europe/Berlin")
            self.tracker.open().result(20)
        return self.tracker

    def call(self, who: str, nickname: str) -> None:
        (row,) = user_rows([Known(who, "somebody", nickname)])
        insert(self.path, "users", row | {"id": f"u{who}"})

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows of history, oldest first."""
        usual = {"updated_by": "1", "created_at": AT}
        written = [history_row(f"h{n}", **(usual | row)) for n, row in enumerate(rows)]
        columns, marks = ", ".join(written[0]), ", ".join("?" * len(written[0]))
        insert = f"INSERT INTO resource_history ({columns}) VALUES ({marks})"
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executemany(insert, [tuple(row.values()) for row in written])
            connection.commit()

    def export(
        self,
        history_filter: HistoryFilter = EVERYTHING,
        path: Path | None = None,
        report_rows: Callable[[int], bool] = lambda _: True,
    ) -> bool:
        return export_history(self.opened(), history_filter, path or self.file, report_rows)

    @property
    def file(self) -> Path:
        return self.folder / "history.csv"

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the file as a spreadsheet would."""
        with self.file.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, strict=True))


@pytest.fixture
def chronicle(tmp_path: Path) -> Iterator[Chronicle]:
    made = Chronicle(tmp_path)
    yield made
    if made.tracker is not None:
        made.tracker.close()


# Contents


def test_a_row_has_all_columns_of_an_entry(chronicle: Chronicle) -> None:
    chronicle.call("1", "Chani")
    chronicle.write([
        {**moved((10, 15), (3, 3)), "reason": "raid"},
        {**moved((15, 9)), "created_at": AT + 1, "resource_id": "gone", "updated_by": "old nick"},
        {**moved((9, 9), (3, 3)), "change_type": "absolute", "created_at": AT + 2},
        {**moved((9, 2), (3, 10)), "change_type": "transfer", "created_at": AT + 3},
    ])  # fmt: skip
    assert chronicle.export()
    head, *rows = list(csv.reader(chronicle.file.read_text("utf-8-sig").splitlines()))
    assert tuple(head) == COLUMNS
    assert [",".join(row) for row in rows] == [
        "2025-10-09T10:53:23+02:00,Chani,Spice,transfer,9,0,7,2,3,7,0,10,,h3",
        "2025-10-09T10:53:22+02:00,Chani,Spice,set,9,0,0,9,3,0,0,3,,h2",
        "2025-10-09T10:53:21+02:00,old nick,gone,removed,15,0,6,9,0,0,0,0,,h1",
        "2025-10-09T10:53:20+02:00,Chani,Spice,added,10,5,0,15,3,0,0,3,raid,h0",
    ]


def test_many_rows_are_filtered_and_in_order(chronicle: Chronicle) -> None:
    """Several rows share a second, and one filter has no index and matches only the oldest rows."""
    ids = range(5_200)
    chronicle.write(
        moved((5, 4) if number < 3 else (5, 6))
        | {"resource_id": "spice" if number % 2 else "water", "created_at": AT + number // 7}
        for number in ids
    )
    for history_filter, expected, counts in (
        (HistoryFilter(resource_id="spice"), [n for n in ids if n % 2], [1_000, 2_000, 2_600]),
        (HistoryFilter(kinds=frozenset({EntryKind.REMOVED})), [0, 1, 2], [0, 3]),
    ):
        reported: list[int] = []
        assert chronicle.export(
            history_filter, report_rows=lambda n, seen=reported: not seen.append(n)
        )
        assert [row["id"] for row in chronicle.rows()] == [f"h{n}" for n in reversed(expected)]
        assert reported == counts


def test_no_cell_is_a_formula(chronicle: Chronicle) -> None:
    for number, text in enumerate(FORMULAS):
        chronicle.call(f"m{number}", f"{text}n")
    chronicle.write(
        row
        for number, text in enumerate(FORMULAS)
        for row in (
            {"resource_id": f"r{number}", "updated_by": f"m{number}", "reason": f"{text}!"},
            {"resource_id": f"{text}gone", "updated_by": f"{text}who", "id": f"{text}id"},
        )
    )
    assert chronicle.export()
    rows = chronicle.rows()[::-1]
    for text, known, gone in zip(FORMULAS, rows[::2], rows[1::2], strict=True):
        assert (known["who"], known["resource"]) == (f"'{text}n", f"'{text}r")
        assert known["reason"] == f"'{text}!"
        assert (gone["who"], gone["resource"]) == (f"'{text}who", f"'{text}gone")
        assert gone["id"] == f"'{text}id"
    harmless = ["", "a=b", " =1", "'=1", "1", "raid", "Ä-", "1-2"]
    assert [safe_cell(text) for text in harmless] == harmless


REASONS = [
    'say "hi"', '"', "a,b", "a;b", "two\nlines", "two\r\nlines", "\n", "Würze 香料 🏜️",
    "a\u2028b", "x" * 5_000, " blank ", "\ufeffbom", "\\n", '","', "a\rb",
]  # fmt: skip


def test_any_text_survives_being_exported(chronicle: Chronicle) -> None:
    chronicle.call("1", 'Cha"ni,\nthe 2nd')
    chronicle.write({"reason": reason} for reason in REASONS)
    # Older websites wrote quantities below 0, and a number is not a formula.
    chronicle.write([{**moved((-12, -5)), "id": "negative", "created_at": AT - 1}])
    assert chronicle.export()
    *rows, negative = chronicle.rows()
    assert [row["reason"] for row in reversed(rows)] == REASONS
    assert {row["who"] for row in rows} == {'Cha"ni,\nthe 2nd'}
    quantities = [negative[f"hagga_{name}"] for name in ("before", "added", "removed", "after")]
    assert quantities == ["-12", "7", "0", "-5"]
    ask(chronicle.path, "UPDATE resource_history SET reason = CAST(x'ff61' AS TEXT)")
    assert chronicle.export()
    assert {row["reason"] for row in chronicle.rows()} == {"\ufffda"}
    # Without entries there is only the header.
    assert chronicle.export(HistoryFilter(period=Period(name="long ago", until=AT - 1)))
    assert chronicle.file.read_bytes() == f"\ufeff{','.join(COLUMNS)}\r\n".encode()


def test_the_file_is_safe_to_show(chronicle: Chronicle, monkeypatch: pytest.MonkeyPatch) -> None:
    chronicle.call("1", "Cha\x07ni")
    chronicle.write([{"reason": "W\xfcrze\x1b]0;owned\x07\x9b31m\x00 \x7f\x08!"}])
    assert chronicle.export()
    written = chronicle.file.read_bytes()
    assert written.startswith("\ufeffat,".encode())
    assert not set(b"\x1b\x07\x00\x7f\x08") & set(written)
    (row,) = chronicle.rows()
    assert (row["who"], row["reason"]) == ("Chani", "W\xfcrze]0;owned31m !")
    # A server's JSON may contain half of a surrogate pair.
    monkeypatch.setattr(chronicle.opened(), "name_of", lambda _: "Cha\ud83dni")
    assert chronicle.export()
    (row,) = chronicle.rows()
    assert (row["who"][:3], row["id"]) == ("Cha", "h0")


# Complete or absent


def test_an_export_that_is_stopped_or_fails_leaves_nothing(chronicle: Chronicle) -> None:
    chronicle.write({} for _ in range(2_500))
    for after in (1, 3):
        seen: list[list[str]] = []

        def stop(_: int, seen: list[list[str]] = seen, after: int = after) -> bool:
            seen.append(files_in(chronicle.folder))
            return len(seen) < after

        assert not chronicle.export(report_rows=stop)
        assert len(seen) == after
        # The unfinished file has another name, which spreadsheets don't offer to open.
        assert all(name.startswith(".") for names in seen for name in names)
        assert files_in(chronicle.folder) == []

    def fail(_: int) -> bool:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        chronicle.export(report_rows=fail)
    assert files_in(chronicle.folder) == []
    assert chronicle.export()
    assert files_in(chronicle.folder) == ["history.csv"]
    chronicle.file.unlink()
    # The ledger fails in the middle.
    drop = "DROP TABLE resource_history"
    with pytest.raises(LedgerError):
        chronicle.export(report_rows=lambda rows: rows == 1_000 and not ask(chronicle.path, drop))
    assert files_in(chronicle.folder) == []


def test_a_missing_folder_is_created_and_a_wrong_one_reported(chronicle: Chronicle) -> None:
    chronicle.folder.write_text("mine")
    assert_is_reported(chronicle, chronicle.file)
    assert chronicle.folder.read_text() == "mine"
    chronicle.folder.unlink()
    path = chronicle.folder / "of" / "the guild" / "history.csv"
    assert chronicle.export(path=path)
    assert files_in(path.parent) == ["history.csv"]
    # A folder in place of the file
    other = chronicle.folder / "other"
    (other / "history.csv" / "something").mkdir(parents=True)
    assert_is_reported(chronicle, other / "history.csv")
    assert files_in(other) == ["history.csv"]


def assert_is_reported(chronicle: Chronicle, path: Path) -> None:
    with pytest.raises(LocalFileError) as caught:
        chronicle.export(path=path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_or_read_only_disk_is_reported(chronicle: Chronicle, small_disk: Path) -> None:
    chronicle.write({} for _ in range(1_500))
    ballast = fill_up(small_disk)
    os.truncate(ballast, ballast.stat().st_size - 64 * 1024)
    # In the middle, and at the end, when the buffer is flushed.
    for few in (EVERYTHING, HistoryFilter(resource_id="water")):
        before = files_in(small_disk)
        with pytest.raises(LocalFileError) as caught:
            chronicle.export(few, small_disk / "history.csv")
        assert str(small_disk / "history.csv") in str(caught.value)
        assert files_in(small_disk) == before
        fill_up(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert_is_reported(chronicle, small_disk / "history.csv")
    assert files_in(small_disk) == before


# Names


def test_exports_in_a_second_differ(chronicle: Chronicle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "strftime", lambda _: "2025-10-09-105320")
    chronicle.write([{}])
    names = []
    for _ in range(3):
        path = exporting._unused_path(chronicle.folder)
        names.append(path.name)
        assert chronicle.export(path=path)
    stem = "history-2025-10-09-105320"
    assert names == [f"{stem}.csv", f"{stem}-2.csv", f"{stem}-3.csv"]
    assert sorted(files_in(chronicle.folder)) == sorted(names)


def test_two_exports_do_not_disturb_each_other(chronicle: Chronicle) -> None:
    """A stopped export may still be in a request when the next one begins."""
    chronicle.write({} for _ in range(1_500))

    def report_rows(rows: int) -> bool:
        if rows == 1_000:
            with suppress(LocalFileError):
                chronicle.export(HistoryFilter(resource_id="water"))
        return True

    assert chronicle.export(report_rows=report_rows)
    assert files_in(chronicle.folder) == ["history.csv"]
    assert len(chronicle.rows()) == 1_500
