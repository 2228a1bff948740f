"""A machine on which nothing is configured, a way to run commands, and a guild."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.commands import SETTINGS
from helpers.guild import make_guild


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without settings, with a temporary current folder."""
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACKER_HOME", str(folder))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return folder


@pytest.fixture
def guild(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configured database with the founding schema and a few resources."""
    path = tmp_path / "guild.db"
    make_guild(path)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    return path
