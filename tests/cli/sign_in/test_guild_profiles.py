"""Two guilds on one machine, each with its own settings, session, cache and outbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.sign_in.member_guild import HOUR, copies, session, session_file, stores
from helpers.commands import Run
from helpers.discord import FakeDiscord, Membership, Person
from helpers.ledger_under_test import Books
from helpers.membership import MEMBER_ROLE, OFFICER_ROLE, grow_old, settings
from helpers.other_schemas import FOUNDING
from helpers.outbox_files import changed
from helpers.proxy import Proxy, cut_before, proxy_to
from helpers.remote_guild import settled
from helpers.servers import Server
from tracker_tui.config.settings import Remote, load_config
from tracker_tui.db.remote import open_remote

ATREIDES, HARKONNEN = "atreides", "harkonnen"


class House(NamedTuple):
    """A guild with a separate Discord."""

    name: str
    books: Books
    proxy: Proxy
    discord: FakeDiscord

    @property
    def table(self) -> str:
        """Return the guild's settings as a table of config.toml."""
        given = settings(self.discord, self.proxy.url)
        lines = "".join(f"{name} = '{value}'\n" for name, value in given.items())
        return f"[profiles.{self.name}]\n{lines}\n"

    @property
    def option(self) -> tuple[str, str]:
        return "--profile", self.name


@contextmanager
def founded(
    server: Server, name: str, person: Person, role: str, client_id: str
) -> Iterator[House]:
    url = server.new_database()
    with (
        closing(open_remote(Remote(url, token=None))) as database,
        proxy_to(url) as proxy,
        FakeDiscord(
            interval=1,
            person=person,
            membership=Membership(nick=None, roles=[role]),
            client_id=client_id,
            approves_at_once=True,
        ) as discord,
    ):
        books = settled(database, FOUNDING)
        books.run("UPDATE resources SET name = ? || ' ' || name", name)
        yield House(name, books, proxy, discord)


@pytest.fixture
def houses(home: Path, server: Server) -> Iterator[tuple[House, House]]:
    """Two guilds, each in a separate profile; the default settings are empty."""
    paul = Person(id="111", username="paul", global_name="Paul")
    feyd = Person(id="222", username="feyd", global_name="Feyd")
    with (
        founded(server, ATREIDES, paul, MEMBER_ROLE, "1") as atreides,
        founded(server, HARKONNEN, feyd, OFFICER_ROLE, "2") as harkonnen,
    ):
        (home / "config").mkdir(parents=True)
        text = atreides.table + harkonnen.table
        (home / "config" / "config.toml").write_text(text, "utf-8")
        yield atreides, harkonnen


def test_each_guild_has_its_own_session_store_rights_and_rows(
    run: Run, home: Path, houses: tuple[House, House]
) -> None:
    paul, feyd = houses
    assert run("login", *paul.option).status == 0
    assert run("list", *paul.option).status == 0
    for argv in (["list"], ["edit", "spice", "+1"], ["whoami"], ["invite"]):
        ran = run(*argv, *feyd.option)
        assert ran.status == 3
        assert "You are not signed in" in ran.error
    assert (feyd.proxy.count, feyd.discord.seen) == (0, [])
    assert not session_file(home, HARKONNEN).exists()
    assert not session_file(home).exists()
    assert run("login", *feyd.option).status == 0
    for house in houses:
        assert f"{house.name} Spice" in run("list", *house.option).out
        assert run("edit", "spice", "+1", *house.option).status == 0
    names = [session(home, house.name)["name"] for house in houses]
    assert names == ["Paul", "Feyd"]
    assert len(stores(home)) == 2
    for house, other in (houses, houses[::-1]):
        printed = run("whoami", *house.option).out
        assert house.discord.person.username in printed
        assert ("set targets" in printed) is (house.name == HARKONNEN)
        assert other.discord.person.username not in printed
        assert other.name not in run("list", *house.option).out
        (entry,) = changed(house.books)
        assert entry[1:] == ("spice", 1_001)
        row = house.books.row("resource_history", str(entry[0]))
        assert row["updated_by"] == house.discord.person.id
        found = [row["discord_id"] for row in house.books.rows("users")]
        assert found[1:] == [house.discord.person.id]
        assert len(house.books.rows("user_sessions")) == 1
        issued = set(other.discord.issued)
        sent = [seen.form.get("token", "") for seen in house.discord.seen]
        sent += [seen.headers.get("authorization", "")[7:] for seen in house.discord.seen]
        assert not issued & set(sent)


@pytest.mark.usefixtures("single_try")
def test_pending_changes_denial_and_sign_out_of_one_guild_leave_the_other(
    run: Run, home: Path, houses: tuple[House, House]
) -> None:
    paul, feyd = houses
    for house in houses:
        assert run("login", *house.option).status == 0
        assert run("list", *house.option).status == 0
    paul.proxy.fate = cut_before
    assert "saved here" in run("edit", "spice", "+5", *paul.option).out
    paul.proxy.meet([])
    asked = paul.proxy.count
    for argv in (["list"], ["edit", "spice", "+7"], ["doctor"], ["init"]):
        assert run(*argv, *feyd.option).status == 0
    assert paul.proxy.count == asked
    assert changed(paul.books) == []
    assert run("list", *paul.option).status == 0
    assert [entry[2] for entry in changed(paul.books)] == [1_005]
    paul.discord.membership = None
    grow_old(load_config(os.environ, ATREIDES), 29 * HOUR)
    assert run("list", *paul.option).status == 3
    assert "replica.db" in copies(home)
    feyd.proxy.fate = cut_before
    assert "harkonnen Spice" in run("list", *feyd.option).out
    ran = run("logout", *paul.option)
    assert ran.out.startswith("Paul is signed out")
    assert session_file(home, HARKONNEN).exists()
    assert len(stores(home)) == 1
    feyd.proxy.meet([])
    feyd.discord.seen.clear()
    assert run("list", *feyd.option).status == 0
    assert feyd.discord.seen == []
    assert run("list", *paul.option).status == 3


# The environment


def test_environment_is_ignored_for_profiles(
    run: Run, home: Path, houses: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    paul, feyd = houses
    elsewhere = settings(feyd.discord, feyd.proxy.url, "own-token") | {
        "DISCORD_CLIENT_SECRET": "hush",
        "DISCORD_ROLES_CONFIG": '[{"id": "1"}]',
        "TRACKER_AUTH": "none",
    }
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    assert run("login", *paul.option).status == 0
    assert "atreides Spice" in run("list", *paul.option).out
    assert (feyd.proxy.count, feyd.discord.seen) == (0, [])
    headers = [proxied.headers for proxied in paul.proxy.seen]
    assert headers
    assert not any("own-token" in str(each) for each in headers)
    assert not any("hush" in str(seen.form) for seen in paul.discord.seen)
    # Without the option, the environment is used.
    assert "harkonnen Spice" in run("list").out
    assert (paul.proxy.count, feyd.proxy.count) == (len(headers), 1)
    # Nothing in it can be wrong for a profile.
    for name in elsewhere:
        monkeypatch.setenv(name, "{")
    assert run("list", *paul.option).status == 0
    assert run("list").status == 2
