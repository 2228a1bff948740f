"""Keyrings that work, are locked, fail, forget or hang."""

from __future__ import annotations

import threading
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from helpers.auth_guild import SECONDS


class KeptKeyring(KeyringBackend):
    """A working keyring in memory."""

    priority: ClassVar[float] = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError(username)

    def everything(self) -> str:
        return repr(self.entries)


class LockedKeyring(KeptKeyring):
    """A locked keyring whose errors quote the password."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"{username} = {password}")

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(repr(self.entries))

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked


class BrokenKeyring(LockedKeyring):
    """A keyring that raises unexpected errors."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ZeroDivisionError(password)


class ForgetfulKeyring(KeptKeyring):
    """A keyring that stores a different password from the one given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:20])


class HangingKeyring(KeptKeyring):
    """A keyring that waits for a password prompt that never appears."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answered.wait(SECONDS)

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(SECONDS)
        return None

    delete_password = set_password  # type: ignore[assignment]
