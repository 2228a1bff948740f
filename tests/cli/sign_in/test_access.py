"""Every command with every kind of session: denied members see nothing of the guild."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.sign_in.member_guild import (
    HOUR,
    ME,
    MEMBER,
    NICKNAME,
    TOKEN,
    Type,
    copies,
    paths_asked,
    session,
    session_file,
    stores,
)
from cli.sign_in.planted_guild import (
    ADDED,
    CACHE,
    PENDING,
    SPYS_NAME,
    Planted,
    guild_words_in,
    planted,
)
from helpers.commands import Ran, Run
from helpers.discord import FakeDiscord, Fault, Membership, Seen
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS
from helpers.membership import (
    ADMIN_ROLE,
    GUEST_ROLE,
    MEMBER_ROLE,
    OFFICER_ROLE,
    grow_old,
    sign_in,
)
from helpers.other_schemas import TABLES
from helpers.outbox_files import changed, pending_ids, queue
from helpers.proxy import Proxy, cut_before
from helpers.servers import Server
from tracker_tui.auth.guild_membership import GuildMembership
from tracker_tui.auth.session import SessionStore
from tracker_tui.config.settings import load_config

GUILDS_OWN = (
    ["list"],
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
)
"""Commands that read or write the guild's data."""
READING = [argv for argv in GUILDS_OWN if argv[0] in ("list", "history", "leaderboard")]
OF_THE_MACHINE = (
    ["init"],
    ["init", "--plan"],
    ["init", "--starter"],
    ["doctor"],
    ["doctor", "--json"],
    ["whoami"],
    ["login"],
    ["logout"],
)
"""Commands that maintain the database or the session; some may contact the database."""
OTHERS = {"doctor": (3,), "whoami": (3,), "login": (1, 3), "logout": (0, 1, 3)}
"""Possible exit statuses of the other maintenance commands."""


@pytest.fixture(scope="module")
def place(
    long_running_server: Server, no_keyring: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planted]:
    """The planted guild, which no test here changes."""
    with planted(long_running_server, tmp_path_factory.mktemp("planted")) as place:
        yield place


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an exit wait for running requests, however slow this machine is."""
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", SECONDS)


@pytest.fixture
def here(place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """The planted guild, viewed by a member on this machine who has a pending change."""
    place.move_in(home, monkeypatch, waits=True)
    return place


DISCORDS_NAME = "Paul Atreides"
"""The signed-in member's display name on Discord."""

# Denied


class Barred:
    """Reasons why access is denied on this machine."""

    def __init__(self, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.here = here
        self.home = home
        self.monkeypatch = monkeypatch

    def not_signed_in(self) -> None:
        session_file(self.home).unlink()

    def the_session_is_damaged(self) -> None:
        session_file(self.home).write_bytes(b"{ nonsense")

    def left_the_guild_as_known(self) -> None:
        self._known_as(None)

    def has_no_role_as_known(self) -> None:
        self._known_as(Membership(roles=[GUEST_ROLE]))

    def left_the_guild_as_turns_out(self) -> None:
        self._older(29 * HOUR)
        self.here.discord.membership = None

    def has_no_role_as_turns_out(self) -> None:
        self._older(29 * HOUR)
        self.here.discord.membership = Membership(roles=[])

    def signed_out_at_discord_as_turns_out(self) -> None:
        self._older(29 * HOUR)
        self.here.discord.fail_always(ME, Fault.status(401, {"message": "401: Unauthorized"}))
        self.here.discord.fail_always(TOKEN, Fault.status(400, {"error": "invalid_grant"}))

    def the_role_means_nothing_any_more(self) -> None:
        self.monkeypatch.setenv(
            "DISCORD_ROLES_CONFIG",
            f'[{{"id": "{MEMBER_ROLE}", "name": "Fremen"}}, '
            '{"id": "9", "name": "Chosen", "canAccessResources": true}]',
        )

    def signed_in_to_another_guild(self) -> None:
        self.monkeypatch.setenv("DISCORD_GUILD_ID", "4711")

    def signed_in_with_another_application(self) -> None:
        self.monkeypatch.setenv("DISCORD_CLIENT_ID", "4711")

    def old_while_discord_is_away(self) -> None:
        self._older(28 * HOUR)
        self.here.discord.fail_always("*", Fault.hang_up())

    def old_while_discord_is_in_trouble(self) -> None:
        self._older(28 * HOUR)
        self.here.discord.fail_always("*", Fault.status(500))

    def old_while_discord_refuses(self) -> None:
        self._older(28 * HOUR)
        self.here.discord.fail_always(MEMBER, Fault.status(403, {"message": "Missing Access"}))

    def from_the_future_while_discord_is_away(self) -> None:
        self._older(-25 * HOUR)
        self.here.discord.fail_always("*", Fault.hang_up())

    def _older(self, seconds: float) -> None:
        grow_old(load_config(os.environ), seconds)

    def _known_as(self, membership: Membership | None) -> None:
        self.here.discord.membership = membership
        session_store = SessionStore(load_config(os.environ))
        session = session_store.load()
        assert session is not None
        roles = () if membership is None else tuple(membership.roles)
        session_store.save(session._replace(is_in_guild=membership is not None, role_ids=roles))


class Bar(NamedTuple):
    """A reason for denied access, and the message about it."""

    go: Callable[[Barred], None]
    said: str


LEFT = f"{DISCORDS_NAME} is not in this guild on Discord"
NO_ROLE = f"{NICKNAME} has no role that may enter. Only "
SAID_NO = [
    Bar(Barred.left_the_guild_as_known, LEFT),
    Bar(Barred.has_no_role_as_known, NO_ROLE),
    Bar(Barred.left_the_guild_as_turns_out, LEFT),
    Bar(Barred.has_no_role_as_turns_out, NO_ROLE),
    Bar(Barred.signed_out_at_discord_as_turns_out, "it was revoked, or is too old"),
    Bar(Barred.the_role_means_nothing_any_more, f"{NO_ROLE}Chosen may see"),
]
"""Cases in which Discord or the guild's settings deny access."""
UNKNOWN = [
    Bar(Barred.not_signed_in, "You are not signed in"),
    Bar(Barred.the_session_is_damaged, "The session that is kept on this machine is damaged"),
    Bar(Barred.signed_in_to_another_guild, "The sign-in on this machine is for another guild"),
    Bar(Barred.old_while_discord_is_away, "Your roles were last read from Discord 1 d ago"),
]
"""Cases in which the member's rights are unknown."""
UNKNOWN_TOO = [
    Bar(Barred.signed_in_with_another_application, "is for another guild"),
    Bar(Barred.old_while_discord_is_in_trouble, "in trouble (500)"),
    Bar(Barred.old_while_discord_refuses, "403: Missing Access"),
    Bar(Barred.from_the_future_while_discord_is_away, "Nothing is shown or sent until Discord"),
]


@pytest.fixture
def barred(
    request: pytest.FixtureRequest, here: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Planted:
    """The same machine after access was denied."""
    bar: Bar = request.param
    bar.go(Barred(here, home, monkeypatch))
    here.forget_requests()
    return here


def name_of(bar: Bar) -> str:
    return bar.go.__name__.replace("_", " ")


def in_each_way(ways: Sequence[Bar]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("barred", ways, indirect=True, ids=map(name_of, ways))


def in_each_way_as_said(ways: Sequence[Bar]) -> pytest.MarkDecorator:
    given = [(way, way.said) for way in ways]
    ids = map(name_of, ways)
    return pytest.mark.parametrize(("barred", "said"), given, indirect=["barred"], ids=ids)


def assert_silent(ran: Ran, home: Path) -> None:
    """Assert that nothing of the guild was printed or logged."""
    log = home / "state" / "debug.log"
    logged = log.read_text("utf-8") if log.exists() else ""
    for text in (ran.out, ran.err, logged):
        assert guild_words_in(text) == set(), text


def assert_barred(run: Run, home: Path, barred: Planted, said: str, argv: Sequence[str]) -> None:
    (before,) = pending_ids(home)
    ran = run(*argv)
    assert (ran.status, ran.out) == (3, "")
    assert said in ran.error
    assert_silent(ran, home)
    # --debug shows and logs more.
    ran = run(*argv, "--debug")
    assert (ran.status, ran.out) == (3, "")
    assert "Traceback" in ran.err
    assert_silent(ran, home)
    assert barred.proxy.count == 0
    assert pending_ids(home) == [before]


@in_each_way_as_said(SAID_NO + UNKNOWN)
@pytest.mark.parametrize("argv", GUILDS_OWN, ids=" ".join)
def test_denied_member_reads_nothing_and_asks_no_database(
    run: Run, home: Path, barred: Planted, said: str, type_in: Type, argv: list[str]
) -> None:
    type_in("a-token")
    assert_barred(run, home, barred, said, argv)


@in_each_way_as_said(UNKNOWN_TOO)
def test_expired_or_damaged_session_reads_nothing(
    run: Run, home: Path, barred: Planted, said: str
) -> None:
    for argv in GUILDS_OWN:
        assert_barred(run, home, barred, said, argv)


@in_each_way(SAID_NO + UNKNOWN)
@pytest.mark.parametrize("argv", OF_THE_MACHINE, ids=" ".join)
def test_maintenance_commands_show_nothing_of_the_guild(
    run: Run, home: Path, barred: Planted, argv: list[str]
) -> None:
    barred.discord.fail(TOKEN, *[Fault.status(400, {"error": "access_denied"})] * 2)
    (before,) = pending_ids(home)
    kept = barred.books.tables(*TABLES)
    for options in ([], ["--debug"]):
        ran = run(*argv, *options)
        assert_silent(ran, home)
        # `init` maintains the database; its token is enough.
        assert ran.status == 0 if argv[0] == "init" else ran.status in OTHERS[argv[0]]
    assert pending_ids(home) == [before]
    assert barred.books.tables(*TABLES) == kept


@in_each_way(SAID_NO)
@pytest.mark.parametrize(
    "argv", [["list"], ["edit", "zanth", "+1"], ["invite"], ["doctor"]], ids=" ".join
)
def test_denial_removes_cached_rows_but_keeps_pending_changes(
    run: Run, home: Path, barred: Planted, argv: list[str]
) -> None:
    assert copies(home)
    assert run(*argv).status == 3
    assert copies(home) == set()
    assert len(pending_ids(home)) == 1
    outbox_alone = {path.name for store in stores(home) for path in store.iterdir()}
    assert all(name.startswith(("outbox.db", "sending.lock")) for name in outbox_alone)


@in_each_way([Bar(Barred.old_while_discord_is_away, "")])
def test_unreachable_discord_keeps_cached_rows(
    run: Run, home: Path, barred: Planted, place: Planted
) -> None:
    shutil.rmtree(home / "data" / "guilds")  # its pending change would be sent
    shutil.copytree(place.looked / "data" / "guilds", home / "data" / "guilds")
    assert run("list").status == 3
    assert {"replica.db", "pages.db"} <= copies(home)
    barred.discord.heal()
    barred.proxy.fate = cut_before
    ran = run("list")
    assert ran.status == 0
    assert CACHE.name in ran.out
    assert "Showing what was read" in ran.err


@in_each_way_as_said(SAID_NO + UNKNOWN)
def test_doctor_explains_the_denial(run: Run, barred: Planted, said: str) -> None:
    found = run("doctor", "--json").document
    (wrong,) = (each for each in found if each["state"] == "wrong")
    assert wrong["check"] == "session"
    assert said in wrong["found"]


@in_each_way([Bar(Barred.signed_in_with_another_application, "")])
def test_tokens_of_another_guild_are_never_sent(
    run: Run, home: Path, barred: Planted, type_in: Type
) -> None:
    kept = session_file(home).read_bytes()
    for argv in (*GUILDS_OWN, *OF_THE_MACHINE):
        type_in("a-token")
        barred.discord.fail(TOKEN, Fault.status(400, {"error": "access_denied"}))
        run(*argv)
        barred.discord.heal()
        for seen in barred.discord.seen:
            sent = f"{seen.form} {seen.headers} {seen.query}"
            assert not any(token in sent for token in barred.discord.issued)
        assert session_file(home).read_bytes() == kept


# Access returns


@pytest.fixture
def pending_change(
    guild: Books, run: Run, proxy: Proxy, discord: FakeDiscord, single_try: None
) -> str:
    """Queue a change as a signed-in member; return its id."""
    sign_in(discord)
    assert run("list").status == 0
    proxy.fate = cut_before
    change_id = queue(run, "spice", "+5")
    proxy.meet([])
    return change_id


@pytest.mark.parametrize("membership", [None, Membership(roles=[])], ids=["left", "no role"])
@pytest.mark.parametrize(
    "argv", [["list"], ["history"], ["edit", "water", "+1"], ["doctor"], ["init"]], ids=" ".join
)
def test_pending_changes_are_sent_after_access_returns(
    run: Run,
    home: Path,
    guild: Books,
    pending_change: str,
    discord: FakeDiscord,
    membership: Membership | None,
    argv: list[str],
) -> None:
    grow_old(load_config(os.environ), 29 * HOUR)
    discord.membership = membership
    assert run("list").status == 3
    assert guild.quantities() == (1_000, 400)
    discord.membership = Membership(roles=[MEMBER_ROLE])
    assert run(*argv).status == 0
    assert changed(guild)[0] == (pending_change, "spice", 1_005)
    assert guild.row("resource_history", pending_change)["updated_by"] == discord.person.id
    assert pending_ids(home) == []


def test_pending_changes_are_sent_after_a_new_sign_in(
    run: Run, home: Path, guild: Books, pending_change: str, discord: FakeDiscord
) -> None:
    discord.revoke()
    grow_old(load_config(os.environ), 5 * HOUR)
    assert run("whoami").status == 3
    assert copies(home) == set()
    discord.approves_at_once = True
    assert run("login").status == 0
    assert run("list").status == 0
    assert changed(guild) == [(pending_change, "spice", 1_005)]


def test_pending_changes_are_never_sent_as_another_member(
    run: Run, home: Path, guild: Books, pending_change: str, discord: FakeDiscord
) -> None:
    paul = discord.person.id
    session_file(home).unlink()
    discord.person.id, discord.approves_at_once = "4711", True
    assert run("login").status == 0
    assert run("edit", "water", "+1").status == 0
    assert [row[1] for row in changed(guild)] == ["water"]
    session_file(home).unlink()
    discord.person.id = paul
    assert run("login").status == 0
    assert run("list").status == 0
    assert guild.row("resource_history", pending_change)["updated_by"] == paul


# Admitted

ROLES = {"member": MEMBER_ROLE, "officer": OFFICER_ROLE, "admin": ADMIN_ROLE}


@pytest.fixture(params=ROLES.values(), ids=ROLES)
def admitted(
    request: pytest.FixtureRequest, place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Planted:
    """The planted guild, and a member with a role on this machine."""
    place.move_in(home, monkeypatch, waits=False)
    place.discord.membership = Membership(roles=[request.param])
    sign_in(place.discord)
    place.forget_requests()
    return place


@pytest.mark.parametrize("argv", READING, ids=" ".join)
def test_admitted_member_reads_everything(run: Run, admitted: Planted, argv: list[str]) -> None:
    ran = run(*argv)
    assert (ran.status, ran.err) == (0, "")
    words = guild_words_in(ran.out)
    if argv[0] == "leaderboard":
        assert {SPYS_NAME.casefold()} <= words
    else:
        assert {"zanth", "vrelgard"} <= words or {"zanth", "piterquist"} <= words
        assert str(73_951 + ADDED) in ran.out or f"{73_951 + ADDED:,}" in ran.out
    assert admitted.discord.seen == []


def test_admitted_member_edits(run: Run, guild: Books, discord: FakeDiscord) -> None:
    for number, role in enumerate(ROLES.values(), 1):
        discord.membership = Membership(roles=[role])
        sign_in(discord)
        discord.seen.clear()
        assert run("edit", "spice", "+1").status == 0
        assert guild.quantities() == (1_000 + number, 400)
        assert discord.seen == []
    assert {row["updated_by"] for row in guild.rows("resource_history")[3:]} == {discord.person.id}


@pytest.mark.parametrize(
    "argv",
    [["invite"], ["init"], ["init", "--plan"], ["doctor"], ["doctor", "--json"]],
    ids=" ".join,
)
def test_admitted_member_runs_all_commands(run: Run, admitted: Planted, argv: list[str]) -> None:
    ran = run(*argv)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out
    assert admitted.discord.seen == []


# The age of Discord's answer


@pytest.mark.parametrize(
    "argv",
    [
        *READING,
        ["edit", "zanth", "+1"],
        ["edit", "zanth", "=5", "--if", "6"],
        ["invite"],
        ["whoami"],
    ],
    ids=" ".join,
)
def test_fresh_session_asks_nothing_of_discord(
    run: Run, place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), 3.9 * HOUR)
    # Any request to Discord would fail.
    place.discord.fail_always("*", Fault.hang_up())
    if argv[0] == "edit":
        place.proxy.fate = cut_before
        monkeypatch.setattr("tracker_tui.sync.one_shot_edit._RETRY_SECONDS", 0.0)
    assert run(*argv).status == 0
    assert place.discord.seen == []


@pytest.mark.parametrize("argv", [["list"], ["history"], ["leaderboard"]], ids=" ".join)
def test_stale_session_admits_and_is_checked_in_the_background(
    run: Run, place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), 5 * HOUR)
    place.discord.membership = Membership(nick="Usul", roles=[OFFICER_ROLE])
    ran = run(*argv)
    assert (ran.status, ran.err) == (0, "")
    assert paths_asked(place.discord) == [ME, MEMBER]
    place.forget_requests()
    ran = run("whoami")
    assert ran.out.startswith("Usul ")
    assert "Naib" in ran.out
    assert place.discord.seen == []


def test_edit_with_a_stale_session_is_applied_and_checked(
    run: Run, guild: Books, discord: FakeDiscord
) -> None:
    sign_in(discord, age=5 * HOUR)
    discord.seen.clear()
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert guild.quantities() == (1_005, 400)
    assert paths_asked(discord) == [ME, MEMBER]


@pytest.mark.parametrize("command", ["list", "edit"])
def test_check_is_recorded_in_the_database_without_log_in(
    run: Run, guild: Books, discord: FakeDiscord, command: str
) -> None:
    discord.approves_at_once = True
    assert run("login").status == 0
    guild.run("UPDATE users SET last_login = 7 WHERE discord_id = ?", discord.person.id)
    grow_old(load_config(os.environ), 5 * HOUR)
    discord.membership = Membership(nick="Usul", roles=[OFFICER_ROLE])
    assert run(command, *(["spice", "+1"] if command == "edit" else [])).status == 0
    # The next command reports a check that finished too late for this one.
    assert run("list").status == 0
    (row,) = guild.rows("user_sessions")
    assert json.loads(row["roles"]) == [OFFICER_ROLE]
    (user,) = (row for row in guild.rows("users") if row["discord_id"] == discord.person.id)
    assert (user["custom_nickname"], user["last_login"]) == ("Usul", 7)


AWAY = {
    "hangs up": Fault.hang_up(),
    "429": Fault.too_many(60),
    "500": Fault.status(500),
    "garbage": Fault.garbage(b"<html>"),
    "another kind of no": Fault.status(403, {"message": "Missing Access"}),
    "elsewhere": Fault.redirect("http://127.0.0.1:1/"),
}


@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY)
@pytest.mark.parametrize("age", [5 * HOUR, 27.9 * HOUR], ids=["5 h", "27.9 h"])
def test_stale_session_admits_without_discord(
    run: Run,
    place: Planted,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    age: float,
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), age)
    place.discord.fail_always("*", fault)
    before = session_file(home).read_bytes()
    for argv in (["list"], ["history"], ["invite"]):
        ran = run(*argv)
        assert (ran.status, ran.err) == (0, ""), argv
    assert place.discord.seen
    assert session_file(home).read_bytes() == before
    assert {"replica.db", "pages.db"} <= copies(home)


def test_hanging_discord_delays_no_command(
    run: Run, place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), 5 * HOUR)
    monkeypatch.setattr("tracker_tui.tracker.tracker._CLOSING_SECONDS", 0.01)
    place.discord.fail(ME, Fault.hang(3_600))
    try:
        ran = run("list")
        assert (ran.status, ran.err) == (0, "")
        assert CACHE.name in ran.out
        assert paths_asked(place.discord) == [ME]
    finally:
        place.discord.heal()


@pytest.mark.parametrize("membership", [None, Membership(roles=[])], ids=["left", "no role"])
@pytest.mark.parametrize("argv", [["list"], ["history"], ["leaderboard"]], ids=" ".join)
def test_denial_during_a_command_shows_no_more_rows(
    run: Run,
    place: Planted,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    membership: Membership | None,
    argv: list[str],
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), 5 * HOUR)
    place.discord.membership = membership
    # The check may finish before or after the command.
    assert run(*argv).status in (0, 3)
    assert paths_asked(place.discord) == [ME, MEMBER]
    assert copies(home) == set()
    place.forget_requests()
    ran = run(*argv)
    assert (ran.status, guild_words_in(ran.out + ran.err)) == (3, set())
    assert place.proxy.count == 0


@pytest.mark.parametrize("membership", [None, Membership(roles=[])], ids=["left", "no role"])
@pytest.mark.parametrize(
    "argv", [["list"], ["history"], ["leaderboard"], ["edit", "zanth", "+1"]], ids=" ".join
)
def test_denial_before_the_database_is_asked_takes_effect(
    run: Run,
    here: Planted,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    membership: Membership | None,
    argv: list[str],
) -> None:
    check = GuildMembership.check_in_background

    def check_and_wait(asked: GuildMembership) -> None:
        check(asked)
        if asked._thread is not None:
            asked._thread.join(SECONDS)

    monkeypatch.setattr(GuildMembership, "check_in_background", check_and_wait)
    grow_old(load_config(os.environ), 5 * HOUR)
    here.discord.membership = membership
    (before,) = pending_ids(home)
    ran = run(*argv)
    assert (ran.status, ran.out, guild_words_in(ran.err)) == (3, "", set())
    assert here.proxy.count == 0
    # The earlier change stays pending. The new one was rejected and is never sent.
    assert pending_ids(home) == [before]


def test_exit_waits_briefly_for_a_running_check(
    run: Run, place: Planted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.move_in(home, monkeypatch, waits=False)
    grow_old(load_config(os.environ), 5 * HOUR)
    place.discord.membership = Membership(nick="Usul", roles=[MEMBER_ROLE])
    leaving, close, answer = threading.Event(), GuildMembership.close, place.discord.answer

    def leave(left: GuildMembership, seconds: float) -> None:
        leaving.set()
        close(left, seconds)

    def answer_late(asked: Seen) -> Any:
        assert leaving.wait(SECONDS)
        return answer(asked)

    monkeypatch.setattr(GuildMembership, "close", leave)
    monkeypatch.setattr(place.discord, "answer", answer_late)
    try:
        ran = run("list")
        assert (ran.status, ran.err) == (0, "")
        assert session(home)["name"] == "Usul"
    finally:
        leaving.set()


def test_pending_changes_stay_if_the_member_has_left(run: Run, here: Planted, home: Path) -> None:
    # The roles are over a day old: nothing is sent before Discord confirms them.
    grow_old(load_config(os.environ), 29 * HOUR)
    here.discord.membership = None
    assert run("edit", "zanth", "+1").status == 3
    assert here.proxy.count == 0
    assert len(pending_ids(home)) == 1
    assert PENDING not in [
        row["change_amount_hagga"] for row in here.books.rows("resource_history")
    ]
