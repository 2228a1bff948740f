"""A guild with unmistakable words and numbers, and a machine with a cache of them."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.sign_in.member_guild import copies
from helpers.build import add, new_resource
from helpers.commands import SETTINGS
from helpers.discord import FakeDiscord, Membership, trust_discord
from helpers.ledger_under_test import Books
from helpers.membership import MEMBER_ROLE, configure, settings, sign_in
from helpers.other_schemas import LATER
from helpers.proxy import Proxy, cut_before, pass_on, proxy_to
from helpers.records import Known, add_members
from helpers.remote_guild import name_locations
from helpers.servers import Server
from helpers.timeouts import set_timeouts
from tracker_tui.cli import main
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote

SPY, SPYS_NAME = "700700700700700700", "Piterquist"
CACHE = new_resource(
    "zanth",
    name="Zanthium Cache",
    category="Contraband",
    hagga=73_951,
    deep_desert=86_420,
    target=64_928,
)
OTHER = new_resource("quorb", name="Quorblatt", category="Contraband", hagga=51_877)
REASON, PENDING_REASON = "buried under Xylorock", "fetched by Wuthermouth"
ADDED, PENDING = 3_319, 4_447
PLACE = "Vrelgard"
"""The guild's name for Hagga."""

WORDS = (
    *("zanth", "quorb", "contraband", "piterquist", "xylorock", "wuthermouth", "vrelgard"),
    SPY,
)
_NUMBERS = (73_951, 86_420, 64_928, 51_877, ADDED, PENDING, 73_951 + ADDED, 73_951 + 86_420 + ADDED)


class Planted(NamedTuple):
    """The guild, and saved homes of a member who has viewed all of it."""

    books: Books
    proxy: Proxy
    discord: FakeDiscord
    settings: dict[str, str]
    looked: Path
    """The home of a member who has viewed everything."""
    pending: Path
    """The same home with a pending change."""

    def move_in(self, home: Path, monkeypatch: pytest.MonkeyPatch, *, waits: bool = False) -> None:
        """Replace this machine's home by one of the saved ones, and configure the guild."""
        self.discord.heal()
        self.discord.membership = Membership(roles=[MEMBER_ROLE])
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.pending if waits else self.looked, home)
        configure(monkeypatch, self.settings)
        self.forget_requests()

    def forget_requests(self) -> None:
        """Start to count requests from zero."""
        self.proxy.fate = pass_on
        self.proxy.seen.clear()
        self.discord.seen.clear()


@contextmanager
def planted(server: Server, folder: Path) -> Iterator[Planted]:
    """Create the guild, and view all of it as a member."""
    url = server.new_database()
    with (
        closing(open_remote(Remote(url, token=None))) as database,
        proxy_to(url) as proxy,
        FakeDiscord(interval=1, membership=Membership(roles=[MEMBER_ROLE])) as discord,
    ):
        books = _settled(Books(database, LATER))
        given = settings(discord, proxy.url)
        looked, pending = folder / "looked", folder / "pending"
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name in os.environ:
                if name.startswith(SETTINGS):
                    monkeypatch.delenv(name)
            trust_discord(monkeypatch)
            configure(monkeypatch, given | {"TRACKER_HOME": str(looked)})
            set_timeouts(monkeypatch, retry=0.0)
            sign_in(discord)
            for argv in (["list"], ["history"], ["leaderboard"], ["leaderboard", "--period=all"]):
                assert _is_done(*argv)
            shutil.copytree(looked, pending)
            monkeypatch.setenv("TRACKER_HOME", str(pending))
            proxy.fate = cut_before
            assert _is_done("edit", "zanth", f"+{PENDING}", "--reason", PENDING_REASON)
        kept = [path.read_bytes() for path in pending.rglob("*") if path.is_file()]
        for word in ("Zanthium", "Quorblatt", SPYS_NAME, "Xylorock", "Wuthermouth", PLACE):
            assert any(word.encode() in content for content in kept), word
        assert {"replica.db", "pages.db"} <= copies(pending)
        yield Planted(books, proxy, discord, given, looked, pending)


def guild_words_in(text: str) -> set[str]:
    """Return the guild's words and numbers that a text contains."""
    numbers = {form for number in _NUMBERS for form in (str(number), f"{number:,}")}
    folded = text.casefold()
    return {planted for planted in (*WORDS, *numbers) if planted in folded}


def _settled(books: Books) -> Books:
    add_members(books, Known(SPY, "piter", SPYS_NAME))
    name_locations(books, PLACE)
    books.ledger.create([CACHE, OTHER], SPY)
    books.ledger.apply(add(ADDED, resource_id="zanth", by=SPY, reason=REASON))
    return books


def _is_done(*argv: str) -> bool:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as err:
        return main(argv) == 0 and not err.getvalue()
