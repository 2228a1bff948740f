"""The doctor: its findings for every kind of database and token, and its advice."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from peewee import RawQuery

from helpers import other_schemas
from helpers.commands import Run
from helpers.guild import make_guild
from helpers.ledger_under_test import Books
from helpers.other_schemas import OURS, ask_at
from helpers.proxy import Proxy, answer, pass_on
from helpers.remote_guild import Guarded, configure
from helpers.servers import Server, free_port
from tracker_tui.config.settings import Remote, Secret
from tracker_tui.db.remote import open_remote

Found = dict[str, dict[str, str]]
EVERYTHING = ["settings", "database", "token", "schema", "clock"]


def examined(run: Run, status: int = 0) -> Found:
    """Run the doctor; return its finding for each check."""
    ran = run("doctor", "--json")
    assert (ran.status, ran.err) == (status, "")
    return {each["check"]: each for each in ran.document}


def states(found: Found) -> dict[str, str]:
    return {check: each["state"] for check, each in found.items()}


# Files


def test_a_file_is_fine_before_and_after_it_exists_but_wrong_if_a_named_one_is_missing(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(run)
    assert states(found) == {"settings": "ok", "database": "note"}
    assert "first start makes it" in found["database"]["advice"]
    assert not home.exists()
    run("init")
    fine = dict.fromkeys(["settings", "database", "schema", "clock"], "ok")
    found = examined(run)
    assert states(found) == fine
    assert "embedded" in found["settings"]["found"]
    path = tmp_path / "guild.db"
    make_guild(path)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    found = examined(run)
    assert states(found) == fine
    assert str(path) in found["settings"]["found"]
    assert "the environment" in found["settings"]["found"]
    path.unlink()
    found = examined(run, status=4)
    assert states(found) == {"settings": "ok", "database": "wrong"}
    assert "guild.db" in found["database"]["found"]
    assert not path.exists()


# Tokens


def test_a_token_is_described_by_its_permissions(
    run: Run, guarded_guild: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = guarded_guild.books.everything()
    found = examined(run)
    assert found["token"]["state"] == "note"
    assert found["token"]["found"].startswith("read only")
    assert "a token that may write" in found["token"]["advice"]
    assert list(found) == EVERYTHING
    configure(monkeypatch, guarded_guild.proxy.url, guarded_guild.full)
    found = examined(run)
    assert found["token"]["state"] == "ok"
    assert found["token"]["found"].startswith("accepted: full")
    assert "a token is given" in found["settings"]["found"]
    # A rejected token ends the examination.
    for token, said in (("nonsense", "refuses your TURSO_AUTH_TOKEN"), (None, "wants a token")):
        configure(monkeypatch, guarded_guild.proxy.url, token)
        found = examined(run, status=4)
        assert states(found) == {"settings": "ok", "token": "wrong"}
        assert said in found["token"]["found"]
    assert guarded_guild.books.everything() == before


def test_a_token_is_described_over_a_websocket_as_over_http(
    run: Run, guarded_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All WebSocket connections share one database, so the guild may already exist.
    found_guild(guarded_server)
    url = guarded_server.url.replace("http://", "ws://")
    for access, state, said in (
        ("ro", "note", "read only"),
        ("rw", "ok", "accepted: full, it may do what members do"),
    ):
        configure(monkeypatch, url, guarded_server.token(access))
        found = examined(run)
        assert list(found) == EVERYTHING
        assert found["token"]["state"] == state
        assert found["token"]["found"].startswith(said)


def found_guild(server: Server) -> None:
    with closing(open_remote(Remote(server.url, Secret(server.token())))) as database:
        for statement in other_schemas.FOUNDING:
            made = statement.replace("TABLE ", "TABLE IF NOT EXISTS ", 1)
            database.batch([RawQuery(made.replace("INDEX ", "INDEX IF NOT EXISTS ", 1))])


def test_the_findings_are_printed_as_lines_and_as_json(
    run: Run, remote_guild: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(run)
    assert list(found) == EVERYTHING
    for each in found.values():
        assert set(each) == {"check", "state", "found", "advice"}
        assert all(isinstance(text, str) for text in each.values())
    assert found["token"]["found"].startswith("none, and none is asked for")
    assert "no token" in found["settings"]["found"]
    lines = run("doctor").out.splitlines()
    assert [line.split()[:2] for line in lines if line[0] in "✓▲✗"] == [
        *(["✓", "settings"], ["✓", "database"], ["✓", "token"], ["▲", "schema"], ["✓", "clock"]),
    ]
    # A server is examined even if no guild is configured.
    monkeypatch.delenv("TRACKER_AUTH")
    found = examined(run, status=3)
    assert found["discord"]["state"] == "wrong"
    assert "TRACKER_AUTH=none" in found["discord"]["found"]
    assert list(found) == [*EVERYTHING, "discord"]


# Servers


def test_a_missing_or_unencrypted_server_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, status, said in (
        (f"http://localhost:{free_port()}", 4, "cannot be reached"),
        ("http://guild.invalid", 2, "TRACKER_INSECURE"),
    ):
        configure(monkeypatch, url, "some-token")
        found = examined(run, status=status)
        assert states(found) == {"settings": "ok", "database": "wrong"}
        assert said in found["database"]["found"]


def test_a_server_that_fails_is_wrong_from_there_on(
    run: Run, remote_guild: Books, proxy: Proxy
) -> None:
    # Earlier findings stay.
    for answered, expected in (
        (0, ["settings ok", "database wrong"]),
        (1, ["settings ok", "database wrong"]),
        (2, ["settings ok", "database ok", "database wrong"]),
        (3, ["settings ok", "database ok", "token ok", "schema wrong", "clock ok"]),
    ):
        proxy.meet([*[pass_on] * answered, *[answer(500)] * 9])
        ran = run("doctor", "--json")
        assert ran.status == 4
        assert [f"{each['check']} {each['state']}" for each in ran.document] == expected
        assert "The server failed (500)" in ran.out


# Schemas


@pytest.mark.parametrize(
    ("remote_guild", "kind"),
    [(name, "later" if name == "grown" else name) for name in OURS],
    indirect=["remote_guild"],
)
def test_a_known_schema_is_named_and_its_missing_indexes_are_counted(
    run: Run, remote_guild: Books, kind: str
) -> None:
    found = examined(run)
    assert found["schema"]["state"] == "note"
    assert found["schema"]["found"].startswith(f"{kind}; 8 indexes")
    assert "tracker-tui init" in found["schema"]["advice"]
    run("init")
    fine = {"check": "schema", "state": "ok", "found": kind, "advice": ""}
    assert examined(run)["schema"] == fine


def test_an_empty_or_foreign_database_is_wrong(
    run: Run, remote_url: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, proxy.url)
    found = examined(run, status=4)
    assert found["schema"]["state"] == "wrong"
    assert found["schema"]["found"].startswith("none. ")
    assert "tracker-tui init --starter" in found["schema"]["found"]
    assert list(found) == EVERYTHING
    for statement in other_schemas.FOREIGN:
        ask_at(remote_url, statement)
    found = examined(run, status=4)
    assert found["schema"]["state"] == "wrong"
    assert found["schema"]["found"].startswith("foreign. ")


# The clock


def test_a_wrong_clock_is_a_note(
    run: Run, remote_guild: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds, state, text in (
        (0, "ok", ""),
        (-3_600, "note", "behind"),
        (3_600, "note", "ahead of"),
    ):
        clock = SimpleNamespace(
            time=lambda seconds=seconds: time.time() + seconds, monotonic=time.monotonic
        )
        monkeypatch.setattr("tracker_tui.guild.doctor.time", clock)
        found = examined(run)["clock"]
        assert found["state"] == state
        assert text in found["found"]
        assert bool(found["advice"]) is (state == "note")
        assert int(found["found"].split()[0]) in range(abs(seconds) - 5, abs(seconds) + 6)
