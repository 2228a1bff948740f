"""The line to a server, which can be cut and mended."""

from __future__ import annotations

from helpers.proxy import Proxy


class Line:
    """A proxy before a server that goes away, and comes back at the same address."""

    def __init__(self, upstream: str, proxy: Proxy) -> None:
        self._upstream = upstream
        self.proxy = proxy
        self._is_cut = False

    def cut(self) -> None:
        """Let nobody listen there."""
        self.proxy.close()
        self._is_cut = True

    def mend(self) -> None:
        """Let a new proxy listen there, which has seen nothing yet."""
        self.proxy = Proxy(self._upstream, port=self.proxy.port)
        self._is_cut = False

    def close(self) -> None:
        """Let go of what listens."""
        if not self._is_cut:
            self.proxy.close()
