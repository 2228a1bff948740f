"""The session file: private, written atomically, locked, bound to its guild."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from auth.keyrings import BrokenKeyring, KeptKeyring, LockedKeyring, hanging, kept
from helpers.auth_errors import assert_keeps, failure_of
from helpers.auth_guild import HOUR, SECONDS, TOKEN, Circle, a_session, revealed, some_tokens
from helpers.discord import FakeDiscord
from helpers.membership import grow_old, kept_document
from tracker_tui.auth.discord_errors import DiscordUnreachable, NotSignedIn, OtherGuild
from tracker_tui.auth.session import SessionStore, Tokens, document_of
from tracker_tui.config.settings import Config, Secret, load_config
from tracker_tui.errors import LocalFileError

__all__ = ["hanging", "kept"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps files apart by profile")
TOKENS = some_tokens()
OTHERS = some_tokens("other")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def tokens_gone(session_store: SessionStore) -> None:
    assert "gone" in str(failure_of(NotSignedIn, session_store.tokens))


# The file


def test_store_is_empty_at_first(session_store: SessionStore) -> None:
    assert session_store.load() is None
    assert session_store.file_version() is None
    assert "login" in str(failure_of(NotSignedIn, session_store.tokens))
    assert not session_store.path.parent.exists()


def test_saved_session_is_loaded(session_store: SessionStore, config: Config) -> None:
    session_store.save(a_session(), TOKENS)
    for reader in (session_store, SessionStore(config)):
        assert reader.load() == a_session()
        assert revealed(reader.tokens()) == revealed(TOKENS)


def test_tokens_may_come_without_a_refresh_token(session_store: SessionStore) -> None:
    session_store.save(a_session(), TOKENS._replace(refresh=None))
    assert session_store.tokens().refresh is None


def test_saving_without_tokens_keeps_the_stored_ones(session_store: SessionStore) -> None:
    session_store.save(a_session(), TOKENS)
    changed = a_session(name="Usul", role_ids=(), is_recorded=True, is_new=False)
    session_store.save(changed)
    assert session_store.load() == changed
    assert revealed(session_store.tokens()) == revealed(TOKENS)


def test_missing_tokens_are_reported(session_store: SessionStore) -> None:
    session_store.save(a_session())
    assert session_store.load() == a_session()
    tokens_gone(session_store)


def test_file_version_changes_with_each_write(session_store: SessionStore, config: Config) -> None:
    states = {session_store.file_version()}
    for name in ("Usul", "Paul", "Paul"):
        SessionStore(config).save(a_session(name=name), TOKENS)
        states.add(session_store.file_version())
    assert len(states) == 4
    SessionStore(config).delete()
    assert session_store.file_version() is None


def test_each_profile_has_its_own_session(config: Config) -> None:
    vaults = [SessionStore(config._replace(profile=profile)) for profile in (None, "a", "b")]
    for number, session_store in enumerate(vaults):
        session_store.save(a_session(row_id=f"row-{number}"), some_tokens(f"{number}"))
    assert [session_store.load() for session_store in vaults] == [
        a_session(row_id=f"row-{n}") for n in range(3)
    ]
    assert [session_store.tokens().access.reveal() for session_store in vaults] == [
        f"access-{n}" for n in range(3)
    ]


@posix
def test_file_is_private(session_store: SessionStore) -> None:
    before = os.umask(0)
    try:
        session_store.save(a_session(), TOKENS)
        assert (mode_of(session_store.path), mode_of(session_store.path.parent)) == (0o600, 0o700)
        session_store.path.chmod(0o644)
        session_store.save(a_session())
        assert mode_of(session_store.path) == 0o600
    finally:
        os.umask(before)


@posix
def test_folder_is_private_whichever_file_is_first(
    session_store: SessionStore,
) -> None:
    before = os.umask(0)
    try:
        with session_store.locked(0):
            assert mode_of(session_store.path.parent) == 0o700
    finally:
        os.umask(before)


@posix
def test_temporary_file_is_private(
    session_store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes, fsync = [], os.fsync

    def spy(number: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(number).st_mode))
        fsync(number)

    monkeypatch.setattr(os, "fsync", spy)
    before = os.umask(0)
    try:
        session_store.save(a_session(), TOKENS)
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_a_reader_never_sees_half_a_file(session_store: SessionStore) -> None:
    short, long = a_session(role_ids=("1",)), a_session(role_ids=("1",) * 2_000)
    session_store.save(short, TOKENS)
    is_over, found, trouble = threading.Event(), set(), []

    def read() -> None:
        reads = 0
        try:
            while not is_over.is_set() or reads < 50:
                session = session_store.load()
                found.add(None if session is None else len(session.role_ids))
                reads += 1
        except Exception as error:  # noqa: BLE001 - the test tells of it
            trouble.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for _ in range(30):
        session_store.save(long)
        session_store.save(short)
    is_over.set()
    reader.join(SECONDS)
    assert not reader.is_alive()
    assert not trouble
    assert found <= {1, 2_000}


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_session_that_cannot_be_written_leaves_the_one_before(
    session_store: SessionStore, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    session_store.save(a_session(), TOKENS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    owner = os if where == "fsync" else Path
    with monkeypatch.context() as patched:
        patched.setattr(owner, where, full)
        error = failure_of(
            LocalFileError, lambda: session_store.save(a_session(name="Usul"), OTHERS)
        )
    assert "No space left" in str(error)
    assert_keeps(error, ["access-other", "refresh-other"])
    assert session_store.load() == a_session()
    assert revealed(session_store.tokens()) == revealed(TOKENS)
    assert list(session_store.path.parent.iterdir()) == [session_store.path]


def test_folder_that_cannot_be_made_is_reported(session_store: SessionStore) -> None:
    session_store.path.parent.parent.mkdir(parents=True)
    session_store.path.parent.write_bytes(b"")
    failure_of(LocalFileError, lambda: session_store.save(a_session(), TOKENS))


# Damage


def write(session_store: SessionStore, content: bytes) -> None:
    session_store.path.parent.mkdir(parents=True, exist_ok=True)
    session_store.path.write_bytes(content)


def test_truncated_file_means_not_signed_in(session_store: SessionStore) -> None:
    session_store.save(a_session(), TOKENS)
    content = session_store.path.read_bytes()
    for length in range(len(content)):
        write(session_store, content[:length])
        for read in (session_store.load, session_store.tokens):
            error = failure_of(NotSignedIn, read, ["access-some", "refresh-some"])
            assert "damaged" in str(error)
            assert "login" in str(error)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 4096, b"[" * 100_000, b"\xff\xfe", b'{"version": 2}', b"not JSON"],
    ids=lambda content: repr(content[:12]),
)
def test_a_damaged_file_can_be_replaced_and_removed(
    session_store: SessionStore, content: bytes
) -> None:
    write(session_store, content)
    failure_of(NotSignedIn, session_store.load)
    failure_of(NotSignedIn, lambda: session_store.save(a_session()))
    session_store.save(a_session(), TOKENS)
    assert session_store.load() == a_session()
    write(session_store, content)
    session_store.delete()
    assert session_store.load() is None


def test_huge_file_is_reported_and_can_be_replaced(
    session_store: SessionStore,
) -> None:
    write(session_store, b" " * 1_000_001)
    for read in (session_store.load, session_store.tokens):
        assert "too large" in str(failure_of(LocalFileError, read))
    session_store.save(a_session(), TOKENS)
    assert session_store.load() == a_session()


def test_huge_file_can_be_deleted(session_store: SessionStore) -> None:
    write(session_store, b" " * 1_000_001)
    session_store.delete()
    assert not session_store.path.exists()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_reported(session_store: SessionStore) -> None:
    session_store.save(a_session(), TOKENS)
    session_store.path.chmod(0)
    assert "permissions" in str(failure_of(LocalFileError, session_store.load))


def test_folder_in_place_of_the_file_is_reported(session_store: SessionStore) -> None:
    session_store.path.mkdir(parents=True)
    failure_of(LocalFileError, session_store.load)


NO_TOKENS = [
    *(None, 5, True, "file", "Keyring", [], ["a", "b"], {}),
    *({"access": "a"}, {"refresh": "r"}, {"access": None, "refresh": "r"}),
    *({"access": 5, "refresh": "r"}, {"access": "a", "refresh": 5}),
    {"access": ["a"], "refresh": None},
]


@pytest.mark.parametrize("kept_tokens", NO_TOKENS, ids=repr)
def test_damaged_tokens_leave_the_session(session_store: SessionStore, kept_tokens: object) -> None:
    write(session_store, json.dumps(document_of(a_session()) | {"tokens": kept_tokens}).encode())
    assert session_store.load() == a_session()
    tokens_gone(session_store)


@pytest.mark.parametrize("name", ["access", "refresh"])
@pytest.mark.parametrize("token", ["a\nb", "a\r\nX-Evil: 1", "a\ud800", "a\u0141"])
def test_hostile_tokens_count_as_missing(
    circle: Circle, discord: FakeDiscord, name: str, token: str
) -> None:
    # Late enough that both are sent.
    program = circle.signed_in(ago=6.5 * 24 * HOUR)
    document = kept_document(circle.session_store.path)
    document["tokens"][name] = token
    write(circle.session_store, json.dumps(document).encode())
    failure_of(NotSignedIn, program.membership.check)
    assert not circle.session_store.path.exists()
    assert not [seen for seen in discord.seen if "x-evil" in seen.headers]


# Deleting


def test_delete_empties_file_and_keyring(session_store: SessionStore, kept: KeptKeyring) -> None:
    session_store.save(a_session(), TOKENS)
    session_store.delete()
    assert session_store.load() is None
    assert not kept.entries
    failure_of(NotSignedIn, session_store.tokens)


def test_delete_twice_is_no_error(session_store: SessionStore, kept: KeptKeyring) -> None:
    session_store.save(a_session(), TOKENS)
    session_store.delete()
    session_store.delete()
    assert not kept.entries


def test_delete_of_a_damaged_session_empties_the_keyring(
    session_store: SessionStore, kept: KeptKeyring
) -> None:
    session_store.save(a_session(), TOKENS)
    write(session_store, b"damaged")
    session_store.delete()
    assert not kept.entries


@pytest.mark.parametrize("backend", [LockedKeyring, BrokenKeyring, fail.Keyring])
def test_delete_works_without_the_keyring(
    session_store: SessionStore, kept: KeptKeyring, backend: type[KeyringBackend]
) -> None:
    session_store.save(a_session(), TOKENS)
    keyring.set_keyring(backend())
    session_store.delete()
    assert session_store.load() is None


def test_delete_removes_earlier_keyring_entries(
    session_store: SessionStore, kept: KeptKeyring
) -> None:
    session_store.save(a_session(), TOKENS)
    keyring.set_keyring(LockedKeyring())
    session_store.save(a_session(), OTHERS)
    keyring.set_keyring(kept)
    session_store.delete()
    assert not kept.entries


def test_two_homes_have_two_keyring_entries(
    config: Config, kept: KeptKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "another"))
    vaults = [
        SessionStore(config),
        SessionStore(load_config(os.environ)),
        SessionStore(config._replace(profile="a")),
    ]
    for number, session_store in enumerate(vaults):
        session_store.save(a_session(), some_tokens(f"{number}"))
    assert len(kept.entries) == 3
    vaults[0].delete()
    assert [session_store.tokens().access.reveal() for session_store in vaults[1:]] == [
        "access-1",
        "access-2",
    ]


# The binding of a session


@pytest.mark.parametrize("name", ["api_url", "client_id", "guild_id"])
def test_session_is_ignored_for_another_guild_application_or_discord(
    circle: Circle, discord: FakeDiscord, name: str
) -> None:
    circle.signed_in(ago=5 * HOUR)
    with FakeDiscord() as elsewhere:
        other = elsewhere.url if name == "api_url" else "12345"
        program = circle.program(**{name: other})
        assert program.membership.session is None
        assert not program.membership.is_admitted
        for use in (program.membership.require, program.membership.enter, program.membership.check):
            assert "another guild" in str(failure_of(OtherGuild, use))
        assert not program.checks()
        assert program.membership.pending_record() is None
        assert not elsewhere.seen
    assert not discord.seen
    assert not program.lost_access
    # With the guild configured again, the session is still valid.
    assert circle.program().membership.is_admitted


def test_tokens_of_another_discord_are_not_revoked_at_this_one(circle: Circle) -> None:
    circle.signed_in()
    with FakeDiscord() as elsewhere:
        program = circle.program(api_url=elsewhere.url)
        failure_of(OtherGuild, program.membership.revoke)
        assert not elsewhere.seen


def test_changed_role_settings_keep_the_session(circle: Circle) -> None:
    circle.signed_in()
    program = circle.program(roles=(), client_secret=Secret("secret"))
    assert program.membership.session is not None
    assert program.membership.member.rights == frozenset()


# The lock


def test_lock_makes_other_programs_wait(session_store: SessionStore, config: Config) -> None:
    with session_store.locked(0):

        def take() -> None:
            with SessionStore(config).locked(0):
                pytest.fail("both have it")

        assert "Another tracker-tui" in str(failure_of(DiscordUnreachable, take))
    with SessionStore(config).locked(0):
        pass


def test_lock_is_passed_on_as_soon_as_it_is_free(
    session_store: SessionStore, config: Config
) -> None:
    has_it = threading.Event()

    def wait() -> None:
        with SessionStore(config).locked(SECONDS):
            has_it.set()

    with session_store.locked(0):
        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        assert not has_it.is_set()
    waiting.join(SECONDS)
    assert has_it.is_set()


def test_error_in_the_block_releases_the_lock(session_store: SessionStore) -> None:
    def fail_within() -> None:
        with session_store.locked(0):
            raise LocalFileError("Something.")

    failure_of(LocalFileError, fail_within)
    with session_store.locked(0):
        assert session_store.load() is None


def test_refreshed_tokens_go_where_the_old_ones_were(
    discord: FakeDiscord, circle: Circle, kept: KeptKeyring
) -> None:
    discord.token_lifetime = int(20 * HOUR)
    program = circle.signed_in(ago=5 * HOUR)
    program.membership.check()
    assert len(discord.requests_to(TOKEN)) == 1
    tokens: Tokens = circle.session_store.tokens()
    assert revealed(tokens)[:2] == tuple(discord.issued[2:])
    assert kept_document(circle.session_store.path)["tokens"] == "keyring"
    assert len(kept.entries) == 1
    grow_old(circle.config, 5 * HOUR)
    assert revealed(circle.session_store.tokens()) == revealed(tokens)
