"""Which proxy a request goes through, and which setting of this machine names it.

Requests to this machine use no proxy: plain HTTP is allowed there because nothing leaves the
machine, and HTTP_PROXY would change that.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy between this machine and a server."""

    url: str
    """As it is configured; may contain a password."""
    variable: str
    """The environment variable that names it; empty for the settings of the system."""

    def __repr__(self) -> str:
        return f"Proxy({self.description})"

    @property
    def description(self) -> str:
        """Its address and its origin, without a password: `the proxy host:3128 (HTTPS_PROXY)`."""
        origin = self.variable or "the system's settings"
        return (
            f"the proxy {self._address} ({origin})" if self._address else f"the proxy of {origin}"
        )

    @property
    def setting(self) -> str:
        """The setting to correct."""
        return self.variable or "the proxy in the system's settings"

    @property
    def scheme(self) -> str:
        """The protocol it speaks; http unless its URL names another."""
        scheme, colon, _ = self.url.partition("://")
        return scheme.strip().lower() if colon else "http"

    @property
    def _address(self) -> str:
        try:
            parts = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return ""
        # Anything that is not a host name could be a password.
        is_host = (
            host.isascii() and host.replace("-", "").replace(".", "").replace(":", "").isalnum()
        )
        authority = f"[{host}]" if ":" in host else host
        return f"{authority}:{port}" if is_host and port else authority if is_host else ""


def is_this_machine(host: str) -> bool:
    """Whether a host name or address is the loopback of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxies_for(url: str) -> dict[str, str]:
    """Return the `proxies` of requests for a URL, from the environment or the system."""
    from requests.utils import get_environ_proxies

    return {} if is_this_machine(urlsplit(url).hostname or "") else get_environ_proxies(url)


def proxy_of(url: str) -> Proxy | None:
    """Return the proxy that requests to a URL go through, or None.

    None as well if the settings make no sense.
    """
    from requests.utils import select_proxy

    try:
        chosen = select_proxy(url, proxies_for(url))
    except ValueError:
        return None
    if not chosen:
        return None
    return Proxy(chosen, _variable_of(chosen, urlsplit(url).scheme))


def _variable_of(proxy: str, scheme: str) -> str:
    names = (f"{scheme}_proxy", "all_proxy")
    spellings = [each for name in names for each in (name, name.upper())]
    # Python prefers the spelling in small letters.
    return next((name for name in spellings if os.environ.get(name) == proxy), "")
