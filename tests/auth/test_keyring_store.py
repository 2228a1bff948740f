"""The tokens in the system's keyring: one that works, and ones that fail in each way."""

from __future__ import annotations

import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from auth.keyrings import (
    BrokenKeyring,
    ForgetfulKeyring,
    HangingKeyring,
    KeptKeyring,
    LockedKeyring,
)
from helpers.auth_errors import assert_keeps, failure_of, failures_of, tokens_gone
from helpers.auth_guild import HOUR, OTHERS, TOKEN, TOKENS, Circle, a_session, revealed
from helpers.discord import FakeDiscord
from helpers.membership import grow_old, kept_document, sign_in
from tracker_tui.auth import keyring_store
from tracker_tui.auth.discord_errors import DiscordUnreachable, NotSignedIn
from tracker_tui.auth.session import SessionStore, Tokens
from tracker_tui.config.settings import Config, Secret
from tracker_tui.guild.membership_factory import guild_membership_of


def test_tokens_are_kept_in_the_keyring_and_nowhere_else(
    session_store: SessionStore, kept: KeptKeyring, config: Config
) -> None:
    session_store.save(a_session(), TOKENS)
    assert kept_document(session_store.path)["tokens"] == "keyring"
    for token in ("access-some", "refresh-some"):
        assert token not in session_store.path.read_text()
        assert token in kept.everything()
    assert revealed(SessionStore(config).tokens()) == revealed(TOKENS)
    assert {service for service, _ in kept.entries} == {"tracker-tui"}
    # Saving replaces them only by new ones.
    before = kept.everything()
    session_store.save(a_session(name="Usul"))
    assert kept.everything() == before
    assert revealed(session_store.tokens()) == revealed(TOKENS)
    session_store.save(a_session(tokens_until=5.0), OTHERS)
    assert revealed(session_store.tokens()) == ("access-other", "refresh-other", 5.0)
    assert len(kept.entries) == 1
    assert "access-some" not in kept.everything()


def assert_in_the_file(session_store: SessionStore) -> None:
    """Check that saved tokens are in the file, and that deleting them works."""
    session_store.save(a_session(), TOKENS)
    assert kept_document(session_store.path)["tokens"] == {
        "access": "access-some",
        "refresh": "refresh-some",
    }
    assert revealed(session_store.tokens()) == revealed(TOKENS)
    session_store.delete()
    assert session_store.load() is None
    assert not session_store.path.exists()


@pytest.mark.parametrize(
    "backend",
    [LockedKeyring, BrokenKeyring, ForgetfulKeyring, fail.Keyring, null.Keyring],
    ids=lambda backend: f"{backend.__module__}.{backend.__name__}",
)
def test_tokens_are_in_the_file_if_the_keyring_fails(
    session_store: SessionStore, backend: type[KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    assert_in_the_file(session_store)


def test_tokens_are_in_the_file_if_the_keyring_hangs_or_none_is_installed(
    session_store: SessionStore, hanging: HangingKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_in_the_file(session_store)
    assert not hanging.answered.is_set()
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert_in_the_file(session_store)


@pytest.mark.parametrize("backend", [LockedKeyring, BrokenKeyring, fail.Keyring, HangingKeyring])
def test_silent_keyring_does_not_sign_out(
    session_store: SessionStore,
    kept: KeptKeyring,
    monkeypatch: pytest.MonkeyPatch,
    backend: type[KeyringBackend],
) -> None:
    session_store.save(a_session(), TOKENS)
    monkeypatch.setattr(keyring_store, "SECONDS", 0.1)
    silent = backend()
    if isinstance(silent, KeptKeyring):
        silent.entries = kept.entries
    keyring.set_keyring(silent)
    error = failure_of(DiscordUnreachable, session_store.tokens, ["access-some", "refresh-some"])
    assert "keyring" in str(error)
    assert session_store.load() == a_session()
    keyring.set_keyring(kept)
    assert revealed(session_store.tokens()) == revealed(TOKENS)


def test_check_waits_until_the_keyring_answers(
    discord: FakeDiscord, config: Config, kept: KeptKeyring
) -> None:
    sign_in(discord, config, age=5 * HOUR)
    discord.seen.clear()
    membership = guild_membership_of(config)
    keyring.set_keyring(LockedKeyring())
    failure_of(DiscordUnreachable, membership.check, discord.issued)
    assert membership.is_admitted
    assert not discord.seen
    keyring.set_keyring(kept)
    membership.check()
    assert len(discord.seen) == 2


def test_missing_keyring_entry_signs_out(
    discord: FakeDiscord, config: Config, kept: KeptKeyring
) -> None:
    sign_in(discord, config, age=5 * HOUR)
    kept.entries.clear()
    discord.seen.clear()
    membership = guild_membership_of(config)
    tokens_gone(membership.session_store)
    failure_of(NotSignedIn, membership.check)
    assert membership.session is None
    assert not membership.session_store.path.exists()
    assert not discord.seen


def test_malformed_keyring_entry_counts_as_missing(
    session_store: SessionStore, kept: KeptKeyring
) -> None:
    session_store.save(a_session(), TOKENS)
    (key,) = kept.entries

    def read(entry: str) -> None:
        kept.entries[key] = entry
        session_store.tokens()

    entries = ["", "null", "5", "[]", '["a", "b"]', "{}", '"access"', "no JSON", "[" * 100_000, "{"]
    errors = failures_of(NotSignedIn, read, entries)
    assert all("gone" in str(error) for error in errors)


def test_tokens_move_to_the_file_when_the_keyring_fails(
    session_store: SessionStore, kept: KeptKeyring
) -> None:
    session_store.save(a_session(), TOKENS)
    keyring.set_keyring(LockedKeyring())
    session_store.save(a_session(), OTHERS)
    for backend in (LockedKeyring(), kept):
        keyring.set_keyring(backend)
        assert revealed(session_store.tokens())[0] == "access-other"
    # Deleting removes the earlier entry, too.
    session_store.delete()
    assert not kept.entries


def test_keyring_errors_are_never_quoted() -> None:
    keyring.set_keyring(BrokenKeyring())
    secret = Secret("access-some")
    for use in (
        lambda: keyring_store.put("key", secret),
        lambda: keyring_store.get("key"),
        lambda: keyring_store.delete("key"),
    ):
        with pytest.raises(keyring_store.KeyringUnavailable) as silent:
            use()
        assert_keeps(silent.value, [secret.reveal()])


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
