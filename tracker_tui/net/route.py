"""The route to a server: the proxy in use, and obstacles, named so that the user can remove them.

A proxy that does not answer, a certificate that is not trusted, a wrong setting. For example: “the
proxy host:3128 (HTTPS_PROXY) does not answer. Check HTTPS_PROXY, or unset it”. These sentences
begin with a small letter, have no full stop at their end, and never hold a password.

Requests to this machine use no proxy: plain HTTP is allowed there because nothing leaves the
machine, and HTTP_PROXY would change that.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tracker_tui.net.certificates import certificate_file, issuer_of
from tracker_tui.net.errors import RouteBlocked, chain

_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})")
_PROXY_AUTHENTICATION: Final = "407"
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
"""OpenSSL's numbers for what is wrong with a certificate."""
_FILE_READERS: Final = ("X509", "PEM", "ASN1")
"""The parts of OpenSSL that read files of certificates."""


def obstacle(error: BaseException, url: str) -> str:
    """Say what stood in the way of a request and what to do; empty if that is not known."""
    causes = list(chain(error))
    for cause in causes:
        if isinstance(cause, RouteBlocked):
            return str(cause)
    proxy = proxy_of(url)
    by_proxy = _proxy_obstacle(causes, proxy, url) if proxy is not None else ""
    return by_proxy or _certificate_obstacle(causes, url, proxy)


def route_to(url: str) -> str:
    """Describe the proxy and the certificates for a URL; empty if both are the usual."""
    proxy, chosen = proxy_of(url), certificate_file()
    through = f"through {proxy.description}" if proxy is not None else ""
    trusts = f"certificates of {chosen.variable}, {chosen.printable_path}" if chosen else ""
    return "; ".join(filter(None, (through, trusts)))


def proxy_instead_of(url: str, status: int) -> str:
    """Say that the proxy may have answered in place of the server; empty without a proxy."""
    proxy = proxy_of(url)
    if proxy is None:
        return ""
    if str(status) == _PROXY_AUTHENTICATION:
        return _password_wanted(proxy)
    return f"{proxy.description} may have answered in its place ({status})"


def _proxy_obstacle(causes: list[BaseException], proxy: Proxy, url: str) -> str:
    from requests.exceptions import InvalidProxyURL, InvalidSchema, InvalidURL
    from urllib3.exceptions import ProxyError

    if any(isinstance(cause, InvalidProxyURL | InvalidSchema | InvalidURL) for cause in causes):
        message = f"{proxy.description} is not written as http://HOST:PORT"
        return f"{message}. Correct {proxy.setting}"
    if not any(isinstance(cause, ProxyError) for cause in causes):
        return ""
    tunnel = next(filter(None, (_TUNNEL.search(str(cause)) for cause in causes)), None)
    if tunnel is None and proxy.scheme == "https":
        message = f"{proxy.description} does not answer encrypted"
        return f"{message}. Check {proxy.setting}: most proxies are written http://HOST:PORT"
    if tunnel is None:
        return f"{proxy.description} does not answer. Check {proxy.setting}, or unset it"
    if tunnel[1] == _PROXY_AUTHENTICATION:
        return _password_wanted(proxy)
    host = urlsplit(url).hostname
    message = f"{proxy.description} does not allow connections to {host} ({tunnel[1]})"
    return f"{message}. Ask whoever runs it, or check {proxy.setting}"


def _password_wanted(proxy: Proxy) -> str:
    message = f"{proxy.description} wants a user name and a password (407)"
    return f"{message}. Write them in {proxy.setting}: http://USER:PASSWORD@HOST:PORT"


def _certificate_obstacle(causes: list[BaseException], url: str, proxy: Proxy | None) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _not_trusted(cause, url, proxy)
        is_of_file = isinstance(cause, ssl.SSLError) and cause.library in _FILE_READERS
        if is_of_file and (chosen := certificate_file()) is not None:
            return chosen.unusable("which holds no certificates")
    return ""


def _not_trusted(error: ssl.SSLCertVerificationError, url: str, proxy: Proxy | None) -> str:
    host = urlsplit(url).hostname
    code = error.verify_code
    if code in (_NOT_YET_VALID, _EXPIRED):
        fault = "has expired" if code == _EXPIRED else "is not valid yet"
        return f"the certificate of {host} {fault}. Check the clock of this machine"
    if code in (_OTHER_HOST, _OTHER_ADDRESS):
        return f"the certificate is not for {host}. Check the network, and the address"
    # Through a proxy that is itself encrypted, a second connection would take too long.
    can_ask = proxy is None or proxy.scheme == "http"
    issuer = issuer_of(url, None if proxy is None else proxy.url) if can_ask else ""
    by = f", issued by “{issuer}”," if issuer else ""
    chosen = certificate_file()
    if chosen is not None:
        message = f"is not among those of {chosen.variable}, {chosen.printable_path}"
        return f"the certificate of {host}{by} {message}. Check {chosen.variable}"
    return (
        f"the certificate of {host}{by} is not trusted here. If your network inspects encrypted "
        "traffic, ask for its root certificate and set SSL_CERT_FILE to that file"
    )


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
