"""The way to a server: how requests go there, and what stands in it where they do not arrive."""

from __future__ import annotations

import re
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from tracker_tui.net.certificates import Trusted, issuer_of, trusted
from tracker_tui.net.error_chain import chain
from tracker_tui.net.proxies import Proxy, proxy_of

_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})")
_WANTS_TO_KNOW_WHO: Final = "407"
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
"""How OpenSSL numbers what is wrong with a certificate."""
_NO_CERTIFICATES: Final = ("X509", "PEM", "ASN1")
"""The parts of OpenSSL that read files of certificates."""


class RouteBlocked(OSError):
    """Something of this machine's own settings stands in the way; its message names it."""


def options_for(url: str) -> dict[str, Any]:
    """Return with which options requests is to send to a URL; raises RouteBlocked."""
    if not url.startswith("https:"):
        return {}
    chosen = trusted()
    if chosen is None:
        return {}
    if chosen.fault:
        raise RouteBlocked(_told_of_file(chosen, chosen.fault))
    return {"verify": chosen.path}


def obstacle(error: BaseException, url: str, *, is_straight: bool = False) -> str:
    """Say what stood in the way of a request, and what to do; empty where that is not known.

    It begins in small letters and has no stop at its end, and never holds a password.
    `is_straight` says that no proxy was asked.
    """
    causes = list(chain(error))
    for cause in causes:
        if isinstance(cause, RouteBlocked):
            return str(cause)
    proxy = None if is_straight else _proxy_of(url)
    told = _of_proxy(causes, proxy, url) if proxy is not None else ""
    return told or _of_certificate(causes, url, proxy)


def described(url: str) -> str:
    """Say through what requests to a URL go, and by what it is trusted; empty if as usual."""
    proxy, chosen = _proxy_of(url), trusted()
    through = f"through {proxy.shown}" if proxy is not None else ""
    trusts = f"certificates of {chosen.variable}, {chosen.shown}" if chosen is not None else ""
    return "; ".join(filter(None, (through, trusts)))


def who_answers(url: str, status: int) -> str:
    """Say who it may be that answers in place of a server: its proxy, if there is one."""
    proxy = _proxy_of(url)
    if proxy is None:
        return ""
    if str(status) == _WANTS_TO_KNOW_WHO:
        return _password_wanted(proxy)
    return f"{proxy.shown} may have answered in its place ({status})"


def _proxy_of(url: str) -> Proxy | None:
    try:
        return proxy_of(url)
    except ValueError:
        return None  # what is in the environment makes no sense


def _of_proxy(causes: list[BaseException], proxy: Proxy, url: str) -> str:
    from requests.exceptions import InvalidProxyURL, InvalidSchema, InvalidURL
    from urllib3.exceptions import ProxyError

    if any(isinstance(cause, InvalidProxyURL | InvalidSchema | InvalidURL) for cause in causes):
        return f"{proxy.shown} is not written as http://HOST:PORT. Correct {proxy.setting}"
    if not any(isinstance(cause, ProxyError) for cause in causes):
        return ""
    tunnel = next(filter(None, (_TUNNEL.search(str(cause)) for cause in causes)), None)
    if tunnel is None and proxy.scheme == "https":
        told = f"{proxy.shown} does not answer encrypted"
        return f"{told}. Check {proxy.setting}: most proxies are written http://HOST:PORT"
    if tunnel is None:
        return f"{proxy.shown} does not answer. Check {proxy.setting}, or unset it"
    if tunnel[1] == _WANTS_TO_KNOW_WHO:
        return _password_wanted(proxy)
    host = urlsplit(url).hostname
    told = f"{proxy.shown} does not let through to {host} ({tunnel[1]})"
    return f"{told}. Ask whoever runs it, or check {proxy.setting}"


def _password_wanted(proxy: Proxy) -> str:
    told = f"{proxy.shown} wants a user name and a password (407)"
    return f"{told}. Write them in {proxy.setting}: http://USER:PASSWORD@HOST:PORT"


def _of_certificate(causes: list[BaseException], url: str, proxy: Proxy | None) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _not_trusted(cause, url, proxy)
        is_of_file = isinstance(cause, ssl.SSLError) and cause.library in _NO_CERTIFICATES
        if is_of_file and (chosen := trusted()) is not None:
            return _told_of_file(chosen, "which holds no certificates")
    return ""


def _not_trusted(error: ssl.SSLCertVerificationError, url: str, proxy: Proxy | None) -> str:
    host = urlsplit(url).hostname
    code = error.verify_code
    if code in (_NOT_YET_VALID, _EXPIRED):
        told = "has run out" if code == _EXPIRED else "is not valid yet"
        return f"the certificate of {host} {told}. Check the clock of this machine"
    if code in (_OTHER_HOST, _OTHER_ADDRESS):
        return f"the certificate that came is not for {host}. Check the network, and the address"
    # Through a proxy that is itself encrypted, a second look costs more than it tells.
    is_seen = proxy is None or proxy.scheme == "http"
    issuer = issuer_of(url, None if proxy is None else proxy.url) if is_seen else ""
    by = f", issued by “{issuer}”," if issuer else ""
    chosen = trusted()
    if chosen is not None:
        told = f"is not among those of {chosen.variable}, {chosen.shown}"
        return f"the certificate of {host}{by} {told}. Check {chosen.variable}"
    return (
        f"the certificate of {host}{by} is not trusted here. If your network inspects encrypted "
        "traffic, ask for its root certificate and set SSL_CERT_FILE to that file"
    )


def _told_of_file(chosen: Trusted, fault: str) -> str:
    return f"{chosen.variable} names {chosen.shown}, {fault}. Correct it, or unset it"
