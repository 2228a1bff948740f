"""The system's keyring, if one is installed, works, and answers within `SECONDS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracker_tui.config.folders import APP
from tracker_tui.config.settings import Secret
from tracker_tui.net.call_with_timeout import call_with_timeout

SECONDS: Final = 2.0
"""Deadline of one call: a keyring may ask for a password on a screen that is not there."""


class KeyringUnavailable(Exception):
    """No keyring is installed, none works, or it does not answer in time."""


def put(key: str, secret: Secret) -> None:
    """Store a secret under a key and read it back; raises KeyringUnavailable."""

    def work() -> None:
        import keyring

        keyring.set_password(APP, key, secret.reveal())
        if keyring.get_password(APP, key) != secret.reveal():
            raise KeyringUnavailable

    _call(work)


def get(key: str) -> Secret | None:
    """Return the secret under a key, or None; raises KeyringUnavailable."""
    found: list[Secret] = []

    def work() -> None:
        import keyring

        text = keyring.get_password(APP, key)
        if text is not None:
            found.append(Secret(text))

    _call(work)
    return found[0] if found else None


def delete(key: str) -> None:
    """Remove the secret under a key, if there is one; raises KeyringUnavailable."""

    def work() -> None:
        import keyring

        if keyring.get_password(APP, key) is not None:
            keyring.delete_password(APP, key)

    _call(work)


def _call(work: Callable[[], None]) -> None:
    try:
        call_with_timeout(work, SECONDS)
    except Exception as error:  # noqa: BLE001 - each backend raises its own errors
        # Neither message nor cause: either may quote the secret.
        raise KeyringUnavailable(type(error).__name__) from None
