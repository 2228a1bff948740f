"""Names that an edit reads in the same request never affect whether its change is applied."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.outbox_files import outbox_of, replica_of, states
from helpers.processes import locked
from helpers.proxy import ProxiedRequest, Proxy, altered, pass_on
from helpers.remote_guild import name_locations
from helpers.timeouts import set_timeouts
from helpers.token_permissions import BOTH_WAYS

DAMAGES = (
    "UPDATE global_settings SET setting_value = x'FF00'",
    "ALTER TABLE global_settings RENAME COLUMN setting_value TO value",
    "DROP TABLE global_settings",
    "ALTER TABLE users RENAME COLUMN custom_nickname TO nick",
    "ALTER TABLE users RENAME TO members",
)
grown = pytest.mark.parametrize("remote_guild", ["grown"], indirect=True)


@pytest.fixture(autouse=True)
def long_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a busy machine from queueing an edit."""
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._ONE_SHOT_SECONDS", SECONDS)
    set_timeouts(monkeypatch, retry=SECONDS)


def assert_is_applied(run: Run, books: Books, *argv: str) -> None:
    """Edit the resource "iron", and check the outcome."""
    (before,) = books.run("SELECT quantity_hagga FROM resources WHERE id = 'iron'")
    ran = run("edit", *argv, "+5")
    assert (ran.status, ran.err) == (0, "")
    assert "→" in ran.out
    (after,) = books.run("SELECT quantity_hagga FROM resources WHERE id = 'iron'")
    assert after[0] == before[0] + 5


@grown
def test_changed_tables_on_a_server_stop_no_edit(run: Run, remote_guild: Books) -> None:
    name_locations(remote_guild, "Arrakeen")
    assert run("edit", "iron", "=7").status == 0
    for damage in DAMAGES:
        remote_guild.run(damage)
        for resource in ("iron", "iron ore"):
            assert_is_applied(run, remote_guild, resource)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "first"])
@grown
def test_unreadable_tables_stop_no_edit(
    run: Run, remote_guild: Books, proxy: Proxy, *, is_known: bool
) -> None:
    if is_known:
        assert run("edit", "iron", "=7").status == 0
    lacking = BOTH_WAYS[not is_known]
    proxy.fate = lacking("users:data_read", "global_settings:data_read")
    for resource in ("iron", "iron ore"):
        assert_is_applied(run, remote_guild, resource)
    # A rejection is still reported as one.
    assert run("edit", "iron", "-5000").status == 1


@grown
def test_unusable_names_stop_no_edit(run: Run, remote_guild: Books, proxy: Proxy) -> None:
    assert run("edit", "iron", "=7").status == 0
    proxy.fate = altered(_with_numbers_for_names)
    assert_is_applied(run, remote_guild, "iron")
    proxy.fate = pass_on
    # The server cannot return this one.
    remote_guild.run("UPDATE users SET custom_nickname = CAST(x'FF41' AS TEXT)")
    for resource in ("iron", "iron ore"):
        assert_is_applied(run, remote_guild, resource)
    ran = run("edit", "iron", "-5000")
    assert ran.status == 1
    assert "only 22 at" in ran.error


def _with_numbers_for_names(body: bytes) -> bytes:
    document = json.loads(body)
    for result in document["results"]:
        steps = result["response"].get("result", {}).get("step_results", [])
        for rows in (step["rows"] for step in steps if step is not None):
            if rows and len(rows[0]) == 2:  # a member's id and name
                rows[:] = [[{"type": "integer", "value": "7"}] * 2 for _ in rows]
    return json.dumps(document).encode()


def test_a_locked_replica_or_outbox_changes_no_outcome(
    run: Run, remote_guild: Books, proxy: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program locks the outbox while the server answers."""
    assert run("edit", "iron", "=7").status == 0
    monkeypatch.setattr("tracker_tui.local.sqlite_file._BUSY_SECONDS", 0.05)
    with locked(replica_of(home)):
        ran = run("edit", "iron", "+5")
    assert (ran.status, "→" in ran.out) == (0, True)
    assert "replica.db is in use" in ran.err
    with ExitStack() as held:

        def hold_and_pass_on(proxied: ProxiedRequest) -> None:
            held.enter_context(locked(outbox_of(home)))
            pass_on(proxied)

        proxy.meet([hold_and_pass_on])
        ran = run("edit", "iron", "+5")
    assert (ran.status, "→" in ran.out) == (0, True)
    assert "outbox.db is in use" in ran.err
    assert states(home)[-1] == "sending"
    assert run("list").status == 0
    assert remote_guild.quantities("iron") == (17, 0)
    assert states(home)[-1] == "applied"
