"""A guild that signs in with a pretended Discord, and no keyring of this machine."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring.core
import pytest
from keyring.backends import fail

from cli.sign_in.member_guild import Guarded, Type, Waits
from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.ledger_under_test import Books
from helpers.membership import MEMBER_ROLE, configure, settings
from helpers.other_schemas import FOUNDING
from helpers.proxy import Proxy, proxy_to
from helpers.remote_guild import settled
from helpers.servers import Server
from tracker_tui.config.settings import Remote, Secret
from tracker_tui.db.remote import open_remote


@pytest.fixture(scope="package", autouse=True)
def no_keyring() -> Iterator[None]:
    """Let no test touch the keyring of whoever runs it, nor any process that it starts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Let `login` wait no time; what happens meanwhile is for tests to say."""
    waits = Waits()
    monkeypatch.setattr("tracker_tui.cli.login._sleep", waits)
    return waits


@pytest.fixture(autouse=True)
def trusted_discord(no_proxies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the certificate of the pretended Discord."""
    trust_discord(monkeypatch)


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """Discord, for which whoever signs in is a plain member."""
    with FakeDiscord(interval=1, membership=Membership(roles=[MEMBER_ROLE])) as discord:
        yield discord


@pytest.fixture
def settings_of_guild(
    home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The settings of a guild whose database nobody asks, in the environment."""
    given = settings(discord, "http://localhost:1")
    configure(monkeypatch, given)
    return given


@pytest.fixture
def guild(
    remote_url: str,
    proxy: Proxy,
    home: Path,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Books]:
    """A guild behind the proxy, configured; the books go straight to the server."""
    configure(monkeypatch, settings(discord, proxy.url))
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        yield settled(database, FOUNDING)


@pytest.fixture
def guarded(
    guarded_server: Server, home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Guarded]:
    """A guild on a server that checks tokens, configured with one that may do everything."""
    url, full = guarded_server.new_database(), guarded_server.token()
    with (
        closing(open_remote(Remote(url, Secret(full)))) as database,
        proxy_to(url) as proxy,
    ):
        configure(monkeypatch, settings(discord, proxy.url, full))
        books = settled(database, FOUNDING)
        yield Guarded(books, proxy, guarded_server, url, full, guarded_server.token("ro"))


@pytest.fixture
def single_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an edit try once: trying on for a second changes nothing here."""
    monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Pipe lines into the next command, which is no terminal."""

    def type_lines(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return type_lines
