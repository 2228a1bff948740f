"""The database's token is stored in the settings only, and neither printed nor logged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.sign_in.member_guild import (
    Guarded,
    Type,
    assert_kept,
    assert_private,
    config_file,
    invitation_to,
)
from helpers.commands import Run
from helpers.discord import FakeDiscord
from helpers.listening import SECONDS
from helpers.membership import settings
from helpers.proxy import Fate, ProxiedRequest, Reply, answer, cut_before, pass_on
from helpers.remote_fixtures import MakeTracker
from helpers.remote_guild import Guarded as GuardedGuild
from helpers.remote_guild import configure
from tracker_tui.config.settings import load_config
from tracker_tui.guild.database_factory import open_ledger

pytestmark = pytest.mark.usefixtures("single_try")

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


def test_no_command_prints_or_stores_a_token(
    run: Run, guarded_guild: GuardedGuild, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, proxy = guarded_guild.full, guarded_guild.proxy
    for name, fate in FATES.items():
        proxy.fate = fate
        # The server accepts only one of them.
        for token in (full, SECRET) if fate is pass_on else (full,):
            configure(monkeypatch, proxy.url, token)
            for argv in COMMANDS if name in ("passes", "quoted with 400") else COMMANDS[:2]:
                assert_kept(run(*argv, "--debug"), home, [token])
        assert_kept(run("list"), home, [full])
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
            assert_kept(ran, home, [SECRET])


def test_no_repr_holds_a_token(
    run: Run,
    guarded_guild: GuardedGuild,
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


def test_no_reply_of_the_database_reveals_its_token(
    run: Run,
    home: Path,
    guarded: Guarded,
    discord: FakeDiscord,
    type_in: Type,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discord.approves_at_once = True
    token, stored = guarded.server.token(sub="members"), []
    for number, (name, fate) in enumerate(FATES.items()):
        guarded.proxy.fate = fate
        options = ["--debug"] if name != "quoted with 401" else []
        ran = run("login", *options)
        assert ran.status == 0, name
        assert_kept(ran, home, [guarded.full])
        type_in(token)
        ran = run("invite", "--with-token", *options)
        # The invitation contains the token only in packed form.
        assert_kept(ran, home, [guarded.full, token])
        ran = run("logout", *options)
        assert_kept(ran, home, [guarded.full, *discord.issued])
        is_invited = number % 2 == 0
        line = invitation_to(guarded, token if is_invited else None)
        type_in(line, *([] if is_invited else [token]), "y")
        with monkeypatch.context() as elsewhere:
            for setting in settings(discord, "", "token").keys() - {"DISCORD_API_URL"}:
                elsewhere.delenv(setting)
            ran = run("join", *options)
        assert_kept(ran, home, [token, line.rpartition(":")[2]] if is_invited else [token])
        # `join` stores the token in the settings only.
        if ran.status == 0:
            stored.append(name)
            assert_private(config_file(home))
            assert token in config_file(home).read_text("utf-8")
            assert list(config_file(home).parent.iterdir()) == [config_file(home)]
            config_file(home).unlink()
        else:
            assert not config_file(home).exists(), name
    assert {"passes", "cut"} <= set(stored)
