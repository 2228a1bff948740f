"""Names and values below each other, as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text


def facts(named: Sequence[tuple[str, str | Text]]) -> Text:
    """Return a line for each fact that has a value, the values below each other."""
    width = max((len(name) for name, _ in named), default=0) + 2
    text = Text()
    for name, value in named:
        if value:
            text.append(name.ljust(width), "dim")
            text.append(value) if isinstance(value, str) else text.append_text(value)
            text.append("\n")
    return text
