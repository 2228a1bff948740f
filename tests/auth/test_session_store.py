"""The session file: private, written atomically, locked, bound to its guild."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from auth.keyrings import KeptKeyring
from helpers.auth_errors import assert_keeps, failure_of, failures_of, tokens_gone
from helpers.auth_guild import (
    HOUR,
    OTHERS,
    SECONDS,
    TOKENS,
    Circle,
    a_session,
    revealed,
    some_tokens,
)
from helpers.discord import FakeDiscord
from helpers.membership import kept_document
from tracker_tui.auth.discord_errors import DiscordUnreachable, NotSignedIn, OtherGuild
from tracker_tui.auth.session import Binding, SessionStore, document_of
from tracker_tui.config.settings import Config, Secret, load_config
from tracker_tui.errors import LocalFileError

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps files apart by profile")
HOSTILE_TOKENS = ("a\nb", "a\r\nX-Evil: 1", "a\ud800", "a\u0141")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_store_is_empty_until_a_session_is_saved(
    session_store: SessionStore, config: Config
) -> None:
    assert session_store.load() is None
    assert session_store.file_version() is None
    assert "login" in str(failure_of(NotSignedIn, session_store.tokens))
    assert not session_store.path.parent.exists()
    session_store.save(a_session())
    assert session_store.load() == a_session()
    tokens_gone(session_store)
    session_store.save(a_session(), TOKENS)
    for reader in (session_store, SessionStore(config)):
        assert reader.load() == a_session()
        assert revealed(reader.tokens()) == revealed(TOKENS)
    # Saving without tokens keeps the stored ones.
    changed = a_session(name="Usul", role_ids=(), is_recorded=True, is_new=False)
    session_store.save(changed)
    assert session_store.load() == changed
    assert revealed(session_store.tokens()) == revealed(TOKENS)
    session_store.save(a_session(), TOKENS._replace(refresh=None))
    assert session_store.tokens().refresh is None
    # The version changes with each write.
    states = {session_store.file_version()}
    for name in ("Usul", "Paul", "Paul"):
        SessionStore(config).save(a_session(name=name), TOKENS)
        states.add(session_store.file_version())
    assert len(states) == 4
    SessionStore(config).delete()
    assert session_store.file_version() is None


def test_each_profile_and_home_has_its_own_session_and_keyring_entry(
    config: Config, kept: KeptKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = [SessionStore(config._replace(profile=profile)) for profile in (None, "a", "b")]
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "another"))
    stores.append(SessionStore(load_config(os.environ)))
    for number, store in enumerate(stores):
        store.save(a_session(row_id=f"row-{number}"), some_tokens(f"{number}"))
    assert [store.load() for store in stores] == [a_session(row_id=f"row-{n}") for n in range(4)]
    assert len(kept.entries) == 4
    stores.pop(0).delete()
    for number, store in enumerate(stores, 1):
        assert store.tokens().access.reveal() == f"access-{number}"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let new files be readable by everybody unless the program says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


@posix
def test_files_are_private(
    session_store: SessionStore, open_umask: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes, fsync = [], os.fsync

    def spy(number: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(number).st_mode))
        fsync(number)

    # The lock is the first file in the folder.
    with session_store.locked(0):
        assert mode_of(session_store.path.parent) == 0o700
    shutil.rmtree(session_store.path.parent)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", spy)
        session_store.save(a_session(), TOKENS)
    assert modes == [0o600], "the temporary file"
    assert (mode_of(session_store.path), mode_of(session_store.path.parent)) == (0o600, 0o700)
    session_store.path.chmod(0o644)
    session_store.save(a_session())
    assert mode_of(session_store.path) == 0o600


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_session_that_cannot_be_written_leaves_the_one_before(
    session_store: SessionStore, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    session_store.save(a_session(), TOKENS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    saves = partial(session_store.save, a_session(name="Usul"), OTHERS)
    with monkeypatch.context() as patched:
        patched.setattr(os if where == "fsync" else Path, where, full)
        error = failure_of(LocalFileError, saves)
    assert "No space left" in str(error)
    assert_keeps(error, ["access-other", "refresh-other"])
    assert session_store.load() == a_session()
    assert revealed(session_store.tokens()) == revealed(TOKENS)
    assert list(session_store.path.parent.iterdir()) == [session_store.path]


def write(session_store: SessionStore, content: bytes) -> None:
    session_store.path.parent.mkdir(parents=True, exist_ok=True)
    session_store.path.write_bytes(content)


def test_a_damaged_file_means_not_signed_in_and_can_be_replaced_and_removed(
    session_store: SessionStore,
) -> None:
    session_store.save(a_session(), TOKENS)
    whole = session_store.path.read_bytes()
    contents = [b"", b"\0" * 4096, b"[" * 100_000, b"\xff\xfe", b'{"version": 2}', b"not JSON"]
    for content in [*contents, *(whole[:length] for length in range(0, len(whole), 20))]:
        write(session_store, content)
        saves = partial(session_store.save, a_session())
        for use in (session_store.load, session_store.tokens, saves):
            error = failure_of(NotSignedIn, use, ["access-some", "refresh-some"])
            assert "damaged" in str(error), content
            assert "login" in str(error), content
        session_store.save(a_session(), TOKENS)
        assert session_store.load() == a_session(), content
        write(session_store, content)
        session_store.delete()
        assert session_store.load() is None, content
    # So can a huge one.
    write(session_store, b" " * 1_000_001)
    for read in (session_store.load, session_store.tokens):
        assert "too large" in str(failure_of(LocalFileError, read))
    session_store.save(a_session(), TOKENS)
    assert session_store.load() == a_session()
    write(session_store, b" " * 1_000_001)
    session_store.delete()
    assert not session_store.path.exists()


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_reported(session_store: SessionStore) -> None:
    session_store.save(a_session(), TOKENS)
    session_store.path.chmod(0)
    assert "permissions" in str(failure_of(LocalFileError, session_store.load))


def test_folder_in_place_of_the_file_or_file_in_place_of_the_folder_is_reported(
    session_store: SessionStore,
) -> None:
    session_store.path.mkdir(parents=True)
    failure_of(LocalFileError, session_store.load)
    shutil.rmtree(session_store.path.parent)
    session_store.path.parent.write_bytes(b"")
    failure_of(LocalFileError, lambda: session_store.save(a_session(), TOKENS))


NO_TOKENS = [
    *(None, 5, True, "file", "Keyring", [], ["a", "b"], {}),
    *({"access": "a"}, {"refresh": "r"}, {"access": None, "refresh": "r"}),
    *({"access": 5, "refresh": "r"}, {"access": "a", "refresh": 5}),
    {"access": ["a"], "refresh": None},
    *({"access": bad, "refresh": "r"} for bad in HOSTILE_TOKENS),
    *({"access": "a", "refresh": bad} for bad in HOSTILE_TOKENS),
]


def test_unusable_tokens_leave_the_session(session_store: SessionStore) -> None:
    def read(stored: object) -> None:
        write(session_store, json.dumps(document_of(a_session()) | {"tokens": stored}).encode())
        assert session_store.load() == a_session()
        session_store.tokens()

    errors = failures_of(NotSignedIn, read, NO_TOKENS)
    assert all("gone" in str(error) for error in errors)


@pytest.mark.parametrize("name", ["access", "refresh"])
def test_hostile_tokens_are_not_sent(circle: Circle, discord: FakeDiscord, name: str) -> None:
    # Late enough that both are sent.
    program = circle.signed_in(ago=6.5 * 24 * HOUR)
    document = kept_document(circle.session_store.path)
    document["tokens"][name] = "a\r\nX-Evil: 1"
    write(circle.session_store, json.dumps(document).encode())
    failure_of(NotSignedIn, program.membership.check)
    assert not circle.session_store.path.exists()
    assert not discord.seen


def test_delete_empties_file_and_keyring(session_store: SessionStore, kept: KeptKeyring) -> None:
    session_store.save(a_session(), TOKENS)
    session_store.delete()
    assert session_store.load() is None
    assert not kept.entries
    failure_of(NotSignedIn, session_store.tokens)
    session_store.delete()
    session_store.save(a_session(), TOKENS)
    write(session_store, b"damaged")
    session_store.delete()
    assert not kept.entries


@pytest.mark.parametrize("name", Binding._fields)
def test_session_is_ignored_for_another_guild_application_or_discord(
    circle: Circle, discord: FakeDiscord, elsewhere: FakeDiscord, name: str
) -> None:
    circle.signed_in(ago=5 * HOUR)
    program = circle.program(**{name: elsewhere.url if name == "api_url" else "12345"})
    membership = program.membership
    assert membership.session is None
    assert not membership.is_admitted
    # Tokens are not revoked at another Discord, either.
    for use in (membership.require, membership.enter, membership.check, membership.revoke):
        assert "another guild" in str(failure_of(OtherGuild, use))
    assert not program.checks()
    assert membership.pending_record() is None
    assert not elsewhere.seen
    assert not discord.seen
    assert not program.lost_access
    # With the guild configured again, the session is still valid.
    assert circle.program().membership.is_admitted
    # Changed role settings keep it.
    program = circle.program(roles=(), client_secret=Secret("secret"))
    assert program.membership.session is not None
    assert program.membership.member.rights == frozenset()


def test_lock_makes_other_programs_wait_until_it_is_free(
    session_store: SessionStore, config: Config
) -> None:
    has_it = threading.Event()

    def take(seconds: float) -> None:
        with SessionStore(config).locked(seconds):
            has_it.set()

    with session_store.locked(0):
        error = failure_of(DiscordUnreachable, lambda: take(0))
        assert "Another tracker-tui" in str(error)
        waiting = threading.Thread(target=take, args=[SECONDS], daemon=True)
        waiting.start()
        assert not has_it.is_set()
    waiting.join(SECONDS)
    assert has_it.is_set()

    # An error in the block releases it.
    def fail_within() -> None:
        with session_store.locked(0):
            raise LocalFileError("Something.")

    failure_of(LocalFileError, fail_within)
    with session_store.locked(0):
        assert session_store.load() is None
