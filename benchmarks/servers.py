"""The tests' libSQL server to measure on, and their proxy, which makes it far away."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from helpers.proxy import Fate, ProxiedRequest, Proxy, cut_before, delayed, pass_on, proxy_to
from helpers.servers import Server, running, unpacked_server

__all__ = [
    "Fate",
    "Proxy",
    "Server",
    "cut_before",
    "delayed",
    "far_away",
    "pass_on",
    "proxy_to",
    "server_in",
]


@contextmanager
def server_in(folder: Path) -> Iterator[Server]:
    """Run a server during a block."""
    folder.mkdir()
    with running(unpacked_server(folder), folder) as server:
        yield server


def far_away(seconds: float) -> Fate:
    """Return a fate with one round trip for each request, and one for each new connection."""

    def travel(proxied: ProxiedRequest) -> None:
        time.sleep(seconds * (2 if proxied.is_first else 1))
        pass_on(proxied)

    return travel
