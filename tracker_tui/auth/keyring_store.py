"""The system's keyring, where there is a working one that answers in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracker_tui.config.settings import APP, Secret
from tracker_tui.net.call_with_timeout import call_with_timeout

SECONDS: Final = 2.0
"""How long a keyring may take: one that waits for a password box on a far screen never answers."""


class KeyringSilent(Exception):
    """No keyring is installed, none works, or it does not answer in time."""


def put(key: str, secret: Secret) -> None:
    """Keep a secret under a key, and make sure that it is there; raises KeyringSilent."""

    def work() -> None:
        import keyring

        keyring.set_password(APP, key, secret.reveal())
        if keyring.get_password(APP, key) != secret.reveal():
            raise KeyringSilent

    _answered(work)


def get(key: str) -> Secret | None:
    """Return what is kept under a key; None where nothing is. Raises KeyringSilent."""
    found: list[Secret] = []

    def work() -> None:
        import keyring

        text = keyring.get_password(APP, key)
        if text is not None:
            found.append(Secret(text))

    _answered(work)
    return found[0] if found else None


def forget(key: str) -> None:
    """Keep nothing under a key any more; raises KeyringSilent."""

    def work() -> None:
        import keyring

        if keyring.get_password(APP, key) is not None:
            keyring.delete_password(APP, key)

    _answered(work)


def _answered(work: Callable[[], None]) -> None:
    try:
        call_with_timeout(work, SECONDS)
    except Exception as error:  # noqa: BLE001 - backends raise what they like
        # And say in it what they like: never shown, never a cause.
        raise KeyringSilent(type(error).__name__) from None
