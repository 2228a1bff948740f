"""Calls that may never come back: a name server that is silent, a keyring that wants a password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start_in_background(work: Callable[[], T]) -> Future[T]:
    """Do something in a thread of its own, which may be left behind.

    It is a daemon: at its end Python does not wait for it, as it would for an executor's.
    """
    ended: Future[T] = Future()
    # From here on nobody can cancel it: whoever does stops waiting, and hears no more of it.
    ended.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is handed to whoever waits
            ended.set_exception(error)
        else:
            ended.set_result(result)

    threading.Thread(target=run, name="behind", daemon=True).start()
    return ended


def call_with_timeout(work: Callable[[], T], seconds: float) -> T:
    """Return what `work` returns, and raise what it raises; TimeoutError after `seconds`."""
    return start_in_background(work).result(timeout=seconds)
