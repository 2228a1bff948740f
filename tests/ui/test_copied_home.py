"""A copied home folder: a change undone in both copies is undone once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from helpers.build import add
from helpers.proxy import Proxy, answer, pass_on
from helpers.rejected_writes import requests_with
from tracker_tui.config.folders import Folders
from tracker_tui.guild.database_factory import open_ledger, store_location
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox
from ui.conftest import MEMBER, Guild, playing
from ui.guild_on_server import RemoteGuild, poll_eagerly


@pytest.fixture
def remote(proxy: Proxy, remote_url: str, tmp_path: Path) -> RemoteGuild:
    """The guild of RESOURCES on a server behind a proxy."""
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


@pytest.mark.parametrize("where", ["guild", "remote"])
async def test_a_change_dropped_in_both_copies_is_undone_once(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    poll_eagerly(monkeypatch)
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)
    guild: Guild = request.getfixturevalue(where)
    homes = [Folders(*[tmp_path / name] * 3) for name in ("first", "second")]
    lose_an_answer(guild, homes[0])
    shutil.copytree(homes[0].data, homes[1].data)
    for home in homes:
        with rejecting_writes(guild, request):
            async with playing(guild, folders=home) as player:
                await player.press("o")
                await player.sees("↑ Plastone +50 at Hagga: pending, will be sent")
                await player.press("x")
                await player.sees_no("Outbox")
                await player.press("o")
                await player.sees("↑ Plastone +50 at Hagga: being undone")
    for home in homes:
        async with playing(guild, folders=home) as player:
            await player.settles(2)
            await player.until(lambda: player.line(" Plastone  ").split()[2] == "5,000")
        assert player.pending == []
    assert guild.history() == [("relative", 50, 0, None), ("relative", -50, 0, "Undo: +50")]
    assert guild.quantities("plastone") == (5_000, 0)


def lose_an_answer(guild: Guild, home: Folders) -> None:
    """Leave a home as if the program was killed before it saved the ledger's answer."""
    config = guild.config(folders=home)
    site, change = store_location(config), add(50, resource_id="plastone", by=MEMBER)
    with (
        closing(Outbox(site.folder / OUTBOX_NAME, site.member, site.place)) as outbox,
        closing(open_ledger(config)) as ledger,
    ):
        outbox.put([change], 1.8e9)
        outbox.begin_sending([change.id], 1.8e9)
        ledger.apply(change)


@contextmanager
def rejecting_writes(guild: Guild, request: pytest.FixtureRequest) -> Iterator[None]:
    """Answer reads and reject writes."""
    if isinstance(guild, RemoteGuild):
        proxy: Proxy = request.getfixturevalue("proxy")
        proxy.fate = requests_with("INSERT INTO", answer(429))
        yield
        proxy.fate = pass_on
    else:
        with closing(sqlite3.connect(guild.path, isolation_level=None)) as holding:
            holding.execute("BEGIN IMMEDIATE")
            yield
