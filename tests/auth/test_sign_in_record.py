"""The record of a sign-in in the shared database (data contract, "Signing in")."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from helpers.auth_guild import HOUR, Circle, roles_now
from helpers.build import new_resource
from helpers.clocks import LedgerClock
from helpers.discord import FakeDiscord
from helpers.ledger_under_test import Books, MakeLedger, Row, on_both
from helpers.membership import ADMIN_ROLE, MEMBER_ROLE
from helpers.other_schemas import FOUNDING, OURS, USERS_UNIQUE
from helpers.proxy import Proxy, cut_after
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.members import SignInRecord
from tracker_tui.errors import LedgerError
from tracker_tui.ledger.ledger import Ledger, random_id

DISCORD_ID = "80351110224678912"
AVATAR = f"https://cdn.discordapp.com/avatars/{DISCORD_ID}/a_1.gif"
SIGN_IN = SignInRecord(
    "session-1", DISCORD_ID, "paul", AVATAR, "Muad'Dib", ("1001", "1002"), is_new=True
)
CHECK = SIGN_IN._replace(is_new=False)
FIRST, LATER = 1_700_000_000, 1_700_100_000
WITHOUT_INDEX = tuple(statement for statement in FOUNDING if statement != USERS_UNIQUE)


@pytest.fixture
def times() -> LedgerClock:
    """The clock of the database."""
    return LedgerClock(FIRST)


@pytest.fixture
def guild(make_ledger: MakeLedger, times: LedgerClock) -> Books:
    return make_ledger(clock=times)


def user(guild: Books, discord_id: str = DISCORD_ID) -> Row:
    (row,) = (row for row in guild.rows("users") if row["discord_id"] == discord_id)
    return row


def session(guild: Books, session_id: str = "session-1") -> Row:
    (row,) = (row for row in guild.rows("user_sessions") if row["id"] == session_id)
    return row


def known(guild: Books, **values: object) -> None:
    """Insert a user row as the website writes it."""
    plain = {"id": "user-of-old", "discord_id": DISCORD_ID, "username": "old"}
    plain |= {"created_at": 1_600_000_000, "last_login": 1_600_000_001}
    guild.insert("users", **(plain | values))


@pytest.mark.parametrize("schema", OURS)
def test_sign_ins_and_role_checks_of_new_and_known_members(
    make_ledger: MakeLedger, times: LedgerClock, schema: str
) -> None:
    guild = make_ledger(OURS[schema], clock=times)
    guild.ledger.record_sign_in(SIGN_IN)
    row = user(guild)
    written = {"username": "paul", "avatar": AVATAR, "custom_nickname": "Muad'Dib"}
    times_of = {"created_at": FIRST, "last_login": FIRST}
    assert row == {"id": row["id"], "discord_id": DISCORD_ID, **written, **times_of}
    assert len(row["id"]) == 21
    first_session = session(guild)
    roles = {"roles": '["1001", "1002"]', "is_in_guild": 1}
    expected = {"id": "session-1", "user_id": row["id"], "created_at": FIRST, **roles}
    assert first_session == expected
    # A role check is no log-in.
    times.now = LATER
    guild.ledger.record_sign_in(
        CHECK._replace(username="usul", avatar=None, nickname="Usul", role_ids=("1003",))
    )
    row = user(guild)
    assert (row["created_at"], row["last_login"]) == (FIRST, FIRST)
    assert (row["username"], row["avatar"], row["custom_nickname"]) == ("usul", None, "Usul")
    assert session(guild) == first_session | {"roles": '["1003"]'}
    # A known member keeps id and creation date, and changes no row of others.
    known(guild, discord_id="2")
    guild.ledger.record_sign_in(SIGN_IN._replace(discord_id="2", session_id="session-2"))
    assert user(guild) == row
    assert session(guild) == first_session | {"roles": '["1003"]'}
    kept = {"id": "user-of-old", "discord_id": "2", "created_at": 1_600_000_000}
    assert user(guild, "2") == {**kept, **written, "last_login": LATER}
    assert session(guild, "session-2")["user_id"] == "user-of-old"


def test_role_check_of_an_unknown_member_is_recorded_completely(guild: Books) -> None:
    guild.ledger.create([new_resource()], "founder")
    before = guild.everything()
    guild.ledger.record_sign_in(CHECK)
    after = guild.everything()
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"users", "user_sessions"}
    assert (user(guild)["created_at"], user(guild)["last_login"]) == (FIRST, FIRST)
    assert session(guild)["user_id"] == user(guild)["id"]
    # A session row that somebody changed is corrected.
    guild.run("UPDATE user_sessions SET is_in_guild = 0, roles = 'nonsense'")
    guild.ledger.record_sign_in(CHECK)
    assert (session(guild)["is_in_guild"], session(guild)["roles"]) == (1, '["1001", "1002"]')


def test_record_sent_twice_counts_once(make_ledger: MakeLedger, times: LedgerClock) -> None:
    # No unique index is needed.
    guild = make_ledger(WITHOUT_INDEX, clock=times)
    guild.ledger.record_sign_in(SIGN_IN)
    before = guild.tables("users", "user_sessions")
    assert [len(rows) for rows in before.values()] == [1, 1]
    guild.ledger.record_sign_in(SIGN_IN)
    assert guild.tables("users", "user_sessions") == before
    times.now = LATER
    guild.ledger.record_sign_in(SIGN_IN)
    assert user(guild) == before["users"][0] | {"last_login": LATER}
    assert guild.rows("user_sessions") == before["user_sessions"]
    # Each session has its own row.
    guild.ledger.record_sign_in(SIGN_IN._replace(session_id="session-2", role_ids=("1003",)))
    rows = guild.rows("user_sessions")
    assert [(row["id"], row["roles"], row["created_at"]) for row in rows] == [
        ("session-1", '["1001", "1002"]', FIRST),
        ("session-2", '["1003"]', LATER),
    ]
    assert {row["user_id"] for row in rows} == {user(guild)["id"]}


@on_both
def test_duplicate_member_rows_are_updated(make_ledger: MakeLedger, times: LedgerClock) -> None:
    guild = make_ledger(WITHOUT_INDEX, clock=times)
    known(guild, id="younger", created_at=1_650_000_000)
    known(guild, id="older")
    guild.ledger.record_sign_in(SIGN_IN)
    rows = guild.rows("users")
    assert [row["id"] for row in rows] == ["younger", "older"]
    assert {(row["username"], row["last_login"]) for row in rows} == {("paul", FIRST)}
    assert session(guild)["user_id"] == "older"


NAMES = [
    *("Robert'); DROP TABLE users;--", '"quoted"', "back\\slash", "?1 :name @x $y", "%s %(x)s"),
    *("\U0001f3dc\ufe0f Fremen \U0001f469\u200d\U0001f680", "nul\0and more", "\u202etxet", ""),
    "x" * 10_000,
]


@on_both
def test_names_and_roles_are_stored_as_they_are(guild: Books) -> None:
    stored = []
    for name in NAMES:
        guild.ledger.record_sign_in(SIGN_IN._replace(username=name, nickname=name, avatar=name))
        row = user(guild)
        stored.append([row["username"], row["custom_nickname"], row["avatar"]])
        assert guild.run("SELECT typeof(username) FROM users") == [("text",)]
    assert stored == [[name] * 3 for name in NAMES]
    role_ids: tuple[str, ...]
    for role_ids in ((), ("1",), ('"', "\\", "]")):
        guild.ledger.record_sign_in(SIGN_IN._replace(role_ids=role_ids))
        assert json.loads(session(guild)["roles"]) == list(role_ids)


@on_both
def test_times_come_from_the_databases_clock(make_ledger: MakeLedger) -> None:
    guild = make_ledger()
    ((before,),) = guild.run("SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    guild.ledger.record_sign_in(SIGN_IN)
    ((after,),) = guild.run("SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    person = user(guild)
    # A second may end between the two rows.
    for moment in (person["created_at"], person["last_login"], session(guild)["created_at"]):
        assert before <= moment <= after
    assert guild.run("SELECT typeof(last_login) FROM users") == [("integer",)]


@on_both
def test_a_record_is_written_whole_or_not_at_all(guild: Books) -> None:
    for table in ("users", "user_sessions"):
        guild.run(
            f"CREATE TRIGGER refused BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(LedgerError):
            guild.ledger.record_sign_in(SIGN_IN)
        assert guild.tables("users", "user_sessions") == {"users": [], "user_sessions": []}, table
        guild.run("DROP TRIGGER refused")


@pytest.fixture
def remote(proxy: Proxy, remote_url: str) -> Iterator[Books]:
    """The tables behind a proxy, and a ledger that reaches them through it."""
    books = Books(open_remote(Remote(remote_url, token=None)), FOUNDING)
    books.ledger = Ledger(open_remote(Remote(proxy.url, token=None)), books.ledger.layout)
    yield books
    books.ledger.close()
    books.database.close()


def test_a_record_is_one_request(remote: Books, remote_url: str, proxy: Proxy) -> None:
    remote.ledger.record_sign_in(SIGN_IN)
    assert proxy.count == 1
    remote.ledger.record_sign_in(CHECK)
    assert proxy.count == 2
    assert (len(remote.rows("users")), len(remote.rows("user_sessions"))) == (1, 1)
    # A second machine adds a session to the same member.
    other = Ledger(open_remote(Remote(remote_url, token=None)), remote.ledger.layout)
    other.record_sign_in(SIGN_IN._replace(session_id="session-2"))
    other.close()
    sessions = remote.rows("user_sessions")
    assert [row["user_id"] for row in sessions] == [user(remote)["id"]] * 2
    # A lost reply makes no second row.
    before = proxy.count
    proxy.meet([cut_after])
    record = SIGN_IN._replace(discord_id="3", session_id="session-3")
    try:
        remote.ledger.record_sign_in(record)
    except LedgerError:
        remote.ledger.record_sign_in(record)
    assert proxy.count >= before + 2
    assert (len(remote.rows("users")), len(remote.rows("user_sessions"))) == (2, 3)


def test_sign_in_is_recorded_once_and_a_role_check_without_log_in(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=HOUR)
    session, tokens = program.membership.session, circle.kept_tokens()
    record = program.membership.pending_record()
    assert session is not None
    assert record == (
        *(session.row_id, discord.person.id, "paul", None, "Muad'Dib", (MEMBER_ROLE,), True),
    )
    # It is repeated rather than waiting for the lock.
    with circle.session_store.locked(0.0):
        program.membership.mark_recorded(record)
    assert program.membership.pending_record() == record
    program.membership.mark_recorded(record)
    assert program.membership.pending_record() is None
    assert circle.program().membership.pending_record() is None
    # Recording leaves tokens and age alone.
    assert program.membership.session == session._replace(is_recorded=True, is_new=False)
    assert circle.kept_tokens() == tokens
    assert not program.checks()
    assert (program.changes, program.lost_access, circle.asked()) == (0, [], [])
    circle.clock.advance(5 * HOUR)
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.checks()
    second = program.membership.pending_record()
    assert second == record._replace(role_ids=(MEMBER_ROLE, ADMIN_ROLE), is_new=False)
    program.membership.mark_recorded(second)
    assert program.membership.pending_record() is None


def test_changed_roles_and_new_sessions_are_recorded_again(
    circle: Circle, discord: FakeDiscord
) -> None:
    program = circle.signed_in(ago=5 * HOUR)
    old = program.membership.pending_record()
    assert old.is_new
    roles_now(discord, MEMBER_ROLE, ADMIN_ROLE)
    program.checks()
    new = old._replace(role_ids=(MEMBER_ROLE, ADMIN_ROLE))
    assert program.membership.pending_record() == new
    program.membership.mark_recorded(old)
    assert program.membership.pending_record() == new
    circle.program().membership.sign_in(circle.granted(), random_id)
    program.membership.mark_recorded(new)
    newest = program.membership.pending_record()
    assert newest.session_id != new.session_id
    assert newest.is_new
