"""The least Textual app that shows a table: header, DataTable, footer. `least_app.py ROWS`."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class LeastApp(App[None]):
    """A table of eight columns, and nothing else."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Header()
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("Name", "Category", "One", "Two", "Total", "Target", "Status", "Updated")
        table.add_rows(
            (f"Resource {row:05}", "Raw", "1200", "300", "1500", "4000", "below", "3 min")
            for row in range(self._rows)
        )


if __name__ == "__main__":
    LeastApp(int(sys.argv[1])).run()
