"""Rows that a server can hold and no sane program wrote: read past, and others can be edited.

What keeps a value from coming through the protocol at all (a text that is no UTF-8, and a NaN)
cannot be stored on a server either, or has tests of the driver.
"""

from __future__ import annotations

import pytest

from helpers.books import Books
from helpers.build import add
from helpers.commands import Run
from helpers.listening import SECONDS, Listener
from helpers.proxy import Proxy
from helpers.recent import ask_history
from helpers.tracking import shown
from remote.conftest import MakeTracker
from tracker_tui.domain.change import Verdict

HOSTILE: dict[str, tuple[str, tuple[str, ...]]] = {
    "markup": ("'[bold]Spice[/bold] [link=file:///x]y'", ("name", "category", "last_updated_by")),
    "escape codes": (
        "char(27) || '[2J' || char(27) || ']0;owned' || char(7)",
        ("name", "category", "last_updated_by"),
    ),
    "emoji": ("char(128119) || char(8205) || char(128105)", ("name", "category", "id")),
    "right to left": ("char(8238) || 'ecips' || char(1633)", ("name", "category")),
    "a blob as text": ("x'1B5B324A'", ("name", "category", "icon", "status", "last_updated_by")),
    "text as a number": (
        "'many'",
        ("quantity_hagga", "target_quantity", "multiplier", "is_priority", "updated_at"),
    ),
    "a fraction": ("1.75", ("quantity_hagga", "target_quantity", "is_priority", "updated_at")),
    "infinity": ("1e999", ("multiplier", "quantity_hagga", "target_quantity", "updated_at")),
    "minus infinity": ("-1e999", ("multiplier", "quantity_deep_desert")),
    "the largest number": (
        "9223372036854775807",
        ("quantity_hagga", "quantity_deep_desert", "target_quantity", "updated_at", "tier"),
    ),
    "milliseconds": ("1700000000000", ("updated_at", "created_at")),
    "NULL": ("NULL", ("category", "target_quantity", "status", "subcategory", "tier", "icon")),
    "a very long text": ("replace(hex(zeroblob(50000)), '0', 'x')", ("name", "description")),
}
pytestmark = [
    pytest.mark.parametrize("guild", ["grown"], indirect=True),
    pytest.mark.parametrize("name", HOSTILE),
]


def spoil(books: Books, name: str) -> None:
    """Put the value into each of its columns, a resource for each, and into water wholly."""
    value, columns = HOSTILE[name]
    for number, column in enumerate(columns):
        books.insert_resource(f"hostile-{number}", quantity_hagga=5)
        books.run(f"UPDATE resources SET {column} = {value} WHERE id = 'hostile-{number}'")
    for column in set(columns) - {"id"}:
        books.run(f"UPDATE resources SET {column} = {value} WHERE id = 'water'")


def test_commands_read_past_them_and_edit_others(run: Run, guild: Books, name: str) -> None:
    spoil(guild, name)
    listed = run("list")
    assert (listed.status, listed.err) == (0, "")
    assert all(line.isprintable() for line in listed.out.splitlines())
    assert len(run("list", "--json").document) == 3 + len(HOSTILE[name][1])
    for resource in ("spice", "iron ore"):
        ran = run("edit", resource, "+5")
        assert (ran.status, ran.err) == (0, "")
    assert (guild.quantities(), guild.quantities("iron")) == ((1_005, 400), (12, 0))
    # Of the hostile one there is at least an answer.
    assert run("edit", "water", "+5").status in (0, 1)


def test_a_dashboard_reads_past_them_and_edits_others(
    guild: Books, proxy: Proxy, make_tracker: MakeTracker, name: str
) -> None:
    tracker = make_tracker(proxy.url)
    tracker.open().result(SECONDS)
    spoil(guild, name)
    listener = Listener(tracker)
    tracker.refresh().result(SECONDS)
    assert tracker.connection.trouble is None
    assert len(tracker.resources()) == 3 + len(HOSTILE[name][1])
    tracker.submit([add(5)])
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.APPLIED
    assert shown(tracker) == guild.quantities() == (1_005, 400)
    assert ask_history(tracker, "water").result(SECONDS)
