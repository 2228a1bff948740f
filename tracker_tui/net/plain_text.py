"""Text of strangers in messages of ours."""

from __future__ import annotations


def plain(text: str, limit: int) -> str:
    """Return a text as one printable line of at most `limit` characters."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.split())[:limit]
