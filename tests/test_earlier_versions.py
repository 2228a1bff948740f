"""This version reads the files that an earlier version wrote.

Never change the files in `written_by/v0_1`: players have such files on their machines.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from helpers.build import DEEP_DESERT, PLAYER, add, config_for, new_resource, remote_config, set_to
from helpers.listening import Listener
from helpers.tracking import quick
from tracker_tui.auth.session import SessionStore
from tracker_tui.db.sqlite import create_sqlite
from tracker_tui.domain.change import Outcome, Rejection, Verdict
from tracker_tui.guild.membership_factory import folder_of
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.outbox_entries import EntryState
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.keys import known_binding_ids
from tracker_tui.ui.preferences import load_preferences, preferences_path

WRITTEN = Path(__file__).parent / "written_by" / "v0_1"
NOON = 1_780_000_000.0
UNDO_OF_WATER = "_wBSaunpRxQjv9FcS9Rjm"


@pytest.fixture
def outbox_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(WRITTEN / "outbox.db", tmp_path))


def padded(name: str) -> str:
    return name.ljust(21, "-")


def test_an_outbox_keeps_every_change_in_its_state(outbox_file: Path) -> None:
    outbox = Outbox(outbox_file, PLAYER, "guild.example")
    found = outbox.entries()
    outbox.close()
    assert [(e.change.id.rstrip("-"), e.state, e.sent_at, e.made_at) for e in found] == [
        ("applied", EntryState.APPLIED, NOON + 1, NOON),
        ("moved", EntryState.APPLIED, NOON + 1, NOON),
        ("applied-undone", EntryState.APPLIED, NOON + 1, NOON),
        ("rejected", EntryState.REJECTED, None, NOON),
        ("no-resource", EntryState.REJECTED, None, NOON),
        ("conflict", EntryState.CONFLICT, None, NOON),
        (UNDO_OF_WATER, EntryState.PENDING, None, NOON + 2),
        ("named", EntryState.PENDING, None, NOON + 3),
        ("pending", EntryState.PENDING, None, NOON + 4),
        ("pending-hagga", EntryState.PENDING, None, NOON + 4),
        ("sending", EntryState.SENDING, NOON + 6, NOON + 5),
        ("cancelled", EntryState.SENDING, NOON + 6, NOON + 5),
    ]
    entries = {entry.change.id.rstrip("-"): entry for entry in found}
    assert [name for name, entry in entries.items() if entry.is_named] == ["named"]
    assert [name for name, entry in entries.items() if entry.cancel_requested] == [
        "applied-undone",
        "cancelled",
    ]
    changes = {name: entry.change for name, entry in entries.items()}
    assert changes["applied"] == add(500, id=padded("applied"), reason="Spice run – #2 “north”")
    assert changes["conflict"] == set_to(
        42, id=padded("conflict"), resource_id="oil", expected=7, reason="recount"
    )
    assert changes["pending"] == add(
        11, DEEP_DESERT, id=padded("pending"), entered_by="999", reason="for a friend"
    )
    assert changes["pending-hagga"].remark == "(made 2026-11-30)"
    assert changes[UNDO_OF_WATER].undoes == padded("applied-undone")
    outcomes = {name: entry.outcome for name, entry in entries.items() if entry.outcome}
    assert_outcomes(outcomes)


def assert_outcomes(outcomes: dict[str, Outcome]) -> None:
    applied, moved = outcomes["applied"].moved, outcomes["moved"].moved
    assert applied is not None
    assert moved is not None
    assert (applied.hagga_before, applied.hagga, applied.deep_desert) == (1_000, 1_500, 400)
    assert tuple(applied.points) == (50.0, 1.5, 0.05, 78.75)
    assert (moved.hagga_change, moved.deep_desert_change, moved.points.final) == (-200, 200, 0.0)
    rejected = outcomes["rejected"]
    assert (rejected.verdict, rejected.rejection) == (Verdict.REJECTED, Rejection.QUANTITY)
    assert rejected.shortage == (DEEP_DESERT, 600, -4_999_400)
    assert outcomes["no-resource"].rejection is Rejection.NO_RESOURCE
    conflict = outcomes["conflict"]
    assert conflict.verdict is Verdict.CONFLICT
    assert conflict.resource is not None
    row = conflict.resource
    assert (row.name, row.hagga, row.deep_desert, row.target) == ("Oil", 9, 0, 2_000)


def test_pending_changes_are_sent_once_and_conflicts_stay(
    tmp_path: Path, outbox_file: Path
) -> None:
    kept = Outbox(outbox_file, PLAYER, "guild.example")
    arrived = [
        entry.change
        for entry in kept.entries()
        if entry.state is EntryState.APPLIED or entry.change.id == padded("sending")
    ]
    kept.close()
    with closing(sqlite3.connect(outbox_file)) as connection, connection:
        # The answers got lost today; after a day, the player would have to decide.
        connection.execute("UPDATE entries SET sent_at = ? WHERE state = 'sending'", (time.time(),))
    database = tmp_path / "tracker.db"
    rows = [
        new_resource("spice", name="Spice", hagga=1_000, deep_desert=400),
        new_resource("water", name="Water", hagga=50),
        new_resource("steel"),
        new_resource("oil"),
    ]
    create_sqlite(database, lambda opened, layout: Ledger(opened, layout).create(rows, "x"))
    config = config_for(database)
    ledger = quick(config)
    for change in arrived:
        ledger.apply(change)
    folder = folder_of(config, PLAYER)
    folder.mkdir(parents=True)
    shutil.move(outbox_file, folder)
    tracker = Tracker(config, opener=quick)
    listener = Listener(tracker)
    try:
        tracker.open().result(20)
        listener.until(lambda: not tracker.pending())
        needing = {outcome.change.id.rstrip("-") for outcome in tracker.needing_player()}
        assert needing == {"rejected", "no-resource", "conflict"}
        spice, water = tracker.resource("spice"), tracker.resource("water")
    finally:
        tracker.close()
        ledger.close()
    assert spice is not None
    assert water is not None
    # 1,000 + 500 > 200 - 13 < 3, and 400 + 200 + 11 - 3
    assert (spice.hagga, spice.deep_desert) == (1_290, 608)
    # 50 = 60, undone, + 7
    assert (water.hagga, water.deep_desert) == (57, 0)


def test_a_session_stays_valid(tmp_path: Path) -> None:
    session_store = SessionStore(config_for(tmp_path / "tracker.db"))
    session_store.path.parent.mkdir(parents=True)
    shutil.copy(WRITTEN / "session.json", session_store.path)
    session_store.path.chmod(0o600)
    session, tokens = session_store.load(), session_store.tokens()
    assert session is not None
    assert session.binding == (
        "https://discord.com/api/v10",
        "112233445566778899",
        "998877665544332211",
    )
    assert (session.member_id, session.username, session.name) == (
        PLAYER,
        "stilgar",
        "Stilgar of “Tabr”",
    )
    assert (session.role_ids, session.is_in_guild, session.checked_at) == (
        ("1001", "1002"),
        True,
        NOON,
    )
    assert (session.is_new, session.is_recorded, session.seen_at) == (False, True, NOON + 5)
    assert (session.row_id, session.tokens_until) == (padded("row"), NOON + 604_800)
    assert tokens.access.reveal() == "access-of-a-test"
    assert tokens.refresh is not None
    assert tokens.refresh.reveal() == "refresh-of-a-test"


def test_preferences_are_kept() -> None:
    kept = load_preferences(WRITTEN / "view.json")
    assert (kept.view.sort, kept.view.is_reversed, kept.view.has_sparklines) == (
        "total",
        True,
        True,
    )
    assert (kept.theme, kept.reports_others, kept.is_hint_dismissed) == ("nord", True, True)


def test_every_key_that_could_be_remapped_still_can() -> None:
    keys = tomllib.loads((WRITTEN / "config.toml").read_text("utf-8"))["keys"]
    assert len(keys) > 50
    assert keys.keys() - known_binding_ids(TrackerApp) == set()


@pytest.mark.parametrize(
    ("profile", "store", "session", "view"),
    [
        (None, "c232ce267faaf2bf3960", "session.json", "view.json"),
        ("arrakis", "20514350f8b2a1c52234", "profile-arrakis.json", "view-arrakis.json"),
    ],
)
def test_files_are_found_where_earlier_versions_stored_them(
    profile: str | None, store: str, session: str, view: str
) -> None:
    home = Path("home")
    config = remote_config("libsql://guild.example", home, profile=profile)
    assert folder_of(config, PLAYER) == home / "guilds" / store
    assert SessionStore(config).path == home / "sessions" / session
    assert preferences_path(config) == home / "state" / view
