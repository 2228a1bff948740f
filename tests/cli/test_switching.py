"""Opening another database while changes are pending for the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.build import add, remote_config
from tracker_tui.cli.dashboard import _confirm_switch
from tracker_tui.config.settings import Config
from tracker_tui.errors import UsageError
from tracker_tui.guild.database_factory import store_location
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox


@pytest.fixture
def first(home: Path) -> Config:
    """A guild with a pending change, which the dashboard opened last."""
    config = remote_config("libsql://arrakeen.turso.io", home)
    site = store_location(config)
    outbox = Outbox(site.folder / OUTBOX_NAME, site.member, site.place)
    outbox.put([add(5)], made_at=0.0)
    outbox.close()
    _confirm_switch(config)
    return config


@pytest.fixture
def other(home: Path) -> Config:
    return remote_config("libsql://tabr.turso.io", home)


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """Answer every question with a text; return the questions."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return text

    monkeypatch.setattr("builtins.input", ask)
    return asked


def test_leaving_pending_changes_is_confirmed_and_no_is_the_default(
    first: Config,
    other: Config,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for text in ("", "n", "whatever"):
        asked = answer(monkeypatch, text)
        for _ in range(2):
            with pytest.raises(UsageError, match="Nothing opened"):
                _confirm_switch(other)
        assert len(asked) == 2, text
        assert "1 change is pending for arrakeen.turso.io" in capsys.readouterr().err
    asked = answer(monkeypatch, "y")
    for opened in (first, other, other, first):
        _confirm_switch(opened)
    assert len(asked) == 1, "asked only when leaving the database with pending changes"
