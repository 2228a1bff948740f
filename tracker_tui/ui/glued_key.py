"""Keys that came right behind an Esc."""

from __future__ import annotations

from textual import events


class GluedKey(events.Key):
    """A key right behind an Esc: two keys that a slow line brought together, or one with Alt."""


# Whoever takes keys takes these.
GluedKey.handler_name = events.Key.handler_name
