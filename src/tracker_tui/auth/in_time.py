"""Calls that may never come back: a name server that is silent, a keyring that wants a password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_time(work: Callable[[], T], seconds: float) -> T:
    """Return what `work` returns, and raise what it raises; TimeoutError after `seconds`.

    Then its thread is left behind. It is a daemon: at its end Python does not wait for it.
    """
    # A future of its own thread: an executor's would keep Python from ending.
    ended: Future[T] = Future()

    def run() -> None:
        try:
            ended.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is handed to the thread that waits
            ended.set_exception(error)

    threading.Thread(target=run, name="in time", daemon=True).start()
    return ended.result(timeout=seconds)
