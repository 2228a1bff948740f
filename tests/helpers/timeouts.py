"""Shorter or longer time-outs for what a test starts."""

from __future__ import annotations

import pytest

from tracker_tui.config import settings


def set_timeouts(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    """Change these time-outs in all settings that are loaded from now on."""
    monkeypatch.setattr(settings, "TIMEOUTS", settings.TIMEOUTS._replace(**seconds))
