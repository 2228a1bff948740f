"""The baseline of the search: a DataTable that is cleared and filled for each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import time

from textual import on
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Input

from tracker_tui.domain.messages import ago
from tracker_tui.domain.resource import Resource


class PlainSearch(App[None]):
    """An input over a table; it knows the hits for each text and only shows them."""

    def __init__(self, hits: Mapping[str, Sequence[Resource]]) -> None:
        super().__init__()
        self._hits = hits
        self.shown: list[str] = []
        """Ids of the rows in the table."""

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Input()
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Show everything."""
        self.query_one(DataTable).add_columns(
            "Name", "Category", "Hagga", "Deep Desert", "Total", "Target", "Status", "Updated"
        )
        self.fill("")

    @on(Input.Changed)
    def show_hits(self, event: Input.Changed) -> None:
        """Show what the text finds."""
        self.fill(event.value)

    def fill(self, text: str) -> None:
        """Clear the table and fill it with the hits."""
        now = int(time())
        self.shown = [resource.id for resource in self._hits[text]]
        table: DataTable[str] = self.query_one(DataTable)
        table.clear()
        table.add_rows(_cells(resource, now) for resource in self._hits[text])


def _cells(resource: Resource, now: int) -> tuple[str, ...]:
    return (
        resource.name,
        resource.shown_category,
        f"{resource.hagga:,}",
        f"{resource.deep_desert:,}",
        f"{resource.total:,}",
        f"{resource.target or 0:,}",
        resource.status.value,
        ago(now - resource.updated_at),
    )
