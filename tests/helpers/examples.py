"""How many examples a property gets: a share of what the profile says (tests/conftest.py)."""

from __future__ import annotations

from typing import Any

from hypothesis import settings


def share(part: float, **others: Any) -> settings:
    """Return settings with a part of the profile's examples, for a property that is dear."""
    return settings(max_examples=max(2, round(settings().max_examples * part)), **others)
