"""Fixtures for tests of the driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.side_by_side import SideBySide, side_by_side


@pytest.fixture
def both(remote_url: str) -> Iterator[SideBySide]:
    """`sqlite3` and the driver, each with an empty database."""
    with side_by_side(remote_url) as both:
        yield both
