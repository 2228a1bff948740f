"""Opening another database while changes are pending for the last one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from helpers.build import add, remote_config
from tracker_tui.cli.dashboard import _confirm_switch
from tracker_tui.errors import UsageError
from tracker_tui.guild.database_factory import store_location
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox


def test_leaving_pending_changes_is_confirmed_and_no_is_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = remote_config("libsql://arrakeen.turso.io", home)
    other = remote_config("libsql://tabr.turso.io", home)
    site = store_location(first)
    with closing(Outbox(site.folder / OUTBOX_NAME, site.member, site.place)) as outbox:
        outbox.put([add(5)], made_at=0.0)
    _confirm_switch(first)
    answers = iter(["", "n", "n", "whatever", "y"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    for _ in range(4):
        with pytest.raises(UsageError, match="Nothing opened"):
            _confirm_switch(other)
        assert "1 change is pending for arrakeen.turso.io" in capsys.readouterr().err
    # The last answer is given once: only leaving pending changes is asked about.
    for opened in (first, other, other, first):
        _confirm_switch(opened)
    assert list(answers) == []
