"""Which proxy requests go through, and who says so."""

from __future__ import annotations

import os
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}
_ANY: Final = "all"


class Proxy(NamedTuple):
    """A proxy on the way to a server."""

    url: str
    """As it is configured; it may hold a password."""
    variable: str
    """The environment variable that names it; empty where the system's own settings do."""

    def __repr__(self) -> str:
        return f"Proxy({self.shown})"

    @property
    def shown(self) -> str:
        """Where it is and who says so, without a password: `proxy:3128 (HTTPS_PROXY)`."""
        origin = self.variable or "the system's settings"
        return (
            f"the proxy {self._address} ({origin})" if self._address else f"the proxy of {origin}"
        )

    @property
    def setting(self) -> str:
        """What to check."""
        return self.variable or "the proxy in the system's settings"

    @property
    def scheme(self) -> str:
        """How it is spoken to: http, unless something else is written there."""
        scheme, colon, _ = self.url.partition("://")
        return scheme.strip().lower() if colon else "http"

    @property
    def _address(self) -> str:
        try:
            parts = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return ""
        # What is no host name may be anything, a password too.
        is_one = (
            host.isascii() and host.replace("-", "").replace(".", "").replace(":", "").isalnum()
        )
        authority = f"[{host}]" if ":" in host else host
        return f"{authority}:{port}" if is_one and port else authority if is_one else ""


def proxy_of(url: str) -> Proxy | None:
    """Return which proxy a request to a URL goes through; None where it goes straight there."""
    from requests.utils import get_environ_proxies, select_proxy

    chosen = select_proxy(url, get_environ_proxies(url))
    if not chosen:
        return None
    return Proxy(chosen, _variable_of(chosen, urlsplit(url).scheme))


def _variable_of(proxy: str, scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{_ANY}_proxy")
    spelt = [each for name in names for each in (name, name.upper())]
    # As Python reads them: one in small letters goes first.
    return next((name for name in spelt if os.environ.get(name) == proxy), "")
