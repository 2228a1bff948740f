"""Tables in plain text, for people and for `grep`."""

from __future__ import annotations

from collections.abc import Container, Sequence

from tracker_tui.cli.output import say


def print_table(rows: Sequence[Sequence[str]], right: Container[int]) -> None:
    """Print rows, the headers first, in columns as wide as they need to be.

    `right` are the positions of the columns that are aligned on the right. Cells are printed as
    they are: what others wrote has to be made harmless before.
    """
    from rich.cells import cell_len, set_cell_size

    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = (
            " " * (width - cell_len(cell)) + cell if column in right else set_cell_size(cell, width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    say("\n".join(lines))
