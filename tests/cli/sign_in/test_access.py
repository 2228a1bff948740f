"""Every command with every kind of session: denied members see nothing of the guild."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.sign_in.member_guild import (
    HOUR,
    ME,
    MEMBER,
    NICKNAME,
    TOKEN,
    Type,
    copies,
    session_file,
    stores,
)
from cli.sign_in.planted_guild import ADDED, SPYS_NAME, Planted, guild_words_in
from helpers.commands import Ran, Run
from helpers.discord import Fault, Membership
from helpers.membership import GUEST_ROLE, MEMBER_ROLE, grow_old
from helpers.other_schemas import TABLES
from helpers.outbox_files import pending_ids
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config

GUILDS_OWN = (
    ["list", "zanth", "--json"],
    ["history"],
    ["history", "zanthium", "--json"],
    ["leaderboard"],
    ["leaderboard", "--period", "all", "--json"],
    ["edit", "zanth", "+1"],
    ["edit", "quorblatt", "=1", "--if", "51877"],
    ["edit", "zanthium", "to-hagga", "1", "--json"],
    ["edit", "no such thing", "+1"],
    ["invite"],
    ["invite", "--with-token"],
    ["list"],
)
"""Commands that read or write the guild's data."""
OF_THE_MACHINE = (
    ["init"],
    ["init", "--plan"],
    ["init", "--starter"],
    ["whoami"],
    ["login"],
    ["logout"],
)
"""Commands that maintain the database or the session; some may contact the database."""
STATUSES = {"init": (0,), "whoami": (3,), "login": (1, 3), "logout": (0, 1, 3)}
"""Possible exit statuses of these commands. `init` needs no member: its token is enough."""


pytestmark = pytest.mark.usefixtures("patience")

# Denied


class Machine(NamedTuple):
    """A machine on which access is to be denied."""

    here: Planted
    home: Path
    monkeypatch: pytest.MonkeyPatch

    def age(self, hours: float, faults: Mapping[str, Fault] | None = None) -> None:
        """Make Discord's last answer older, and Discord fail."""
        grow_old(load_config(os.environ), hours * HOUR)
        for path, fault in (faults or {}).items():
            self.here.discord.fail_always(path, fault)

    def leave(self) -> None:
        """Leave the guild, which the next check finds out."""
        self.age(29)
        self.here.discord.membership = None

    def know(self, roles: tuple[str, ...] | None) -> None:
        """Store a session of a member with these roles, or of somebody who left the guild."""
        membership = None if roles is None else Membership(roles=list(roles))
        self.here.discord.membership = membership
        session_store = SessionStore(load_config(os.environ))
        session = session_store.load()
        assert session is not None
        session_store.save(session._replace(is_in_guild=roles is not None, role_ids=roles or ()))

    def set(self, name: str, value: str) -> None:
        self.monkeypatch.setenv(name, value)

    def store(self, content: bytes) -> None:
        session_file(self.home).write_bytes(content)


class Bar(NamedTuple):
    """A reason for denied access, and the message about it."""

    name: str
    go: Callable[[Machine], object]
    said: str
    is_known: bool = False
    """Whether Discord or the guild's settings deny access; otherwise the rights are unknown."""


LEFT = "Paul Atreides is not in this guild on Discord"
NO_ROLE = f"{NICKNAME} has no role that may enter. Only "
REVOKED = {
    ME: Fault.status(401, {"message": "401: Unauthorized"}),
    TOKEN: Fault.status(400, {"error": "invalid_grant"}),
}
CHOSEN = f"{NO_ROLE}Chosen may see"
NEW_ROLES = (
    f'[{{"id": "{MEMBER_ROLE}", "name": "Fremen"}}, '
    '{"id": "9", "name": "Chosen", "canAccessResources": true}]'
)
AWAY = {"*": Fault.hang_up()}
BARS = (
    Bar("left the guild", Machine.leave, LEFT, is_known=True),
    Bar("left, as known", lambda m: m.know(None), LEFT, is_known=True),
    Bar("no role, as known", lambda m: m.know((GUEST_ROLE,)), NO_ROLE, is_known=True),
    Bar("revoked", lambda m: m.age(29, REVOKED), "it was revoked, or is too old", is_known=True),
    Bar("new roles", lambda m: m.set("DISCORD_ROLES_CONFIG", NEW_ROLES), CHOSEN, is_known=True),
    Bar("no session", lambda m: session_file(m.home).unlink(), "You are not signed in"),
    Bar("damaged", lambda m: m.store(b"{ nonsense"), "The session that is kept on this machine is"),
    Bar("another guild", lambda m: m.set("DISCORD_GUILD_ID", "4711"), "is for another guild"),
    Bar("no Discord", lambda m: m.age(28, AWAY), "Your roles were last read from Discord 1 d ago"),
    Bar("future", lambda m: m.age(-25, AWAY), "Nothing is shown or sent until Discord"),
    # The doctor finds the fault at Discord, before it examines the session.
    Bar("application", lambda m: m.set("DISCORD_CLIENT_ID", "4711"), "is for another guild"),
    Bar("403", lambda m: m.age(28, {MEMBER: Fault.status(403, {"message": "No"})}), "403: No"),
)


def assert_silent(ran: Ran, home: Path) -> None:
    """Assert that nothing of the guild was printed or logged."""
    log = home / "state" / "debug.log"
    logged = log.read_text("utf-8") if log.exists() else ""
    for text in (ran.out, ran.err, logged):
        assert guild_words_in(text) == set(), text


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
def test_denied_member_sees_nothing_of_the_guild(
    run: Run,
    home: Path,
    here: Planted,
    type_in: Type,
    monkeypatch: pytest.MonkeyPatch,
    bar: Bar,
) -> None:
    def again() -> str:
        """Bar a member who has viewed everything; return the id of the pending change."""
        here.move_in(home, monkeypatch, waits=True)
        bar.go(Machine(here, home, monkeypatch))
        here.forget_requests()
        (change_id,) = pending_ids(home)
        return change_id

    # The first bar meets every command.
    number = BARS.index(bar)
    kept = here.books.tables(*TABLES)
    # Commands that read or write the guild's data ask no database.
    for argv in GUILDS_OWN if number == 0 else [["list"]]:
        before = again()
        type_in("a-token")
        ran = run(*argv)
        assert (ran.status, ran.out) == (3, ""), argv
        assert bar.said in ran.error, argv
        assert_silent(ran, home)
        # --debug shows and logs more.
        ran = run(*argv, "--debug")
        assert (ran.status, ran.out) == (3, ""), argv
        assert "Traceback" in ran.err, argv
        assert_silent(ran, home)
        assert here.proxy.count == 0, argv
        assert pending_ids(home) == [before], argv
        # A denial removes cached rows; pending changes stay.
        if bar.is_known:
            outbox_alone = {path.name for store in stores(home) for path in store.iterdir()}
            assert all(name.startswith(("outbox.db", "sending.lock")) for name in outbox_alone)
        else:
            assert {"replica.db", "pages.db"} <= copies(home), argv
    # The doctor explains why.
    again()
    ran = run("doctor", "--json", "--debug")
    assert_silent(ran, home)
    (wrong,) = (each for each in ran.document if each["state"] == "wrong")
    assert wrong["check"] == ("discord" if bar in BARS[-2:] else "session")
    assert bar.said in wrong["found"] or bar in BARS[-3:]
    assert (copies(home) == set()) is bar.is_known
    # Commands for the machine show and send nothing.
    one = OF_THE_MACHINE[number % len(OF_THE_MACHINE)]
    for argv in OF_THE_MACHINE if number == 0 else [one]:
        before = again()
        here.discord.fail(TOKEN, *[Fault.status(400, {"error": "access_denied"})] * 2)
        for options in ([], ["--debug"]):
            ran = run(*argv, *options)
            assert_silent(ran, home)
            assert ran.status in STATUSES[argv[0]], argv
        assert pending_ids(home) == [before], argv
    assert here.books.tables(*TABLES) == kept


def test_tokens_of_another_guild_are_never_sent(
    run: Run, home: Path, here: Planted, type_in: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.move_in(home, monkeypatch, waits=True)
    monkeypatch.setenv("DISCORD_CLIENT_ID", "4711")
    kept = session_file(home).read_bytes()
    for argv in (["list"], ["edit", "zanth", "+1"], ["invite"], ["doctor"], ["whoami"], ["logout"]):
        type_in("a-token")
        here.discord.fail(TOKEN, Fault.status(400, {"error": "access_denied"}))
        run(*argv)
        here.discord.heal()
        for seen in here.discord.seen:
            sent = f"{seen.form} {seen.headers} {seen.query}"
            assert not any(token in sent for token in here.discord.issued), argv
        assert session_file(home).read_bytes() == kept, argv


# Admitted


def test_admitted_member_reads_everything(run: Run, here: Planted) -> None:
    for argv in [argv for argv in GUILDS_OWN if argv[0] in ("list", "history", "leaderboard")]:
        ran = run(*argv)
        assert (ran.status, ran.err) == (0, ""), argv
        words = guild_words_in(ran.out)
        if argv[0] == "leaderboard":
            assert SPYS_NAME.casefold() in words, argv
        else:
            assert {"zanth", "vrelgard"} <= words or {"zanth", "piterquist"} <= words, argv
            assert str(73_951 + ADDED) in ran.out or f"{73_951 + ADDED:,}" in ran.out, argv
    for argv in (["invite"], ["init"], ["init", "--plan"], ["doctor"], ["doctor", "--json"]):
        ran = run(*argv)
        assert (ran.status, ran.err, ran.out != "") == (0, "", True), argv
    assert here.discord.seen == []
