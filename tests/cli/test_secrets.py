"""The token is never printed, logged or stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.commands import Ran, Run
from helpers.processes import SECONDS
from helpers.proxy import Fate, ProxiedRequest, Reply, answer, cut_before, pass_on
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import Guarded, configure
from helpers.timeouts import set_timeouts
from tracker_tui.config.settings import load_config
from tracker_tui.guild.database_factory import open_ledger

SECRET = "AVerySecretToken"


def quoting(status: int) -> Fate:
    """Echo each request, including its token."""

    def fate(proxied: ProxiedRequest) -> None:
        said = proxied.headers.get("authorization", "")
        proxied.reply(Reply(status, f'{{"error":"{said}","code":"{said}"}}'.encode()))

    return fate


FATES: dict[str, Fate] = {
    "passes": pass_on,
    "cut": cut_before,
    "no JSON": answer(200, b"<html>"),
    **{f"quoted with {status}": quoting(status) for status in (200, 400, 401, 403, 500)},
}
COMMANDS = (
    *(["list"], ["edit", "spice", "+5"], ["doctor"], ["edit", "nothing such", "+5"]),
    *(["init"], ["init", "--plan"], ["doctor", "--json"]),
)


def printed_and_stored(ran: Ran, home: Path) -> Iterator[str]:
    """Yield everything that a command printed, and each file that it wrote."""
    yield from (ran.out, ran.err)
    for path in home.rglob("*"):
        yield str(path)
        if path.is_file():
            # Outbox and replica are binary files, but their texts can be found.
            yield path.read_bytes().decode("utf-8", "replace")


@pytest.fixture(autouse=True)
def single_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Don't retry an edit."""
    set_timeouts(monkeypatch, retry=0.0)


def assert_not_revealed(ran: Ran, home: Path, token: str) -> None:
    for text in printed_and_stored(ran, home):
        assert token not in text
        assert token.rsplit(".", maxsplit=1)[-1] not in text


def test_no_command_prints_or_stores_a_token(
    run: Run, guarded_guild: Guarded, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, fate in FATES.items():
        guarded_guild.proxy.fate = fate
        # The server accepts only one of them.
        for token in (guarded_guild.full, SECRET) if fate is pass_on else (guarded_guild.full,):
            configure(monkeypatch, guarded_guild.proxy.url, token)
            for argv in COMMANDS if name in ("passes", "quoted with 400") else COMMANDS[:3]:
                assert_not_revealed(run(*argv, "--debug"), home, token)
        assert_not_revealed(run("list"), home, guarded_guild.full)
    # Without a log, this test would check too little.
    assert (home / "state" / "debug.log").exists()
    assert list(home.rglob("outbox.db"))
    assert list(home.rglob("replica.db"))


def test_a_token_within_a_url_is_not_quoted(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (
        f"http://localhost:1?authToken={SECRET}",
        f"http://paul:{SECRET}@localhost:1",
        f"http://localhost:1#{SECRET}",
        f"http://localhost:{SECRET}",
        f"http://guild.invalid/{SECRET}",
        f"libsql://localhost:1/?tls=1&jwt={SECRET}",
    ):
        configure(monkeypatch, url)
        for argv in (["list"], ["edit", "spice", "+5", "--debug"], ["doctor", "--debug"]):
            ran = run(*argv)
            assert ran.status in (2, 4), url
            assert_not_revealed(ran, home, SECRET)


def test_no_repr_holds_a_token(
    run: Run,
    guarded_guild: Guarded,
    monkeypatch: pytest.MonkeyPatch,
    make_remote_tracker: MakeTracker,
) -> None:
    configure(monkeypatch, guarded_guild.proxy.url, guarded_guild.full)
    config = load_config(os.environ)
    tracker = make_remote_tracker(guarded_guild.proxy.url, guarded_guild.full)
    tracker.open().result(SECONDS)
    ledger = open_ledger(config)
    ledger.close()
    for thing in (config, config.database, tracker, tracker.config, ledger, vars(ledger)):
        assert guarded_guild.full not in f"{thing!r} {thing}"
