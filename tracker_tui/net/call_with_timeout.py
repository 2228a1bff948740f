"""Calls that may never return: a silent name server, a keyring that asks for a password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start_in_background(work: Callable[[], T]) -> Future[T]:
    """Run `work` in a daemon thread, for which Python does not wait at exit.

    An executor would wait. The future cannot be cancelled; just stop waiting for it.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - passed on to the thread that waits
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future


def call_with_timeout(work: Callable[[], T], seconds: float) -> T:
    """Return what `work` returns and raise what it raises; TimeoutError after `seconds`."""
    return start_in_background(work).result(timeout=seconds)
