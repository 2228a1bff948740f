"""An edit with a stale session while Discord never answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.sign_in.member_guild import HOUR, ME, paths_asked, session, session_file
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault
from helpers.ledger_under_test import Books
from helpers.membership import sign_in
from helpers.timeouts import set_timeouts

FOR_EVER = 60.0
"""Seconds; longer than any edit takes, even on a busy machine."""
DUE, OVER = 5 * HOUR, 40 * HOUR
SEVEN_DAYS = 168 * HOUR


@pytest.fixture
def silent(
    discord: FakeDiscord, guild: Books, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeDiscord]:
    """A Discord that may hang; no other timeout ends a request to it in time."""
    monkeypatch.setattr("tracker_tui.auth.discord.Discord.__init__.__defaults__", (FOR_EVER,))
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", FOR_EVER)
    set_timeouts(monkeypatch, edit=2.0)
    yield discord
    discord.heal()


def edit_in_time(run: Run) -> Ran:
    began = time.monotonic()
    ran = run("edit", "spice", "+5")
    assert time.monotonic() - began < FOR_EVER / 2
    return ran


def test_edit_with_valid_roles_asks_nothing(run: Run, silent: FakeDiscord) -> None:
    sign_in(silent, age=DUE)
    silent.seen.clear()
    silent.fail_always("*", Fault.hang(FOR_EVER))
    ran = edit_in_time(run)
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(silent) == [ME]


def test_edit_with_expired_roles_is_denied(run: Run, silent: FakeDiscord, guild: Books) -> None:
    sign_in(silent, age=OVER)
    before = guild.everything()
    silent.fail_always("*", Fault.hang(FOR_EVER))
    ran = edit_in_time(run)
    assert ran.status == 3
    assert "Discord does not answer in time" in ran.error
    assert guild.everything() == before


def test_edit_leaves_the_refresh_to_the_dashboard(
    run: Run, silent: FakeDiscord, home: Path
) -> None:
    """Tokens that arrive after the edit's deadline are lost, and the old ones are void by then."""
    sign_in(silent, age=DUE)
    kept = session_file(home)
    document = kept.read_text("utf-8")
    until = session(home)["tokens_until"]
    kept.write_text(document.replace(repr(until), repr(until - SEVEN_DAYS + HOUR)), "utf-8")
    silent.seen.clear()
    ran = edit_in_time(run)
    assert (ran.status, ran.err) == (0, "")
    assert silent.seen == []
    assert session(home)["is_recorded"]
