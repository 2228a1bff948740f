"""A short session of random keys; `python -m soak` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.servers import Server

pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")

from soak.scenario import Sample, Scenario, grown

SECONDS = 6.0


def test_the_dashboard_survives_random_keys_while_others_write(
    server: Server, tmp_path: Path
) -> None:
    scenario = Scenario(14, server, tmp_path)
    scenario.play(SECONDS)
    assert scenario.typed > 20


def test_growth_is_found() -> None:
    flat = [Sample(60.0, 6, 20)] * 6
    assert grown(flat) == []
    assert len(grown([*flat, *[Sample(90.0, 12, 40)] * 3])) == 3
