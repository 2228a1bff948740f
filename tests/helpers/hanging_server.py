"""A server that hangs for the length of a block."""

from __future__ import annotations

import threading
from typing import Final, Self

from helpers.proxy import Fate, ProxiedRequest, pass_on

PATIENCE: Final = 60.0
"""Seconds that the program under test would wait for its server."""
_HELD_SECONDS: Final = 60.0
"""Seconds after which a held request continues without the test."""


class Gate:
    """A fate: holds requests until the end of the block, then hands them on to another fate."""

    def __init__(self, then: Fate = pass_on) -> None:
        self._then = then
        self._held: list[ProxiedRequest] = []
        self._has_come = threading.Event()
        self._is_open = threading.Event()

    @property
    def is_holding(self) -> bool:
        """Whether a request is held."""
        return bool(self._held)

    def await_request(self) -> None:
        """Wait until a request has come."""
        assert self._has_come.wait(_HELD_SECONDS), "no request came"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Release all requests."""
        self._is_open.set()

    def __call__(self, proxied: ProxiedRequest) -> None:
        self._held.append(proxied)
        self._has_come.set()
        self._is_open.wait(_HELD_SECONDS)
        self._held.remove(proxied)
        self._then(proxied)
