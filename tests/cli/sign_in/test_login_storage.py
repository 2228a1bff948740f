"""Files and keyring entries that `login` stores on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend

from cli.sign_in.member_guild import (
    WELCOME,
    last_line,
    session,
    session_file,
)
from helpers.commands import Run
from helpers.discord import FakeDiscord
from helpers.listening import SECONDS


class Memory(KeyringBackend):
    """A keyring that works."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Forgetful(Memory):
    """A keyring that stores nothing and reports no error."""

    def set_password(self, service: str, username: str, password: str) -> None:
        del service, username, password


class Talkative(Memory):
    """A keyring that fails and quotes the secret in its error."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password} of {service} {username}")


def with_keyring(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


@pytest.mark.usefixtures("settings_of_guild")
def test_tokens_are_in_a_working_keyring_only(
    run: Run, home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    with_keyring(monkeypatch, memory)
    discord.approves_at_once = True
    assert last_line(run("login")) == WELCOME
    tokens = [secret for secret in discord.issued if not secret.startswith("device-")]
    (entry,) = memory.kept.values()
    assert all(token in entry for token in tokens)
    assert not any(token in session_file(home).read_text("utf-8") for token in tokens)
    # `logout` finds the tokens in the keyring and deletes them.
    discord.seen.clear()
    assert run("logout").status == 0
    assert [seen.form["token"] for seen in discord.seen] == tokens[-1:]
    assert memory.kept == {}


@pytest.mark.usefixtures("settings_of_guild")
@pytest.mark.parametrize("kind", [Forgetful, Talkative])
def test_tokens_are_in_the_file_without_a_keyring(
    run: Run,
    home: Path,
    discord: FakeDiscord,
    monkeypatch: pytest.MonkeyPatch,
    kind: Callable[[], KeyringBackend],
) -> None:
    with_keyring(monkeypatch, kind())
    discord.approves_at_once = True
    ran = run("login")
    assert (last_line(ran), session(home)["tokens"]["access"]) == (WELCOME, discord.issued[-2])
    assert not any(secret in ran.out + ran.err for secret in discord.issued)


@pytest.mark.usefixtures("settings_of_guild")
def test_keyring_that_waits_for_a_password_is_skipped(
    run: Run, home: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    class Hanging(Memory):
        def set_password(self, service: str, username: str, password: str) -> None:
            del service, username, password
            over.wait(SECONDS)

    monkeypatch.setattr("tracker_tui.auth.keyring_store.SECONDS", 0.1)
    with_keyring(monkeypatch, Hanging())
    discord.approves_at_once = True
    try:
        assert last_line(run("login")) == WELCOME
        assert not over.is_set()
    finally:
        over.set()
    assert session(home)["tokens"]["access"] == discord.issued[-2]
